"""Momentum, in PyTorch's convention: v ← μ·v + g; θ ← θ − lr·v."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from reference.optimizers.base import ReferenceOptimizer


def momentum_step(
    params: list[Tensor], velocities: list[Tensor], grads: list[Tensor], lr: float, momentum: float
) -> tuple[list[Tensor], list[Tensor]]:
    """One step of momentum: v ← μ·v + g; θ ← θ − lr·v.

    The learning rate stands outside the velocity, as in PyTorch. Sutskever et al. keep lr·v instead; the paths
    agree while lr is constant.

    Args:
        params: the parameters θ, tensors of any shape.
        velocities: their velocities v, of the same shapes, zero before the first step.
        grads: their gradients g, of the same shapes.
        lr: the learning rate, in units of 1/curvature.
        momentum: μ, the share of the old velocity that is kept, from 0 to below 1.

    Returns:
        The new parameters and the new velocities; the old ones are left as they were.

    Example:
        >>> import torch
        >>> momentum_step([torch.tensor([1.0])], [torch.tensor([2.0])], [torch.tensor([1.0])], 0.5, 0.5)
        ([tensor([0.])], [tensor([2.])])

    Source: Polyak 1964; Sutskever et al. 2013, equations 1 and 2.
    """
    velocities = [momentum * v + g for v, g in zip(velocities, grads, strict=True)]
    return [p - lr * v for p, v in zip(params, velocities, strict=True)], velocities


class Momentum(ReferenceOptimizer):
    """Momentum as a `torch.optim.Optimizer`.

    Args:
        params: tensors or parameter groups.
        lr: the learning rate, at least 0.
        momentum: μ, from 0 to below 1.
        weight_decay: λ of the L2 penalty ½λ‖θ‖², at least 0; it enters the velocity.
        maximize: climb instead of descend.

    Raises:
        ValueError: for a hyper-parameter out of range.

    Example:
        >>> import torch
        >>> w = torch.tensor([2.0], requires_grad=True)
        >>> optimizer = Momentum([w], lr=0.25, momentum=0.5)
        >>> (w**2).sum().backward(); optimizer.step(); w
        tensor([1.], requires_grad=True)
    """

    def __init__(
        self, params: Any, lr: float, momentum: float = 0.9, weight_decay: float = 0.0, maximize: bool = False
    ) -> None:
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum is {momentum}; expected a number from 0 to below 1")
        super().__init__(params, lr=lr, momentum=momentum, weight_decay=weight_decay, maximize=maximize)

    def update(self, params: list[Tensor], grads: list[Tensor], group: dict[str, Any]) -> None:
        """v ← μ·v + g; θ ← θ − lr·v, in place; a velocity starts at zero."""
        old = [self.state[p].get("velocity", torch.zeros_like(p)) for p in params]
        new, velocities = momentum_step(params, old, grads, group["lr"], group["momentum"])
        for p, value, velocity in zip(params, new, velocities, strict=True):
            p.copy_(value)
            self.state[p]["velocity"] = velocity
