"""Points for other systems: nbgrader's columns, Canvas's own file filled in, Moodle's with feedback."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import MissingEntry

from autograder.errors import BadTable, NoLesson
from autograder.feedback import words
from autograder.files import table
from autograder.pipeline.course import CourseFolder
from autograder.pipeline.roster import open_gradebook
from autograder.verdict import recorded_verdict

LOGINS = ("SIS Login ID", "SIS User ID", "ID", "Student")  # Canvas's columns that may hold nbgrader's name


@dataclass(frozen=True)
class Standing:
    """One student and one lesson in the gradebook; penalties and points by hand are in `score`."""

    student: str
    first_name: str
    last_name: str
    email: str
    due: str
    timestamp: str
    raw_score: float
    penalty: float
    score: float
    max_score: float


def standings(lesson: str, course: CourseFolder) -> list[Standing]:
    """Every student of the gradebook; who did not hand in has 0 points.

    Raises:
        NoLesson: if the gradebook does not know the lesson.
    """
    with open_gradebook(course) as gradebook:
        try:
            assignment = gradebook.find_assignment(lesson)
        except MissingEntry:
            known = ", ".join(sorted(a.name for a in gradebook.assignments)) or "none"
            raise NoLesson(f"the gradebook knows no lesson {lesson!r}; it knows: {known}") from None
        handed_in = {s.student_id: s for s in assignment.submissions}
        found = []
        for student in sorted(gradebook.students, key=lambda s: str(s.id)):
            s = handed_in.get(student.id)
            numbers = (s.score, s.late_submission_penalty or 0.0) if s else (0.0, 0.0)
            found.append(
                Standing(
                    str(student.id),
                    student.first_name or "",
                    student.last_name or "",
                    student.email or "",
                    str(assignment.duedate or ""),
                    str(s.timestamp or "") if s else "",
                    numbers[0],
                    numbers[1],
                    max(0.0, numbers[0] - numbers[1]),
                    float(assignment.max_score),
                )
            )
    return found


def nbgrader(lesson: str, course: CourseFolder) -> str:
    """nbgrader's own columns, quoted."""
    head = ["assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score"]
    head += ["late_submission_penalty", "score", "max_score"]
    rows = []
    for s in standings(lesson, course):
        who = [s.student, s.last_name, s.first_name, s.email]
        rows.append([lesson, s.due, s.timestamp, *who, s.raw_score, s.penalty, s.score, s.max_score])
    return table([head, *rows])


def moodle(lesson: str, course: CourseFolder) -> str:
    """Moodle's columns for importing grades, with what each student is told as feedback."""
    head = ["Username", "Full name", "Email address", "Grade", "Maximum Grade", "Feedback comments"]
    rows = [
        [
            s.student,
            f"{s.first_name} {s.last_name}".strip(),
            s.email,
            s.score,
            s.max_score,
            feedback(lesson, course, s.student),
        ]
        for s in standings(lesson, course)
    ]
    return table([head, *rows])


def feedback(lesson: str, course: CourseFolder, student: str) -> str:
    """What a student is told, in words, from the record."""
    told = course.recorded(lesson, student)["verdicts"].values()
    return "\n\n".join(words.text(recorded_verdict(plain)) for plain in told)


def canvas(lesson: str, course: CourseFolder, exported: Path) -> str:
    """Canvas's exported gradebook with this lesson's points in their column; everything else stays.

    Args:
        lesson: the lesson's name; the column's heading has to hold it, as in `06_momentum (1234)`.
        course: the course's folder.
        exported: the CSV file as Canvas exported it.

    Raises:
        BadTable: if it has no such column, or names no student of the gradebook.
    """
    text = exported.read_text(encoding="utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    head = rows[0] if rows else []
    columns = [n for n, name in enumerate(head) if lesson in name]
    if len(columns) != 1:
        found = ", ".join(head[:12]) or "nothing"
        raise BadTable(
            f"{exported}: {len(columns)} columns have {lesson!r} in their heading; expected one, as Canvas names it. "
            f"Make an assignment of that name in Canvas and export again. The headings are: {found}"
        )
    points = {s.student: s.score for s in standings(lesson, course)}
    logins = [head.index(name) for name in LOGINS if name in head]
    filled = 0
    for row in rows[1:]:
        row += [""] * (len(head) - len(row))
        student = next((row[n].strip() for n in logins if row[n].strip() in points), "")
        if student:
            row[columns[0]] = f"{points[student]:g}"
            filled += 1
    if not filled:
        raise BadTable(
            f"{exported}: no row has a student of the gradebook in {', '.join(LOGINS)}. "
            "Downhill knows students by the names of their folders in submitted/."
        )
    return table(rows)
