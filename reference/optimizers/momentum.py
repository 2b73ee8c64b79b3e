"""Momentum, the heavy ball, in PyTorch's convention: v ← μ·v + g; θ ← θ − lr·v."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor
from torch.optim.optimizer import ParamsT

from reference.optimizers.base import ReferenceOptimizer, check_range
from reference.optimizers.ways import Way


def momentum_step(
    params: Iterable[Tensor],
    velocities: Iterable[Tensor],
    grads: Iterable[Tensor],
    lr: float,
    momentum: float,
) -> tuple[list[Tensor], list[Tensor]]:
    """One step of momentum: v ← μ·v + g; θ ← θ − lr·v.

    The velocity adds up past gradients, each weighted by μ once more with every step that has gone by. Where they
    agree it grows up to 1/(1 − μ) times one gradient; where they alternate they cancel.

    The learning rate stands outside the velocity, as in PyTorch. Sutskever et al. keep −lr·v as their velocity: the
    same path as long as lr is constant, another one from the step at which it changes.

    Args:
        params: the parameters θ, tensors of any shape.
        velocities: their velocities v, as many and of the same shapes; zero before the first step.
        grads: their gradients g, as many and of the same shapes.
        lr: the learning rate, at least 0, in units of 1/curvature.
        momentum: μ, the share of the old velocity that is kept, from 0 to below 1.

    Returns:
        The new parameters and the new velocities, as new tensors; what was given is left as it was.

    Raises:
        ValueError: for more or fewer velocities or gradients than parameters.

    Example:
        >>> import torch
        >>> momentum_step([torch.tensor([1.0])], [torch.tensor([2.0])], [torch.tensor([1.0])], lr=0.5, momentum=0.5)
        ([tensor([0.])], [tensor([2.])])

    Source: Polyak 1964, "Some methods of speeding up the convergence of iteration methods"; Sutskever, Martens,
    Dahl and Hinton 2013, https://proceedings.mlr.press/v28/sutskever13.html
    """
    velocities = [momentum * v + g for v, g in zip(velocities, grads, strict=True)]
    params = [p - lr * v for p, v in zip(params, velocities, strict=True)]
    return params, velocities


class Momentum(ReferenceOptimizer):
    """Momentum as a `torch.optim.Optimizer`: `torch.optim.SGD` with momentum and without dampening.

    A parameter's velocity is made at its first step, so one that joins late starts from rest like the others did.

    Args:
        params: tensors or parameter groups.
        lr: the learning rate, at least 0, in units of 1/curvature.
        momentum: μ, the share of the old velocity that is kept, from 0 to below 1.
        weight_decay: λ of the penalty ½λ‖θ‖², whose gradient λθ is added to g and so enters the velocity; at least 0.
        maximize: climb instead of descend.
        way: how the rule runs: "loop", "foreach" or "compiled"; see `reference.optimizers.ways`.

    Raises:
        ValueError: for a hyper-parameter out of range.

    Example:
        >>> import torch
        >>> w = torch.tensor([2.0], requires_grad=True)
        >>> optimizer = Momentum([w], lr=0.25, momentum=0.5)
        >>> for _ in range(2):
        ...     optimizer.zero_grad()
        ...     (w**2).sum().backward()
        ...     optimizer.step()
        >>> w
        tensor([0.], requires_grad=True)
    """

    remembers = ("velocity",)
    takes = ("lr", "momentum")

    def __init__(
        self,
        params: ParamsT,
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        maximize: bool = False,
        way: Way = "loop",
    ) -> None:
        super().__init__(params, way, lr=lr, momentum=momentum, weight_decay=weight_decay, maximize=maximize)

    def check(self, group: dict[str, Any]) -> None:
        """The momentum has to be in range as well."""
        super().check(group)
        check_range("momentum", group["momentum"], below=1)

    def rule(self) -> Callable[..., Any]:
        """v ← μ·v + g; θ ← θ − lr·v."""
        return momentum_step
