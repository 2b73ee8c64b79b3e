"""Processes that end before their time: the grader, a worker, a machine of a cluster. Nobody's points change."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from faults import copied, die_for_ada, downhill, refused, released_course

from autograder.bench.grading import fill
from autograder.demo.play import LESSON, SUBMISSIONS, hand_in
from autograder.pipeline import grade as grading
from autograder.pipeline.course import CourseFolder
from autograder.pipeline.grade import grade

POINTS = {"ada": 8.0, "boris": 8.0, "dmitri": 5.0, "elena": 5.0, "hana": 6.5, "jonas": 0.0}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> CourseFolder:
    course = released_course(tmp_path_factory.mktemp("ends") / "course")
    for name in POINTS:
        hand_in(course.root, course.released(LESSON), SUBMISSIONS / f"{name}.py")
    course.secret()
    return course


@pytest.fixture
def course(handed_in: CourseFolder, tmp_path: Path) -> CourseFolder:
    return copied(handed_in, tmp_path / "course")


def start(course: CourseFolder, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "autograder", "grade", LESSON, "--course", str(course.root), "--no-feedback"]
    return subprocess.Popen(
        [*command, "--workers", "2", *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's `&` has it ignored
    )


def cached(course: CourseFolder) -> dict[str, int]:
    """The cached runs, and when each was written: one that is run again is written again."""
    return {path.name: path.stat().st_mtime_ns for path in course.runs.glob("*.json")}


def wait_for(true: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def points(course: CourseFolder) -> dict[str, float]:
    return {row.student: row.points for row in grade(LESSON, course, 2, feedback=False).students}


def kill_when_cached(course: CourseFolder, runs: int, seconds: float = 0.0) -> None:
    """Start a grader and kill it when so many runs are in the cache, or later; nothing of it may live on."""
    grader = start(course)
    wait_for(lambda: len(cached(course)) >= runs or grader.poll() is not None)
    time.sleep(seconds)
    below = psutil.Process(grader.pid).children(recursive=True) if grader.poll() is None else []
    before = cached(course)
    grader.kill()
    grader.communicate()
    _, alive = psutil.wait_procs(below, timeout=20)
    assert not alive, "a process outlives its grader"
    assert cached(course).items() >= before.items()


def test_a_grader_killed_at_many_moments(course: CourseFolder) -> None:
    kill_when_cached(course, 0, 1.5)  # while all is still starting
    for runs in (2, 5):
        kill_when_cached(course, runs)
    before = cached(course)
    assert before
    assert points(course) == POINTS
    after = cached(course)
    assert after.items() >= before.items(), "what was in the cache was run again"
    assert len(after) == len(POINTS)


@pytest.mark.skipif("DOWNHILL_KILLS" not in os.environ, reason="takes minutes; DOWNHILL_KILLS=10 asks for ten")
def test_a_grader_killed_at_random_moments(tmp_path: Path) -> None:
    fill(tmp_path / "course", 40)
    course = CourseFolder(tmp_path / "course")
    course.secret()
    expected = points(copied(course, tmp_path / "in_peace"))
    assert len(set(expected.values())) > 2
    seed = random.randrange(10**6)
    print("random moments of seed", seed)
    chance = random.Random(seed)
    for _ in range(int(os.environ["DOWNHILL_KILLS"])):
        more = chance.randrange(4)  # none: somewhere between its start and its first result
        kill_when_cached(course, len(cached(course)) + more, chance.uniform(0, 0.5 if more else 5))
    before = cached(course)
    assert 0 < len(before) < 40, "none of them came too late"
    assert points(course) == expected
    after = cached(course)
    assert after.items() >= before.items(), "what was in the cache was run again"
    assert len(after) == 40


def test_ctrl_c_and_on_from_there(course: CourseFolder) -> None:
    grader = start(course)
    wait_for(lambda: cached(course))
    grader.send_signal(signal.SIGINT)
    _, told = grader.communicate(timeout=60)
    assert grader.returncode == 130
    assert "what was graded is kept, and the next run goes on from there" in told
    assert "Traceback" not in told
    before = cached(course)
    assert points(course) == POINTS
    assert cached(course).items() >= before.items()


def test_a_killed_worker_is_replaced(course: CourseFolder) -> None:
    killed = []

    def kill_one(student: str, done: int, total: int) -> None:
        if not killed:
            workers = [
                p for c in psutil.Process().children() for p in c.children() if "forkserver" in "".join(p.cmdline())
            ]
            killed.append(workers[-1].pid)
            workers[-1].kill()

    monkey = pytest.MonkeyPatch()
    monkey.setattr(grading, "BATCH", 1)
    try:
        report = grade(LESSON, course, 2, kill_one, feedback=False)
    finally:
        monkey.undo()
    assert killed
    assert {row.student: row.points for row in report.students} == POINTS
    assert not [row.problem for row in report.students if row.problem]


def test_a_submission_that_ends_its_worker_twice_is_told(course: CourseFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading, "work", die_for_ada)
    report = grade(LESSON, course, 2, feedback=False)
    problems = {row.student: row.problem for row in report.students}
    assert problems.pop("ada") == "the process that ran it died twice"
    assert not any(problems.values())
    assert {row.student: row.points for row in report.students} == POINTS | {"ada": 0.0}


@pytest.fixture
def cluster() -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers on this machine, as `dask scheduler` and `dask worker` start them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    dask = [sys.executable, "-m", "dask"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(subprocess.Popen([*dask, *words, "--no-dashboard"], **quiet))
            for words in (
                ["scheduler", "--host", address],
                *[["worker", address, "--nthreads", "1", "--no-nanny"]] * 2,
            )
        ]
        yield address, processes
        for process in processes:
            process.kill()


def test_a_cluster_of_which_a_worker_is_killed(
    course: CourseFolder, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    address, (_, _, victim) = cluster
    import distributed

    with distributed.Client(address, timeout=30) as client:
        client.wait_for_workers(2, timeout=60)
    grader = start(course, "--scheduler", address, "--json")
    wait_for(lambda: psutil.Process(victim.pid).children())  # its sandbox: it is at work
    victim.kill()
    printed, told = grader.communicate(timeout=120)
    assert grader.returncode == 0, told
    assert f'"student": "ada", "points": {POINTS["ada"]}' in printed
    before = cached(course)
    assert len(before) == len(POINTS)
    assert points(course) == POINTS
    assert cached(course) == before, "what a cluster ran is in the cache"


def test_no_cluster_where_one_was_named(course: CourseFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.pipeline.pool.SECONDS_TO_CONNECT", 1)
    words = ("grade", LESSON, "--course", course.root, "--scheduler")
    refused(downhill(*words, "tcp://127.0.0.1:1"), "there is no Dask scheduler at tcp://127.0.0.1:1", "dask scheduler")
    refused(downhill(*words, "nowhere://x"), "there is no Dask scheduler at nowhere://x")
    monkeypatch.setitem(sys.modules, "distributed", None)
    refused(downhill(*words, "tcp://127.0.0.1:1"), "pip install 'downhill-course[cluster]'")
