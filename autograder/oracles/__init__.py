"""Problems from a seed, reference answers, accepted conventions, known mistakes: one module a lesson.

A lesson's module has `LESSON` (its name) and `EXERCISES` (a tuple of `Exercise`).
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from autograder.oracles.exercise import Exercise, Form

__all__ = ["Exercise", "Form", "exercises_of", "find_exercise", "lessons"]


@cache
def lessons() -> dict[str, tuple[Exercise, ...]]:
    """Every lesson that has an oracle, by name, with its exercises."""
    modules = (importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__))
    return {m.LESSON: m.EXERCISES for m in modules if hasattr(m, "LESSON")}


def exercises_of(lesson: str) -> tuple[Exercise, ...]:
    """The exercises of a lesson.

    Raises:
        LookupError: if there is no such lesson; the message lists what there is.
    """
    if lesson not in lessons():
        there = ", ".join(sorted(lessons()))
        raise LookupError(f"there is no lesson {lesson!r}; there are: {there}")
    return lessons()[lesson]


def find_exercise(name: str) -> Exercise:
    """The exercise of this name, whichever lesson it is in.

    Raises:
        LookupError: if there is none; the message lists what there is.
    """
    everything = {e.name: e for exercises in lessons().values() for e in exercises}
    if name not in everything:
        raise LookupError(f"there is no exercise {name!r}; there are: {', '.join(sorted(everything))}")
    return everything[name]
