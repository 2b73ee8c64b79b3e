"""Probes of lesson 06."""

from __future__ import annotations

from typing import Any

from autograder.student.probes.optimizer import optimizer_uses
from autograder.student.probes.steps import update_path
from autograder.student.recorder import Recorder, call, pair


def fastest_momentum(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """Every step is one pair of curvatures: lr, then momentum."""
    for name, case in problem.items():
        with recorder.case(name) as recording:
            for smallest, largest in case["curvatures"]:
                recording.record(pair(call(attempt, smallest, largest), "a pair (lr, momentum)"))


EXERCISES = {
    "momentum_step": update_path(("velocities",), ("momentum",)),
    "Momentum": optimizer_uses,
    "fastest_momentum": fastest_momentum,
}
