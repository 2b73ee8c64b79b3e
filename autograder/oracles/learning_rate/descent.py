"""`descend_with_schedule`: gradient descent whose learning rate changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.oracles.exercise import Draw, Exercise, Form
from autograder.oracles.gradient_descent.gradient_descent import BOWL_GRADIENT, bowl_loss
from reference.schedules import descend_with_schedule

Step = Callable[[Tensor, Any, Any, int, int], Tensor]


def draw_descents(seed: int) -> dict[str, Any]:
    """A bowl, a bent bowl, and no step at all; the schedule is different at every step."""
    draw = Draw(seed)
    cases = {}
    for name, n, steps, bend in (("a bowl", 3, 7, 0.0), ("a bent bowl", 2, 6, 0.1), ("no step", 2, 0, 0.0)):
        root = draw.normal(n, n)
        cases[name] = {
            "gradient": BOWL_GRADIENT,
            "matrix": root @ root.T / n + torch.eye(n, dtype=torch.float64),
            "centre": draw.normal(n),
            "bend": bend,
            "start": draw.normal(n),
            "steps": steps,
            "schedule": "first·fadeᵗ, plus odd at odd t",
            "first": draw.uniform(0.1, 0.2),
            "fade": draw.uniform(0.6, 0.8),
            "odd": draw.uniform(0.03, 0.06),
        }
    return cases


def path_of(step: Step) -> Callable[..., Tensor]:
    """A path from one step (w, gradient, schedule, t, steps) -> w."""

    def form(gradient: Any, start: Tensor, schedule: Any, steps: int) -> Tensor:
        path = [start.clone()]
        for t in range(steps):
            path.append(step(path[-1], gradient, schedule, t, steps))
        return torch.stack(path)

    return form


def compounded(gradient: Any, start: Tensor, schedule: Any, steps: int) -> Tensor:
    path, lr = [start.clone()], 1.0
    for t in range(steps):
        lr *= schedule(t)
        path.append(path[-1] - lr * gradient(path[-1]))
    return torch.stack(path)


def added_up(gradient: Any, start: Tensor, schedule: Any, steps: int) -> Tensor:
    path, lr = [start.clone()], 0.0
    for t in range(steps):
        lr += schedule(t)
        path.append(path[-1] - lr * gradient(path[-1]))
    return torch.stack(path)


def one_tensor(gradient: Any, start: Tensor, schedule: Any, steps: int) -> Tensor:
    w = start.clone()
    path = [w]
    for t in range(steps):
        w -= schedule(t) * gradient(w)
        path.append(w)
    return torch.stack(path)


def start_itself(gradient: Any, start: Tensor, schedule: Any, steps: int) -> Tensor:
    path = [start]
    for t in range(steps):
        start -= schedule(t) * gradient(start)
        path.append(start)
    return torch.stack(path)


def start_moved(gradient: Any, start: Tensor, schedule: Any, steps: int) -> Tensor:
    path = descend_with_schedule(gradient, start, schedule, steps)
    start.copy_(path[-1])
    return path


def start_missing(gradient: Any, start: Tensor, schedule: Any, steps: int) -> Tensor:
    return descend_with_schedule(gradient, start, schedule, steps)[1:]


def start_left_out(gradient: Any, start: Tensor, schedule: Any, steps: int) -> Tensor:
    return torch.stack(list(start_missing(gradient, start, schedule, steps)))


def end_missing(gradient: Any, start: Tensor, schedule: Any, steps: int) -> Tensor:
    return descend_with_schedule(gradient, start, schedule, steps)[: max(steps, 1)]


def one_gradient(gradient: Any, start: Tensor, schedule: Any, steps: int) -> Tensor:
    slope = gradient(start)
    return path_of(lambda w, gradient, schedule, t, steps: w - schedule(t) * slope)(gradient, start, schedule, steps)


FORMS = (
    Form(
        "first_lr_kept",
        path_of(lambda w, g, schedule, t, steps: w - schedule(0) * g(w)),
        "the first learning rate is kept for the whole way. When do you ask the schedule?",
    ),
    Form(
        "last_lr_kept",
        path_of(lambda w, g, schedule, t, steps: w - schedule(steps - 1) * g(w)),
        "the last learning rate is used for the whole way. When do you ask the schedule?",
    ),
    Form(
        "schedule_one_ahead",
        path_of(lambda w, g, schedule, t, steps: w - schedule(t + 1) * g(w)),
        "the schedule is one step ahead: it counts from 0. Which t belongs to your first step?",
    ),
    Form(
        "schedule_one_behind",
        path_of(lambda w, g, schedule, t, steps: w - schedule(max(t - 1, 0)) * g(w)),
        "the schedule is one step behind. Which t belongs to your second step?",
    ),
    Form(
        "schedule_backwards",
        path_of(lambda w, g, schedule, t, steps: w - schedule(steps - 1 - t) * g(w)),
        "the schedule runs backwards. Which learning rate should the first step have?",
    ),
    Form(
        "share_of_the_way",
        path_of(lambda w, g, schedule, t, steps: w - schedule(t / steps) * g(w)),
        "the schedule is asked for the share t/steps. What does it expect: a share or the number of the step?",
    ),
    Form(
        "compounded",
        compounded,
        "each new learning rate multiplies the one before. The schedule already says the whole rate: what is the "
        "second one?",
    ),
    Form(
        "added_up",
        added_up,
        "the learning rates are added up. The schedule already says the whole rate: what is the second one?",
    ),
    Form(
        "schedule_squared",
        path_of(lambda w, g, schedule, t, steps: w - schedule(t) ** 2 * g(w)),
        "the learning rate is applied twice. Where does it stand in the rule?",
    ),
    Form(
        "uphill",
        path_of(lambda w, g, schedule, t, steps: w + schedule(t) * g(w)),
        "the steps go along the gradient, uphill. Which way does a gradient point?",
    ),
    Form(
        "no_lr",
        path_of(lambda w, g, schedule, t, steps: w - g(w)),
        "the learning rate is never used. What does your function do with the schedule?",
    ),
    Form(
        "one_gradient",
        one_gradient,
        "every step uses the gradient at the start. Where do you measure the slope of the second step?",
    ),
    Form(
        "one_tensor",
        one_tensor,
        "every row of the path is the same tensor, so all show the end. What does a list hold after an in-place step?",
    ),
    Form(
        "every_row_is_start",
        start_itself,
        "every row of the path is the same tensor, and it is `start` itself. What would a `clone()` change?",
    ),
    Form(
        "start_moved",
        start_moved,
        "the path is right, but `start` is changed too. What does your caller find in it?",
    ),
    Form("start_missing", start_missing, "the start is missing from the path. What is row 0?"),
    Form(
        "start_left_out",
        start_left_out,
        "the start is missing from the path, so without steps there is nothing to stack. What is row 0?",
    ),
    Form("end_missing", end_missing, "the last place is missing from the path. How many places have `steps` steps?"),
)
EXERCISES = (
    Exercise(
        "descend_with_schedule",
        draw_descents,
        descend_with_schedule,
        FORMS,
        ("torch.optim", "reference"),
        steps=("row", 0),
        landscape=bowl_loss,
    ),
)
