"""The sandbox's template is killed in mid-run: every student has exactly the right points."""

import os
import signal
import threading
from pathlib import Path

import pytest
from faults import released_course

from autograder.demo.play import LESSON, SUBMISSIONS, hand_in
from autograder.pipeline.course import CourseFolder
from autograder.pipeline.grade import grade
from autograder.sandbox import bubblewrap

POINTS = {"ada": 8.0, "dmitri": 5.0, "hana": 6.5, "nadia": 0.0}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(bubblewrap.unavailable()), reason=bubblewrap.unavailable() or "bubblewrap works"),
]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> CourseFolder:
    made = released_course(tmp_path_factory.mktemp("killed") / "course")
    for name in POINTS:
        hand_in(made.root, made.released(LESSON), SUBMISSIONS / f"{name}.py")
    return made


def below(process: int) -> list[tuple[int, str]]:
    """The processes that descend from one, with their command lines."""
    found = []
    for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        try:
            command = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
            found += [(int(child), command), *below(int(child))]
        except OSError:
            continue
    return found


def kill_the_template(stop: threading.Event, killed: list[str]) -> None:
    """Kill the template below this process once it has forked."""
    while not killed and not stop.wait(0.02):
        for process, command in below(os.getpid()):
            if "autograder.kernel.template" in command and not command.startswith("bwrap") and below(process):
                os.kill(process, signal.SIGKILL)
                killed.append(command)
                break


def test_a_template_that_is_killed_is_replaced(course: CourseFolder) -> None:
    stop, killed = threading.Event(), list[str]()
    thread = threading.Thread(target=kill_the_template, args=(stop, killed))
    thread.start()
    try:
        report = grade(LESSON, course, workers=1)
    finally:
        stop.set()
        thread.join()
    assert killed
    assert {row.student: row.points for row in report.students} == POINTS
    assert [row.problem for row in report.students] == [""] * len(POINTS)
