"""What the optimizer classes share: the walk over groups and gradients, weight decay, refused hyper-parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT


class ReferenceOptimizer(torch.optim.Optimizer):
    """A `torch.optim.Optimizer` whose subclass says only where a group of parameters goes next, in `update`.

    Args:
        params: tensors or parameter groups; a group may bring hyper-parameters of its own.
        hyperparameters: what groups have by default; `lr`, `weight_decay` and `maximize` among them.

    Raises:
        ValueError: for a hyper-parameter out of range.
    """

    def __init__(self, params: ParamsT, **hyperparameters: Any) -> None:
        self.check(hyperparameters)
        super().__init__(params, hyperparameters)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Take in one more group, once its hyper-parameters are seen to be in range."""
        self.check({**self.defaults, **param_group})
        super().add_param_group(param_group)

    def check(self, group: dict[str, Any]) -> None:
        """Refuse hyper-parameters out of range; a subclass with more of them asks for more."""
        check_range("lr", group["lr"])
        check_range("weight_decay", group["weight_decay"])

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient, in place; `p.grad` stays as it is.

        Args:
            closure: evaluates the model again and returns the loss, as everywhere in PyTorch.

        Returns:
            What the closure returned, or None.

        Raises:
            ValueError: for a sparse gradient, before anything has moved.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        moving = [(group, [p for p in group["params"] if p.grad is not None]) for group in self.param_groups]
        grads = [[self.downhill(p, group) for p in params] for group, params in moving]
        for (group, params), group_grads in zip(moving, grads, strict=True):
            for p, new in zip(params, self.update(params, group_grads, group), strict=True):
                p.copy_(new)
        return loss

    def downhill(self, p: Tensor, group: dict[str, Any]) -> Tensor:
        """The gradient that the rule sees: turned round to maximize, then weight_decay·θ added, as in PyTorch."""
        grad = p.grad
        assert grad is not None
        if grad.layout is not torch.strided:
            raise ValueError(
                f"{type(self).__name__} has no rule for sparse gradients, and a parameter of shape {list(p.shape)} "
                "has one; expected a dense gradient, as from nn.Embedding(..., sparse=False)"
            )
        if group["maximize"]:
            grad = -grad
        return grad + group["weight_decay"] * p if group["weight_decay"] else grad

    def update(self, params: list[Tensor], grads: list[Tensor], group: dict[str, Any]) -> list[Tensor]:
        """Where `params` go in this step, as new tensors."""
        raise NotImplementedError(f"{type(self).__name__} does not say where parameters go; it needs an `update`")

    def recall(self, name: str, params: list[Tensor]) -> list[Tensor]:
        """What is remembered of each parameter under this name; zeros like it before its first step."""
        return [self.state[p].get(name, torch.zeros_like(p)) for p in params]

    def keep(self, name: str, params: list[Tensor], values: Iterable[Any]) -> None:
        """Remember one value of each parameter under this name, where `state_dict` finds it."""
        for p, value in zip(params, values, strict=True):
            self.state[p][name] = value


def check_range(name: str, value: Any, below: float = float("inf")) -> None:
    """Refuse, by name and value, what is no number from 0 to below `below`; NaN is none."""
    if not isinstance(value, int | float | Tensor) or not 0 <= value < below:
        room = "at least 0 and finite" if below == float("inf") else f"from 0 to below {below:g}"
        raise ValueError(f"{name} is {value!r}; expected a number {room}")
