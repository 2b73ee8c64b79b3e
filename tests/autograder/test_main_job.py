"""The main job as an instructor runs it: the demonstration, stock nbgrader beside it, pages, bad input."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from faults import downhill, nbgrader
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from autograder.demo.play import LESSON, SUBMISSIONS, answer, hand_in, read_sample
from autograder.errors import DownhillError
from autograder.pipeline.course import CourseFolder
from autograder.pipeline.grade import Report, api_for, grade, new_course

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"
ATTACKS = Path(__file__).parent.parent / "attacks"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_demonstration(tmp_path: Path) -> None:
    done = downhill("demo", "--out", tmp_path / "course", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result.keys() == {
        "lesson",
        "max_points",
        "students",
        "seconds",
        "points_seconds",
        "stages",
        "report",
        "isolation",
    }
    assert Path(result["report"]).is_file()
    rows = {row["student"]: row for row in result["students"]}
    assert rows.keys() == {path.stem for path in SUBMISSIONS.glob("*.py")}
    for row in rows.values():
        kind, _, name = row["kind"].partition(": ")
        if kind == "honest" or "check cell" in kind:
            assert row["points"] == result["max_points"], row
        elif kind == "mistake":
            assert f"mistake: {name}" in row["verdicts"].values(), row
            assert row["points"] < result["max_points"]
        elif kind in ("blank", "tampers", "not a notebook"):
            assert row["points"] == 0, row
    assert rows["kira"]["verdicts"]["fastest_momentum"] == "time"
    assert rows["luis"]["points"] == 3
    assert (tmp_path / "course" / "feedback" / "dmitri" / LESSON / f"{LESSON}.html").is_file()
    assert (tmp_path / "course" / f"{LESSON}.csv").read_text().count("\n") == len(rows) + 1


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[CourseFolder, Report]:
    folder = tmp_path_factory.mktemp("grading") / "course"
    course = new_course(folder)
    assert api_for(folder).generate_assignment(LESSON)["success"]
    released = course.released(LESSON)
    for name in ("ada", "dmitri", "hana", "nadia"):
        hand_in(folder, released, SUBMISSIONS / f"{name}.py")
    shortcut = json.loads((ATTACKS / "torch_optim_inside.ipynb").read_text())["cells"][1]["source"]
    helped = answer(released, {"momentum_step": "".join(shortcut)})
    (folder / "submitted" / "helped" / LESSON).mkdir(parents=True)
    nbformat.write(helped, folder / "submitted" / "helped" / LESSON / f"{LESSON}.ipynb")
    hostile = answer(released, read_sample((SUBMISSIONS / "ada.py").read_text())[1])
    show = f"from IPython.display import HTML, display\ndisplay(HTML({HOSTILE!r}))\nprint({HOSTILE!r})\n1 / 0"
    hostile.cells += [
        new_code_cell(show, id="show"),
        new_markdown_cell(HOSTILE, id="text"),
        new_raw_cell(HOSTILE, id="raw"),
    ]
    other = folder / "submitted" / "renamed" / LESSON
    other.mkdir(parents=True)
    nbformat.write(hostile, other / f"{LESSON} (1).ipynb")
    (other / "data.csv").symlink_to("/etc/passwd")
    (folder / "submitted" / "empty" / LESSON).mkdir(parents=True)
    return course, grade(LESSON, course)


@pytest.mark.slow
def test_everybody_has_points_and_reasons(graded: tuple[CourseFolder, Report]) -> None:
    _, report = graded
    assert {row.student: row.points for row in report.students} == {
        "ada": 8.0,
        "dmitri": 5.0,
        "empty": 0.0,
        "hana": 6.5,
        "helped": 0.0,
        "nadia": 0.0,
        "renamed": 8.0,
    }
    notes = {row.student: " ".join(row.notes) for row in report.students}
    assert "no notebook" in notes["empty"]
    assert "(1).ipynb was taken" in notes["renamed"]
    assert "link data.csv was removed" in notes["renamed"]


@pytest.mark.slow
def test_stock_nbgrader_gives_the_same_points(graded: tuple[CourseFolder, Report]) -> None:
    course, report = graded
    nbgrader(course.root, "autograde", LESSON, "--force")
    query = "select s.student_id, sum(g.auto_score) from grade g join submitted_notebook n on g.notebook_id = n.id "
    query += "join submitted_assignment s on n.assignment_id = s.id group by s.student_id"
    with sqlite3.connect(course.root / "gradebook.db") as database:
        points = dict(database.execute(query).fetchall())
    assert points == {row.student: row.points for row in report.students}
    nbgrader(course.root, "generate_feedback", LESSON, "--force")
    nbgrader(course.root, "export")
    assert (course.root / "grades.csv").read_text().count("\n") > len(points)


@pytest.mark.slow
def test_a_shortcut_waits_for_a_person(graded: tuple[CourseFolder, Report]) -> None:
    course, report = graded
    notes = {row.student: " ".join(row.notes) for row in report.students}
    assert "torch.optim.SGD" in notes["helped"]
    query = "select s.student_id, b.name, g.auto_score from grade g join base_cell b on g.cell_id = b.id "
    query += "join submitted_notebook n on g.notebook_id = n.id join submitted_assignment s on n.assignment_id = s.id "
    query += "where g.needs_manual_grade and b.name like 'check_%'"
    with sqlite3.connect(course.root / "gradebook.db") as database:
        waiting = database.execute(query).fetchall()
    assert waiting == [("helped", "check_momentum_step", 0.0)]


@pytest.mark.slow
def test_nothing_a_student_shows_is_live_html(graded: tuple[CourseFolder, Report]) -> None:
    course, _ = graded
    page = (course.root / "feedback" / "renamed" / LESSON / f"{LESSON}.html").read_text()
    assert "owned" in page
    assert "<script>document.title" not in page
    assert "<img src=x" not in page
    assert 'onerror="' not in page
    assert "<details>" in page  # the lesson's own HTML stays


@pytest.mark.slow
def test_a_verdict_is_in_the_feedback_page(graded: tuple[CourseFolder, Report]) -> None:
    course, _ = graded
    page = (course.root / "feedback" / "dmitri" / LESSON / f"{LESSON}.html").read_text()
    assert "exactly plain gradient descent" in page


@pytest.mark.slow
def test_bad_calls_are_told_and_lose_nothing(graded: tuple[CourseFolder, Report], tmp_path: Path) -> None:
    course, _ = graded
    with pytest.raises(DownhillError, match="there is no lesson '99_none' in this course; there are: "):
        grade("99_none", course)
    with pytest.raises(DownhillError, match="has not been released: run `nbgrader generate_assignment"):
        grade("02_gradient_descent", course)
    with pytest.raises(DownhillError, match="is not a course folder"):
        CourseFolder(tmp_path)
    with pytest.raises(DownhillError, match="is not empty"):
        new_course(course.root)
    before = (course.root / "gradebook.db").read_bytes()
    with sqlite3.connect(course.root / "gradebook.db") as database:
        database.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DownhillError, match="cannot be written"):
            grade(LESSON, course)
    database.close()
    assert (course.root / "gradebook.db").read_bytes() == before


@pytest.mark.slow
def test_check_without_anything_to_check(tmp_path: Path) -> None:
    words = [Path(sys.executable).parent / "downhill", "check", tmp_path / "nothing.ipynb"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no such file" in done.stdout
    assert "Traceback" not in done.stderr
