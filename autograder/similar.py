"""Submissions that are alike, for a person to look at: listed, never scored."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from nbformat import NotebookNode

from autograder.errors import DownhillError
from autograder.pipeline.course import CourseFolder
from autograder.pipeline.repair import repair
from autograder.pipeline.standalone import source_notebook

WINDOW = 15  # characters of normalised code that must agree to count: exercises are short
THE_LESSON, THE_REFERENCE = "the lesson's own solution", "the reference"


@dataclass(frozen=True)
class Pair:
    """Two submissions: which share of each one's own code is found in the other."""

    first: str
    second: str
    of_first: float
    of_second: float

    def to_json(self) -> dict[str, Any]:
        """As in the line of `--json`."""
        return asdict(self)


def similar(lesson: str, course: CourseFolder, at_least: float = 0.8) -> list[Pair]:
    """Pairs of submissions that share much of what the released notebook did not hold, the most alike first.

    Args:
        lesson: the lesson's name.
        course: the course's folder.
        at_least: which share of one of the two has to be found in the other, from 0 to 1.

    Raises:
        DownhillError: if copydetect is not installed.
    """
    try:
        from copydetect import CodeFingerprint, compare_files
    except ImportError as error:
        raise DownhillError("copydetect is not installed: pip install 'downhill-course[similar]'") from error
    released = course.released(lesson)
    given = CodeFingerprint("released.py", WINDOW, 1, fp=io.StringIO(code(released)))
    known = np.array(sorted(given.hashes))
    texts = dict(_submissions(lesson, course, released))
    students = list(texts)
    texts |= {THE_LESSON: code(source_notebook(lesson)), THE_REFERENCE: _reference()}
    prints = {
        name: CodeFingerprint(f"{name}.py", WINDOW, 1, boilerplate=known, language="python", fp=io.StringIO(text))
        for name, text in texts.items()
        if text.strip()
    }
    found = []
    for one, other in _pairs([s for s in students if s in prints]):
        if other not in prints or not len(prints[one].hashes) or not len(prints[other].hashes):
            continue
        _, shares, _ = compare_files(prints[one], prints[other])
        if max(shares) >= at_least:
            found.append(Pair(one, other, round(float(shares[0]), 3), round(float(shares[1]), 3)))
    return sorted(found, key=lambda pair: -max(pair.of_first, pair.of_second))


def code(notebook: NotebookNode) -> str:
    """All code cells, one after the other."""
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def _submissions(lesson: str, course: CourseFolder, released: NotebookNode) -> Iterator[tuple[str, str]]:
    for path in sorted(course.root.glob(f"submitted/*/{lesson}/{lesson}.ipynb")):
        repaired = repair(path.read_bytes(), released)
        if not repaired.unreadable:
            yield path.parent.parent.name, code(repaired.notebook)


def _reference() -> str:
    import reference

    return "\n\n".join(path.read_text() for path in sorted(Path(reference.__file__).parent.rglob("*.py")))


def _pairs(students: list[str]) -> Iterator[tuple[str, str]]:
    yield from combinations(students, 2)
    for student in students:
        yield student, THE_LESSON
        yield student, THE_REFERENCE
