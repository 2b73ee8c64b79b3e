"""How good the judge is, over every exercise: wrong forms caught and named, right forms accepted.

Beside it stands how two checks that courses commonly use do on the same wrong steps: "after some updates the loss
has halved" and "one update from a mid-state agrees to 1e-8". They can only be asked of update rules and optimizers.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from autograder.bench.right_forms import RIGHT
from autograder.judge import gather_form, judge
from autograder.oracles import Exercise, exercises_of, lessons
from autograder.student.check import gather

BUFFERS = ("velocities", "means", "squares")
UPDATES = 100
CURVATURES = ((1.0, 0.3, 0.1), (0.7, 0.2))
HYPERPARAMETERS: dict[str, Any] = {
    "lr": 0.1,
    "momentum": 0.8,
    "alpha": 0.9,
    "betas": (0.8, 0.9),
    "eps": 1e-8,
    "step": 1,
}


@dataclass(frozen=True)
class Judged:
    """The figures of `bench_judge`, and the forms behind those that are not perfect.

    Attributes:
        wrong: forms that are a mistake, or a convention that the exercise did not ask for.
        caught: of these, the ones that do not earn full points.
        named: of these, the ones called by their own name.
        correct_forms: forms that earn full points by the lesson's rules, the references among them.
        accepted: of these, the ones that get them.
        updates: of the wrong forms, the update rules and optimizers: what the baselines are asked.
        loss_halves: of the updates, those that pass "the loss has halved".
        one_step: of the updates, those that pass "one update agrees to 1e-8".
        missed: what was not caught, not named, or accused, as `exercise: form`.
    """

    wrong: int
    caught: int
    named: int
    correct_forms: int
    accepted: int
    updates: int
    loss_halves: int
    one_step: int
    missed: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As the line of `--json`."""
        baselines = {"of": self.updates, "loss_halves": self.loss_halves, "one_step_1e-8": self.one_step}
        kept = ("wrong", "caught", "named", "correct_forms", "accepted")
        accused = self.correct_forms - self.accepted
        return {name: getattr(self, name) for name in kept} | {"accused": accused, "baselines": baselines}

    def text(self) -> str:
        """As a person reads it."""
        lines = [
            f"wrong forms: {self.wrong}, caught {self.caught}, named {self.named}",
            f"right forms: {self.correct_forms}, accepted {self.accepted}",
            f"the same {self.updates} wrong updates under the usual checks:",
            f"  “the loss has halved” passes {self.loss_halves}",
            f"  “one update from a mid-state agrees to 1e-8” passes {self.one_step}",
        ]
        return "\n".join([*lines, *self.missed])


def bench_judge(seed: int = 1, only: Sequence[str] = ()) -> Judged:
    """Judge every known form of every exercise on the problems of a seed.

    Args:
        seed: the problems are drawn from it.
        only: the lessons whose exercises are judged; default: all.

    Raises:
        LookupError: if there is no such lesson; the message lists what there is.
    """
    exercises = [exercise for lesson in only or lessons() for exercise in exercises_of(lesson)]
    wrong = [(exercise, form) for exercise in exercises for form in exercise.forms]
    right = [(exercise, form) for exercise in exercises for form in [exercise.reference, *RIGHT.get(exercise.name, [])]]
    missed, caught, named, accepted = [], 0, 0, 0
    for exercise, form in wrong:
        verdict = judge(exercise.name, gather_form(exercise.name, form.name, seed), seed)
        caught += verdict.fraction < 1
        named += verdict.name == form.name
        if verdict.name != form.name:
            missed.append(f"{exercise.name}: {form.name} is called {verdict.label}")
    for exercise, function in right:
        verdict = judge(exercise.name, gather(exercise.name, function, exercise.draw(seed)), seed)
        accepted += verdict.fraction == 1
        if verdict.fraction < 1:
            missed.append(f"{exercise.name}: a right form is accused: {verdict.label}")
    updates = [(exercise, form) for exercise, form in wrong if is_update(exercise)]
    return Judged(
        len(wrong),
        caught,
        named,
        len(right),
        accepted,
        len(updates),
        sum(loss_halves(exercise, form.function) for exercise, form in updates),
        sum(one_step(exercise, form.function) for exercise, form in updates),
        tuple(missed),
    )


