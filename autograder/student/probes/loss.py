"""Probes of lesson 01."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.student.recorder import Recorder, Unusable, call, describe


def of_errors(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """One step a case: the loss, then prediction and target as the function left them."""
    for name, case in problem.items():
        with recorder.case(name) as recording:
            prediction, target = case["prediction"].clone(), case["target"].clone()
            recording.record([call(attempt, prediction, target), prediction, target])


def cross_entropy(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """One step a case: the loss, then the logits as the function left them."""
    for name, case in problem.items():
        with recorder.case(name) as recording:
            logits = case["logits"].clone()
            recording.record([call(attempt, logits, case["labels"].clone()), logits])


def hillside(problem: Any) -> Callable[[Tensor], Tensor]:
    """The loss a·w₀² + b·w₁ + c·w₀·w₁ of one w `[2]`; anything else is refused in words."""

    def loss(w: Any) -> Tensor:
        if not isinstance(w, torch.Tensor) or w.shape != (2,):
            raise Unusable(f"it calls loss with {describe(w)}; expected one tensor of shape (2,), one pair at a time")
        first, second = w[0].double(), w[1].double()
        height: Tensor = problem["a"] * first**2 + problem["b"] * second + problem["c"] * first * second
        return height

    return loss


def loss_grid(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """One step a case: the grid."""
    for name, case in problem.items():
        with recorder.case(name) as recording:
            recording.record([call(attempt, hillside(case), case["first"].clone(), case["second"].clone())])


EXERCISES = {
    "mean_absolute_error": of_errors,
    "mean_squared_error": of_errors,
    "cross_entropy": cross_entropy,
    "loss_grid": loss_grid,
}
