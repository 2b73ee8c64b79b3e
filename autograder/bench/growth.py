"""Whether grading takes the same time and memory for each submission, however many there are.

Of a large class only the first submissions are really run; the others' runs are put into the cache beforehand, made of
known forms on each student's own problems. Then the class is graded once more, all of it from the cache: what the
grader itself does for a submission is compared on equal terms at every size.
"""

from __future__ import annotations

import copy
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
from nbformat import NotebookNode

from autograder.bench.grading import downhill, fill
from autograder.demo.play import LESSON
from autograder.judge import gather_form
from autograder.oracles import exercises_of
from autograder.pipeline.course import CourseFolder
from autograder.pipeline.nodes import new_output
from autograder.pipeline.run import Ran
from autograder.pipeline.unit import unit_of
from autograder.pipeline.work import key_of
from autograder.sandbox.limits import Limits
from autograder.student.evidence import MIME


@dataclass(frozen=True)
class Size:
    """One class. Memory in MB: the largest that the grader, and any other process of the grading, ever held.

    Attributes:
        students: how many handed in.
        executed: how many submissions were really run; the others' runs came from the cache.
        seconds: until all points stood.
        each_ms: milliseconds a submission, without what is paid once.
        replayed_each_ms: the same when all of them are graded again and every run comes from the cache.
        grader_mb: the grader.
        largest_mb: the largest of the workers and the sandbox's processes.
    """

    students: int
    executed: int
    seconds: float
    each_ms: float
    replayed_each_ms: float
    grader_mb: float
    largest_mb: float


@dataclass(frozen=True)
class Growth:
    """The figures of `bench_growth`."""

    sizes: tuple[Size, ...]

    def to_json(self) -> dict[str, Any]:
        """As the line of `--json`."""
        rows = [{k: round(v, 1) if isinstance(v, float) else v for k, v in asdict(s).items()} for s in self.sizes]
        return {"sizes": rows}

    def text(self) -> str:
        """As a person reads it."""
        return "\n".join(
            f"{s.students:5} students, {s.executed} run: {s.seconds:6.1f} s, {s.each_ms:5.0f} ms a submission, "
            f"{s.replayed_each_ms:4.0f} from the cache; grader {s.grader_mb:.0f} MB, largest other process "
            f"{s.largest_mb:.0f} MB"
            for s in self.sizes
        )


def bench_growth(sizes: list[int], workers: int, most_executed: int = 200) -> Growth:
    """Grade classes of several sizes, points only.

    Args:
        sizes: how many students each has.
        workers: as for `downhill grade`.
        most_executed: how many submissions of a class are really run.
    """
    found = []
    for students in sizes:
        with tempfile.TemporaryDirectory(prefix="downhill-growth-") as folder:
            handed_in = fill(Path(folder, "course"), students)
            course = CourseFolder(Path(folder, "course"))
            for number in range(most_executed, students):
                keep_made_run(course, f"student{number:04}", handed_in[number], number)
            kept = len(list(course.runs.glob("*.json")))
            with _watched() as peaks:
                points, _, report = downhill(course.root, workers, None, "--no-feedback")
            executed = len(list(course.runs.glob("*.json"))) - kept
            _, _, again = downhill(course.root, workers, None, "--no-feedback")
        size = Size(students, executed, points, _each(report), _each(again), peaks["grader"], peaks["others"])
        found.append(size)
    return Growth(tuple(found))


def keep_made_run(course: CourseFolder, student: str, notebook: NotebookNode, number: int) -> None:
    """Put a run into the cache that no kernel made: evidence of known forms, two in three of them right."""
    unit = unit_of(course, LESSON, student, notebook, Limits())
    ran = copy.deepcopy(notebook)
    for place, exercise in enumerate(exercises_of(LESSON)):
        form = exercise.forms[number // 3 % len(exercise.forms)].name if (number + place) % 3 == 0 else None
        evidence = gather_form(exercise.name, form, unit.seed).to_wire()
        check = next(c for c in ran.cells if c.metadata.get("nbgrader", {}).get("grade_id") == f"check_{exercise.name}")
        check.outputs = [new_output("display_data", {MIME: evidence})]
    course.keep_run(key_of(unit), Ran(ran).to_json())


def _each(report: dict[str, Any]) -> float:
    seconds: float = report["points_seconds"] - report["stages"]["begin"]
    return 1000 * seconds / max(1, len(report["students"]) - 1)


@contextmanager
def _watched() -> Iterator[dict[str, float]]:
    """Look at the processes below this one, five times a second."""
    peaks, over = {"grader": 0.0, "others": 0.0}, threading.Event()

    def watch() -> None:
        me = psutil.Process()
        while not over.wait(0.2):
            grader = {child.pid for child in me.children()}
            for process in me.children(recursive=True):
                try:
                    size = process.memory_info().rss / 2**20
                except psutil.Error:
                    continue
                which = "grader" if process.pid in grader else "others"
                peaks[which] = max(peaks[which], size)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peaks
    finally:
        over.set()
        watcher.join()
