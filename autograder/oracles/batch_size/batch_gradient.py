"""The mean gradient over a batch, and how it goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.oracles.exercise import Draw, Exercise, Form
from reference.batches import batch_gradient

SAMPLES, WEIGHTS = 12, 3


def draw_batches(seed: int) -> dict[str, Any]:
    """Batches of several sizes, none of them the first rows."""
    draw = Draw(seed)
    cases = {}
    for name, size in {"a batch of 5": 5, "a batch of 2": 2, "one sample": 1, "all samples": SAMPLES}.items():
        order = draw.normal(SAMPLES).argsort()
        # the second half before the first: no batch begins where the data set does
        indices = torch.cat([order[order >= SAMPLES // 2], order[order < SAMPLES // 2]])[:size]
        x, y, w = draw.normal(SAMPLES, WEIGHTS), draw.normal(SAMPLES), draw.normal(WEIGHTS)
        cases[name] = {"w": w, "x": x, "y": y, "indices": indices}
    return cases


def over(rule: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    """A form from (rows, residuals, w) of the batch."""
    return lambda w, x, y, indices: rule(x[indices], x[indices] @ w - y[indices], w)


def all_pairs(w: Tensor, x: Tensor, y: Tensor, indices: Tensor) -> Tensor:
    """The gradient of a mean over B × B differences, from [B] − [B, 1]."""
    rows = x[indices]
    return 2 * rows.T @ (rows @ w - y[indices].mean()) / len(indices)


FORMS = (
    Form(
        "sum_for_mean",
        over(lambda rows, r, w: 2 * rows.T @ r),
        "the gradients are summed over the batch, not averaged: twice the batch, twice the step. "
        "By what do you divide?",
    ),
    Form(
        "two_forgotten",
        over(lambda rows, r, w: rows.T @ r / len(r)),
        "it is half as long as it should be. What does the square leave behind when you differentiate it?",
    ),
    Form(
        "two_forgotten_and_sum",
        over(lambda rows, r, w: rows.T @ r),
        "the gradients are summed, and the 2 of the square is missing. What does the mean of squares give when you "
        "differentiate it?",
    ),
    Form(
        "whole_data",
        lambda w, x, y, indices: 2 / len(y) * x.T @ (x @ w - y),
        "this is the gradient over all samples; `indices` changes nothing. Which rows belong to the batch?",
    ),
    Form(
        "divided_by_all",
        lambda w, x, y, indices: 2 / len(y) * x[indices].T @ (x[indices] @ w - y[indices]),
        "the sum over the batch is divided by the number of all samples. How many samples does it go over?",
    ),
    Form(
        "targets_not_picked",
        lambda w, x, y, indices: 2 / len(indices) * x[indices].T @ (x[indices] @ w - y[: len(indices)]),
        "the samples are those of the batch, the targets are the first of the data set. "
        "Which target goes with the first sample of your batch?",
    ),
    Form(
        "samples_not_picked",
        lambda w, x, y, indices: 2 / len(indices) * x[: len(indices)].T @ (x[: len(indices)] @ w - y[indices]),
        "the targets are those of the batch, the samples are the first of the data set. "
        "Which sample goes with the first target of your batch?",
    ),
    Form(
        "first_rows",
        lambda w, x, y, indices: batch_gradient(w, x, y, torch.arange(len(indices))),
        "the batch is always the first rows of the data set. What are `indices` for?",
    ),
    Form(
        "uphill",
        over(lambda rows, r, w: -2 / len(r) * rows.T @ r),
        "it points the other way: downhill. Which way does a gradient point?",
    ),
    Form(
        "targets_forgotten",
        over(lambda rows, r, w: 2 / len(r) * rows.T @ (rows @ w)),
        "the targets do not matter to it. What is the error of a prediction?",
    ),
    Form(
        "not_squared",
        over(lambda rows, r, w: rows.mean(dim=0)),
        "this is the gradient of a mean of errors that are not squared. What does a negative error do to it?",
    ),
    Form(
        "absolute_error",
        over(lambda rows, r, w: rows.T @ r.sign() / len(r)),
        "this is the gradient of the mean absolute error. Which loss does the exercise ask for?",
    ),
    Form(
        "all_pairs",
        all_pairs,
        "every prediction is compared with every target: somewhere [B] meets [B, 1] and becomes B × B. "
        "What shape does your difference have?",
    ),
    Form(
        "divided_twice",
        over(lambda rows, r, w: 2 / len(r) ** 2 * rows.T @ r),
        "it is divided by the size of the batch twice. Where do you take a mean?",
    ),
    Form(
        "divided_by_weights",
        over(lambda rows, r, w: 2 / len(w) * rows.T @ r),
        "it is divided by the number of weights. Over what does the mean go, samples or weights?",
    ),
)

EXERCISE = Exercise(
    "batch_gradient",
    draw_batches,
    batch_gradient,
    FORMS,
    ("sklearn", "reference"),
    parts=("gradient",),
)
