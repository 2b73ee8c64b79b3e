"""Probes of lesson 05."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from autograder.student.probes.gradient_descent import bowl
from autograder.student.recorder import Recorder, Unusable, call, describe


def of_curvatures(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """Every step is a landscape: the learning rate for its curvatures."""
    for name, case in problem.items():
        with recorder.case(name) as recording:
            for curvatures in case["curvatures"]:
                recording.record([call(attempt, curvatures.clone())])


def of_step(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """Every step is a step of the schedule, from 0 on: its learning rate."""
    for name, case in problem.items():
        with recorder.case(name) as recording:
            for step in range(case["steps"]):
                recording.record([call(attempt, step, *case["arguments"])])


def ripple(problem: Any) -> Callable[[Any], float]:
    """A schedule that is different at every step: first · fadeᵗ, larger by `odd` at odd steps."""

    def schedule(t: Any) -> float:
        step = float(t)
        return float(problem["first"] * problem["fade"] ** step + problem["odd"] * (step % 2))

    return schedule


def descend_with_schedule(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """Every row of the path is a step; the last step is `start` as the function left it."""
    for name, case in problem.items():
        with recorder.case(name) as recording:
            start = case["start"].clone()
            path = call(attempt, bowl(case), start, ripple(case), case["steps"])
            if not isinstance(path, torch.Tensor) or path.dim() != 2:
                size = f"[{case['steps'] + 1}, {len(start)}]"
                raise Unusable(f"returned {describe(path)}; expected one tensor of shape {size}")
            for row in path[:100]:
                recording.record([row])
            recording.record([start])


EXERCISES = {
    "largest_stable_lr": of_curvatures,
    "fastest_lr": of_curvatures,
    "step_decay": of_step,
    "warmup_cosine": of_step,
    "descend_with_schedule": descend_with_schedule,
}
