"""Where students' code runs: a kernel in bubblewrap, forked from a warm template, that can reach nothing.

No network, no processes but its own, a read-only system, and nothing of the machine in sight but Python and the
submission's own files.
"""
