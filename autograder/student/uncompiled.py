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
    """Mark the methods by themselves, and let steps tell nothing. Who compiles one in this process does it for real.

    Example:
        >>> spare_the_compiler()
        >>> optimizer = torch.optim.SGD([torch.zeros(2)], lr=0.1)  # makes no import
        >>> optimizer.step()  # nor does this
    """
    for method in vars(torch.optim.Optimizer).values():
        if hasattr(method, "__wrapped__"):
            setattr(method.__wrapped__, "__dynamo_disable", method.__wrapped__)
    for kind in vars(torch.optim).values():
        step = vars(kind).get("step") if isinstance(kind, type) else None
        if step is not None and step.__code__.co_name == "_use_grad":
            kind.step = _step(step.__wrapped__)


def _step(told: Callable[..., Any]) -> Callable[..., Any]:
    """A step that keeps gradients only if its optimizer is differentiable, as torch's does."""

    @wraps(told)
    def step(self: torch.optim.Optimizer, *args: Any, **kwargs: Any) -> Any:
        with torch.set_grad_enabled(self.defaults["differentiable"]):
            return told(self, *args, **kwargs)

    return step
