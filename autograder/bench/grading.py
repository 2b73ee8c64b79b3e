"""How fast a class is graded, against stock nbgrader on the same submissions in the same round."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from autograder.demo.play import LESSON, SUBMISSIONS, answer, read_sample
from autograder.errors import DownhillError
from autograder.pipeline.grade import api_for, grade, new_course

STOCK = "c = get_config()\nc.CourseDirectory.course_id = 'downhill'\n"


@dataclass(frozen=True)
class Timed:
    """The figures of `bench_grading`; times in seconds.

    Attributes:
        submissions: how many were graded by Downhill.
        ours: from the command's start to its end, feedback pages included.
        ours_again: the same with every run in the cache.
        stock_submissions: how many were graded by stock nbgrader.
        stock: `nbgrader autograde` over them, without feedback pages.
        ratio: stock's time per submission over ours.
        peak_mb: the largest resident memory of this process or one of its workers, in MB.
        isolation: how students' code was kept apart.
    """

    submissions: int
    ours: float
    ours_again: float
    stock_submissions: int
    stock: float
    ratio: float
    peak_mb: float
    isolation: str

    def to_json(self) -> dict[str, Any]:
        """As the line of `--json`."""
        return {name: round(v, 3) if isinstance(v, float) else v for name, v in vars(self).items()}

    def text(self) -> str:
        """As a person reads it."""
        each, stock_each = self.ours / self.submissions, self.stock / self.stock_submissions
        return "\n".join(
            [
                f"downhill grade: {self.submissions} submissions in {self.ours:.1f} s ({each:.3f} s each, feedback "
                f"pages included, isolation {self.isolation}); again from the cache: {self.ours_again:.1f} s",
                f"stock nbgrader autograde: {self.stock_submissions} in {self.stock:.1f} s ({stock_each:.2f} s each)",
                f"ratio: {self.ratio:.1f} times; largest process: {self.peak_mb:.0f} MB",
            ]
        )


def bench_grading(submissions: int, stock_submissions: int, workers: int | None, isolation: str | None) -> Timed:
    """Grade a class twice with Downhill, and a part of it with stock nbgrader.

    Args:
        submissions: how many students the class has; their notebooks are the demonstration's honest and mistaken ones.
        stock_submissions: how many of them stock nbgrader grades, one after another as it does.
        workers: as for `downhill grade`.
        isolation: as for `downhill grade`.

    Raises:
        DownhillError: if nbgrader cannot grade.
    """
    with tempfile.TemporaryDirectory(prefix="downhill-bench-") as folder:
        ours, stock = Path(folder, "ours"), Path(folder, "stock")
        fill(ours, submissions)
        fill(stock, stock_submissions)
        (stock / "nbgrader_config.py").write_text(STOCK)
        from autograder.pipeline.course import CourseFolder

        course = CourseFolder(ours)
        first, report = _seconds(lambda: grade(LESSON, course, workers, isolation=isolation))
        again, _ = _seconds(lambda: grade(LESSON, course, workers, isolation=isolation))
        theirs, done = _seconds(lambda: _stock(stock))
        if done.returncode != 0:
            raise DownhillError(f"stock nbgrader could not grade: {done.stderr[-500:]}")
    usage = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    ratio = (theirs / stock_submissions) / (first / submissions)
    return Timed(submissions, first, again, stock_submissions, theirs, ratio, max(usage) / 1024, report.isolation)


def fill(folder: Path, submissions: int) -> None:
    """A course with a released lesson and a class that has handed in."""
    course = new_course(folder)
    done = api_for(folder).generate_assignment(LESSON)
    if not done["success"]:
        raise DownhillError(f"nbgrader could not release {LESSON}: {done.get('error') or done.get('log')}")
    released = course.released(LESSON)
    samples = [read_sample(path.read_text()) for path in sorted(SUBMISSIONS.glob("*.py"))]
    plain = [answers for kind, answers in samples if kind.startswith(("honest", "mistake"))]
    for number in range(submissions):
        notebook = answer(released, plain[number % len(plain)])
        notebook.cells[0].source += f"\n\nstudent {number}"
        target = folder / "submitted" / f"student{number:04}" / LESSON / f"{LESSON}.ipynb"
        target.parent.mkdir(parents=True)
        nbformat.write(notebook, target)


def _stock(folder: Path) -> subprocess.CompletedProcess[str]:
    here = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": os.pathsep.join([here, os.environ.get("PATH", "")])}
    command = [sys.executable, "-m", "nbgrader", "autograde", LESSON, "--create"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result
