"""What the kit says of itself, measured: `downhill bench …`. Nothing here takes part in grading."""

PREFIX = "downhill-bench-"  # of the folder that holds its courses
