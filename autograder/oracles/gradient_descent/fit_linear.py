"""A line fitted by descent on the mean squared error, and how it goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.oracles.exercise import Draw, Exercise, Form
from reference.training import fit_linear


def draw_line(seed: int) -> dict[str, Any]:
    """Seven samples of two features."""
    draw = Draw(seed)
    case = {"x": draw.normal(7, 2) + 0.3, "y": draw.normal(7) + 1.0, "lr": draw.uniform(0.03, 0.08)}
    return {"seven samples": {**case, "steps": [1, 2, 3, 8]}}


def fit(
    loss: Callable[[Tensor], Tensor],
    *,
    turn: float = -1.0,
    fresh: bool = True,
    bias: bool = True,
    more: int = 0,
) -> Callable[..., Any]:
    """A fit with another loss of the residuals, or with one thing about the loop changed."""

    def form(x: Tensor, y: Tensor, lr: float, steps: int) -> tuple[Tensor, Tensor]:
        w = torch.zeros(x.shape[1], dtype=x.dtype, requires_grad=True)
        b = torch.zeros((), dtype=x.dtype, requires_grad=True)
        for _ in range(steps + more):
            loss(x @ w + b - y).backward()  # type: ignore[no-untyped-call]
            with torch.no_grad():
                for p in (w, b) if bias else (w,):
                    assert p.grad is not None
                    p += turn * lr * p.grad
                    if fresh:
                        p.grad = None
        return w.detach(), b.detach()

    return form


def mean_squared(residual: Tensor) -> Tensor:
    return (residual**2).mean()


FIT_FORMS = (
    Form(
        "sum_for_mean",
        fit(lambda r: (r**2).sum()),
        "the errors are summed, not averaged: every step is N times as long. Does your loss grow with more samples?",
    ),
    Form(
        "half",
        fit(lambda r: (r**2).mean() / 2),
        "there is a ½ left in the loss, so every step is half as long. This exercise asks for it without.",
    ),
    Form(
        "absolute_error",
        fit(lambda r: r.abs().mean()),
        "this minimises the mean absolute error. Which loss does the exercise ask for?",
    ),
    Form(
        "gradient_not_cleared",
        fit(mean_squared, fresh=False),
        "gradients of earlier steps are still in `.grad`: `backward()` adds. When do you clear them?",
    ),
    Form("uphill", fit(mean_squared, turn=1.0), "the loss rises. Which way does a gradient point?"),
    Form(
        "bias_not_moved",
        fit(mean_squared, bias=False),
        "b stays at zero. Which parameters does your update reach?",
    ),
    Form(
        "one_step_more",
        fit(mean_squared, more=1),
        "there is one step too many. How often does your loop run?",
    ),
    Form(
        "one_step_less",
        fit(mean_squared, more=-1),
        "there is one step too few. How often does your loop run?",
    ),
    Form(
        "not_squared",
        fit(lambda r: r.mean()),
        "the loss is a mean of errors that are not squared. What does a negative error do to it?",
    ),
)

EXERCISE = Exercise(
    "fit_linear",
    draw_line,
    fit_linear,
    FIT_FORMS,
    ("torch.optim", "sklearn", "reference"),
    steps=("fit", 1),
    parts=("w", "b"),
)
