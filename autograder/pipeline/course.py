"""A course folder on disk: its released notebooks, its secret, its cache of runs, its records."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.errors import NoCourse, NoLesson
from autograder.feedback.pictures import Picture
from autograder.files import write
from autograder.oracles import Exercise, exercises_of
from autograder.pipeline import score
from autograder.pipeline.collect import MAX_FILES_BYTES
from autograder.pipeline.collect import tidy as tidy
from autograder.pipeline.run import Ran, cache_key, run
from autograder.sandbox.limits import Limits
from autograder.student.evidence import encode
from autograder.verdict import Verdict

LIVE_NAME = "its name holds < or >, which nbgrader's pages would read as HTML: rename its folder in submitted/"


@dataclass(frozen=True)
class Fresh:
    """What a worker made of a submission: the run (its seed, its key in the cache), the verdicts, their pictures."""

    ran: Ran
    found: dict[str, Verdict]
    seed: int
    key: str
    pictures: dict[str, Picture]


fresh: dict[str, Fresh] = {}
"""What workers made, by the run's cache key; also what must not be cached on disk."""


class CourseFolder:
    """What Downhill keeps beside nbgrader's own folders; all of it lies under `.downhill/`."""

    def __init__(self, root: Path) -> None:
        if not (root / "nbgrader_config.py").is_file():
            why = "it has no nbgrader_config.py" if root.is_dir() else "there is no such folder"
            raise NoCourse(
                f"{root} is not a course folder: {why}. "
                "Name the folder of a course with --course, or make one with `downhill new-course DIR`."
            )
        self.root = root.resolve()
        self.hidden = self.root / ".downhill"

    def released(self, lesson: str) -> NotebookNode:
        """The notebook of a lesson as students got it.

        Raises:
            NoLesson: if the lesson does not exist or has not been released.
        """
        path = self.root / "release" / lesson / f"{lesson}.ipynb"
        if not path.is_file():
            there = sorted(p.name for p in (self.root / "source").glob("*") if p.is_dir())
            if lesson not in there:
                raise NoLesson(f"there is no lesson {lesson!r} in this course; there are: {', '.join(there) or 'none'}")
            raise NoLesson(
                f"{lesson} has not been released: run `nbgrader generate_assignment {lesson}` in {self.root}"
            )
        try:
            return nbformat.read(path, as_version=4)
        except Exception as error:  # nbformat fails in many ways on a malformed file
            raise NoLesson(
                f"the released notebook {path} cannot be read ({type(error).__name__}): "
                f"run `nbgrader generate_assignment {lesson} --force` in {self.root}; grades are kept"
            ) from error

    def seed(self, lesson: str, student: str, notebook: NotebookNode) -> int:
        """The seed of a submission: an HMAC under the course's secret, so that no answer can be stored ahead."""
        cells = json.dumps([[c.cell_type, c.source] for c in notebook.cells])
        message = json.dumps([lesson, student, hashlib.sha256(cells.encode()).hexdigest()])
        return int.from_bytes(hmac.digest(self.secret(), message.encode(), "sha256")[:6], "big")

    def judged(self, lesson: str, student: str, notebook: NotebookNode, limits: Limits, unreadable: str = "") -> Fresh:
        """Run a clean notebook, or replay the run that is cached, and judge what came out.

        A run that ended early is never cached on disk.

        Args:
            lesson: the lesson's name.
            student: the student's name.
            notebook: as `repair` made it.
            limits: what it may use.
            unreadable: why the submission is no notebook, if it is none.
        """
        seed = self.seed(lesson, student, notebook)
        exercises = exercises_of(lesson)
        problems = draw_problems(exercises, seed)
        files = self.files(lesson, student)
        key = cache_key(notebook, problems, limits, files)
        if key not in fresh:
            cached = self.hidden / "runs" / f"{key}.json"
            if cached.is_file():
                ran = Ran.from_json(cached.read_text())
            else:
                ran = run(notebook, problems, limits, files)
                if not ran.stopped and not ran.slow_cells:
                    write(cached, ran.to_json())
            found = score.verdicts(ran, exercises, seed, unreadable)
            fresh[key] = Fresh(ran, found, seed, key, score.drawn(found))
        return fresh[key]

    def files(self, lesson: str, student: str) -> dict[str, bytes]:
        """What lies beside a submitted notebook: regular files only, never through a link."""
        folder = self.root / "submitted" / student / lesson
        found, size = {}, 0
        for path in sorted(folder.rglob("*")):
            inside = path.is_file() and not path.is_symlink() and path.resolve().is_relative_to(folder.resolve())
            inside = inside and path.stat().st_nlink == 1
            if not inside or path.suffix == ".ipynb" or path.name == "timestamp.txt":
                continue
            size += path.stat().st_size
            if size > MAX_FILES_BYTES:
                break
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
        return found

    def record(self, lesson: str, student: str, record: dict[str, Any]) -> None:
        """Keep what a grading leaves behind, as `records.make_record` makes it, beside the gradebook's points."""
        write(self.hidden / "records" / lesson / f"{student}.json", json.dumps(record, indent=1))

    def recorded(self, lesson: str, student: str) -> dict[str, Any]:
        """What `record` kept, or nothing."""
        path = self.hidden / "records" / lesson / f"{student}.json"
        return json.loads(path.read_text()) if path.is_file() else {"notes": [], "verdicts": {}}

    def secret(self) -> bytes:
        """The course's secret, made at first use; whoever has it can foresee the problems."""
        path = self.hidden / "secret"
        if not path.is_file():
            self.hidden.mkdir(mode=0o700, exist_ok=True)
            write(path, secrets.token_hex(32))
            path.chmod(0o600)
        return bytes.fromhex(path.read_text())


def draw_problems(exercises: tuple[Exercise, ...], seed: int) -> dict[str, Any]:
    """The problems of all exercises, as they are handed to the kernel."""
    return {e.name: encode(e.draw(seed)) for e in exercises}


def is_live(student: str) -> bool:
    """Whether a student's name would be read as HTML: nbgrader 0.9.6 writes names into a page as they are."""
    return "<" in student or ">" in student
