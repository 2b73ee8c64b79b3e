"""The class's page from what a grading left behind: records, graded notebooks, the gradebook's list of students."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

from nbgrader.api import MissingEntry

from autograder.errors import NoRecord
from autograder.feedback import words
from autograder.feedback.class_page import Cell, ClassReport, Mistake, Row, render
from autograder.files import write
from autograder.pipeline.course import CourseFolder
from autograder.pipeline.nodes import read
from autograder.pipeline.roster import open_gradebook
from autograder.verdict import recorded_verdict

UNTOLD = ("correct", "unwritten", "flagged", "no_evidence")  # no mistakes
OURS = ("mistake", "convention", "unknown")  # their words hold nothing that a student wrote
MAX_PICTURES = 60
MAX_LOOKED_AT = 3  # students of one mistake whose notebooks are read for a picture


def write_class_page(course: CourseFolder, report: Any = None, lesson: str = "", anonymous: bool = False) -> Path:
    """Write the page beside the gradebook.

    Args:
        course: the course's folder.
        report: what a grading gave, if it was just now; what only it knows is kept for later pages.
        lesson: the lesson's name, where there is no report.
        anonymous: leave out names and links.

    Returns:
        The page's path.

    Raises:
        NoRecord: if nothing was graded yet.
    """
    lesson = report.lesson if report else lesson
    kept = course.hidden / "reports" / f"{lesson}.json"
    if report:
        rows = {row.student: {"notes": row.notes, "problem": row.problem} for row in report.students}
        write(kept, json.dumps({"isolation": report.isolation, "students": rows}))
    told = json.loads(kept.read_text()) if kept.is_file() else {"isolation": "", "students": {}}
    page = render(class_report(course, lesson, told, anonymous))
    path = course.root / f"{lesson}{'.anonymous' if anonymous else ''}.html"
    write(path, page)
    return path


def class_report(course: CourseFolder, lesson: str, told: dict[str, Any], anonymous: bool = False) -> ClassReport:
    """Everything on the page.

    Args:
        course: the course's folder.
        lesson: the lesson's name.
        told: `isolation`, and by student the `notes` and the `problem` of the latest grading.
        anonymous: leave out names and links.
    """
    worth = _worth(course, lesson)
    kept = dict(course.records(lesson)) | {s: {} for s in told["students"] if not _record_file(course, lesson, s)}
    if not kept:
        raise NoRecord(f"nothing is recorded for {lesson}: grade it first with `downhill grade {lesson}`")
    missing, waiting = _from_gradebook(course, lesson, kept)
    rows = [_row(course, lesson, s, r, told["students"].get(s, {}), worth, waiting) for s, r in sorted(kept.items())]
    mistakes = _mistakes(course, lesson, rows, kept, anonymous)
    if anonymous:
        names = {row.student: f"student {n}" for n, row in enumerate(rows, 1)}
        rows = [_nameless(row, names[row.student]) for row in rows]
        mistakes = [
            Mistake(m.exercise, m.name, tuple(names[s] for s in m.students), m.words, m.picture, m.alt)
            for m in mistakes
        ]
        missing = [f"{len(missing)} students"] if missing else []
    return ClassReport(
        lesson, sum(worth.values()), worth, tuple(rows), tuple(missing), tuple(mistakes), told["isolation"], anonymous
    )


def _record_file(course: CourseFolder, lesson: str, student: str) -> bool:
    return (course.hidden / "records" / lesson / f"{student}.json").is_file()


def _worth(course: CourseFolder, lesson: str) -> dict[str, float]:
    """The points of each exercise, in the notebook's order."""
    marks = [cell.metadata.get("nbgrader", {}) for cell in course.released(lesson).cells]
    checks = [m for m in marks if m.get("grade") and not m.get("solution")]
    return {str(m["grade_id"]).removeprefix("check_"): float(m["points"]) for m in checks}


