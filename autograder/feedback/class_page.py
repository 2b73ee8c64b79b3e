"""The class on one self-contained HTML page. Everything a student controls is escaped by the template."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autograder.feedback.words import with_code

STATES = {"right": "✓", "part": "≈", "wrong": "✗", "none": "–"}
NOTHING = ("unwritten", "flagged", "no_evidence")  # nothing to judge, or it waits for a person
PLAIN = {  # what a kind is called where it has no name
    "unknown": "no known mistake",
    "raised": "raised an error",
    "unusable": "cannot be checked as it is",
    "time": "ran out of time",
    "memory": "ran out of memory",
    "output": "printed too much",
    "unwritten": "not written",
    "flagged": "a person decides",
    "no_evidence": "nothing to judge",
}
BINS = 8


@dataclass(frozen=True)
class Cell:
    """One student's verdict on one exercise."""

    label: str
    fraction: float

    @property
    def sign(self) -> str:
        """A sign, so that nothing stands in colour alone."""
        return STATES[self.state]

    @property
    def what(self) -> str:
        """The mistake's name, or the kind in words."""
        kind, _, name = self.label.partition(": ")
        return name.replace("_", " ") or PLAIN.get(kind, kind)

    @property
    def state(self) -> str:
        """The class of its colour."""
        if self.fraction:
            return "right" if self.fraction == 1 else "part"
        return "none" if self.label.partition(":")[0] in NOTHING else "wrong"


@dataclass(frozen=True)
class Row:
    """One student. `link` leads to the student's page, "" where there is none; `repaired` and `flagged` say why."""

    student: str
    points: float
    cells: dict[str, Cell]
    link: str = ""
    seconds: float | None = None
    repaired: tuple[str, ...] = ()
    flagged: tuple[str, ...] = ()
    needs_person: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Mistake:
    """One mistake of one exercise: who made it, and an example: words, and a picture as a data address."""

    exercise: str
    name: str
    students: tuple[str, ...]
    words: tuple[str, ...] = ()
    picture: str = ""
    alt: str = ""


@dataclass(frozen=True)
class ClassReport:
    """Everything on the page, as plain values."""

    lesson: str
    max_points: float
    exercises: dict[str, float]
    rows: tuple[Row, ...]
    missing: tuple[str, ...]
    mistakes: tuple[Mistake, ...]
    isolation: str = ""
    anonymous: bool = False

    @property
    def median_points(self) -> float:
        """Half of the submissions have this or more."""
        return median(row.points for row in self.rows) if self.rows else 0.0

    def standing(self, exercise: str) -> dict[str, int]:
        """How many are right, partly right, wrong, and have nothing."""
        count = Counter(row.cells[exercise].state if exercise in row.cells else "none" for row in self.rows)
        return {state: count[state] for state in STATES}

    def distribution(self) -> list[tuple[str, int, float]]:
        """Ranges of points: what they are called, how many are in each, and their share of the largest."""
        width = self.max_points / BINS or 1.0
        counts = [0] * (BINS + 1)
        for row in self.rows:
            counts[min(int(row.points / width + 1e-9), BINS)] += 1
        names = [f"{n * width:g} to below {(n + 1) * width:g}" for n in range(BINS)] + [f"{self.max_points:g} (all)"]
        most = max(counts) or 1
        return [(name, count, count / most) for name, count in zip(names, counts, strict=True)]


def render(report: ClassReport) -> str:
    """The page.

    Args:
        report: what is on it.

    Returns:
        HTML that needs no other file and no network.
    """
    templates = Environment(
        loader=PackageLoader("autograder.feedback"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    templates.filters["with_code"] = lambda line: Markup(with_code(line))
    timed: list[Any] = sorted((r for r in report.rows if r.seconds is not None), key=lambda r: -(r.seconds or 0.0))
    return templates.get_template("class.html.j2").render(report=report, timed=timed)
