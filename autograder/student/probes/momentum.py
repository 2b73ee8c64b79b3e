"""Probes of lesson 06."""

from __future__ import annotations

from typing import Any

from autograder.student.probes.optimizer import optimizer_uses
from autograder.student.recorder import Recorder, call, copies, pair, tensors


def momentum_step(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """Every step: the new parameters. What comes back as velocities is handed in again, whatever it is."""
    for name, case in problem.items():
        with recorder.case(name) as recording:
            params = copies(case["params"])
            velocities = copies(case["velocities"])
            for grads, lr in zip(case["grads"], case["lrs"], strict=True):
                result = call(attempt, params, velocities, copies(grads), lr, case["momentum"])
                new_params, velocities = pair(result, "a pair (params, velocities)")
                params = tensors(new_params, len(params))
                recording.record(params)
                params, velocities = copies(params), copies(velocities)


def fastest_momentum(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """Every step is one pair of curvatures: lr, then momentum."""
    for name, case in problem.items():
        with recorder.case(name) as recording:
            for smallest, largest in case["curvatures"]:
                recording.record(pair(call(attempt, smallest, largest), "a pair (lr, momentum)"))


EXERCISES = {
    "momentum_step": momentum_step,
    "Momentum": optimizer_uses,
    "fastest_momentum": fastest_momentum,
}
