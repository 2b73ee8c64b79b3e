"""Where evidence first differs, in the lesson's words: names of step and tensor, the numbers there, the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from inspect import signature
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.oracles import Exercise
from autograder.student.evidence import Case, Evidence
from autograder.verdict import Where

SHORT = 6  # entries of a tensor that the words show whole
SHORT_INPUT = 9
MAX_INPUTS = 360  # characters


def told(exercise: Exercise, seed: int, given: Evidence, expected: Evidence, where: Where) -> Where:
    """The same place with its names, the numbers there and the inputs, as the words need them.

    Args:
        exercise: what is judged.
        seed: the seed of the problem.
        given: what the judge compared of the student's.
        expected: the reference's.
        where: the first difference.
    """
    inputs = "" if exercise.view else describe_inputs(exercise, seed, where.case)
    if where.step == 0 or where.case not in expected.cases:
        return replace(where, inputs=inputs)
    steps = expected.cases[where.case].steps
    word, first = exercise.steps
    at = f"{word} {where.step - 1 + first}" if len(steps) > 1 else ""
    left = input_last(expected.cases[where.case]) and where.step == len(steps)
    count = len(steps[min(where.step, len(steps)) - 1]) if steps else 0
    part = part_name(exercise, where.case, where.tensor, count)
    if left:
        at, part = "the end", "the input as your function left it"
    ours, theirs = tensor_at(expected, where), tensor_at(given, where)
    if ours is None or theirs is None or ours.shape != theirs.shape:
        return replace(where, at=at, part=part, inputs=inputs)
    shown, right, entry = numbers(theirs, ours)
    return replace(where, at=at, part=f"{part}{entry}", given=shown, expected=right, inputs=inputs)


def describe_inputs(exercise: Exercise, seed: int, case: str) -> str:
    """The inputs of a case, those that are short, as `name = value`."""
    problem = exercise.problem(seed)
    values = problem.get(case, problem)
    if not isinstance(values, dict):
        return ""
    values = {name: value for name, value in values.items() if not isinstance(value, dict)} | {
        name: value for inner in values.values() if isinstance(inner, dict) for name, value in inner.items()
    }
    if "arguments" in values:  # in the order of the function's own, after the first
        names = list(signature(exercise.reference).parameters)[1:]
        values = dict(zip(names, values["arguments"], strict=True)) | values
    left_out = {"arguments", *exercise.untold}
    described = [(name, _short(value)) for name, value in values.items() if name not in left_out]
    text = ""
    for part in (f"{name} = {value}" for name, value in described if value):
        if len(text) + len(part) < MAX_INPUTS:
            text += f", {part}" if text else part
    return text


def numbers(given: Tensor, expected: Tensor) -> tuple[str, str, str]:
    """Two tensors of one shape in so many digits that they differ, and which entry, where they are too long.

    Example:
        >>> numbers(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.00001]))
        ('[1, 2]', '[1, 2.00001]', '')
    """
    entry = ""
    if given.numel() > SHORT:
        away = (given.to(torch.complex128) - expected.to(torch.complex128)).abs().nan_to_num(float("inf"))
        index = index_at(int(away.argmax()), given.shape)
        given, expected, entry = given[tuple(index)], expected[tuple(index)], f", entry {index}"
    for digits in (4, 6, 8, 10, 12, 16):
        one, other = _digits(given.tolist(), digits), _digits(expected.tolist(), digits)
        if one != other:
            break
    return one, other, entry


def index_at(place: int, shape: Sequence[int]) -> list[int]:
    """The index of the entry at this place, counted row by row.

    Example:
        >>> index_at(4, (2, 3))
        [1, 1]
    """
    # not torch.unravel_index: it imports sympy, which held up a student's first wrong answer for half a second
    return [int(i) for i in np.unravel_index(place, tuple(shape))]


def _digits(value: Any, digits: int) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_digits(v, digits) for v in value)}]"
    return f"{value:.{digits}g}"


def _short(value: Any) -> str:
    if isinstance(value, Tensor):
        return _digits(value.tolist(), 4) if value.numel() <= SHORT_INPUT else ""
    if isinstance(value, str):
        return value if len(value) < 40 else ""
    if isinstance(value, list):
        flat = len(value) <= SHORT_INPUT and all(isinstance(v, int | float) for v in value)
        return _digits(value, 4) if flat else ""
    return _digits(value, 4) if isinstance(value, int | float) else ""


def part_name(exercise: Exercise, case: str, number: int, count: int) -> str:
    """What tensor `number` of `count` in a case is called; "" where there is but one."""
    if callable(exercise.parts):
        return exercise.parts(number, count)
    names = exercise.parts.get(case, ()) if isinstance(exercise.parts, Mapping) else exercise.parts
    if number <= len(names):
        return names[number - 1]
    return f"tensor {number}" if count > 1 else ""


def input_last(case: Case) -> bool:
    """Whether the last step of a path is no point of it: an input as the function left it, which is the first again."""
    if len(case.steps) < 3:
        return False
    pairs = list(zip(case.steps[0], case.steps[-1], strict=False))
    return all(isinstance(a, Tensor) and isinstance(b, Tensor) and torch.equal(a, b) for a, b in pairs)


def tensor_at(evidence: Evidence, where: Where) -> Tensor | None:
    """The tensor at this place, or `None` where there is none."""
    case = evidence.cases.get(where.case)
    if case is None or where.step > len(case.steps) or where.tensor > len(case.steps[where.step - 1]):
        return None
    value = case.steps[where.step - 1][where.tensor - 1]
    return value if isinstance(value, Tensor) else None
