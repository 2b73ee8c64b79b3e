"""What a worker needs, imported once in the process that all workers are forked from."""

import autograder.pipeline.lean  # noqa: F401  before whatever it spares us
from autograder.oracles import lessons
from autograder.pipeline import work  # noqa: F401

lessons()