def _from_gradebook(course: CourseFolder, lesson: str, kept: dict[str, Any]) -> tuple[list[str], set[tuple[str, str]]]:
    """Who is in the gradebook and did not hand in; which flagged exercises still wait, as (student, exercise)."""
    flagged = [
        (s, name) for s, r in kept.items() for name, v in r.get("verdicts", {}).items() if v["kind"] == "flagged"
    ]
    waiting = set()
    with open_gradebook(course) as gradebook:
        missing = sorted(student.id for student in gradebook.students if student.id not in kept)
        for student, exercise in flagged:
            try:
                grade = gradebook.find_grade(f"check_{exercise}", lesson, lesson, student)
            except MissingEntry:
                continue
            if grade.needs_manual_grade:
                waiting.add((student, exercise))
    return missing, waiting


def _row(
    course: CourseFolder,
    lesson: str,
    student: str,
    record: dict[str, Any],
    told: dict[str, Any],
    worth: dict[str, float],
    waiting: set[tuple[str, str]],
) -> Row:
    verdicts = record.get("verdicts", {})
    cells = {name: Cell(v["label"], v["fraction"]) for name, v in verdicts.items()}
    points = sum(v["fraction"] * worth.get(name, 0.0) for name, v in verdicts.items())
    reasons = {v["detail"] for v in verdicts.values() if v["detail"]}
    notes = dict.fromkeys([*record.get("notes", []), *told.get("notes", [])])
    page = course.root / "feedback" / student / lesson / f"{lesson}.html"
    flagged = [f"{name}: {v['detail']}" for name, v in verdicts.items() if (student, name) in waiting]
    return Row(
        student,
        round(points, 6),
        cells,
        f"feedback/{quote(student)}/{quote(lesson)}/{quote(lesson)}.html" if page.is_file() else "",
        record.get("seconds"),
        tuple(note for note in notes if note not in reasons and not note.startswith("not finished")),
        tuple(flagged),
        bool(flagged),
        told.get("problem", ""),
    )


def _nameless(row: Row, name: str) -> Row:
    """A row without what may hold a name: notes quote file names, reasons quote code."""
    repaired = (f"{len(row.repaired)} repairs",) if row.repaired else ()
    flagged = ("the reason is on the page with names",) if row.flagged else ()
    return Row(name, row.points, row.cells, "", row.seconds, repaired, flagged, row.needs_person, row.problem and "…")


def _mistakes(
    course: CourseFolder, lesson: str, rows: list[Row], kept: dict[str, Any], anonymous: bool
) -> list[Mistake]:
    who: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        for exercise, cell in row.cells.items():
            if cell.label.partition(":")[0] not in UNTOLD and cell.fraction < 1:
                who[exercise, cell.what].append(row.student)
    mistakes: list[Mistake] = []
    for (exercise, name), students in sorted(who.items(), key=lambda item: (-len(item[1]), item[0])):
        drawn = sum(bool(mistake.picture) for mistake in mistakes)
        shown, *picture = _picture(course, lesson, students if drawn < MAX_PICTURES else [], exercise)
        verdict = recorded_verdict(kept[shown or students[0]]["verdicts"][exercise])
        told = words.example(verdict) if verdict.kind in OURS or not anonymous else ()
        mistakes.append(Mistake(exercise, name, tuple(students), told, *picture))
    return mistakes


def _picture(course: CourseFolder, lesson: str, students: list[str], exercise: str) -> tuple[str, str, str]:
    """The first of these students whose verdict has a picture, the picture and its alt text, from the notebook."""
    for student in students[:MAX_LOOKED_AT]:
        path = course.root / "autograded" / student / lesson / f"{lesson}.ipynb"
        if not path.is_file():
            continue
        for cell in read(path).cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") != f"check_{exercise}":
                continue
            for output in cell.get("outputs", []):  # what stands under a check is all ours
                if output.output_type == "display_data" and "image/png" in output.data:
                    address = f"data:image/png;base64,{output.data['image/png']}".replace("\n", "")
                    return student, address, str(output.data.get("text/plain", ""))
    return "", "", ""
