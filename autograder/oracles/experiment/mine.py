"""`MyOptimizer`: any rule of lessons 06 to 08 is right, so it is held against itself and against plain descent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from autograder.oracles.exercise import Draw, Exercise
from autograder.oracles.experiment.digits import THRESHOLD, draw_digits, held_out_accuracy
from autograder.oracles.experiment.wrong_optimizers import FORMS
from autograder.oracles.optimizer import SHAPES, STEPS
from autograder.student.evidence import Case, Evidence, Odd, Trouble
from reference.optimizers import Momentum

LATE = 2  # the step at which the first parameter gets its first gradient
CLOSE = 1e-9
BOWL_SIZE = 7
BOWL_STARTS = 5  # a rule that leaps to and fro may end high by bad luck, but not from all of them
BOWL_STEPS = 150
BOWL_LRS = tuple(10.0 ** (k / 2) for k in range(-4, 3))
DIGITS_LRS = (0.01, 0.05, 0.25, 1.0)

CLAIMS = {
    "path": (
        "every parameter with a gradient moves at every step",
        "the first step goes against the gradient",
        "another lr gives another first step",
        "the second step depends on the first gradient too, not only on the second",
        "the same gradient again, four steps later, gives another step, because there were others in between",
        f"in a valley with κ = 1000, {BOWL_STEPS} steps at the best of seven learning rates from 0.01 to 10 end, from "
        f"at least one of {BOWL_STARTS} starts, with at most half of the loss that plain gradient descent leaves there "
        "at its best",
        f"with the best of the learning rates {', '.join(map(str, DIGITS_LRS))}, a small network trained on digits "
        f"gets at least {THRESHOLD:.0%} of the held-out ones right",
    ),
    "groups": ("in two parameter groups with a lr each, every parameter moves as with that lr alone",),
    "late parameter": ("a parameter whose first gradient comes late stays until then and begins like any other",),
    "saved and loaded": (
        "saved after three steps and loaded into a new optimizer, the run goes on as if uninterrupted",
    ),
    "scheduler": ("after a scheduler has changed lr, the steps are those of the new lr",),
    "gradient untouched": ("`p.grad` is after the step what it was before",),
    "same parameters": ("the parameters are the objects that were handed in, changed in place",),
}


def draw_uses(seed: int) -> dict[str, Any]:
    """The problem of `probes.experiment.my_optimizer`; the first gradient comes once more as the fifth."""
    draw = Draw(seed)
    grads = [[draw.normal(*shape) for shape in SHAPES] for _ in range(STEPS)]
    grads[4] = [g.clone() for g in grads[0]]
    lr = draw.uniform(0.05, 0.2)
    start = torch.sign(draw.normal(BOWL_STARTS, BOWL_SIZE)) * (0.5 + torch.sigmoid(draw.normal(BOWL_STARTS, BOWL_SIZE)))
    return {
        "params": [draw.normal(*shape) for shape in SHAPES],
        "grads": grads,
        "other": [draw.normal(*shape) for shape in SHAPES],
        "late": LATE,
        "lrs": [lr, draw.uniform(0.2, 0.5) * lr],
        "bowl": {
            "curvatures": torch.logspace(-3, 0, BOWL_SIZE, dtype=torch.float64),
            "start": start,
            "lrs": list(BOWL_LRS),
            "steps": BOWL_STEPS,
        },
        "digits": {**draw_digits(seed), "lrs": list(DIGITS_LRS)},
    }


def view(seed: int, evidence: Evidence) -> Evidence:
    """Every claim as one number: 0 where it holds, else which way it fails."""
    if "call" in evidence.cases:  # nothing could be run at all
        return evidence
    problem, cases = draw_uses(seed), {}
    for name, (reading, needed) in READINGS.items():
        raw = [evidence.cases.get(n, Case(trouble=Trouble("unusable", "it was not run", 1))) for n in needed]
        trouble = next((case.trouble for case in raw if case.trouble), None)
        if trouble:
            cases[name] = Case(trouble=trouble)
            continue
        usable = all(_has_shapes(n, case) for n, case in zip(needed, raw, strict=True))
        cleared = [value == Odd("NoneType") for case in raw for step in case.steps for value in step]
        if usable:
            values = reading(seed, problem, *(case.steps for case in raw))
        else:
            values = [2 if cleared and all(cleared) else -1] * len(CLAIMS[name])
        cases[name] = Case([[torch.tensor(float(value))] for value in values])
    return Evidence(evidence.exercise, cases, evidence.printed)


Run = Sequence[Sequence[Tensor]]


def _path(seed: int, problem: Any, plain: Run, other: Run, second: Run, bowl: Run, digits: Run) -> list[int]:
    grads, lr = problem["grads"], problem["lrs"][0]
    steps = _steps(problem, plain)
    nowhere = [all(not bool(step[k].any()) for step in steps) for k in range(len(SHAPES))]
    moves = 1 if all(nowhere) else 2 if any(nowhere) else 0
    uphill = sum(float((step * g).sum()) for step, g in zip(steps[0], grads[0], strict=True)) >= 0
    deaf = _equal(second[0], plain[0])
    forgets_first = _equal(_steps(problem, other)[1], steps[1])
    plain_descent = all(_equal(step, [-lr * part for part in g]) for step, g in zip(steps, grads, strict=True))
    forgets = 2 if plain_descent else int(_equal(steps[4], steps[0]))
    found = [moves, int(uphill), int(deaf), int(forgets_first), forgets]
    if moves:
        found = [moves, 0, 0, 0, 0]
    if any(found):
        return [*found, 0, 0]
    slow = not _fast(problem["bowl"], bowl)
    if slow:
        sums = [[sum(parts) for parts in zip(*grads[: t + 1], strict=True)] for t in range(len(grads))]
        undamped = all(_equal(step, [-lr * s for s in at]) for step, at in zip(steps, sums, strict=True))
        return [*found, 2 if undamped else 1, 0]
    best = max(held_out_accuracy(seed, list(weights)) for weights in digits)
    return [*found, 0, int(best < THRESHOLD)]


def _fast(bowl: Any, ends: Run) -> bool:
    curvatures = bowl["curvatures"]
    plain = [bowl["start"] * (1 - lr * curvatures) ** bowl["steps"] for lr in bowl["lrs"]]

    def lowest(points: list[Tensor]) -> Tensor:
        losses = [(curvatures * w.nan_to_num(torch.inf) ** 2).sum(-1) / 2 for w in points]
        return torch.stack(losses).amin(0)

    return bool((lowest([w for [w] in ends]) <= 0.5 * lowest(plain)).any())


def _groups(seed: int, problem: Any, groups: Run, plain: Run, second: Run) -> list[int]:
    if not _same_run(_only(groups, 0), _only(plain, 0)):
        return [-1]
    later = _only(groups, 1)
    if _same_run(later, _only(second, 1)):
        return [0]
    if _same_run(later, _only(plain, 1)):
        return [1]
    return [2 if all(_equal(row, problem["params"][1:]) for row in later) else -1]


def _late(seed: int, problem: Any, late: Run, plain: Run, alone: Run) -> list[int]:
    if not all(_equal(row, problem["params"][:1]) for row in _only(late, 0)[:LATE]):
        return [-1]
    if not _same_run(_only(late, 1), _only(plain, 1)):
        return [2 if all(_equal(row, problem["params"][1:]) for row in _only(late, 1)[:LATE]) else -1]
    return [0 if _same_run(_only(late, 0)[LATE:], alone) else 1]


def _saved(seed: int, problem: Any, saved: Run, plain: Run, anew: Run) -> list[int]:
    return [0 if _same_run(saved, plain) else 1 if _same_run(saved, anew) else -1]


def _scheduler(seed: int, problem: Any, scheduled: Run, plain: Run, by_hand: Run) -> list[int]:
    if _same_run(scheduled, by_hand):
        return [0]
    if _same_run(scheduled, plain):
        return [1]
    factors = [1.0] * 3 + [problem["lrs"][1] / problem["lrs"][0]] * (STEPS - 3)
    pairs = zip(_steps(problem, scheduled), _steps(problem, plain), factors, strict=True)
    return [0 if all(_equal(step, [f * part for part in own]) for step, own, f in pairs) else -1]


def _gradient(seed: int, problem: Any, found: Run) -> list[int]:
    return [0 if _same_run(found, problem["grads"]) else 1]


def _same(seed: int, problem: Any, flags: Run) -> list[int]:
    return [0 if _same_run(flags, [[torch.ones(()).double()] * len(SHAPES)]) else 1]


def _has_shapes(name: str, case: Case) -> bool:
    """Whether a case holds what its probe records; `digits` is looked at when it is scored."""
    steps, shapes = {
        "bowl": (len(BOWL_LRS), [(BOWL_STARTS, BOWL_SIZE)]),
        "digits": (len(DIGITS_LRS), None),
        "another first gradient": (2, SHAPES),
        "late parameter alone": (STEPS - LATE, SHAPES[:1]),
        "same parameters": (1, [()] * len(SHAPES)),
    }.get(name, (STEPS, SHAPES))
    tensors = all(isinstance(value, Tensor) for step in case.steps for value in step)
    found = [[tuple(value.shape) for value in step] for step in case.steps] if tensors else []
    return len(found) == steps and (shapes is None or all(step == list(shapes) for step in found))


def _steps(problem: Any, run: Run) -> list[list[Tensor]]:
    """How far every parameter went at every step."""
    before = [problem["params"], *run[:-1]]
    return [[b - a for a, b in zip(old, new, strict=True)] for old, new in zip(before, run, strict=True)]


def _only(run: Run, k: int) -> Run:
    return [row[k : k + 1] for row in run]


def _same_run(these: Run, those: Run) -> bool:
    return len(these) == len(those) and all(_equal(a, b) for a, b in zip(these, those, strict=True))


def _equal(these: Sequence[Tensor], those: Sequence[Tensor]) -> bool:
    return len(these) == len(those) and all(
        a.shape == b.shape and torch.allclose(a.double(), b.double(), rtol=0.0, atol=CLOSE)
        for a, b in zip(these, those, strict=True)
    )


READINGS: dict[str, tuple[Callable[..., list[int]], tuple[str, ...]]] = {
    "path": (_path, ("plain", "another first gradient", "second lr", "bowl", "digits")),
    "groups": (_groups, ("groups", "plain", "second lr")),
    "late parameter": (_late, ("late parameter", "plain", "late parameter alone")),
    "saved and loaded": (_saved, ("saved and loaded", "plain", "begun anew")),
    "scheduler": (_scheduler, ("scheduler", "plain", "lr set by hand")),
    "gradient untouched": (_gradient, ("gradient untouched",)),
    "same parameters": (_same, ("same parameters",)),
}

MY_OPTIMIZER = Exercise(
    "MyOptimizer",
    draw_uses,
    Momentum,
    FORMS,
    ("torch.optim", "reference"),
    half="path",
    view=view,
    claims=CLAIMS,
    steady=True,
)
