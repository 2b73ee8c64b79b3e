"""Probes of lesson 07."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from autograder.student.probes.optimizer import optimizer_uses
from autograder.student.probes.steps import lists, update_path
from autograder.student.recorder import Recorder, Unusable, call, copies, describe, tensors


def valley(case: Any, push: list[Any]) -> Callable[[Any], list[Any]]:
    """The gradient at one step: curvature · θ + bend · θ³ + push, entry by entry, and coupling · Σθ over all tensors.

    `push` changes from step to step.
    """

    def gradient(params: Any) -> list[Any]:
        try:
            points = list(params)
        except TypeError:
            points = []
        shapes = [p.shape for p in push]
        if [p.shape if isinstance(p, torch.Tensor) else None for p in points] != shapes:
            expected = f"a list of {len(shapes)} tensors with the shapes of the params"
            raise Unusable(f"it calls gradient with {describe(params)}; expected {expected}")
        points = [p.detach() for p in points]
        all_pull = case["coupling"] * sum(p.sum() for p in points)
        return [
            c * p + case["bend"] * p**3 + g + all_pull for c, p, g in zip(case["curvatures"], points, push, strict=True)
        ]

    return gradient


def look_ahead_step(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """Every step: the new parameters. What comes back as velocities is handed in again, whatever it is."""
    for name, case in problem.items():
        with recorder.case(name) as recording:
            params = copies(case["params"])
            velocities = [torch.zeros_like(p) for p in params]
            for push, lr in zip(case["grads"], case["lrs"], strict=True):
                result = call(attempt, params, velocities, valley(case, push), lr, case["momentum"])
                moved, velocities = lists(result, 2, "a pair (params, velocities)")
                params = tensors(moved, len(params))
                recording.record(params)
                params, velocities = copies(params), copies(velocities)


EXERCISES = {
    "look_ahead_step": look_ahead_step,
    "nesterov_step": update_path(("velocities",), ("momentum",)),
    "Nesterov": optimizer_uses,
}
