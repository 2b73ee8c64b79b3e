"""A course folder on disk: its released notebooks, its secret, its records.

Nothing here needs torch: the process that only writes the gradebook does without it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.validator import normalize

from autograder.errors import NoCourse, NoLesson
from autograder.files import write
from autograder.pipeline.collect import MAX_FILES_BYTES
from autograder.pipeline.collect import tidy as tidy
from autograder.pipeline.nodes import read

LIVE_NAME = "its name holds < or >, which nbgrader's pages would read as HTML: rename its folder in submitted/"


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
        self.runs = self.hidden / "runs"
        self._sources: dict[str, tuple[int, frozenset[str]]] = {}

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
            _, notebook = normalize(read(path))
            return notebook
        except Exception as error:  # nbformat fails in many ways on a malformed file
            raise NoLesson(
                f"the released notebook {path} cannot be read ({type(error).__name__}): "
                f"run `nbgrader generate_assignment {lesson} --force` in {self.root}; grades are kept"
            ) from error

    def released_sources(self, lesson: str) -> frozenset[str]:
        """The sources of its cells; read again only when it has changed."""
        path = self.root / "release" / lesson / f"{lesson}.ipynb"
        stamp = path.stat().st_mtime_ns if path.is_file() else 0
        if self._sources.get(lesson, (0,))[0] != stamp or not stamp:
            self._sources[lesson] = stamp, frozenset(cell.source for cell in self.released(lesson).cells)
        return self._sources[lesson][1]

    def seed(self, lesson: str, student: str, notebook: NotebookNode) -> int:
        """The seed of a submission: an HMAC under the course's secret, so that no answer can be stored ahead."""
        cells = json.dumps([[c.cell_type, c.source] for c in notebook.cells])
        message = json.dumps([lesson, student, hashlib.sha256(cells.encode()).hexdigest()])
        return int.from_bytes(hmac.digest(self.secret(), message.encode(), "sha256")[:6], "big")

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

    def keep_run(self, key: str, run: str) -> None:
        """Keep a run in the cache, as `Ran.to_json` gives it."""
        write(self.runs / f"{key}.json", run)

    def record(self, lesson: str, student: str, record: dict[str, Any]) -> None:
        """Keep what a grading leaves behind, as `records.make_record` makes it, beside the gradebook's points."""
        write(self.hidden / "records" / lesson / f"{student}.json", json.dumps(record, indent=1))

    def recorded(self, lesson: str, student: str) -> dict[str, Any]:
        """What `record` kept, or nothing."""
        path = self.hidden / "records" / lesson / f"{student}.json"
        return json.loads(path.read_text()) if path.is_file() else {"notes": [], "verdicts": {}}

    def records(self, lesson: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every student's record of a lesson, by name."""
        for path in sorted((self.hidden / "records" / lesson).glob("*.json")):
            yield path.stem, json.loads(path.read_text())

    def secret(self) -> bytes:
        """The course's secret, made at first use; whoever has it can foresee the problems."""
        path = self.hidden / "secret"
        if not path.is_file():
            self.hidden.mkdir(mode=0o700, exist_ok=True)
            write(path, secrets.token_hex(32))
            path.chmod(0o600)
        return bytes.fromhex(path.read_text())


def is_live(student: str) -> bool:
    """Whether a student's name would be read as HTML: nbgrader 0.9.6 writes names into a page as they are."""
    return "<" in student or ">" in student
