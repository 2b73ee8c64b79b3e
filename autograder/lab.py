"""`downhill lab`: JupyterLab over a course, with everything of nbgrader's in reach."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from autograder.pipeline.course import CourseFolder
from autograder.pipeline.grade import load_config

STEPS = """\
Opening JupyterLab on {root}. In its menu, under Nbgrader:
  Formgrader         generate, release, collect, autograde (Downhill's judge), score written answers, feedback
  Assignment List    what your students see: fetch, submit, fetch feedback
  Course List        all courses of this machine
Assignments travel through {exchange}.
Stop it with Ctrl-C here."""


def open_lab(folder: Path, arguments: list[str]) -> int:
    """Make the exchange folder if it is not there, say what to click, and run JupyterLab until it ends.

    Args:
        folder: the course.
        arguments: passed on to JupyterLab, for example `["--no-browser"]`.

    Returns:
        JupyterLab's exit code.

    Raises:
        NoCourse: if `folder` is no course.
        OSError: if the exchange folder cannot be made.
    """
    course = CourseFolder(folder)
    exchange = make_exchange(course)
    print(STEPS.format(root=course.root, exchange=exchange), flush=True)
    here = str(Path(sys.executable).parent)  # nbgrader calls `alembic` by name
    environment = {**os.environ, "PATH": os.pathsep.join([here, os.environ.get("PATH", "")])}
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={course.root}", *arguments]
    return subprocess.run(command, cwd=course.root, env=environment).returncode


def make_exchange(course: CourseFolder) -> Path:
    """The course's exchange folder, which everyone may write to, as nbgrader asks for."""
    from nbgrader.exchange.default import Exchange

    exchange = Path(Exchange(config=load_config(course.root)).root)
    if not exchange.is_dir():
        exchange.mkdir(parents=True)
        exchange.chmod(0o777)
    return exchange
