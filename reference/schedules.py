"""Learning rates that change on the way: t ↦ lr, steps counted from 0."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

Schedule = Callable[[int], float]


def step_decay(step: int, lr: float, drop: float, every: int) -> float:
    """A learning rate that falls by a factor every so many steps: lr · drop^⌊step/every⌋.

    Args:
        step: t, counted from 0.
        lr: the first learning rate, at least 0, in units of 1/curvature.
        drop: the factor of each fall, above 0 and at most 1.
        every: after how many steps it falls, at least 1.

    Returns:
        The learning rate of this step.

    Raises:
        ValueError: for a negative step, a drop out of range, or `every` below 1.

    Example:
        >>> [step_decay(step, 0.8, 0.5, every=2) for step in range(5)]
        [0.8, 0.8, 0.4, 0.4, 0.2]

    Source: `torch.optim.lr_scheduler.StepLR`; He et al. 2016, section 3.4, https://arxiv.org/abs/1512.03385
    """
    _check_step(step)
    if not 0 < drop <= 1:
        raise ValueError(f"drop is {drop!r}; expected a factor above 0 and at most 1")
    if every < 1:
        raise ValueError(f"every is {every!r}; expected at least 1 step")
    return lr * drop ** (step // every)


def warmup_cosine(step: int, total: int, warmup: int, peak: float, floor: float) -> float:
    """Up along a line, then down along half a cosine.

    peak · (step + 1)/warmup while step < warmup; then, with u = (step − warmup)/(total − warmup),
    floor + (peak − floor)·(1 + cos πu)/2; the floor from `total` on.

    The first step already moves, by peak/warmup; the last step of the warm-up is the first at the peak.

    Args:
        step: t, counted from 0.
        total: the step from which on the floor holds, above `warmup`.
        warmup: how many steps the way up takes; 0 starts at the peak.
        peak: the largest learning rate, in units of 1/curvature.
        floor: the last learning rate.

    Returns:
        The learning rate of this step.

    Raises:
        ValueError: for a negative step or warm-up, or a total that is not above the warm-up.

    Example:
        >>> [round(warmup_cosine(step, total=6, warmup=2, peak=1.0, floor=0.0), 3) for step in range(8)]
        [0.5, 1.0, 1.0, 0.854, 0.5, 0.146, 0.0, 0.0]

    Source: Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983, equation 5 without restarts; Goyal et al.
    2017, https://arxiv.org/abs/1706.02677, section 2.2, for the warm-up.
    """
    _check_step(step)
    if warmup < 0 or total <= warmup:
        raise ValueError(f"warmup is {warmup} and total {total}; expected 0 ≤ warmup < total")
    if step < warmup:
        return peak * (step + 1) / warmup
    if step >= total:
        return floor
    done = (step - warmup) / (total - warmup)
    return floor + (peak - floor) * (1 + math.cos(math.pi * done)) / 2


def descend_with_schedule(
    gradient: Callable[[Tensor], Tensor], start: Tensor, schedule: Schedule, steps: int
) -> Tensor:
    """The path of gradient descent whose learning rate is a function of the step: w ← w − schedule(t)·∇L(w).

    Args:
        gradient: ∇L, from `[n]` to `[n]`.
        start: w at first, `[n]`; left as it is.
        schedule: t ↦ lr, asked once for each t = 0 … steps − 1, in order.
        steps: how many steps, at least 0.

    Returns:
        The path, `[steps + 1, n]`, the start included.

    Raises:
        ValueError: for a negative number of steps.

    Example:
        >>> descend_with_schedule(lambda w: w, torch.tensor([8.0]), lambda t: 0.5 if t < 2 else 1.0, 3).flatten()
        tensor([8., 4., 2., 0.])
    """
    if steps < 0:
        raise ValueError(f"steps is {steps}; expected at least 0")
    path = [start.detach().clone()]
    for t in range(steps):
        path.append(path[-1] - schedule(t) * gradient(path[-1]))
    return torch.stack(path)


def _check_step(step: int) -> None:
    if step < 0:
        raise ValueError(f"step is {step}; expected at least 0, since steps count from 0")
