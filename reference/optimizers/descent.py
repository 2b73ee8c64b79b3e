"""Gradient descent: θ ← θ − lr·g."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor
from torch.optim.optimizer import ParamsT

from reference.optimizers.base import ReferenceOptimizer
from reference.optimizers.ways import Way


def gradient_step(params: Iterable[Tensor], grads: Iterable[Tensor], lr: float) -> list[Tensor]:
    """One step against the gradient, θ ← θ − lr·g.

    The step is lr·‖g‖ long: lr is not a distance but a distance per slope, in units of 1/curvature.

    Args:
        params: the parameters θ, tensors of any shape.
        grads: their gradients g, as many and of the same shapes.
        lr: the learning rate, at least 0.

    Returns:
        The new parameters, as new tensors; what was given is left as it was.

    Raises:
        ValueError: for more or fewer gradients than parameters.

    Example:
        >>> import torch
        >>> gradient_step([torch.tensor([1.0, 2.0])], [torch.tensor([2.0, 4.0])], lr=0.25)
        [tensor([0.5000, 1.0000])]

    Source: Cauchy 1847; Goodfellow, Bengio and Courville, Deep Learning, section 4.3,
    https://www.deeplearningbook.org
    """
    return [p - lr * g for p, g in zip(params, grads, strict=True)]


def _descent(params: Iterable[Any], grads: Iterable[Any], lr: Any) -> tuple[list[Any]]:
    return (gradient_step(params, grads, lr),)


class GradientDescent(ReferenceOptimizer):
    """Gradient descent as a `torch.optim.Optimizer`: `torch.optim.SGD` without momentum.

    Args:
        params: tensors or parameter groups.
        lr: the learning rate, at least 0, in units of 1/curvature.
        weight_decay: λ of the penalty ½λ‖θ‖², whose gradient λθ is added to g; at least 0.
        maximize: climb instead of descend.
        way: how the rule runs: "loop", "foreach" or "compiled"; see `reference.optimizers.ways`.

    Raises:
        ValueError: for a hyper-parameter out of range.

    Example:
        >>> import torch
        >>> w = torch.tensor([2.0], requires_grad=True)
        >>> optimizer = GradientDescent([w], lr=0.25)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([1.], requires_grad=True)
    """

    def __init__(
        self, params: ParamsT, lr: float, weight_decay: float = 0.0, maximize: bool = False, way: Way = "loop"
    ) -> None:
        super().__init__(params, way, lr=lr, weight_decay=weight_decay, maximize=maximize)

    def rule(self) -> Callable[..., Any]:
        """θ ← θ − lr·g."""
        return _descent
