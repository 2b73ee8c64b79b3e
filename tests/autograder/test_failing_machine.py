"""A gradebook or a disk that cannot be written: told in one line, nothing is lost, and the next run goes on."""

import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from faults import downhill, graded_course, refused, released_course, rows

from autograder.demo.play import LESSON, SUBMISSIONS, hand_in
from autograder.errors import DiskFull, NoGradebook
from autograder.pipeline import grade as grading
from autograder.pipeline import writable
from autograder.pipeline.course import CourseFolder
from autograder.pipeline.grade import grade, new_course
from autograder.pipeline.writable import check_file, check_writable


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> CourseFolder:
    return graded_course(tmp_path_factory.mktemp("failing-machine") / "course")


@pytest.fixture
def unchanged(course: CourseFolder) -> Iterator[CourseFolder]:
    """The course; afterwards the gradebook must be what it was, byte for byte."""
    before = (course.root / "gradebook.db").read_bytes()
    yield course
    assert (course.root / "gradebook.db").read_bytes() == before


@pytest.mark.slow
def test_a_locked_gradebook(unchanged: CourseFolder) -> None:
    database = sqlite3.connect(unchanged.root / "gradebook.db")
    database.execute("BEGIN EXCLUSIVE")
    try:
        refused(downhill("grade", LESSON, "--course", unchanged.root), "database is locked", "Close the program")
    finally:
        database.close()


@pytest.mark.slow
def test_a_read_only_gradebook(unchanged: CourseFolder) -> None:
    path = unchanged.root / "gradebook.db"
    path.chmod(0o444)
    try:
        refused(
            downhill("grade", LESSON, "--course", unchanged.root), "it is read-only", "make it and its folder writable"
        )
    finally:
        path.chmod(0o644)


def test_a_gradebook_that_is_none(tmp_path: Path) -> None:
    made = new_course(tmp_path / "course")
    with pytest.raises(NoGradebook, match=r"there is no gradebook .*nbgrader generate_assignment"):
        check_file(made.root / "gradebook.db")
    (made.root / "gradebook.db").write_text("student,points\nada,8\n" * 100)
    with pytest.raises(NoGradebook, match=r"is not a gradebook \(file is not a database\); expected"):
        check_file(made.root / "gradebook.db")
    assert "ada,8" in (made.root / "gradebook.db").read_text()


@pytest.mark.slow
def test_looking_at_the_gradebook_changes_no_byte(unchanged: CourseFolder) -> None:
    check_file(unchanged.root / "gradebook.db")
    assert not list(unchanged.root.glob("gradebook.db-*"))


@pytest.mark.slow
def test_a_disk_that_is_nearly_full_is_refused(unchanged: CourseFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writable, "FREE_BYTES", 10**18)
    with pytest.raises(DiskFull, match=r"MB free; grading needs at least .* Free some room and grade again"):
        check_writable(unchanged, f"sqlite:///{unchanged.root}/gradebook.db")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 40 MB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small disk of its own needs the right to mount: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return filler


@pytest.mark.slow
def test_a_full_disk_loses_nothing_and_the_next_run_goes_on(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = released_course(small_disk / "course")
    released = made.released(LESSON)
    hand_in(made.root, released, SUBMISSIONS / "dmitri.py")
    first = grade(LESSON, made, feedback=False)
    before, table = rows(made), (made.root / f"{LESSON}.csv").read_text()
    hand_in(made.root, released, SUBMISSIONS / "ada.py")

    filler = fill(small_disk)
    refused(downhill("grade", LESSON, "--course", made.root), "0.0 MB free", "Free some room", "nothing was changed")
    assert rows(made) == before

    # as if the disk filled up while the class is graded
    monkeypatch.setattr(grading, "check_writable", lambda *where: None)
    with pytest.raises((DiskFull, OSError), match=r"disk is full|No space left on device"):
        grade(LESSON, made)
    assert rows(made, "dmitri") == before
    assert (made.root / f"{LESSON}.csv").read_text() == table

    filler.unlink()
    points = {row.student: row.points for row in grade(LESSON, made, feedback=False).students}
    assert points == {"ada": 8.0, "dmitri": first.students[0].points}
    assert rows(made, "dmitri") == before


@pytest.mark.slow
def test_a_gradebook_locked_on_the_way(course: CourseFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rows(course, "dmitri")
    database = sqlite3.connect(course.root / "gradebook.db")
    monkeypatch.setattr(grading, "check_writable", lambda *where: database.execute("BEGIN EXCLUSIVE"))
    try:
        with pytest.raises(NoGradebook, match=r"0 of 1 submissions are graded and kept.*it goes on from there"):
            grade(LESSON, course)
    finally:
        database.close()
    assert rows(course, "dmitri") == before
    monkeypatch.undo()
    assert [row.problem for row in grade(LESSON, course).students] == [""]
    assert rows(course, "dmitri") == before
    nbformat.read(course.root / "autograded" / "dmitri" / LESSON / f"{LESSON}.ipynb", as_version=4)
