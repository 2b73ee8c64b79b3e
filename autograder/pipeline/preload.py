"""What a worker needs, imported once in the process that all workers are forked from."""

import autograder.pipeline.lean  # noqa: F401  before whatever it spares us
from autograder.judge import gather_form
from autograder.pipeline import work  # noqa: F401

gather_form("Momentum", None, 1)  # an optimizer's first step imports much of torch: 1 s
