"""What a worker needs, imported once in the process that all workers are forked from."""

import torch

import autograder.pipeline.lean  # noqa: F401  before whatever it spares us
from autograder.judge import gather_form
from autograder.pipeline import work  # noqa: F401

for method in vars(torch.optim.Optimizer).values():  # at their first call, these would import torch's compiler: 2 s
    if hasattr(method, "__wrapped__"):
        setattr(method.__wrapped__, "__dynamo_disable", method.__wrapped__)
gather_form("Momentum", None, 1)  # the first step of an optimizer takes longer than any other
