"""Whether grading takes the same time and memory for each submission, however many there are."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from autograder.bench.grading import downhill, fill


@dataclass(frozen=True)
class Size:
    """One class. Memory in MB: the largest that the grader, and any other process of the grading, ever held.

    Attributes:
        students: how many handed in; every submission is really run.
        seconds: until all points stood.
        each_ms: milliseconds a submission, without what is paid once.
        grader_mb: the grader.
        largest_mb: the largest of the workers and the sandbox's processes.
    """

    students: int
    seconds: float
    each_ms: float
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
            f"{s.students:5} students: {s.seconds:6.1f} s, {s.each_ms:5.0f} ms a submission, grader {s.grader_mb:.0f} "
            f"MB, largest other process {s.largest_mb:.0f} MB"
            for s in self.sizes
        )


def bench_growth(sizes: list[int], workers: int) -> Growth:
    """Grade classes of several sizes, points only."""
    found = []
    for students in sizes:
        with tempfile.TemporaryDirectory(prefix="downhill-growth-") as folder:
            fill(Path(folder, "course"), students)
            with _watched() as peaks:
                points, _, report = downhill(Path(folder, "course"), workers, None, "--no-feedback")
        each = 1000 * (report["points_seconds"] - report["stages"]["begin"]) / max(1, students - 1)
        found.append(Size(students, points, each, peaks["grader"], peaks["others"]))
    return Growth(tuple(found))


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
