"""What a worker needs, imported once in the process that all workers are forked from."""

import gc

import autograder.pipeline.lean  # noqa: F401  before whatever it spares us
from autograder import cli  # noqa: F401  as the process that starts the workers has it
from autograder.judge import gather_form
from autograder.pipeline import work  # noqa: F401
from autograder.student.uncompiled import spare_the_compiler

spare_the_compiler()
gather_form("Momentum", None, 1)  # the first step of an optimizer takes longer than any other
gc.freeze()  # none of this becomes garbage; looking through it again and again would also unshare its memory
