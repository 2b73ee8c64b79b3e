"""The numbers for a picture of the first difference, chosen by the evidence's form."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.oracles import Exercise
from autograder.place import index_at, input_last, part_name, tensor_at
from autograder.student.evidence import Case, Evidence
from autograder.verdict import Compared, Where

MAX_ENTRIES = 40
CURVE_STEPS = 8  # from so many single numbers on they are a curve
GRID = 32
REACH = 3.0  # a path that leaves is shown up to this many times the reference's extent


def compare(exercise: Exercise, seed: int, given: Evidence, expected: Evidence, where: Where) -> Compared | None:
    """The numbers that a picture of the first difference is drawn from; `None` where there is none to draw.

    Args:
        exercise: what is judged.
        seed: the seed of the problem.
        given: what the probe recorded of the student's.
        expected: what it recorded of the reference.
        where: the first difference.
    """
    kind = exercise.picture
    if kind == "none" or where.case not in expected.cases or where.case not in given.cases:
        return None
    ours, theirs = expected.cases[where.case], given.cases[where.case]
    if kind == "visits" or (not kind and _indices(ours)):
        return _visits(where.case, theirs, ours)
    if (exercise.view and not kind) or where.step == 0 or not ours.steps or theirs.trouble:
        return None
    if input_last(ours):
        if where.step < len(ours.steps):
            ours, theirs = Case(ours.steps[:-1]), Case(theirs.steps[:-1])
        else:
            kind = "entries"
    k = where.tensor - 1
    right, mine = column(ours, k), column(theirs, k)
    if not right or not mine or (len(right) != len(ours.steps) and kind != "entries"):
        return None
    size = right[0].numel()
    if not kind:
        if size > 1 and right[0].dim() and len(right) > 2:
            kind = "path"
        elif size == 1 and len(right) >= CURVE_STEPS:
            kind = "curve"
        else:
            kind = "grid" if _is_grid(right[min(where.step, len(right)) - 1]) else "entries"
    if kind == "path":
        problem = exercise.problem(seed)
        problem = problem.get(where.case, problem)
        return _path(exercise, problem, where, (theirs, ours), (mine, right))
    if kind == "curve":
        return _curve(
            exercise, where, mine, right, part_name(exercise, where.case, where.tensor, len(ours.steps[0])) or "value"
        )
    return _entries(exercise, given, expected, where, grid=kind == "grid")


def column(case: Case, k: int) -> list[Tensor]:
    """Tensor k of every step, up to the first step where it is missing or of another shape."""
    found: list[Tensor] = []
    for step in case.steps:
        if k >= len(step) or not isinstance(step[k], Tensor) or (found and step[k].shape != found[0].shape):
            break
        found.append(step[k].double())
    return found


def _is_grid(value: Tensor) -> bool:
    return value.dim() == 2 and min(value.shape) > 2


def _indices(case: Case) -> bool:
    values = [v for step in case.steps for v in step]
    return bool(values) and all(isinstance(v, Tensor) and v.dtype == torch.int64 and v.dim() == 1 for v in values)


def _visits(name: str, given: Case, expected: Case) -> Compared | None:
    right, mine = _counts(expected), _counts(given)
    if right is None or mine is None or not _begin_alike(given, expected):
        return None
    n = len(right)
    mine = torch.cat([mine, mine.new_zeros(max(0, n - len(mine)))])[:n]
    apart = (mine != right).nonzero()
    if not len(apart):
        return None  # every sample as often as it should be: what is wrong is not to be seen here
    labels = tuple(str(i) for i in range(n))
    return Compared("visits", name, (_floats(mine),), (_floats(right),), labels, int(apart[0]))


def _counts(case: Case) -> Tensor | None:
    """How often each sample is used: from indices, or from which weight moves in a path on one-hot samples."""
    values = [v for step in case.steps for v in step if isinstance(v, Tensor)]
    if not values:
        return None
    if all(v.dtype == torch.int64 and v.dim() <= 1 for v in values):
        flat = torch.cat([v.reshape(-1) for v in values])
        return torch.bincount(flat[(flat >= 0) & (flat < 10_000)])
    path = values[0] if values[0].dim() == 2 else torch.stack([v for v in values if v.shape == values[0].shape])
    return (path[1:] != path[:-1]).sum(0) if path.dim() == 2 else None


def _begin_alike(given: Case, expected: Case) -> bool:
    """Whether two paths have the same start; without it, moves can't be counted. Indices are no path."""
    ours, theirs = expected.steps[0][0], given.steps[0][0]
    return ours.dim() < 2 or (
        theirs.shape[1:] == ours.shape[1:] and len(theirs) > 0 and torch.equal(theirs[0], ours[0])
    )


