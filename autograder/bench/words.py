"""What a student is told for every known form of every exercise, as text files that people can review."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from autograder.feedback import pictures, words
from autograder.judge import gather_form, judge
from autograder.oracles import exercises_of, lessons
from autograder.practice import public_seed
from autograder.sections import section_of
from autograder.verdict import Verdict


@cache
def form_verdict(exercise: str, form: str | None) -> Verdict:
    """The verdict on a form (`None`: the reference) as practice gives it, with the public seed."""
    seed = public_seed(exercise)
    verdict = judge(exercise, gather_form(exercise, form, seed), seed)
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


def write_words(folder: Path) -> list[Path]:
    """Write `LESSON.txt` for every lesson that has an oracle; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for lesson in lessons():
        written.append(folder / f"{lesson}.txt")
        written[-1].write_text(lesson_words(lesson), encoding="utf-8")
    return written
