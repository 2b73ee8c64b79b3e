"""All of ours that enters the student's kernel: the check, the probes, the wire format. No answers."""
