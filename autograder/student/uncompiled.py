"""torch's optimizers without torch's compiler, which nothing here needs.

`torch.optim` marks methods as not to be compiled and tells the compiler where a graph breaks. Both import the compiler
at the first call: 2 to 4 s and a hundred megabytes in each process.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch


def spare_the_compiler() -> None:
    """Mark the methods by themselves, and let no step tell where a graph breaks.

    Who compiles an optimizer in this process compiles it for real.

    Example:
        >>> spare_the_compiler()
        >>> optimizer = torch.optim.SGD([torch.zeros(2)], lr=0.1)  # makes no import
        >>> optimizer.step()  # nor does this
    """
    for method in vars(torch.optim.Optimizer).values():
        if hasattr(method, "__wrapped__"):
            setattr(method.__wrapped__, "__dynamo_disable", method.__wrapped__)
    kinds: list[Any] = torch.optim.Optimizer.__subclasses__()
    for kind in kinds:
        if kind.step.__code__.co_name == "_use_grad":  # torch's decorator, which is what tells the compiler
            kind.step = _without_telling(kind.step.__wrapped__)


def _without_telling(step: Callable[..., Any]) -> Callable[..., Any]:
    """What else torch's decorator does: gradients are kept only if the optimizer is differentiable."""

    @wraps(step)
    def keep_gradients(self: torch.optim.Optimizer, *args: Any, **kwargs: Any) -> Any:
        with torch.set_grad_enabled(self.defaults["differentiable"]):
            return step(self, *args, **kwargs)

    return keep_gradients
