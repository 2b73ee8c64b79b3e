"""The probe of every step function: a path of updates, each handed what the one before gave back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from autograder.student.recorder import Recorder, Unusable, call, copies, describe, parts, tensors

EXERCISES: dict[str, Any] = {}  # used by the lessons' probes, no exercise of its own


def update_path(
    buffers: tuple[str, ...], options: tuple[str, ...], counted: bool = False
) -> Callable[[Any, Any, Recorder], None]:
    """A probe for `step(params, *buffers, grads, [step,] lr, *options) -> (params, *buffers)`.

    Every step records the new parameters. Buffers begin as zeros; what comes back as buffers is handed in again,
    whatever it is.

    Args:
        buffers: the names of the buffers, for messages.
        options: which of the case's numbers follow lr.
        counted: whether the number of the step, from 1, stands before lr.
    """
    what = f"{'a pair' if len(buffers) == 1 else 'a tuple'} ({', '.join(['params', *buffers])})"

    def probe(attempt: Any, problem: Any, recorder: Recorder) -> None:
        for name, case in problem.items():
            with recorder.case(name) as recording:
                params = copies(case["params"])
                memory = [[torch.zeros_like(p) for p in params] for _ in buffers]
                for number, (grads, lr) in enumerate(zip(case["grads"], case["lrs"], strict=True), start=1):
                    numbers = [
                        *([number] if counted else []),
                        lr,
                        *(number_or_pair(case[option]) for option in options),
                    ]
                    result = call(attempt, params, *memory, copies(grads), *numbers)
                    moved, *memory = lists(result, 1 + len(buffers), what)
                    params = tensors(moved, len(params))
                    recording.record(params)
                    params, memory = copies(params), [copies(values) for values in memory]

    return probe


def lists(result: Any, count: int, what: str) -> list[Any]:
    """What a step gave back, taken apart into params and buffers.

    Raises:
        Unusable: if it has not `count` parts, or its first is a tensor, as when the params come back alone.
    """
    found = parts(result, count, what)
    if isinstance(found[0], torch.Tensor):
        raise Unusable(f"returned {describe(result)}, the first of them a tensor; expected {what}, lists of tensors")
    return found


def number_or_pair(value: Any) -> Any:
    """A number as it is; a pair, which travels as a list, as the tuple that it was."""
    return tuple(value) if isinstance(value, list) else value
