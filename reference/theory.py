"""How fast an optimizer can be on a quadratic, from the curvatures alone."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def condition_number(curvatures: Tensor) -> float:
    """κ = L/μ, the largest curvature over the smallest; `curvatures` is `[n]`, all above 0."""
    return float(curvatures.max() / curvatures.min())


def largest_stable_lr(curvatures: Tensor) -> float:
    """2/L: above it the steepest direction overshoots further each step, |1 − lr·L| > 1."""
    return 2 / float(curvatures.max())


def fastest_lr(curvatures: Tensor) -> float:
    """2/(μ + L): where the gentlest and the steepest direction shrink at the same rate.

    Example:
        >>> fastest_lr(torch.tensor([1.0, 3.0]))
        0.5
    """
    return 2 / float(curvatures.min() + curvatures.max())


def descent_rate(lr: float, curvatures: Tensor) -> float:
    """max |1 − lr·λ|, the factor by which the slowest mode of gradient descent shrinks each step."""
    return float((1 - lr * curvatures).abs().max())


def fastest_momentum(smallest: float, largest: float) -> tuple[float, float]:
    """The heavy ball's best (lr, momentum) on a quadratic: lr = 4/(√L + √μ)², momentum = ((√L − √μ)/(√L + √μ))².

    Args:
        smallest: the smallest curvature μ, above 0.
        largest: the largest curvature L.

    Raises:
        ValueError: unless 0 < smallest ≤ largest.

    Example:
        >>> fastest_momentum(1.0, 9.0)
        (0.25, 0.25)

    Source: Polyak 1964.
    """
    if not 0 < smallest <= largest:
        raise ValueError(f"curvatures are {smallest} and {largest}; expected 0 < smallest ≤ largest")
    low, high = math.sqrt(smallest), math.sqrt(largest)
    return 4 / (high + low) ** 2, ((high - low) / (high + low)) ** 2


def heavy_ball_rate(lr: Tensor, momentum: Tensor, curvatures: Tensor) -> Tensor:
    """The factor by which the slowest mode of momentum shrinks each step.

    It is the largest root, in absolute value, of z² − (1 + μ − lr·λ)z + μ over all curvatures λ.

    Args:
        lr: any shape that broadcasts with `momentum`.
        momentum: likewise.
        curvatures: `[n]`.

    Returns:
        The rates, of the broadcast shape; below 1 the ball comes to rest.
    """
    half = (1 + momentum[..., None] - lr[..., None] * curvatures) / 2
    kept = momentum[..., None].expand(half.shape)
    square = half**2 - kept
    real = half.abs() + square.clamp(min=0).sqrt()
    rate = torch.where(square < 0, kept.clamp(min=0).sqrt(), real)
    return rate.amax(dim=-1)


def iterations_to(rate: float, tolerance: float) -> int:
    """How many steps at this rate shrink the distance to `tolerance` of the start's.

    Example:
        >>> iterations_to(0.1, 1e-6)
        6
    """
    return math.ceil(math.log(tolerance) / math.log(rate) - 1e-9)
