"""How fast an optimizer can be on a quadratic, known from the curvatures before the first step is taken.

On a quadratic every axis is a problem of its own. What counts is the factor by which a step shrinks the distance
along it; the axis with the largest factor is the last to arrive, and that factor is the *rate*. L stands for the
largest curvature, μ for the smallest, κ = L/μ for the condition number.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def condition_number(curvatures: Tensor) -> float:
    """κ = L/μ, how much steeper the steepest direction is than the gentlest.

    Args:
        curvatures: `[n]`, all above 0.

    Raises:
        ValueError: for a curvature that is not above 0.

    Example:
        >>> condition_number(torch.tensor([0.5, 2.0, 8.0]))
        16.0
    """
    smallest, largest = _extremes(curvatures)
    return largest / smallest


def largest_stable_lr(curvatures: Tensor) -> float:
    """2/L: above it the steepest direction overshoots further with every step, |1 − lr·L| > 1.

    Args:
        curvatures: `[n]`, none below 0 and at least one above; flat directions do no harm here.

    Raises:
        ValueError: for other curvatures.

    Example:
        >>> largest_stable_lr(torch.tensor([0.0, 1.0, 4.0]))
        0.5
    """
    if not bool((curvatures >= 0).all() and (curvatures > 0).any()):
        raise ValueError(f"curvatures are {curvatures.tolist()}; expected none below 0 and at least one above")
    return 2 / float(curvatures.max())


def fastest_lr(curvatures: Tensor) -> float:
    """2/(μ + L): the gentlest and the steepest direction shrink equally fast, by (κ − 1)/(κ + 1) a step.

    A smaller lr is slower on the floor of the ravine, a larger one slower between its walls.

    Args:
        curvatures: `[n]`, all above 0.

    Raises:
        ValueError: for a curvature that is not above 0.

    Example:
        >>> fastest_lr(torch.tensor([1.0, 3.0]))
        0.5
    """
    return 2 / sum(_extremes(curvatures))


def descent_rate(lr: float, curvatures: Tensor) -> float:
    """max |1 − lr·λ|, the factor by which gradient descent shrinks the slowest direction with every step.

    Args:
        lr: the learning rate, in units of 1/curvature.
        curvatures: λ, `[n]`.

    Returns:
        The rate: below 1 the path arrives, above 1 it diverges.

    Example:
        >>> descent_rate(0.5, torch.tensor([1.0, 3.0]))
        0.5
    """
    return float((1 - lr * curvatures).abs().max())


def fastest_momentum(smallest: float, largest: float) -> tuple[float, float]:
    """The heavy ball's best setting on a quadratic with curvatures from `smallest` to `largest`.

    lr = 4/(√L + √μ)² and momentum = ((√L − √μ)/(√L + √μ))². The rate is then √momentum = (√κ − 1)/(√κ + 1):
    gradient descent's with κ replaced by its root, which at κ = 10⁴ is the whole difference between a minute and an
    hour.

    Args:
        smallest: the smallest curvature μ, above 0.
        largest: the largest curvature L, at least `smallest`.

    Returns:
        (lr, momentum).

    Raises:
        ValueError: unless 0 < smallest ≤ largest.

    Example:
        >>> fastest_momentum(1.0, 9.0)
        (0.25, 0.25)

    Source: Polyak 1964, "Some methods of speeding up the convergence of iteration methods".
    """
    if not 0 < smallest <= largest < math.inf:
        raise ValueError(f"smallest is {smallest} and largest is {largest}; expected 0 < smallest ≤ largest")
    gentle, steep = math.sqrt(smallest), math.sqrt(largest)
    return 4 / (steep + gentle) ** 2, ((steep - gentle) / (steep + gentle)) ** 2


def heavy_ball_rate(lr: float | Tensor, momentum: float | Tensor, curvatures: Tensor) -> Tensor:
    """The factor by which momentum, in the long run, shrinks the slowest direction with every step.

    Along an axis of curvature λ the step is linear in the last two places,

        wₜ₊₁ = (1 + momentum − lr·λ) wₜ − momentum·wₜ₋₁,

    so the factor is the larger root, in absolute value, of z² − (1 + momentum − lr·λ) z + momentum: the spectral
    radius of the 2 × 2 matrix that takes (wₜ, wₜ₋₁) to (wₜ₊₁, wₜ). With complex roots the ball swings, and both
    have the absolute value √momentum, whatever the curvature.

    Args:
        lr: the learning rate, any shape that broadcasts with `momentum`.
        momentum: from 0 to below 1, likewise.
        curvatures: λ, `[n]`.

    Returns:
        The rates, of the broadcast shape, in the dtype and on the device of `curvatures`; below 1 the ball comes to
        rest. The colours of a phase diagram are one call, with lr as a row and momentum as a column.

    Example:
        >>> curvatures = torch.tensor([1.0, 9.0])
        >>> heavy_ball_rate(0.25, 0.25, curvatures)
        tensor(0.5000)
        >>> heavy_ball_rate(torch.tensor([[0.1, 0.2, 0.3]]), torch.tensor([[0.0], [0.25]]), curvatures).shape
        torch.Size([2, 3])

    Source: Polyak 1964; Goh 2017, "Why Momentum Really Works", https://distill.pub/2017/momentum
    """
    lr, momentum = _like(curvatures, lr), _like(curvatures, momentum)
    return _larger_root((1 + momentum - lr * curvatures) / 2, momentum).amax(dim=-1)


def nesterov_setting(smallest: float, largest: float) -> tuple[float, float]:
    """Nesterov's usual setting for curvatures from `smallest` to `largest`: lr = 1/L, momentum = (√κ − 1)/(√κ + 1).

    The rate on a quadratic is then 1 − 1/√κ, which takes about twice as many steps as the heavy ball's at its best.
    What they buy is a promise beyond quadratics: for every function whose curvature stays between the two.

    Args:
        smallest: the smallest curvature μ, above 0.
        largest: the largest curvature L, at least `smallest`.

    Returns:
        (lr, momentum).

    Raises:
        ValueError: unless 0 < smallest ≤ largest.

    Example:
        >>> nesterov_setting(1.0, 4.0)
        (0.25, 0.3333333333333333)

    Source: Nesterov 2004, "Introductory Lectures on Convex Optimization", scheme 2.2.11.
    """
    if not 0 < smallest <= largest < math.inf:
        raise ValueError(f"smallest is {smallest} and largest is {largest}; expected 0 < smallest ≤ largest")
    root = math.sqrt(largest / smallest)
    return 1 / largest, (root - 1) / (root + 1)


def nesterov_rate(lr: float | Tensor, momentum: float | Tensor, curvatures: Tensor) -> Tensor:
    """The factor by which Nesterov's momentum, in the long run, shrinks the slowest direction with every step.

    With a = 1 − lr·λ, what a gradient step leaves, the step along an axis of curvature λ is

        wₜ₊₁ = (1 + momentum)·a·wₜ − momentum·a·wₜ₋₁,

    so the factor is the larger root, in absolute value, of z² − (1 + momentum)·a·z + momentum·a. Swinging directions
    shrink by √(momentum·a), steep ones faster than gentle ones, where the heavy ball's all shrink by √momentum. The
    price is stability: lr·λ has to stay below (2 + 2·momentum)/(1 + 2·momentum), not 2 + 2·momentum.

    Args:
        lr: the learning rate, any shape that broadcasts with `momentum`.
        momentum: from 0 to below 1, likewise.
        curvatures: λ, `[n]`.

    Returns:
        The rates, of the broadcast shape, in the dtype and on the device of `curvatures`.

    Example:
        >>> nesterov_rate(0.25, 1 / 3, torch.tensor([1.0, 4.0]))
        tensor(0.5000)
    """
    lr, momentum = _like(curvatures, lr), _like(curvatures, momentum)
    left = 1 - lr * curvatures
    return _larger_root((1 + momentum) * left / 2, momentum * left).amax(dim=-1)


def _like(curvatures: Tensor, value: float | Tensor) -> Tensor:
    # The dtype is said at once: a float that passes through float32 costs 4e-4 of the rate where roots are double.
    return torch.as_tensor(value, dtype=curvatures.dtype, device=curvatures.device)[..., None]


def _larger_root(half: Tensor, product: Tensor) -> Tensor:
    """The larger absolute value of the two roots of z² − 2·half·z + product."""
    discriminant = half**2 - product
    root = discriminant.abs().sqrt()
    return torch.where(discriminant < 0, torch.hypot(half, root), half.abs() + root)


def iterations_to(rate: float, tolerance: float) -> int:
    """The first t with rateᵗ ≤ tolerance: how many steps shrink the slowest direction that far.

    A measured count comes out somewhat different: the other directions count towards the distance at the start
    though they are soon gone, and momentum needs some steps until its rate shows.

    Args:
        rate: the factor of one step, from 0 to below 1.
        tolerance: what is to be left of the distance at the start, above 0 and at most 1.

    Raises:
        ValueError: for a rate at which no path arrives, or a tolerance out of range.

    Example:
        >>> iterations_to(0.1, 1e-6)
        6
    """
    if not 0 <= rate < 1:
        raise ValueError(f"rate is {rate}; expected a number from 0 to below 1, others never arrive")
    if not 0 < tolerance <= 1:
        raise ValueError(f"tolerance is {tolerance}; expected a number above 0 and at most 1")
    if rate == 0:
        return math.ceil(1 - tolerance)
    # log(1e-6)/log(0.1) is a hair above 6: rounding must not cost a step.
    return math.ceil(math.log(tolerance) / math.log(rate) * (1 - 1e-12))


def _extremes(curvatures: Tensor) -> tuple[float, float]:
    if not bool((curvatures > 0).all()):
        raise ValueError(f"curvatures are {curvatures.tolist()}; expected all above 0")
    return float(curvatures.min()), float(curvatures.max())
