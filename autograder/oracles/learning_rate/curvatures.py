"""`largest_stable_lr` and `fastest_lr`: a learning rate from curvatures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.oracles.exercise import Draw, Exercise, Form
from reference.theory import fastest_lr, largest_stable_lr


def draw_curvatures(seed: int) -> dict[str, Any]:
    """Five landscapes of four curvatures, neither end at the first or last place."""
    draw = Draw(seed)
    landscapes = []
    for _ in range(5):
        smallest = draw.uniform(0.1, 2.0)
        largest = smallest * draw.uniform(4.0, 50.0)
        low = smallest * draw.uniform(1.2, 1.6)
        high = largest * draw.uniform(0.6, 0.8)
        landscapes.append(torch.tensor([high, smallest, largest, low], dtype=torch.float64))
    return {"five landscapes": {"curvatures": landscapes}}


def formula(lr: Callable[[float, float], float]) -> Callable[[Tensor], float]:
    """A form from a formula over the smallest and the largest curvature."""
    return lambda curvatures: lr(float(curvatures.min()), float(curvatures.max()))


STABLE_FORMS = (
    Form(
        "smallest_curvature",
        formula(lambda low, high: 2 / low),
        "this is the limit of the gentlest direction. Which direction is the first to grow?",
    ),
    Form(
        "one_over_largest",
        formula(lambda low, high: 1 / high),
        "at this lr the steepest direction arrives in one step; it is safe, but not the edge. "
        "At which lr is the factor 1 − lr·λ equal to −1?",
    ),
    Form(
        "four_over_largest",
        formula(lambda low, high: 4 / high),
        "this is too large by a factor of two. How large may |1 − lr·λ| be?",
    ),
    Form(
        "fastest_instead",
        formula(lambda low, high: 2 / (low + high)),
        "this is the fastest learning rate, not the largest that is stable. Which direction sets the limit alone?",
    ),
    Form(
        "difference_of_ends",
        formula(lambda low, high: 2 / (high - low)),
        "the smallest curvature is subtracted from the largest. Does the gentlest direction move the limit at all?",
    ),
    Form(
        "inverted",
        formula(lambda low, high: high / 2),
        "the fraction stands on its head. Does a steeper valley allow a larger lr?",
    ),
    Form(
        "root_of_curvature",
        formula(lambda low, high: 2 / high**0.5),
        "the curvature enters by its square root. What is the unit of your lr?",
    ),
    Form(
        "squared_curvature",
        formula(lambda low, high: 2 / high**2),
        "the curvature is squared. What is the unit of your lr?",
    ),
    Form(
        "mean_curvature",
        lambda curvatures: 2 / float(curvatures.mean()),
        "this is the limit of the average curvature, and steeper directions would still grow. Which one grows first?",
    ),
    Form(
        "sum_of_curvatures",
        lambda curvatures: 2 / float(curvatures.sum()),
        "the curvatures are added up. Each direction has a limit of its own: which one counts?",
    ),
    Form(
        "first_curvature",
        lambda curvatures: 2 / float(curvatures[0]),
        "only the first curvature is used. Are they in any order?",
    ),
    Form(
        "last_curvature",
        lambda curvatures: 2 / float(curvatures[-1]),
        "only the last curvature is used. Are they in any order?",
    ),
    Form(
        "limit_of_every_direction",
        lambda curvatures: 2 / curvatures,
        "these are the limits of all directions, one each. Which single lr is safe for all of them?",
    ),
)
FASTEST_FORMS = (
    Form(
        "largest_stable",
        formula(lambda low, high: 2 / high),
        "this is the edge of stability: the steepest direction never arrives. Where are both ends equally fast?",
    ),
    Form(
        "one_over_largest",
        formula(lambda low, high: 1 / high),
        "at this lr the steepest direction arrives at once and the gentlest crawls. Where are both equally fast?",
    ),
    Form(
        "one_over_smallest",
        formula(lambda low, high: 1 / low),
        "at this lr the gentlest direction arrives at once and the steepest runs away. Where are both equally fast?",
    ),
    Form(
        "half",
        formula(lambda low, high: 1 / (low + high)),
        "this is half of the fastest. Solve 1 − lr·μ = −(1 − lr·L) once more: what stands above the fraction?",
    ),
    Form(
        "difference_of_ends",
        formula(lambda low, high: 2 / (high - low)),
        "one sign is turned. Solve 1 − lr·μ = −(1 − lr·L) once more: do the two curvatures add or subtract?",
    ),
    Form(
        "inverted",
        formula(lambda low, high: (low + high) / 2),
        "the fraction stands on its head. Does a steeper valley allow a larger lr?",
    ),
    Form(
        "geometric_mean",
        formula(lambda low, high: 1 / (low * high) ** 0.5),
        "this takes the geometric mean of the two ends. How large is the factor of the steepest direction then?",
    ),
    Form(
        "lr_of_momentum",
        formula(lambda low, high: 4 / (low**0.5 + high**0.5) ** 2),
        "this is the fastest lr of momentum, which lesson 06 is about. Is it below 2/L?",
    ),
    Form(
        "mean_curvature",
        lambda curvatures: 1 / float(curvatures.mean()),
        "this uses the mean of all curvatures. Which two of them are the slowest at any lr?",
    ),
    Form(
        "median_curvature",
        lambda curvatures: 1 / float(curvatures.median()),
        "this uses the middle one of the curvatures. Which two of them are the slowest at any lr?",
    ),
    Form(
        "sum_of_curvatures",
        lambda curvatures: 2 / float(curvatures.sum()),
        "all curvatures are added up. Which two of them are the slowest at any lr?",
    ),
    Form(
        "mean_of_rates",
        lambda curvatures: float((1 / curvatures).mean()),
        "this is the mean of what each direction alone would like best, and the gentlest asks for most. "
        "How large is the factor of the steepest direction then?",
    ),
    Form(
        "mean_of_two_rates",
        formula(lambda low, high: (1 / low + 1 / high) / 2),
        "this lies halfway between the best rates of the two ends. Is it below 2/L?",
    ),
    Form(
        "ends_of_the_list",
        lambda curvatures: 2 / float(curvatures[0] + curvatures[-1]),
        "the first and the last curvature are used. Are they in any order?",
    ),
    Form(
        "fastest_of_every_direction",
        lambda curvatures: 1 / curvatures,
        "these are the fastest learning rates of all directions, one each. Which single lr is best for all together?",
    ),
)
EXERCISES = (
    Exercise(
        "largest_stable_lr",
        draw_curvatures,
        largest_stable_lr,
        STABLE_FORMS,
        ("reference",),
        steps=("landscape", 1),
        picture="entries",
    ),
    Exercise(
        "fastest_lr",
        draw_curvatures,
        fastest_lr,
        FASTEST_FORMS,
        ("reference",),
        steps=("landscape", 1),
        picture="entries",
    ),
)
