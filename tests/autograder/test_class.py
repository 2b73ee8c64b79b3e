"""After a grading: the class's page, records, exports; on a class made from known forms, so that nothing runs."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from autograder.bench.made_class import LESSON, make_class
from autograder.cli import app
from autograder.errors import BadTable, NoRecord
from autograder.feedback.class_page import Cell, ClassReport, Mistake, Row, render
from autograder.feedback.student_page import Line, Summary, with_summary
from autograder.pipeline import export
from autograder.pipeline.class_report import write_class_page
from autograder.pipeline.course import CourseFolder
from autograder.pipeline.records import explain, regrade

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"
LIVE = re.compile(r"<script\b|<img src=x|onerror=\"?alert\(1\)>(?!&)", re.IGNORECASE)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> CourseFolder:
    return make_class(tmp_path_factory.mktemp("class") / "course", 7, ("Doe, Jane", "=cmd|'C calc'!A0"))


def report_of(text: str) -> ClassReport:
    row = Row(text, 1.0, {text: Cell(f"mistake: {text}", 0.5)}, "", 1.0, (text,), (text,), True, text)
    mistake = Mistake(text, text, (text,), (text,), "", text)
    return ClassReport(text, 2.0, {text: 2.0}, (row,), (text,), (mistake,))


def test_hostile_text_is_text_on_both_pages() -> None:
    page = render(report_of(HOSTILE))
    assert "owned" in page
    assert not LIVE.search(page)
    line = Line(HOSTILE, HOSTILE, 0.0, 1.0, HOSTILE, HOSTILE)
    student = with_summary("<html><head></head><body></body></html>", Summary(HOSTILE, 0.0, 1.0, 0.0, (line,)))
    assert "owned" in student
    assert not LIVE.search(student)


def test_the_students_page_says_where_to_begin_and_has_no_scripts() -> None:
    lines = (
        Line("a", "check_a", 2.0, 2.0, "a: right."),
        Line("b", "check_b", 0.0, 2.0, "b: not right yet.", "Uphill."),
    )
    old = "<html><head><script src='https://elsewhere/x.js'></script></head><body class='x'><p>Cells</p></body></html>"
    page = with_summary(old, Summary("06_momentum", 2.0, 4.0, 0.0, lines))
    assert "<script" not in page
    assert "elsewhere" not in page
    assert page.index("2 of 4 points") < page.index('href="#check_b">b: not right yet.') < page.index("<p>Cells</p>")
    assert 'name="viewport"' in page


@pytest.mark.slow
def test_the_page_has_everybody_and_an_example_of_each_mistake(course: CourseFolder) -> None:
    page = write_class_page(course, lesson=LESSON).read_text()
    assert "Doe, Jane" in page
    assert "absent" in page
    assert page.count("data:image/png;base64,") >= 3
    assert page.count("<article>") == len(re.findall(r'<tr><td>[^<]+</td><td>\w+</td><td class="number">', page))
    hidden = write_class_page(course, lesson=LESSON, anonymous=True).read_text()
    assert "Doe" not in hidden
    assert "student003" not in hidden


@pytest.mark.slow
def test_judging_again_changes_nothing_until_a_verdict_would(course: CourseFolder) -> None:
    assert (regrade(LESSON, course).changes, regrade(LESSON, course).judged) == ((), 7)
    path = course.hidden / "records" / LESSON / "student003.json"
    record = json.loads(path.read_text())
    before = path.read_text()
    record["verdicts"]["momentum_step"] |= {"label": "unknown", "fraction": 0.25, "name": ""}
    path.write_text(json.dumps(record))
    (change,) = regrade(LESSON, course).changes
    assert (change.student, change.exercise, change.before) == ("student003", "momentum_step", "unknown")
    assert "now another verdict; recorded was unknown" in explain("student003", LESSON, course)
    path.write_text(before)
    assert "[as recorded]" in explain("student003", LESSON, course)
    with pytest.raises(NoRecord, match="there is no record of 'nobody'"):
        explain("nobody", LESSON, course)
    (course.hidden / "runs" / "run3.json").rename(course.hidden / "runs" / "away")
    assert regrade(LESSON, course).left_out == {"student003": "the run is not kept"}
    (course.hidden / "runs" / "away").rename(course.hidden / "runs" / "run3.json")


@pytest.mark.slow
def test_exports_are_quoted_and_no_cell_is_a_formula(course: CourseFolder, tmp_path: Path) -> None:
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        gradebook.update_or_create_student("student003", first_name="=1+1", last_name='Doe, "J"', email="@x")
    for made in (export.nbgrader(LESSON, course), export.moodle(LESSON, course)):
        rows = list(csv.reader(made.splitlines(keepends=True)))
        assert {len(row) for row in rows} == {len(rows[0])}
        assert len(rows) == 9
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@"))]
    canvas = tmp_path / "canvas.csv"
    head = f"Student,ID,SIS Login ID,Section,{LESSON} (12),Other (3)"
    canvas.write_text(f'{head}\n    Points Possible,,,,10,5\n"Doe, Jane",1,student003,A,,4\n')
    filled = list(csv.reader(export.canvas(LESSON, course, canvas).splitlines()))
    assert filled[2] == ["Doe, Jane", "1", "student003", "A", "0", "4"]
    assert filled[1][4] == "10"
    canvas.write_text("Student,ID\nA,1\n")
    with pytest.raises(BadTable, match="expected one, as Canvas names it"):
        export.canvas(LESSON, course, canvas)


@pytest.mark.slow
def test_the_commands(course: CourseFolder) -> None:
    words = (["report"], ["regrade", "--dry-run"], ["export", "--format", "moodle"], ["similar"])
    for command, *options in words:
        done = CliRunner().invoke(app, [command, LESSON, "--course", str(course.root), *options])
        assert done.exit_code == 0, done.output
    done = CliRunner().invoke(app, ["explain", "student003", LESSON, "--course", str(course.root)])
    assert "judged with downhill" in done.output