def is_update(exercise: Exercise) -> bool:
    """Whether an exercise is an update rule or an optimizer class."""
    return _is_optimizer(exercise) or (
        exercise.view is None
        and next(iter(inspect.signature(exercise.reference).parameters), "") == "params"
        and exercise.name.endswith("_step")
    )


def loss_halves(exercise: Exercise, function: Callable[..., Any]) -> bool:
    """The usual check: after a hundred updates on a bowl the loss is half of the first or less."""
    try:
        *_, last = walk(exercise, function, starting_point())
    except Exception:  # a check that raises does not pass
        return False
    return loss(last) <= 0.5 * loss(starting_point())


def one_step(exercise: Exercise, function: Callable[..., Any]) -> bool:
    """The usual check: one update, buffers already under way, agrees with the reference to 1e-8."""
    try:
        return _apart(_after_one(exercise, function), _after_one(exercise, exercise.reference)) < 1e-8
    except Exception:  # as above
        return False


def walk(exercise: Exercise, function: Callable[..., Any], params: list[Tensor]) -> Iterator[list[Tensor]]:
    """The parameters after each of `UPDATES` updates on the bowl ½ Σ λw²."""
    if _is_optimizer(exercise):
        params = [p.clone().requires_grad_() for p in params]
        optimizer = function(params, lr=HYPERPARAMETERS["lr"])
        for _ in range(UPDATES):
            for p, g in zip(params, bowl(params), strict=True):
                p.grad = g
            optimizer.step()
            yield [p.detach().clone() for p in params]
        return
    buffers = {name: [torch.zeros_like(p) for p in params] for name in BUFFERS}
    for t in range(1, UPDATES + 1):
        params, buffers = update(exercise, function, params, buffers, t)
        yield params


def update(
    exercise: Exercise, function: Callable[..., Any], params: list[Tensor], buffers: dict[str, list[Tensor]], t: int
) -> tuple[list[Tensor], dict[str, list[Tensor]]]:
    """One call of an update rule, its arguments in the order of the reference's signature."""
    mine = [name for name in inspect.signature(exercise.reference).parameters if name in BUFFERS]
    values: dict[str, Any] = {**HYPERPARAMETERS, "step": t, "gradient": bowl, "grads": bowl(params)}
    values |= {"params": [p.clone() for p in params]} | {k: [b.clone() for b in v] for k, v in buffers.items()}
    result = function(*(values[name] for name in inspect.signature(exercise.reference).parameters))
    if not mine:
        return list(result), buffers
    moved, *kept = result
    return list(moved), {**buffers, **{name: list(b) for name, b in zip(mine, kept, strict=True)}}


def bowl(params: list[Tensor]) -> list[Tensor]:
    """The gradient λw of the bowl."""
    return [torch.tensor(c, dtype=p.dtype) * p.detach() for c, p in zip(CURVATURES, params, strict=True)]


def loss(params: list[Tensor]) -> float:
    """½ Σ λw²."""
    return sum(float((g * p).sum()) / 2 for g, p in zip(bowl(params), params, strict=True))


def starting_point() -> list[Tensor]:
    """All ones."""
    return [torch.ones(len(c), dtype=torch.float64) for c in CURVATURES]


def _after_one(exercise: Exercise, function: Callable[..., Any]) -> list[Tensor]:
    if _is_optimizer(exercise):
        return next(walk(exercise, function, starting_point()))
    buffers = {name: [torch.full_like(p, 0.5) for p in starting_point()] for name in BUFFERS}
    return update(exercise, function, starting_point(), buffers, 3)[0]


def _apart(these: list[Tensor], those: list[Tensor]) -> float:
    return max(float((a - b).abs().max()) for a, b in zip(these, those, strict=True))


def _is_optimizer(exercise: Exercise) -> bool:
    return isinstance(exercise.reference, type) and issubclass(exercise.reference, torch.optim.Optimizer)
