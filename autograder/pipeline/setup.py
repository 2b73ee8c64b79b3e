"""A course folder and nbgrader's settings for it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from traitlets.config import Config, PyFileConfigLoader

from autograder.errors import DownhillError, NoCourse
from autograder.pipeline.course import CourseFolder


def load_config(root: Path) -> Config:
    """The course's `nbgrader_config.py` as nbgrader reads it."""
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    try:
        config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    except Exception as error:  # the file is Python, so it may fail in any way
        raise NoCourse(
            f"{root}/nbgrader_config.py cannot be read ({type(error).__name__}: {error}). Mend it; "
            "`downhill new-course DIR` makes one that works."
        ) from error
    config.CourseDirectory.root = str(root)
    return config


def api_for(root: Path) -> Any:
    """nbgrader's own API (`NbGraderAPI`) over a course folder."""
    from nbgrader.apps import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    config = load_config(root)
    return NbGraderAPI(CourseDirectory(config=config), config=config)


def new_course(folder: Path) -> CourseFolder:
    """Make a course folder: the lessons' sources, nbgrader's settings, a secret.

    Raises:
        DownhillError: if the folder exists and is not empty.
    """
    import course

    if folder.exists() and not folder.is_dir():
        raise DownhillError(f"{folder} is a file; name a folder that does not exist yet")
    if folder.exists() and any(folder.iterdir()):
        raise DownhillError(f"{folder} is not empty; name a folder that does not exist yet")
    home = Path(course.__file__).parent
    shutil.copytree(home / "source", folder / "source", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copy(home / "nbgrader_config.py", folder / "nbgrader_config.py")
    made = CourseFolder(folder)
    made.secret()
    return made
