"""Gradient descent: θ ← θ − lr·g."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from reference.optimizers.base import ReferenceOptimizer


def gradient_step(params: list[Tensor], grads: list[Tensor], lr: float) -> list[Tensor]:
    """One step of gradient descent, θ ← θ − lr·g.

    Args:
        params: the parameters θ, tensors of any shape.
        grads: their gradients g, of the same shapes.
        lr: the learning rate, in units of 1/curvature.

    Returns:
        The new parameters; the old ones are left as they were.

    Example:
        >>> import torch
        >>> gradient_step([torch.tensor([1.0, 2.0])], [torch.tensor([2.0, 4.0])], lr=0.25)
        [tensor([0.5000, 1.0000])]

    Source: Cauchy 1847; Goodfellow et al., Deep Learning, equation 4.5.
    """
    return [p - lr * g for p, g in zip(params, grads, strict=True)]


class GradientDescent(ReferenceOptimizer):
    """Gradient descent as a `torch.optim.Optimizer`.

    Args:
        params: tensors or parameter groups.
        lr: the learning rate, at least 0.
        weight_decay: λ of the L2 penalty ½λ‖θ‖², at least 0.
        maximize: climb instead of descend.

    Raises:
        ValueError: for a hyper-parameter out of range.

    Example:
        >>> import torch
        >>> w = torch.tensor([2.0], requires_grad=True)
        >>> optimizer = GradientDescent([w], lr=0.25)
        >>> (w**2).sum().backward(); optimizer.step(); w
        tensor([1.], requires_grad=True)
    """

    def __init__(self, params: Any, lr: float, weight_decay: float = 0.0, maximize: bool = False) -> None:
        super().__init__(params, lr=lr, weight_decay=weight_decay, maximize=maximize)

    def update(self, params: list[Tensor], grads: list[Tensor], group: dict[str, Any]) -> None:
        """θ ← θ − lr·g, in place."""
        for p, new in zip(params, gradient_step(params, grads, group["lr"]), strict=True):
            p.copy_(new)
