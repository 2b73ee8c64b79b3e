"""RMSprop: every parameter's step is divided by the recent size of its own gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor
from torch.optim.optimizer import ParamsT

from reference.optimizers.base import ReferenceOptimizer, check_range
from reference.optimizers.ways import Way


def rmsprop_step(
    params: Iterable[Tensor],
    squares: Iterable[Tensor],
    grads: Iterable[Tensor],
    lr: float,
    alpha: float,
    eps: float,
) -> tuple[list[Tensor], list[Tensor]]:
    """One step of RMSprop: s ← α·s + (1 − α)·g²; θ ← θ − lr·g/(√s + ε).

    √s is the root of a running mean of squares, the RMS of the name. A gradient divided by it has no units, so lr is
    here a distance in units of θ: rescaling the loss, or one feature, changes the steps no more than ε makes it.

    ε stands outside the root, as in PyTorch; inside, as √(s + ε), it weighs far more where gradients are small. The
    mean starts at 0 and is not corrected for it, so the first step is lr/√(1 − α) long: ten times lr at α = 0.99.

    Args:
        params: the parameters θ, tensors of any shape.
        squares: their running means s of squared gradients, as many and of the same shapes; zero before the first step.
        grads: their gradients g, as many and of the same shapes.
        lr: the learning rate, at least 0, in units of θ.
        alpha: α, the share of the old mean that is kept, from 0 to below 1.
        eps: ε, at least 0, in units of g; above 0 wherever a gradient can be 0 from the start.

    Returns:
        The new parameters and the new squares, as new tensors; what was given is left as it was.

    Raises:
        ValueError: for more or fewer squares or gradients than parameters.

    Example:
        >>> import torch
        >>> theta, s, g = [torch.tensor([1.0])], [torch.tensor([1.0])], [torch.tensor([7.0])]
        >>> rmsprop_step(theta, s, g, lr=0.5, alpha=0.5, eps=2.0)
        ([tensor([0.5000])], [tensor([25.])])

    Source: Tieleman and Hinton 2012, Neural Networks for Machine Learning, lecture 6,
    https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf
    """
    grads = list(grads)
    squares = [alpha * s + (1 - alpha) * g**2 for s, g in zip(squares, grads, strict=True)]
    params = [p - lr * g / (s.sqrt() + eps) for p, g, s in zip(params, grads, squares, strict=True)]
    return params, squares


class RMSprop(ReferenceOptimizer):
    """RMSprop as a `torch.optim.Optimizer`: `torch.optim.RMSprop` without momentum and not centred.

    Args:
        params: tensors or parameter groups.
        lr: the learning rate, at least 0, in units of the parameters.
        alpha: α, the share of the old mean square that is kept, from 0 to below 1.
        eps: ε, added to the root; at least 0, in units of the gradient.
        weight_decay: λ of the penalty ½λ‖θ‖², whose gradient λθ is added to g and so enters the squares; at least 0.
        maximize: climb instead of descend.
        way: how the rule runs: "loop", "foreach" or "compiled"; see `reference.optimizers.ways`.

    Raises:
        ValueError: for a hyper-parameter out of range.

    Example:
        >>> import torch
        >>> w = torch.tensor([2.0], requires_grad=True)
        >>> optimizer = RMSprop([w], lr=0.5, alpha=0.75)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([1.], requires_grad=True)
    """

    remembers = ("square",)
    takes = ("lr", "alpha", "eps")

    def __init__(
        self,
        params: ParamsT,
        lr: float = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        maximize: bool = False,
        way: Way = "loop",
    ) -> None:
        super().__init__(params, way, lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay, maximize=maximize)

    def check(self, group: dict[str, Any]) -> None:
        """alpha and eps have to be in range as well."""
        super().check(group)
        check_range("alpha", group["alpha"], below=1)
        check_range("eps", group["eps"])

    def rule(self) -> Callable[..., Any]:
        """s ← α·s + (1 − α)·g²; θ ← θ − lr·g/(√s + ε)."""
        return rmsprop_step
