"""The path of plain descent, and how it goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.oracles.exercise import Draw, Exercise, Form
from reference.training import gradient_descent

BOWL_GRADIENT = "matrix @ d + bend·d³, d = w − centre"  # for the words; `bowl` of the probes computes it


def draw_bowls(seed: int) -> dict[str, Any]:
    """A quadratic, one that is none, and no step at all."""
    draw = Draw(seed)
    cases = {}
    for name, n, steps, bend in [("a bowl", 3, 6, 0.0), ("a bent bowl", 2, 5, 0.1), ("no step", 2, 0, 0.0)]:
        root = draw.normal(n, n)
        cases[name] = {
            "gradient": BOWL_GRADIENT,
            "matrix": root @ root.T / n + torch.eye(n, dtype=torch.float64),
            "centre": draw.normal(n),
            "bend": bend,
            "start": draw.normal(n) + 1.0,
            "lr": draw.uniform(0.05, 0.15),
            "steps": steps,
        }
    return cases


def path(rule: Callable[..., Any]) -> Callable[..., Tensor]:
    """A path from a rule (w, gradient, lr, start) -> next w."""

    def form(gradient: Any, start: Tensor, lr: float, steps: int) -> Tensor:
        points = [start.clone()]
        for _ in range(steps):
            points.append(rule(points[-1], gradient, lr, start))
        return torch.stack(points)

    return form


def same_tensor(gradient: Any, start: Tensor, lr: float, steps: int) -> Tensor:
    w = start
    points = [w]
    for _ in range(steps):
        w -= lr * gradient(w)
        points.append(w)
    return torch.stack(points)


def same_copy(gradient: Any, start: Tensor, lr: float, steps: int) -> Tensor:
    return same_tensor(gradient, start.clone(), lr, steps)


def start_left_out(gradient: Any, start: Tensor, lr: float, steps: int) -> Tensor:
    return torch.stack(list(gradient_descent(gradient, start, lr, steps)[1:]))


def start_overwritten(gradient: Any, start: Tensor, lr: float, steps: int) -> Tensor:
    points = [start.clone()]
    for _ in range(steps):
        start -= lr * gradient(start)
        points.append(start.clone())
    return torch.stack(points)


PATH_FORMS = (
    Form(
        "every_row_the_same",
        same_copy,
        "every row of the path is the same point, the last one: the list holds one tensor many times. "
        "What would a `clone()` change?",
    ),
    Form(
        "every_row_the_same_and_start",
        same_tensor,
        "every row of the path is the same tensor, and it is `start` itself. What would a `clone()` change?",
    ),
    Form(
        "start_overwritten",
        start_overwritten,
        "the path is right, but `start` is moved along it. What does your caller find in it afterwards?",
    ),
    Form(
        "start_missing",
        lambda gradient, start, lr, steps: gradient_descent(gradient, start, lr, steps)[1:],
        "the start is missing from the path. How many points do `steps` steps visit?",
    ),
    Form(
        "start_left_out",
        start_left_out,
        "the start is missing from the path, so without steps there is nothing to stack. "
        "How many points do `steps` steps visit?",
    ),
    Form(
        "start_missing_one_step_more",
        lambda gradient, start, lr, steps: gradient_descent(gradient, start, lr, steps + 1)[1:],
        "the path begins after the first step. Which point comes first?",
    ),
    Form(
        "one_step_less",
        lambda gradient, start, lr, steps: gradient_descent(gradient, start, lr, max(steps - 1, 0)),
        "one step is missing at the end. How many points do `steps` steps visit?",
    ),
    Form(
        "uphill",
        path(lambda w, gradient, lr, start: w + lr * gradient(w)),
        "the path climbs. Which way does a gradient point?",
    ),
    Form(
        "no_lr",
        path(lambda w, gradient, lr, start: w - gradient(w)),
        "lr is never used. How long is your step when lr is 0?",
    ),
    Form(
        "gradient_of_the_start",
        path(lambda w, gradient, lr, start: w - lr * gradient(start)),
        "every step uses the gradient at the start: the path is a straight line. Where do you stand now?",
    ),
    Form(
        "from_the_start",
        path(lambda w, gradient, lr, start: start - lr * gradient(w)),
        "every step begins at the start again. Where do you stand now?",
    ),
)


def bowl_loss(case: dict[str, Any]) -> Callable[[Tensor], Tensor]:
    """The loss whose gradient `probes.gradient_descent.bowl` hands out: ½ dᵀAd + bend/4 Σd⁴, d = w − centre."""

    def loss(w: Tensor) -> Tensor:
        away = w - case["centre"]
        height: Tensor = ((away @ case["matrix"]) * away).sum(-1) / 2 + case["bend"] / 4 * (away**4).sum(-1)
        return height

    return loss


EXERCISE = Exercise(
    "gradient_descent",
    draw_bowls,
    gradient_descent,
    PATH_FORMS,
    ("torch.optim", "reference"),
    steps=("row", 0),
    landscape=bowl_loss,
)