def _path(
    exercise: Exercise,
    problem: Any,
    where: Where,
    cases: tuple[Case, Case],
    columns: tuple[list[Tensor], list[Tensor]],
) -> Compared:
    mine, right = (torch.stack([t.reshape(-1) for t in values]) for values in columns)
    if mine.shape[1] != right.shape[1]:
        mine = right[:0]
    start = _start(problem, where.tensor - 1, columns[1][0])
    mine, right = torch.cat([start, mine]), torch.cat([start, right])
    finite = mine.isfinite().all(1)
    mine = mine[: int(finite.logical_not().nonzero()[0]) if not finite.all() else len(mine)]
    n = min(len(mine), len(right))
    away = (mine[:n] - right[:n]).abs().amax(0) if n else right.new_zeros(right.shape[1])
    spread = right.amax(0) - right.amin(0)
    i, j = sorted((away / (1e-12 + away.max()) + 1e-3 * spread / (1e-12 + spread.max())).topk(2).indices.tolist())
    shown, ours = mine[:, [i, j]], right[:, [i, j]]
    window = _window(shown, ours)
    part = part_name(exercise, where.case, where.tensor, len(cases[1].steps[0]))
    shape = columns[1][0].shape
    entries = [index_at(e, shape) for e in (i, j)]
    labels = tuple(f"{part + ', ' if part else ''}entry {e[0] if len(e) == 1 else e}" for e in entries)
    heights: tuple[tuple[float, ...], ...] = ()
    if exercise.landscape and isinstance(problem, dict):
        points = right[-1].expand(GRID, GRID, -1).clone()
        points[..., i] = torch.linspace(window[0], window[1], GRID, dtype=points.dtype)
        points[..., j] = torch.linspace(window[2], window[3], GRID, dtype=points.dtype)[:, None]
        heights = tuple(map(_floats, exercise.landscape(problem)(points)))
    distance = [_distance(a, b) for a, b in zip(cases[0].steps, cases[1].steps, strict=False)]
    first = exercise.steps[1] - len(start)
    return Compared(
        "path",
        where.case,
        tuple(map(_floats, shown)),
        tuple(map(_floats, ours)),
        labels,
        where.step - 1 + len(start),
        tuple([0.0] * len(start) + distance),
        heights,
        window,
        (exercise.steps[0], first),
    )


def _start(problem: Any, k: int, like: Tensor) -> Tensor:
    """Where a path of updates begins, which its evidence does not hold: one point, or none."""
    params = problem.get("params") if isinstance(problem, dict) else None
    if isinstance(params, list) and k < len(params) and params[k].shape == like.shape:
        start: Tensor = params[k].double().reshape(1, -1)
        return start
    return like.new_zeros(0, like.numel())


def _window(mine: Tensor, right: Tensor) -> tuple[float, float, float, float]:
    low, high = right.amin(0), right.amax(0)
    extent = float((high - low).max()) or float(right.abs().max()) or 1.0
    inside = mine.clamp(low - REACH * extent, high + REACH * extent)
    everything = torch.cat([inside, right])
    low, high = everything.amin(0), everything.amax(0)
    margin = 0.12 * (high - low).clamp(min=0.15 * float((high - low).max()))
    low, high = low - margin, high + margin
    return float(low[0]), float(high[0]), float(low[1]), float(high[1])


def _distance(given: list[Any], expected: list[Any]) -> float:
    fit = [(a, b) for a, b in zip(given, expected, strict=False) if isinstance(a, Tensor) and a.shape == b.shape]
    squares = sum(float(((a.double() - b.double()) ** 2).sum()) for a, b in fit)
    return float(squares**0.5)


def _curve(exercise: Exercise, where: Where, mine: list[Tensor], right: list[Tensor], name: str) -> Compared:
    given, expected = (tuple((float(t.reshape(-1)[0]),) for t in values) for values in (mine, right))
    labels = (exercise.steps[0], name)
    return Compared("curve", where.case, given, expected, labels, where.step - 1, steps=exercise.steps)


def _entries(exercise: Exercise, given: Evidence, expected: Evidence, where: Where, *, grid: bool) -> Compared | None:
    """The entries of one tensor; of single numbers, those of all steps, or of all cases where a case has one step."""
    ours, theirs = tensor_at(expected, where), tensor_at(given, where)
    if ours is None or theirs is None or ours.shape != theirs.shape:
        return None
    case, k = where.case, where.tensor - 1
    if grid and ours.dim() == 2:
        apart = int((theirs != ours).reshape(-1).nonzero()[0])
        return Compared("grid", case, tuple(map(_floats, theirs)), tuple(map(_floats, ours)), (), apart)
    if ours.numel() == 1:
        word, first = exercise.steps
        steps = (column(given.cases[case], k), column(expected.cases[case], k))
        if len(expected.cases[case].steps) > 1:
            labels = [f"{word} {n + first}" for n in range(min(map(len, steps)))]
        else:
            names = [name for name in expected.cases if name in given.cases]
            both = [(name, column(given.cases[name], k), column(expected.cases[name], k)) for name in names]
            fit = [(name, a[0], b[0]) for name, a, b in both if a and b and a[0].numel() == b[0].numel() == 1]
            labels, steps = [name for name, _, _ in fit], ([a for _, a, _ in fit], [b for _, _, b in fit])
        mine, right = (torch.cat([t.reshape(-1) for t in values]) for values in steps)
        mine, right = mine[: len(labels)], right[: len(labels)]
    else:
        mine, right = theirs.double().reshape(-1), ours.double().reshape(-1)
        places = [index_at(e, ours.shape) for e in range(len(right))]
        labels = [str(e[0] if len(e) == 1 else e) for e in places]
    if len(right) < 2:
        return None
    if len(right) > MAX_ENTRIES:
        most = (mine - right).abs().nan_to_num(float("inf")).topk(MAX_ENTRIES).indices.sort().values
        mine, right, labels = mine[most], right[most], [labels[int(e)] for e in most]
    away = (~torch.isclose(mine, right, rtol=1e-9, atol=1e-12, equal_nan=True)).nonzero()
    return Compared(
        "entries", case, (_floats(mine),), (_floats(right),), tuple(labels), int(away[0]) if len(away) else 0
    )


def _floats(values: Tensor) -> tuple[float, ...]:
    return tuple(float(v) for v in values)
