"""What a student is told for every known form of every exercise, as text files that people can review."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from autograder.feedback import pictures, words
from autograder.judge import gather_form, judge
from autograder.oracles import exercises_of, find_exercise, lessons
from autograder.practice import public_seed
from autograder.sections import section_of
from autograder.student.check import gather
from autograder.verdict import Verdict


@cache
def form_verdict(exercise: str, form: str | None) -> Verdict:
    """The verdict on a form (`None`: the reference) as practice gives it, with the public seed."""
    seed = public_seed(exercise)
    verdict = judge(exercise, gather_form(exercise, form, seed), seed, likely=form or "")
    return replace(verdict, section=section_of(exercise))


def lesson_words(lesson: str) -> str:
    """Every message of a lesson, each under the form's name, with the picture's alt text where one is drawn."""
    parts = []
    for exercise in exercises_of(lesson):
        for form in exercise.forms:
            verdict = form_verdict(exercise.name, form.name)
            alt = pictures.alt(verdict)
            shown = f"\n[picture] {alt}" if alt else ""
            parts.append(f"── {exercise.name} · {form.name}\n{words.text(verdict)}{shown}\n")
    return "\n".join(parts)


def kind_words() -> str:
    """A message of every kind of verdict: those that code earns from code, the others as the pipeline words them."""
    name = "momentum_step"
    seed = public_seed(name)
    verdicts = [
        judge(name, gather(name, attempt, find_exercise(name).draw(seed)), seed)
        for attempt in (find_exercise(name).reference, _unwritten, _raises, _unusable, _unknown, _remembers_too_much)
    ]
    verdicts += [Verdict(name, kind, 0.0, detail=detail) for kind, detail in PIPELINE]
    told = [replace(verdict, section=section_of(name)) for verdict in verdicts]
    told.append(form_verdict(name, "velocity_overwritten"))
    told.append(form_verdict(name, "lr_inside_velocity"))
    shown = "\n".join(f"── {verdict.kind}\n{words.text(verdict)}\n" for verdict in told)
    return re.sub(r"line \d+, in _raises", f"line 2, in {name}", shown)


PIPELINE = (
    ("time", "the check did not end within the time for one cell"),
    ("output", "the notebook put out more than the limit in cell 12, and nothing after it was run"),
    (
        "processes",
        "the notebook started more processes and threads than the limit in cell 12, and nothing after it was run",
    ),
    ("files", "the limit on files was reached (cell 12)"),
    ("no_evidence", "the check cell ran but put out no evidence"),
    ("no_evidence", "the kernel died in cell 18, and nothing after it was run"),
    (
        "flagged",
        "`torch.optim.SGD` does the work of this exercise (cell 5, line 2: rule = torch.optim.SGD(params, lr))",
    ),
)


def _unwritten(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    raise NotImplementedError


def _raises(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    print("a print of mine")
    return [params[0] - lr * grads[len(grads)]], velocities


def _unusable(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    return [p - lr * g for p, g in zip(params, grads, strict=True)]


def _unknown(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    return [p - 0.123 * g for p, g in zip(params, grads, strict=True)], velocities


def _remembers_too_much(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    raise MemoryError


def write_words(folder: Path) -> list[Path]:
    """Write `LESSON.txt` for every lesson that has an oracle, and `kinds.txt`; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for lesson in lessons():
        written.append(folder / f"{lesson}.txt")
        written[-1].write_text(lesson_words(lesson), encoding="utf-8")
    written.append(folder / "kinds.txt")
    written[-1].write_text(kind_words(), encoding="utf-8")
    return written
