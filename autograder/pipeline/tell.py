"""Pictures and the feedback page of one student, in a worker, after the points stand."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Any

from autograder.files import write
from autograder.pipeline import score
from autograder.pipeline.nodes import read, written
from autograder.verdict import Verdict


def tell(root: str, lesson: str, student: str, wrong: dict[str, Verdict]) -> tuple[float, str]:
    """Draw pictures into the graded notebook and let nbgrader make the page.

    Args:
        root: the course's folder.
        lesson: the lesson's name.
        student: the student's name.
        wrong: the verdicts that a picture can be drawn of.

    Returns:
        How long it took, in seconds; "" or what went wrong.
    """
    began = time.perf_counter()
    try:
        _draw(Path(root, "autograded", student, lesson, f"{lesson}.ipynb"), wrong)
        shown = _api_of(root).generate_feedback(lesson, student, force=True)
        problem = "" if shown["success"] else f"no feedback page: {shown.get('error') or shown.get('log')!s}"
    except Exception as error:  # the points stand; one page must not stop the others
        problem = f"no feedback page\n{type(error).__name__}: {error}"
    return time.perf_counter() - began, problem


def _draw(path: Path, wrong: dict[str, Verdict]) -> None:
    pictures = score.drawn(wrong)
    if not pictures:
        return
    notebook, mode = read(path), path.stat().st_mode
    score.add_pictures(notebook, pictures)
    write(path, written(notebook))
    path.chmod(mode)


@cache
def _api_of(root: str) -> Any:
    from autograder.pipeline.setup import api_for

    return api_for(Path(root))
