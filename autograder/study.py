"""The course for one person alone: lay it out, see where you stand, look at an answer. No accounts, no database."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

import autograder
from autograder.errors import DownhillError
from autograder.oracles import find_exercise, lessons
from autograder.pipeline.standalone import Scored, released_notebook, score_notebook, source_notebook

START = "start_here.ipynb"
KEPT = ".downhill/progress.json"
ANOTHER_LESSON = re.compile(r"\]\(\.\./(\w+)/\1\.ipynb\)")
SOLUTION = re.compile(r"^\s*### (BEGIN|END) SOLUTION\n?", re.MULTILINE)


@dataclass(frozen=True)
class Standing:
    """Where you stand in one lesson: `state` is "not here", "not begun", "unusable" (with `reason`) or "points"."""

    lesson: str
    state: str
    points: float = 0.0
    max_points: float = 0.0
    verdicts: dict[str, str] | None = None
    reason: str = ""


def lay_out(folder: Path) -> list[Path]:
    """Put the lessons and a start page into a folder. What lies there already is left as it is.

    Args:
        folder: made if it is not there.

    Returns:
        The files that were written.

    Raises:
        DownhillError: if `folder` is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise DownhillError(f"{folder} is a file; expected the name of a folder, which is made if it is not there")
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {f"{lesson}.ipynb": _side_by_side(released_notebook(lesson)) for lesson in sorted(lessons())}
    wanted[START] = start_page()
    written = []
    for name, notebook in wanted.items():
        if not (folder / name).exists():
            nbformat.write(notebook, folder / name)
            written.append(folder / name)
    return written


def _side_by_side(notebook: NotebookNode) -> NotebookNode:
    """The notebook with links to lessons that lie beside it; in a course each lesson has a folder of its own."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = ANOTHER_LESSON.sub(r"](\1.ipynb)", cell.source)
    return notebook


def start_page() -> NotebookNode:
    """A notebook with a link to each lesson and the question it opens with."""
    rows = [f"| [{lesson}]({lesson}.ipynb) | {title(lesson)} |" for lesson in sorted(lessons())]
    text = (
        "# Downhill: how neural networks are trained\n\n"
        "Each lesson is a notebook of 40 to 90 minutes. Read, write down your predictions, fill in the functions, "
        "and run the check under each. Start at the top: later lessons build on earlier ones.\n\n"
        "| lesson | what it is about |\n|---|---|\n" + "\n".join(rows) + "\n\n"
        "A check that is not green yet stops JupyterLab's *Run All Cells*; from the cell below it, *Run Selected Cell "
        "and All Below* goes on.\n\n"
        "In a terminal, in this folder: `downhill progress` shows where you stand, and `downhill solution EXERCISE` "
        "shows the course's answer beside yours."
    )
    page = new_notebook(cells=[new_markdown_cell(text, id="start")])
    page.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return page


def title(lesson: str) -> str:
    """The lesson's own title, the first line of its notebook."""
    first: str = released_notebook(lesson).cells[0].source.splitlines()[0]
    return first.lstrip("# ").strip()


def progress(folder: Path) -> list[Standing]:
    """Where you stand in every lesson; runs only notebooks that have changed since the last time.

    Args:
        folder: where the notebooks lie.

    Raises:
        DownhillError: if there is not one lesson in the folder.
    """
    here = {lesson: folder / f"{lesson}.ipynb" for lesson in sorted(lessons())}
    if not any(path.is_file() for path in here.values()):
        raise DownhillError(
            f"no lesson lies in {folder.resolve()}; expected files like 06_momentum.ipynb. "
            f"`downhill study {folder}` puts them there"
        )
    kept = _kept(folder)
    standings = []
    for lesson, path in here.items():
        if not path.is_file():
            standings.append(Standing(lesson, "not here"))
            continue
        mark = hashlib.sha256(path.read_bytes() + autograder.__version__.encode()).hexdigest()
        if kept.get(lesson, {}).get("mark") != mark:
            kept[lesson] = {"mark": mark, "standing": asdict(_standing(lesson, score_notebook(path)))}
            _keep(folder, kept)
        standings.append(Standing(**kept[lesson]["standing"]))
    return standings


@dataclass(frozen=True)
class Answers:
    """An exercise's code: the course's, and yours where there is any."""

    exercise: str
    lesson: str
    course: str
    yours: str


def answers(exercise: str, folder: Path) -> Answers:
    """The course's answer to an exercise and what stands in your notebook.

    Args:
        exercise: the exercise's name, for example "momentum_step".
        folder: where your notebooks lie.

    Raises:
        LookupError: if there is no such exercise; the message lists what there is.
    """
    find_exercise(exercise)
    lesson = next(name for name, held in lessons().items() if exercise in {e.name for e in held})
    ours = SOLUTION.sub("", _cell(source_notebook(lesson), exercise))
    path = folder / f"{lesson}.ipynb"
    try:
        yours = _cell(nbformat.read(path, as_version=4), exercise) if path.is_file() else ""
    except Exception as error:  # nbformat raises many kinds for a file that is no notebook
        raise DownhillError(
            f"{path} cannot be read as a notebook ({type(error).__name__}); open and save it"
        ) from error
    return Answers(exercise, lesson, ours.strip(), yours.strip())


def _cell(notebook: NotebookNode, grade_id: str) -> str:
    found = [c.source for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id]
    return str(found[0]) if found else ""


def _standing(lesson: str, scored: Scored) -> Standing:
    if scored.unusable:
        return Standing(lesson, "unusable", reason=scored.unusable)
    begun = any(verdict.kind != "unwritten" for verdict in scored.verdicts.values())
    labels = {name: verdict.label for name, verdict in scored.verdicts.items()}
    return Standing(lesson, "points" if begun else "not begun", scored.points, scored.max_points, labels)


def _kept(folder: Path) -> dict[str, Any]:
    """What an earlier `progress` found; a file that is missing or broken is an empty one."""
    try:
        kept = json.loads((folder / KEPT).read_text())
        return {lesson: entry for lesson, entry in kept.items() if Standing(**entry["standing"]).lesson == lesson}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _keep(folder: Path, kept: dict[str, Any]) -> None:
    (folder / KEPT).parent.mkdir(exist_ok=True)
    (folder / KEPT).write_text(json.dumps(kept))
