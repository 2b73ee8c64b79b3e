"""torch's optimizers without torch's compiler, which nothing here needs.

`torch.optim.Optimizer` marks a few of its methods as not to be compiled, and the mark imports the compiler at the first
call: 2 s and a hundred megabytes in each process.
"""

from __future__ import annotations

import torch


def spare_the_compiler() -> None:
    """Mark the methods by themselves. Who compiles one in this process compiles it for real.

    Example:
        >>> spare_the_compiler()
        >>> optimizer = torch.optim.SGD([torch.zeros(2)], lr=0.1)  # makes no import
    """
    for method in vars(torch.optim.Optimizer).values():
        if hasattr(method, "__wrapped__"):
            setattr(method.__wrapped__, "__dynamo_disable", method.__wrapped__)
