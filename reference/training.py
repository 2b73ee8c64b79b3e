"""The loops around an update rule: a gradient by differences, paths, a linear fit, and how long a path takes."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from reference.landscapes import Landscape
from reference.optimizers import gradient_step, look_ahead_step, momentum_step

Gradient = Callable[[Tensor], Tensor]


def numerical_gradient(f: Callable[[Tensor], Tensor], w: Tensor, h: float) -> Tensor:
    """Central differences: entry i is (f(w + h·eᵢ) − f(w − h·eᵢ)) / 2h.

    The formula is off by h²·f‴/6, rounding by about ε·|f|/h: make h too large and the one hurts, too small and the
    other does. In between, near h = ∛ε (6e-6 in float64), lies the bottom of a U.

    Args:
        f: a function from `[n]` to `[]`.
        w: where, `[n]`; left as it was.
        h: how far to go to either side, in units of w, above 0.

    Returns:
        The gradient, `[n]`.

    Raises:
        ValueError: for h not above 0.

    Example:
        >>> numerical_gradient(lambda w: (w**3).sum(), torch.tensor([2.0]), h=0.5)
        tensor([12.2500])
    """
    if not 0 < h < math.inf:
        raise ValueError(f"h is {h}; expected a number above 0")
    sides = h * torch.eye(len(w), dtype=w.dtype, device=w.device)
    return torch.stack([(f(w + side) - f(w - side)) / (2 * h) for side in sides])


def gradient_descent(gradient: Gradient, start: Tensor, lr: float, steps: int) -> Tensor:
    """Walk downhill: `steps` times θ ← θ − lr·gradient(θ).

    Args:
        gradient: a function from `[n]` to `[n]`.
        start: where to begin, `[n]`; left as it was.
        lr: the learning rate, in units of 1/curvature.
        steps: how many steps to take, at least 0.

    Returns:
        The path, `[steps + 1, n]`, start included.

    Raises:
        ValueError: for steps below 0.

    Example:
        >>> gradient_descent(lambda w: w, torch.tensor([8.0]), lr=0.5, steps=3).flatten()
        tensor([8., 4., 2., 1.])
    """
    _check_steps(steps)
    w = start.detach().clone()
    path = [w]
    for _ in range(steps):
        [w] = gradient_step([w], [gradient(w)], lr)
        path.append(w)
    return torch.stack(path)


def momentum_descent(gradient: Gradient, start: Tensor, lr: float, momentum: float, steps: int) -> Tensor:
    """Roll downhill from rest: `steps` times v ← μ·v + gradient(θ); θ ← θ − lr·v.

    Args:
        gradient: a function from `[n]` to `[n]`.
        start: where to begin, `[n]`; left as it was.
        lr: the learning rate, in units of 1/curvature.
        momentum: μ, from 0 to below 1.
        steps: how many steps to take, at least 0.

    Returns:
        The path, `[steps + 1, n]`, start included.

    Raises:
        ValueError: for steps below 0.

    Example:
        >>> momentum_descent(lambda w: w, torch.tensor([8.0]), lr=0.5, momentum=0.5, steps=3).flatten()
        tensor([ 8.,  4.,  0., -2.])
    """
    _check_steps(steps)
    w = start.detach().clone()
    velocity = torch.zeros_like(w)
    path = [w]
    for _ in range(steps):
        [w], [velocity] = momentum_step([w], [velocity], [gradient(w)], lr, momentum)
        path.append(w)
    return torch.stack(path)


def look_ahead_descent(gradient: Gradient, start: Tensor, lr: float, momentum: float, steps: int) -> Tensor:
    """Nesterov's textbook form, from rest: `steps` times v ← μ·v − lr·gradient(θ + μ·v); θ ← θ + v.

    Args:
        gradient: a function from `[n]` to `[n]`.
        start: where to begin, `[n]`; left as it was.
        lr: the learning rate, in units of 1/curvature.
        momentum: μ, from 0 to below 1.
        steps: how many steps to take, at least 0.

    Returns:
        The path of θ, `[steps + 1, n]`, start included.

    Raises:
        ValueError: for steps below 0.

    Example:
        >>> look_ahead_descent(lambda w: w, torch.tensor([8.0]), lr=0.5, momentum=0.5, steps=3).flatten()
        tensor([ 8.0000,  4.0000,  1.0000, -0.2500])
    """
    _check_steps(steps)
    w = start.detach().clone()
    velocity = torch.zeros_like(w)
    path = [w]
    for _ in range(steps):
        [w], [velocity] = look_ahead_step([w], [velocity], lambda params: map(gradient, params), lr, momentum)
        path.append(w)
    return torch.stack(path)


def descend(
    optimizer_factory: Callable[[list[Tensor]], torch.optim.Optimizer],
    landscape: Landscape,
    start: Tensor,
    steps: int,
) -> Tensor:
    """Let any `torch.optim.Optimizer` walk over a landscape.

    Args:
        optimizer_factory: makes the optimizer from a list of parameters.
        landscape: where to walk.
        start: where to begin, `[n]`; left as it was.
        steps: how often to call the optimizer's `step`, at least 0.

    Returns:
        The path, `[steps + 1, n]`, start included.

    Raises:
        ValueError: for steps below 0.

    Example:
        >>> from reference.landscapes import Quadratic
        >>> bowl = Quadratic(torch.tensor([1.0]))
        >>> descend(lambda w: torch.optim.SGD(w, lr=0.5), bowl, torch.tensor([8.0]), steps=3).flatten()
        tensor([8., 4., 2., 1.])
    """
    _check_steps(steps)
    w = start.detach().clone().requires_grad_()
    optimizer = optimizer_factory([w])

    @torch.no_grad()
    def measure() -> float:
        w.grad = landscape.gradient(w)
        return float(landscape.value(w))

    path = [start.detach().clone()]
    for _ in range(steps):
        measure()
        optimizer.step(measure)  # a line search like L-BFGS measures again; a student's rule may not know closures
        path.append(w.detach().clone())
    return torch.stack(path)


def fit_linear(x: Tensor, y: Tensor, lr: float, steps: int) -> tuple[Tensor, Tensor]:
    """Fit y ≈ x·w + b by gradient descent on the mean squared error (without ½), from zero.

    Args:
        x: samples, `[N, d]`.
        y: targets, `[N]`.
        lr: the learning rate.
        steps: how many steps to take, at least 0.

    Returns:
        w `[d]` and b `[]`, detached.

    Raises:
        ValueError: for other shapes, or steps below 0.

    Example:
        >>> w, b = fit_linear(torch.tensor([[-1.0], [1.0]]), torch.tensor([1.0, 5.0]), lr=0.5, steps=1)
        >>> w, b
        (tensor([2.]), tensor(3.))
    """
    _check_steps(steps)
    if x.ndim != 2 or y.shape != x.shape[:1]:
        # y of shape [N, 1] would broadcast against [N] into N × N differences, without a word.
        raise ValueError(f"x has shape {list(x.shape)} and y {list(y.shape)}; expected [N, d] and [N]")
    w, b = x.new_zeros(x.shape[1]), x.new_zeros(())
    for _ in range(steps):
        w.requires_grad_()
        b.requires_grad_()
        loss = ((x @ w + b - y) ** 2).mean()
        grads = torch.autograd.grad(loss, [w, b])
        w, b = gradient_step([w.detach(), b.detach()], grads, lr)
    return w, b


def iterations_until(path: Tensor, minimum: Tensor, tolerance: float) -> int | None:
    """The first t at which ‖w_t − w*‖ ≤ tolerance·‖w_0 − w*‖, or None if the path never comes that close.

    Args:
        path: `[steps + 1, n]`.
        minimum: w*, `[n]`.
        tolerance: what is to be left of the distance at the start, at least 0.

    Example:
        >>> iterations_until(torch.tensor([[8.0], [4.0], [2.0], [1.0]]), torch.zeros(1), tolerance=0.3)
        2
    """
    distance = torch.linalg.vector_norm(path - minimum.to(path), dim=1)
    arrived = (distance <= tolerance * distance[0]).nonzero()
    return int(arrived[0]) if len(arrived) else None


def _check_steps(steps: int) -> None:
    if steps < 0:
        raise ValueError(f"steps is {steps}; expected at least 0")
