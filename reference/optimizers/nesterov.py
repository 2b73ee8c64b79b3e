"""Nesterov's momentum: measure where the velocity is about to carry you. Two forms, which keep different points."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor
from torch.optim.optimizer import ParamsT

from reference.optimizers.base import ReferenceOptimizer, check_range
from reference.optimizers.ways import Way


def look_ahead_step(
    params: Iterable[Tensor],
    velocities: Iterable[Tensor],
    gradient: Callable[[list[Tensor]], Iterable[Tensor]],
    lr: float,
    momentum: float,
) -> tuple[list[Tensor], list[Tensor]]:
    """Jump, measure, correct: v ← μ·v − lr·∇L(θ + μ·v); θ ← θ + v.

    The jump is μ·v, what the old velocity alone would do. The gradient is taken there, and the correction is a plain
    gradient step from there: θ + μ·v − lr·∇L(θ + μ·v). What is kept and returned is θ, the point after the correction.

    Unlike `momentum_step`, the velocity here is a displacement, with the learning rate inside.

    Args:
        params: the parameters θ, tensors of any shape.
        velocities: their velocities v, as many and of the same shapes, in units of θ; zero before the first step.
        gradient: from parameters to their gradients, a tensor each; asked once, at θ + μ·v.
        lr: the learning rate, at least 0, in units of 1/curvature.
        momentum: μ, the share of the old velocity that is kept, from 0 to below 1.

    Returns:
        The new parameters and the new velocities, as new tensors; what was given is left as it was.

    Raises:
        ValueError: for more or fewer velocities or gradients than parameters.

    Example:
        >>> import torch
        >>> theta, v = [torch.tensor([4.0])], [torch.tensor([-2.0])]
        >>> look_ahead_step(theta, v, lambda params: params, lr=0.5, momentum=0.5)
        ([tensor([1.5000])], [tensor([-2.5000])])

    Source: Nesterov 1983, "A method for solving the convex programming problem with convergence rate O(1/k²)"; in
    this form Sutskever, Martens, Dahl and Hinton 2013, equations 3 and 4,
    https://proceedings.mlr.press/v28/sutskever13.html
    """
    params, jumps = list(params), [momentum * v for v in velocities]
    grads = gradient([p + jump for p, jump in zip(params, jumps, strict=True)])
    velocities = [jump - lr * g for jump, g in zip(jumps, grads, strict=True)]
    return [p + v for p, v in zip(params, velocities, strict=True)], velocities


def nesterov_step(
    params: Iterable[Tensor],
    velocities: Iterable[Tensor],
    grads: Iterable[Tensor],
    lr: float,
    momentum: float,
) -> tuple[list[Tensor], list[Tensor]]:
    """One step in PyTorch's form: v ← μ·v + g; θ ← θ − lr·(g + μ·v).

    The parameters kept here are the point to which `look_ahead_step` is about to jump: a training loop has the
    gradient only where its parameters are, so the jump of the next step is taken at the end of this one. With lr and
    μ constant, the two walk together, θ here = θ there + μ·v there; from a change of lr on they part.

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
        >>> nesterov_step([torch.tensor([1.0])], [torch.tensor([2.0])], [torch.tensor([1.0])], lr=0.5, momentum=0.5)
        ([tensor([0.])], [tensor([2.])])

    Source: Bengio, Boulanger-Lewandowski and Pascanu 2012, equation 7, https://arxiv.org/abs/1212.0901;
    `torch.optim.SGD(nesterov=True)`.
    """
    grads = list(grads)
    velocities = [momentum * v + g for v, g in zip(velocities, grads, strict=True)]
    steps = [g + momentum * v for g, v in zip(grads, velocities, strict=True)]
    return [p - lr * step for p, step in zip(params, steps, strict=True)], velocities


class Nesterov(ReferenceOptimizer):
    """Nesterov's momentum as a `torch.optim.Optimizer`: `torch.optim.SGD` with `nesterov=True`.

    The parameters are the looked-ahead point, as in `nesterov_step`.

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
        >>> optimizer = Nesterov([w], lr=0.25, momentum=0.5)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.5000], requires_grad=True)
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
        """v ← μ·v + g; θ ← θ − lr·(g + μ·v)."""
        return nesterov_step
