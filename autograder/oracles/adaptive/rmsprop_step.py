"""s ← α·s + (1 − α)·g²; θ ← θ − lr·g/(√s + ε) (PyTorch's form), and how it goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from autograder.oracles.exercise import Exercise, Form
from autograder.oracles.steps import Rule, draw_cases, each, slips, uphill
from reference.optimizers import rmsprop_step

EPS = 1e-2  # large, so that where eps stands can be seen


def pytorchs(p: Any, s: Any, g: Any, lr: float, a: float, e: float) -> tuple[Any, Any]:
    s = a * s + (1 - a) * g**2
    return p - lr * g / (s.sqrt() + e), s


def moved_by(step: Callable[..., Any]) -> Rule:
    """The right squares, but another step: (g, s, eps) → step, of which lr is taken."""

    def rule(p: Any, s: Any, g: Any, lr: float, a: float, e: float) -> tuple[Any, Any]:
        s = a * s + (1 - a) * g**2
        return p - lr * step(g, s, e), s

    return rule


def remembered(squares: Callable[..., Any]) -> Rule:
    """The right step from other squares: (s, g, alpha) → s."""

    def rule(p: Any, s: Any, g: Any, lr: float, a: float, e: float) -> tuple[Any, Any]:
        s = squares(s, g, a)
        return p - lr * g / (s.sqrt() + e), s

    return rule


def eps_added_to_parameter(p: Any, s: Any, g: Any, lr: float, a: float, e: float) -> tuple[Any, Any]:
    s = a * s + (1 - a) * g**2
    return p - lr * g / s.sqrt() + e, s


def old_squares(p: Any, s: Any, g: Any, lr: float, a: float, e: float) -> tuple[Any, Any]:
    return p - lr * g / (s.sqrt() + e), a * s + (1 - a) * g**2


def root_remembered(p: Any, s: Any, g: Any, lr: float, a: float, e: float) -> tuple[Any, Any]:
    root = (a * s + (1 - a) * g**2).sqrt()
    return p - lr * g / (root + e), root


def no_lr(p: Any, s: Any, g: Any, lr: float, a: float, e: float) -> tuple[Any, Any]:
    s = a * s + (1 - a) * g**2
    return p - g / (s.sqrt() + e), s


FORMS = (
    Form(
        "eps_inside_root",
        each(moved_by(lambda g, s, e: g / (s + e).sqrt())),
        "eps stands inside the root, as in TensorFlow and in optax by default. This exercise asks for PyTorch's form, "
        "with eps outside. For a gradient of 1e-6 and eps = 1e-8, what is the denominator in each of the two?",
        0.5,
    ),
    Form(
        "starts_at_first_square",
        each(remembered(lambda s, g, a: torch.where(s == 0, g**2, a * s + (1 - a) * g**2))),
        "your mean starts from the first g² instead of zero, which some libraries do. This exercise starts from the "
        "zeros that it is given. How long is the first step in each of the two?",
        0.5,
    ),
    Form(
        "no_root",
        each(moved_by(lambda g, s, e: g / (s + e))),
        "the gradient is divided by the mean square, not by its root. What is the unit of g / s, and of g / √s?",
    ),
    Form(
        "sum_of_squares",
        each(remembered(lambda s, g, a: s + g**2)),
        "the squares are summed up for ever, which is Adagrad: steps only get shorter. "
        "What happens to a large gradient of long ago in a running mean?",
    ),
    Form(
        "old_squares",
        each(old_squares),
        "each step divides by the mean from before this gradient. What is that before the very first step?",
    ),
    Form(
        "alpha_swapped",
        each(remembered(lambda s, g, a: (1 - a) * s + a * g**2)),
        "alpha weighs the new square and (1 − alpha) the old mean. At alpha 0.99, how much of the old mean should "
        "survive?",
    ),
    Form(
        "new_square_whole",
        each(remembered(lambda s, g, a: a * s + g**2)),
        "the new square enters whole, a running sum as in momentum. What do the two weights of a mean add up to?",
    ),
    Form(
        "old_mean_whole",
        each(remembered(lambda s, g, a: s + (1 - a) * g**2)),
        "the old mean is kept whole, so that it only grows. What do the two weights of a mean add up to?",
    ),
    Form(
        "squares_overwritten",
        each(remembered(lambda s, g, a: g**2)),
        "nothing is remembered: each gradient is divided by its own size, and only the sign is left. "
        "What is left of the first gradient after your second step?",
    ),
    Form(
        "mean_of_sizes",
        each(remembered(lambda s, g, a: a * s + (1 - a) * g.abs())),
        "the mean is taken over |g| and then its root is taken. Of what is the root mean square a mean?",
    ),
    Form(
        "gradient_not_squared",
        each(remembered(lambda s, g, a: a * s + (1 - a) * g)),
        "the gradient enters the mean as it is. What is the root of a negative number here?",
    ),
    Form(
        "weight_squared_too",
        each(remembered(lambda s, g, a: a * s + ((1 - a) * g) ** 2)),
        "the square is taken of (1 − alpha)·g. In which order do weighing and squaring come?",
    ),
    Form(
        "root_remembered",
        each(root_remembered),
        "what comes back as squares is the root. What will the next step mix with its g²?",
    ),
    Form(
        "multiplied_by_root",
        each(moved_by(lambda g, s, e: g * (s.sqrt() + e))),
        "the gradient is multiplied by the root. Should parameters with large gradients take longer or shorter steps?",
    ),
    Form(
        "square_above",
        each(moved_by(lambda g, s, e: g**2 / (s.sqrt() + e))),
        "the squared gradient stands above the fraction. Which way does g² point?",
    ),
    Form(
        "one_size_for_all",
        each(remembered(lambda s, g, a: a * s + (1 - a) * (g**2).mean())),
        "one mean square serves all entries of a tensor. Whose step should a single large entry shorten?",
    ),
    Form(
        "norm_of_tensor",
        each(remembered(lambda s, g, a: a * s + (1 - a) * (g**2).sum())),
        "the squares of all entries are summed up, so that a whole tensor has one size. "
        "Whose step should a single large entry shorten?",
    ),
    Form(
        "eps_forgotten",
        each(moved_by(lambda g, s, e: g / s.sqrt())),
        "eps is never used. What is the step of a parameter whose gradients have all been zero?",
    ),
    Form(
        "eps_added_to_step",
        each(moved_by(lambda g, s, e: g / s.sqrt() + e)),
        "eps is added to the fraction, not to its denominator. What comes first, / or +?",
    ),
    Form(
        "eps_added_to_parameter",
        each(eps_added_to_parameter),
        "eps is added to the parameter, not to the denominator. What comes first, / or +?",
    ),
    Form(
        "uphill",
        each(uphill(pytorchs)),
        "the step goes along the gradient, uphill. Which sign does it carry?",
    ),
    Form("no_lr", each(no_lr), "the learning rate is never used. How long is your step when lr is 0?"),
    *slips(pytorchs, "mean square"),
)


def draw_rmsprop(seed: int) -> dict[str, Any]:
    """Six steps with an alpha of its own for each case."""
    return draw_cases(seed, lambda draw: {"alpha": draw.uniform(0.7, 0.9), "eps": EPS})


DOES_THE_WORK = ("torch.optim", "reference")
EXERCISE = Exercise("rmsprop_step", draw_rmsprop, rmsprop_step, FORMS, DOES_THE_WORK)
