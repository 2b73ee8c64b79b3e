"""The loops around an update rule: differences, paths, a linear fit, and how long a path takes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from reference.optimizers import gradient_step, momentum_step

Gradient = Callable[[Tensor], Tensor]


def numerical_gradient(f: Callable[[Tensor], Tensor], w: Tensor, h: float) -> Tensor:
    """Central differences: entry i is (f(w + h·eᵢ) − f(w − h·eᵢ)) / 2h, with an error of order h².

    Args:
        f: from `[n]` to `[]`.
        w: where, `[n]`; left as it was.
        h: half the distance of the two points, in units of w.

    Example:
        >>> numerical_gradient(lambda w: (w**2).sum(), torch.tensor([3.0], dtype=torch.float64), h=0.5)
        tensor([6.], dtype=torch.float64)
    """
    axes = torch.eye(len(w), dtype=w.dtype, device=w.device) * h
    return torch.stack([(f(w + axis) - f(w - axis)) / (2 * h) for axis in axes])


def gradient_descent(gradient: Gradient, start: Tensor, lr: float, steps: int) -> Tensor:
    """The path of gradient descent.

    Args:
        gradient: from `[n]` to `[n]`.
        start: `[n]`; left as it was.
        lr: the learning rate.
        steps: how many steps to take.

    Returns:
        The path, `[steps + 1, n]`, start included.

    Example:
        >>> gradient_descent(lambda w: w, torch.tensor([8.0]), lr=0.5, steps=3).flatten()
        tensor([8., 4., 2., 1.])
    """
    path = [start.clone()]
    for _ in range(steps):
        path += gradient_step([path[-1]], [gradient(path[-1])], lr)
    return torch.stack(path)


def momentum_descent(gradient: Gradient, start: Tensor, lr: float, momentum: float, steps: int) -> Tensor:
    """The path of momentum from rest; arguments and result as in `gradient_descent`."""
    path, velocity = [start.clone()], torch.zeros_like(start)
    for _ in range(steps):
        (w,), (velocity,) = momentum_step([path[-1]], [velocity], [gradient(path[-1])], lr, momentum)
        path.append(w)
    return torch.stack(path)


def fit_linear(x: Tensor, y: Tensor, lr: float, steps: int) -> tuple[Tensor, Tensor]:
    """Fit y ≈ x·w + b by gradient descent on the mean squared error (without ½), from zero.

    Args:
        x: samples, `[N, d]`.
        y: targets, `[N]`.
        lr: the learning rate.
        steps: how many steps to take.

    Returns:
        w `[d]` and b `[]`, detached.
    """
    w = torch.zeros(x.shape[1], dtype=x.dtype, device=x.device, requires_grad=True)
    b = torch.zeros((), dtype=x.dtype, device=x.device, requires_grad=True)
    for _ in range(steps):
        loss = ((x @ w + b - y) ** 2).mean()
        grads = torch.autograd.grad(loss, [w, b])
        with torch.no_grad():
            w, b = (p.requires_grad_() for p in gradient_step([w, b], list(grads), lr))
    return w.detach(), b.detach()


def iterations_until(path: Tensor, minimum: Tensor, tolerance: float) -> int | None:
    """The first step at which the distance to `minimum` is at most `tolerance` of the start's, or None.

    Args:
        path: `[steps + 1, n]`.
        minimum: `[n]`.
        tolerance: relative to the start's distance.
    """
    distance = (path - minimum).norm(dim=1)
    reached = (distance <= tolerance * distance[0]).nonzero()
    return int(reached[0]) if len(reached) else None
