"""Whether a course can be written to: asked before a grading starts, and when a submission could not be recorded."""

from __future__ import annotations

import re
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.errors import DiskFull, NoGradebook
from autograder.pipeline.course import CourseFolder

if TYPE_CHECKING:
    from sqlalchemy import URL  # imported late below: the workers are to begin before

FREE_BYTES = 20_000_000  # a grading starts with at least this much room: a page and a notebook take about 1 MB
FULL = re.compile(r"No space left on device|disk is full|Disk quota exceeded|File too large", re.IGNORECASE)
HELD = re.compile(r"database is locked|readonly database|Read-only file system|unable to open database", re.IGNORECASE)
ERROR_LINE = re.compile(r"^(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Kernel)\b.*", re.MULTILINE)


def check_writable(course: CourseFolder, db_url: str) -> None:
    """Refuse early, with nothing changed.

    Args:
        course: the course's folder.
        db_url: where its gradebook is, as nbgrader is told.

    Raises:
        NoGradebook: if the gradebook is locked, read-only, no database, or cannot be reached.
        DiskFull: if there is little room for what a grading writes.
    """
    from sqlalchemy import make_url

    for folder in (course.root, Path(tempfile.gettempdir())):
        free = shutil.disk_usage(folder).free
        if free < FREE_BYTES:
            raise DiskFull(
                f"the disk that holds {folder} has {free / 1e6:.1f} MB free; grading needs at least "
                f"{FREE_BYTES / 1e6:.0f} MB. Free some room and grade again; nothing was changed."
            )
    url = make_url(db_url)
    if url.get_backend_name() == "sqlite":
        check_file(Path(url.database or ""))
    else:
        check_server(url)


def check_server(url: URL) -> None:
    """Refuse if the database server cannot be reached.

    Raises:
        NoGradebook: if it does not answer, or not to us.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError

    try:
        engine = create_engine(url)
        with engine.connect():
            pass
        engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        raise NoGradebook(
            f"the gradebook {url.render_as_string()} cannot be reached ({str(error).splitlines()[0]}). Start its "
            "server, or mend `c.CourseDirectory.db_url` in nbgrader_config.py, and grade again; nothing was changed."
        ) from error


def check_file(path: Path) -> None:
    """Refuse if a gradebook in a file cannot be written; it is left as it was, byte for byte.

    Raises:
        NoGradebook: if it is locked, read-only, or no database.
    """
    if not path.exists():
        raise NoGradebook(
            f"there is no gradebook {path}: release a lesson with `nbgrader generate_assignment LESSON`, which makes "
            "one, or put the gradebook back."
        )
    try:
        if not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
            raise sqlite3.OperationalError("it is read-only")  # root could write, but somebody said not to
        database = sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=3)
        try:
            database.execute("BEGIN IMMEDIATE")
            # a write that is taken back: only so does a read-only disk or folder show
            (version,) = database.execute("PRAGMA user_version").fetchone()
            database.execute(f"PRAGMA user_version = {version + 1}")
            database.rollback()
        finally:
            database.close()
    except sqlite3.OperationalError as error:
        if FULL.search(str(error)):
            raise DiskFull(f"the disk is full ({error}). Free some room and grade again.") from error
        raise NoGradebook(
            f"the gradebook {path} cannot be written ({error}). Close the program that holds it, or make it and its "
            "folder writable, and grade again; nothing was changed."
        ) from error
    except sqlite3.DatabaseError as error:
        raise NoGradebook(
            f"{path} is not a gradebook ({error}); expected an SQLite database as nbgrader makes it. Put a copy back, "
            "or move the file away and release the lessons again; nothing was changed."
        ) from error


@contextmanager
def while_writing(course: CourseFolder, done: Callable[[], tuple[int, int]]) -> Iterator[None]:
    """A gradebook that is lost at whatever moment ends the grading with one line.

    Args:
        course: the course's folder.
        done: tells how many submissions are graded and recorded, and how many there are.
    """
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except SQLAlchemyError as error:
        stop_for_good(course, f"{type(error).__name__}: {error}", *done())
        raise


def reason(problem: str) -> str:
    """What went wrong, in one line of a log or traceback.

    Example:
        >>> reason("Traceback (most recent call last):\\n  File 'x.py'\\nOSError: [Errno 5] Input/output error\\n")
        'OSError: [Errno 5] Input/output error'
    """
    found = [line for line in ERROR_LINE.findall(problem) if "NbGraderException" not in line]
    lines = found or problem.strip().splitlines() or ["no reason was given"]
    return lines[-1][:300]


def stop_for_good(course: CourseFolder, problem: str, done: int, total: int) -> None:
    """End the grading if what one submission met would meet every other one as well.

    Args:
        course: the course's folder.
        problem: what went wrong, as text.
        done: how many submissions are graded and recorded.
        total: how many there are.

    Raises:
        DownhillError: if the disk is full or the gradebook cannot be written.
    """
    kept = f"{done} of {total} submissions are graded and kept, and so is every earlier grade"
    if FULL.search(problem):
        raise DiskFull(
            f"the disk is full ({reason(problem)}). {kept}. Free some room and grade again: it goes on from there."
        )
    if HELD.search(problem):
        raise NoGradebook(
            f"the gradebook can no longer be written ({reason(problem)}). {kept}. Close the program that holds "
            f"{course.root / 'gradebook.db'}, or make it writable, and grade again: it goes on from there."
        )
