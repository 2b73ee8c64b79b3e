"""What an oracle says of one exercise.

Reference, conventions and mistakes are all *forms*: functions (or classes) with the exercise's signature. The
judge runs the very probe that ran the student's function on each of them and compares what came out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from autograder.student.evidence import Case, Evidence, Trouble
from autograder.student.recorder import Unusable


@dataclass(frozen=True)
class Form:
    """One way to write an exercise.

    Attributes:
        name: its name in gradebook, report and tests.
        function: the form itself.
        words: the cause in a sentence, and a question that leads on; never the solution.
        fraction: what it earns; above 0 it is a convention, else a mistake.
    """

    name: str
    function: Callable[..., Any]
    words: str
    fraction: float = 0.0


@dataclass(frozen=True)
class Exercise:
    """One function or class that a student writes, and all there is to judge it by.

    Attributes:
        draw: problem from a seed: cases by name, each what the probe of this name expects.
        reference: the right answer.
        forms: conventions and known mistakes.
        does_the_work: dotted names that would do the exercise for the student; reached, they are flagged.
        half: the case that earns half the points by itself ("" for all or nothing).
        view: for an exercise judged by properties instead of values (random batches, trained weights): turns the
            evidence on the problem of a seed into the numbers that are compared, one step a claim. It raises
            `Unusable` for a case whose evidence has not the expected form.
        claims: what each step of the view claims, as a sentence that a wrong answer breaks; by case where the cases
            claim different things.
        steady: what the view makes of a form is the same for every seed, so each form needs to run only once.
        steps: what a step is called and the number of the first, for the words: `("step", 0)` where the lesson
            counts from 0.
        parts: the names of a step's tensors, in order; by case where the cases name them differently; or a function
            (number from 1, of how many) -> name.
        picture: what is drawn where something is wrong: one of `Compared.KINDS`, "none", or "" to tell from the
            evidence's form.
        untold: names in a case that say nothing to who does not know how the problem is made; the words leave them out.
        landscape: from a case of the problem, the loss (`[..., n]` -> `[...]`) that a path descends.
    """

    name: str
    draw: Callable[[int], dict[str, Any]]
    reference: Callable[..., Any]
    forms: tuple[Form, ...]
    does_the_work: tuple[str, ...] = ()
    half: str = ""
    view: Callable[[int, Evidence], Evidence] | None = None
    claims: tuple[str, ...] | Mapping[str, tuple[str, ...]] = ()
    steady: bool = False
    steps: tuple[str, int] = ("step", 1)
    parts: tuple[str, ...] | Mapping[str, tuple[str, ...]] | Callable[[int, int], str] = ()
    picture: str = ""
    untold: tuple[str, ...] = ()
    landscape: Callable[[dict[str, Any]], Callable[[Tensor], Tensor]] | None = None

    def problem(self, seed: int) -> dict[str, Any]:
        """The problem of a seed, drawn once for all who ask for it in a row; whoever gets it may change it."""
        return _copied(_drawn(self.draw, seed))  # type: ignore[no-any-return]

    def claim(self, case: str, step: int) -> str:
        """What the view claims at a step of a case, counted from 1; past the last one, the last."""
        claims = self.claims[case] if isinstance(self.claims, Mapping) else self.claims
        return claims[min(step, len(claims)) - 1]


@lru_cache(maxsize=8)  # the forms of an exercise run on the same one, the exercises of a lesson follow each other
def _drawn(draw: Callable[[int], dict[str, Any]], seed: int) -> dict[str, Any]:
    return draw(seed)


def _copied(tree: Any) -> Any:
    if isinstance(tree, Tensor):
        return tree.clone()
    if isinstance(tree, dict):
        return {key: _copied(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(map(_copied, tree))
    return tree


class Draw:
    """Random numbers for problems, all float64, from one seed."""

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers."""
        return torch.randn(shape, generator=self._generator, dtype=torch.float64)

    def uniform(self, low: float, high: float) -> float:
        """One number between low and high."""
        return low + (high - low) * float(torch.rand((), generator=self._generator, dtype=torch.float64))

    def lrs(self, steps: int) -> list[float]:
        """A learning rate for each step, falling by half or more on the way."""
        first = self.uniform(0.05, 0.2)
        return [first * 0.4 ** (step // 2) for step in range(steps)]


def by_case(view: Callable[[int, str, Case], Case]) -> Callable[[int, Evidence], Evidence]:
    """An `Exercise.view` from a view of one case, (seed, the case's name, the case) → case.

    Cases that ended in trouble stay as they are.
    """

    def viewed(seed: int, evidence: Evidence) -> Evidence:
        cases = {}
        for name, case in evidence.cases.items():
            try:
                cases[name] = case if case.trouble else view(seed, name, case)
            except Unusable as error:
                cases[name] = Case(trouble=Trouble("unusable", str(error), 1))
        return Evidence(evidence.exercise, cases, evidence.printed)

    return viewed
