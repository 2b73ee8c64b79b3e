"""`downhill grade` and stock `nbgrader autograde` with our settings leave the same gradebook and the same files."""

import re
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import nbformat
import pytest
from faults import nbgrader, released_course
from nbgrader.api import Gradebook

from autograder.demo.play import LESSON, SUBMISSIONS, answer, hand_in, read_sample
from autograder.pipeline.course import CourseFolder
from autograder.pipeline.grade import grade

DUE = """
c.Late.due = {"06_momentum": "2026-01-01 01:00 Europe/Berlin"}
c.Late.per_day = 0.1
"""
QUERIES = {
    "due": "select name, duedate from assignment order by 1",
    "students": "select id, first_name from student order by 1",
    "submissions": "select student_id, timestamp, extension from submitted_assignment order by 1",
    "penalties": "select s.student_id, b.name, n.late_submission_penalty from submitted_notebook n "
    "join submitted_assignment s on n.assignment_id = s.id join notebook b on n.notebook_id = b.id order by 1, 2",
    "grades": "select s.student_id, b.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade "
    "from grade g join base_cell b on g.cell_id = b.id join submitted_notebook n on g.notebook_id = n.id "
    "join submitted_assignment s on n.assignment_id = s.id order by 1, 2",
    "comments": "select s.student_id, b.name, c.auto_comment, c.manual_comment from comment c "
    "join base_cell b on c.cell_id = b.id join submitted_notebook n on c.notebook_id = n.id "
    "join submitted_assignment s on n.assignment_id = s.id order by 1, 2",
}


def tables(course: CourseFolder) -> dict[str, Any]:
    with sqlite3.connect(course.root / "gradebook.db") as database:
        return {name: database.execute(query).fetchall() for name, query in QUERIES.items()}


def files(course: CourseFolder) -> dict[str, tuple[int, str]]:
    found = {}
    for path in sorted((course.root / "autograded").rglob("*")):
        if path.is_file():
            # the seed differs with nothing but the cells' sources, so even the pictures are the same
            text = path.read_bytes().decode("utf-8", "replace")
            found[str(path.relative_to(course.root))] = path.stat().st_mode, re.sub(r"0x[0-9a-f]{8,}", "0x", text)
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_both_ways_leave_the_same(tmp_path: Path) -> None:
    ours = released_course(tmp_path / "ours")
    with (ours.root / "nbgrader_config.py").open("a") as config:
        config.write(DUE)
    released = ours.released(LESSON)
    for name in ("ada", "dmitri", "jonas", "mei", "nadia", "omar"):
        hand_in(ours.root, released, SUBMISSIONS / f"{name}.py")
    answers = {**read_sample((SUBMISSIONS / "ada.py").read_text())[1], "answer_momentum": "It remembers <b>where</b>."}
    late = ours.root / "submitted" / "late" / LESSON
    (late / "more").mkdir(parents=True)
    nbformat.write(answer(released, answers), late / f"{LESSON} (1).ipynb")
    (late / "more" / "data.csv").write_text("1,2\n")
    (late / "timestamp.txt").write_text("2026-01-02 10:00:00 UTC")
    (ours.root / "source" / LESSON / "table.csv").write_text("3,4\n")
    ours.secret()
    with Gradebook(f"sqlite:///{ours.root}/gradebook.db") as gradebook:
        gradebook.add_student("mei", first_name="Mei")  # the others are not in the gradebook yet
    stock = CourseFolder(shutil.copytree(ours.root, tmp_path / "stock"))

    for again in (False, True):
        assert not [row.problem for row in grade(LESSON, ours, 2).students if row.problem]
        nbgrader(stock.root, "autograde", LESSON, "--force")
        assert tables(ours) == tables(stock)
        assert files(ours) == files(stock)
        penalties = {student: penalty for student, _, penalty in tables(ours)["penalties"]}
        assert penalties["late"] == pytest.approx(0.2 * 8)  # 34 hours: the second day has begun
        assert penalties["ada"] is None
        assert tables(ours)["due"] == [(LESSON, "2026-01-01 00:00:00.000000")]
        assert f"autograded/late/{LESSON}/more/data.csv" in files(ours)
        assert f"autograded/ada/{LESSON}/table.csv" in files(ours)
        if not again:
            for course in (ours, stock):  # a person grades; grading again keeps that
                with sqlite3.connect(course.root / "gradebook.db") as database:
                    database.execute("update grade set manual_score = 1.5, extra_credit = 0.5")
                    database.execute("update comment set manual_comment = 'well said'")
                for name in ("jonas", "mei", "nadia", "omar"):  # not again: what is entered of them stays
                    shutil.rmtree(course.root / "submitted" / name)
    assert {row[3] for row in tables(ours)["grades"]} == {1.5}
