"""What the tests of faults share: the command, what it says, and what the gradebook holds."""

import contextlib
import io
import os
import shutil
import sqlite3
import subprocess
import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from nbgrader.apps.nbgraderapp import NbGraderApp

from autograder.cli import main
from autograder.demo.play import LESSON, SUBMISSIONS, hand_in
from autograder.pipeline import grade as grading
from autograder.pipeline.course import CourseFolder
from autograder.pipeline.grade import api_for, grade, new_course
from autograder.pipeline.unit import Done, Unit


def downhill(*words: object) -> subprocess.CompletedProcess[str]:
    """The command in this process: a process of its own would spend seconds on importing torch."""
    out, err = io.StringIO(), io.StringIO()
    argv, sys.argv = sys.argv, ["downhill", *map(str, words)]
    try:
        with redirect_stdout(out), redirect_stderr(err), warnings.catch_warnings():
            main()
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    finally:
        sys.argv = argv
    return subprocess.CompletedProcess(["downhill", *map(str, words)], code, out.getvalue(), err.getvalue())


def nbgrader(folder: Path, *words: str) -> None:
    """Stock nbgrader's command in this process, as `downhill` above."""
    with contextlib.chdir(folder):
        app = NbGraderApp()
        try:
            app.initialize(list(words))
            app.subapp.start()
        finally:
            type(app.subapp).clear_instance()


def refused(done: subprocess.CompletedProcess[str], *told: str) -> None:
    """It ended with exit code 2, one line on standard error with these words, and no traceback."""
    assert done.returncode == 2, done
    assert "Traceback" not in done.stderr + done.stdout
    line = done.stderr[done.stderr.rindex("downhill: ") :]
    assert line.count("\n") == 1
    for part in told:
        assert part in line


def rows(course: CourseFolder, *students: str) -> list[Any]:
    """Every score the gradebook holds of these students; of all, if none is named."""
    query = "select s.student_id, b.name, g.auto_score, g.manual_score, g.extra_credit "
    query += "from grade g join base_cell b on g.cell_id = b.id join submitted_notebook n on g.notebook_id = n.id "
    query += "join submitted_assignment s on n.assignment_id = s.id order by 1, 2"
    with sqlite3.connect(course.root / "gradebook.db") as database:
        found = database.execute(query).fetchall()
    return [row for row in found if not students or row[0] in students]


def released_course(folder: Path) -> CourseFolder:
    made = new_course(folder)
    assert api_for(folder).generate_assignment(LESSON)["success"]
    return made


def graded_course(folder: Path) -> CourseFolder:
    """A course in which one student is graded, with points given by hand."""
    made = released_course(folder)
    hand_in(made.root, made.released(LESSON), SUBMISSIONS / "dmitri.py")
    grade(LESSON, made)
    with api_for(made.root).gradebook as gradebook:
        gradebook.find_grade("answer_momentum", LESSON, LESSON, "dmitri").manual_score = 1.5
        gradebook.db.commit()
    return made


def die_for_ada(unit: Unit) -> Done:
    """A worker's work, of which one student's submission is the worker's end."""
    if unit.student == "ada":
        os._exit(1)
    return grading.work(unit)


def copied(course: CourseFolder, folder: Path) -> CourseFolder:
    """A copy of a course that a test may break."""
    shutil.copytree(course.root, folder)
    return CourseFolder(folder)
