"""What a grading gave, as values and as a table for a spreadsheet."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.files import table, write
from autograder.pipeline.course import CourseFolder


@dataclass
class Graded:
    """One student's row; `problem` says why it was not finished; the points are then the last recorded."""

    student: str
    points: float
    verdicts: dict[str, str]
    notes: list[str] = field(default_factory=list)
    needs_person: bool = False
    problem: str = ""


@dataclass
class Report:
    """What a grading gave; `seconds` until everything was written, `points_seconds` until all points stood.

    `stages` says where the time went: seconds of all workers together in "start" (of a kernel), "ready" (its first
    answer), "cells", "end" (of the kernel), "judge"; in the grader itself "begin" (until the first submission was
    done), "prepare", "record"; and, of all workers, "feedback".
    """

    lesson: str
    max_points: float
    students: list[Graded]
    seconds: float
    report: str = ""
    isolation: str = "bubblewrap"
    points_seconds: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As the one JSON line of `--json`."""
        rows = [{"student": g.student, "points": g.points, "verdicts": g.verdicts} for g in self.students]
        stages = {name: round(seconds, 3) for name, seconds in self.stages.items()}
        seconds = {"seconds": round(self.seconds, 2), "points_seconds": round(self.points_seconds, 2)}
        return {**vars(self), **seconds, "stages": stages, "students": rows}


def write_csv(course: CourseFolder, report: Report) -> Path:
    """One row a student, one column an exercise; quoted, and harmless in a spreadsheet."""
    path = course.root / f"{report.lesson}.csv"
    exercises = list(dict.fromkeys(name for row in report.students for name in row.verdicts))
    head = ["student", "points", "max_points", *exercises]
    rows = [
        [row.student, row.points, report.max_points, *(row.verdicts.get(e, "") for e in exercises)]
        for row in report.students
    ]
    write(path, table([head, *rows]))
    return path
