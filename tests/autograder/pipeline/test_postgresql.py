"""A gradebook on a PostgreSQL server instead of in a file."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from faults import downhill, refused
from nbgrader.api import Gradebook

from autograder.demo.play import LESSON, SUBMISSIONS, hand_in
from autograder.pipeline.grade import api_for, grade, new_course

FOUND = [shutil.which("initdb"), *sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
INITDB = next((Path(path) for path in FOUND if path), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(INITDB is None, reason="needs PostgreSQL's server (apt install postgresql)"),
    pytest.mark.skipif(find_spec("psycopg2") is None, reason="needs psycopg2 (pip install psycopg2-binary)"),
    pytest.mark.filterwarnings("ignore:Object of type <Submitted"),
]


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """A server of its own on a socket in a folder of its own: the gradebook's address, the command that stops it."""
    assert INITDB is not None
    other = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}  # it refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if other:
        shutil.chown(folder, **other)
    control = [str(INITDB.resolve().with_name("pg_ctl")), "-D", str(folder / "data"), "-w", "-s"]
    stop = [*control, "-m", "immediate", "stop"]

    def run(command: list[str]) -> None:
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, **other)

    try:
        run([str(INITDB), "-D", str(folder / "data"), "-U", "teacher", "-A", "trust", "--no-sync"])
        run([*control, "-o", f"-k {folder} -c listen_addresses='' -c fsync=off", "-l", str(folder / "log"), "start"])
        yield f"postgresql+psycopg2://teacher@/postgres?host={folder}", stop
    finally:
        subprocess.run(stop, check=False, cwd=folder, stderr=subprocess.DEVNULL, **other)
        shutil.rmtree(folder)


def test_a_class_in_postgresql(server: tuple[str, list[str]], tmp_path: Path) -> None:
    url, stop = server
    course = new_course(tmp_path / "course")
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write(f"c.CourseDirectory.db_url = {url!r}\n")
    assert api_for(course.root).generate_assignment(LESSON)["success"]
    for name in ("ada", "dmitri"):
        hand_in(course.root, course.released(LESSON), SUBMISSIONS / f"{name}.py")
    report = grade(LESSON, course, 2)
    assert {row.student: row.points for row in report.students} == {"ada": 8.0, "dmitri": 5.0}
    assert not [row.problem for row in report.students if row.problem]
    with Gradebook(url) as gradebook:
        scores = {s.student.id: s.score for s in gradebook.assignment_submissions(LESSON)}
    assert scores == {"ada": 8.0, "dmitri": 5.0}
    assert not (course.root / "gradebook.db").exists()
    assert (course.root / "feedback" / "dmitri" / LESSON / f"{LESSON}.html").is_file()
    other = {"user": "postgres"} if os.geteuid() == 0 else {}
    subprocess.run(stop, check=True, cwd="/tmp", **other)
    refused(downhill("grade", LESSON, "--course", course.root), "cannot be reached", "Start its server")
