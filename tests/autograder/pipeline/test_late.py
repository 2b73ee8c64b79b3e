"""Due dates and penalties: two settings in one file, refused by name when they are wrong."""

import sqlite3
from datetime import datetime
from pathlib import Path

import pytest
from faults import downhill, refused
from traitlets import TraitError
from traitlets.config import Config

from autograder.demo.play import LESSON, SUBMISSIONS, hand_in
from autograder.pipeline.grade import api_for, new_course
from autograder.pipeline.late import DAY, Late, instant


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-12-01 23:59", datetime(2026, 12, 1, 23, 59)),
        ("2026-12-01 23:59 Europe/Berlin", datetime(2026, 12, 1, 22, 59)),
        ("2026-07-01 23:59 Europe/Berlin", datetime(2026, 7, 1, 21, 59)),
        ("2026-12-01 23:59:30 +0530", datetime(2026, 12, 1, 18, 29, 30)),
    ],
)
def test_a_due_date_is_one_instant(text: str, utc: datetime) -> None:
    assert instant(text) == utc


@pytest.mark.parametrize("text", ["2026-12-01", "tomorrow", "2026-13-01 00:00", "2026-12-01 23:59 Nowhere/City", ""])
def test_what_is_no_due_date_is_refused(text: str) -> None:
    with pytest.raises(TraitError, match=r"06_momentum: .* is no due date; expected one like"):
        Late(config=Config({"Late": {"due": {LESSON: text}}}))


@pytest.mark.parametrize(
    ("per_day", "late", "off"), [(0.0, DAY, None), (0.1, 1, 1.0), (0.1, DAY + 1, 2.0), (0.5, 9 * DAY, 10.0)]
)
def test_each_day_begun_costs_its_share(per_day: float, late: float, off: float | None) -> None:
    found = Late(config=Config({"Late": {"per_day": per_day}})).late_submission_penalty("ada", 10.0, late)
    assert found == (off if off is None else pytest.approx(off))


def test_a_share_above_one_is_refused() -> None:
    with pytest.raises(TraitError, match="expected a share from 0 to 1"):
        Late(config=Config({"Late": {"per_day": 10}}))


@pytest.mark.slow
def test_a_lesson_has_its_due_date_once_it_is_generated(handed_in: Path) -> None:
    assert api_for(handed_in).get_assignment(LESSON)["display_duedate"] == "2026-01-01 00:00:00 UTC"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("c.Late.due = {'06_momentun': '2026-12-01 23:59'}", "names the lesson '06_momentun'; there are: 01_loss"),
        (f"c.Late.due = {{'{LESSON}': 'soon'}}", "'soon' is no due date"),
        ("c.Late.per_day = 10", "expected a share from 0 to 1"),
    ],
)
def test_a_wrong_setting_stops_the_grading_in_one_line(setting: str, told: str, handed_in: Path) -> None:
    config = handed_in / "nbgrader_config.py"
    before = config.read_text()
    config.write_text(f"{before}\n{setting}\n")
    refused(downhill("grade", LESSON, "--course", handed_in), told)
    config.write_text(before)


@pytest.mark.slow
def test_the_table_says_what_is_taken_off(handed_in: Path) -> None:
    done = downhill("grade", LESSON, "--course", handed_in, "--no-feedback")
    assert done.returncode == 0, done.stderr
    assert "2 points are taken off" in " ".join(done.stdout.split())
    with sqlite3.connect(handed_in / "gradebook.db") as database:
        assert database.execute("select late_submission_penalty from submitted_notebook").fetchall() == [(2.0,)]


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with a due date, and one submission, ten hours late."""
    course = new_course(tmp_path_factory.mktemp("late") / "course")
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write(f"c.Late.due = {{'{LESSON}': '2026-01-01 00:00'}}\nc.Late.per_day = 0.25\n")
    assert api_for(course.root).generate_assignment(LESSON)["success"]
    hand_in(course.root, course.released(LESSON), SUBMISSIONS / "ada.py")
    (course.root / "submitted" / "ada" / LESSON / "timestamp.txt").write_text("2026-01-01 10:00:00 UTC")
    return course.root
