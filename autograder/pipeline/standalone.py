"""Score a notebook by itself: the grader's own stages with the public seed and no course."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.feedback import words
from autograder.oracles import exercises_of, lessons
from autograder.pipeline.repair import repair
from autograder.pipeline.run import run
from autograder.pipeline.score import verdicts
from autograder.pipeline.work import draw_problems
from autograder.sandbox.bubblewrap import best_isolation
from autograder.sandbox.limits import Limits
from autograder.verdict import Verdict

SEED = 1


@dataclass
class Scored:
    """A notebook's verdicts; `unusable` says why there are none."""

    path: Path
    lesson: str = ""
    points: float = 0.0
    max_points: float = 0.0
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unusable: str = ""

    @property
    def exit_code(self) -> int:
        """0 all right, 1 something is wrong, 2 unusable."""
        return 2 if self.unusable else int(self.points < self.max_points)

    def to_json(self) -> dict[str, Any]:
        """As one JSON line of `downhill check --json`."""
        return {
            "notebook": str(self.path),
            "lesson": self.lesson,
            "points": self.points,
            "max_points": self.max_points,
            "verdicts": {name: verdict.label for name, verdict in self.verdicts.items()},
            "notes": list(self.notes),
            "unusable": self.unusable,
        }

    def text(self) -> str:
        """In words, for a terminal."""
        if self.unusable:
            return f"{self.path}: {self.unusable}"
        head = f"{self.path}: {self.points:g} of {self.max_points:g} points (the written answer is read by a person)"
        return "\n".join([head, *(f"  note: {n}" for n in self.notes), *map(words.text, self.verdicts.values())])


def score_notebook(path: Path) -> Scored:
    """Score one notebook; its lesson is told by its file name, as in `06_momentum.ipynb`.

    Example:
        >>> score_notebook(Path("nowhere/06_momentum.ipynb")).unusable
        'there is no such file; name a notebook, for example 06_momentum.ipynb'
    """
    if not path.is_file():
        given = "it is a folder" if path.is_dir() else "there is no such file"
        return Scored(path, unusable=f"{given}; name a notebook, for example 06_momentum.ipynb")
    lesson = re.sub(r"( \(\d+\)|-checkpoint|-Copy\d+)$", "", path.stem)
    if lesson not in lessons():
        there = ", ".join(f"{name}.ipynb" for name in sorted(lessons()))
        return Scored(path, unusable=f"its name tells no lesson; expected one of {there}: rename it")
    released = released_notebook(lesson)
    repaired = repair(path.read_bytes(), released)
    if repaired.unreadable:
        return Scored(path, lesson, unusable=repaired.unreadable)
    exercises = exercises_of(lesson)
    ran = run(repaired.notebook, draw_problems(exercises, SEED), Limits(isolation=best_isolation()), {})
    found = verdicts(ran, exercises, SEED)
    marks = {c.metadata.get("nbgrader", {}).get("grade_id"): c.metadata.get("nbgrader", {}) for c in released.cells}
    worth = {e.name: float(marks[f"check_{e.name}"]["points"]) for e in exercises}
    points = sum(found[name].fraction * worth[name] for name in worth)
    return Scored(path, lesson, points, sum(worth.values()), found, repaired.notes)


def released_notebook(lesson: str) -> NotebookNode:
    """The installed course's notebook as students get it: solutions cleared."""
    from nbgrader.preprocessors import ClearMarkScheme, ClearOutput, ClearSolutions

    notebook = source_notebook(lesson)
    for preprocessor in (ClearSolutions(), ClearOutput(), ClearMarkScheme()):
        notebook, _ = preprocessor.preprocess(notebook, {})
    return notebook


def source_notebook(lesson: str) -> NotebookNode:
    """The installed course's notebook with its solutions."""
    import course

    return nbformat.read(Path(course.__file__).parent / "source" / lesson / f"{lesson}.ipynb", as_version=4)
