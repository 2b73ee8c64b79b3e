"""Which section of its lesson an exercise stands in, read from the installed course's notebooks."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import nbformat

from autograder.oracles import lessons

HEADING = re.compile(r"^#{2,3} (.+)$", re.MULTILINE)


def section_of(exercise: str) -> str:
    """The heading over an exercise, or "" where its lesson has no notebook.

    Example:
        >>> section_of("momentum_step")
        'Exercise 1: a step that remembers'
    """
    lesson = next((name for name, there in lessons().items() if exercise in {e.name for e in there}), "")
    return _sections(lesson).get(exercise, "")


@cache
def _sections(lesson: str) -> dict[str, str]:
    import course

    path = Path(course.__file__).parent / "source" / lesson / f"{lesson}.ipynb"
    if not path.is_file():
        return {}
    found, heading = {}, ""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            heading = ([heading, *HEADING.findall(cell.source)])[-1]
        elif cell.metadata.get("nbgrader", {}).get("solution"):
            found[str(cell.metadata["nbgrader"]["grade_id"])] = heading
    return found
