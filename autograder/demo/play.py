"""Play a class through the main job: make a course, release lesson 06, hand in, grade."""

from __future__ import annotations

import copy
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.errors import DownhillError
from autograder.pipeline.class_report import write_class_page
from autograder.pipeline.grade import Report, api_for, grade, new_course
from autograder.sandbox.bubblewrap import best_isolation

LESSON = "06_momentum"
SUBMISSIONS = Path(__file__).parent / "submissions"
CELL_SECONDS = 10  # a class with a hanging notebook should not keep anybody waiting


def play(out: Path | None, progress: Callable[[str, int, int], None]) -> tuple[Report, dict[str, str]]:
    """Make a course in `out` (default: a new temporary folder), release, hand in, grade.

    Returns:
        The report, and each student's kind.
    """
    folder = out or Path(tempfile.mkdtemp(prefix="downhill-demo-")) / "course"
    course = new_course(folder)
    with (folder / "nbgrader_config.py").open("a") as config:
        config.write(f"c.Run.timeout = {CELL_SECONDS}\n")
    done = api_for(folder).generate_assignment(LESSON)
    if not done["success"]:
        raise DownhillError(f"nbgrader could not release {LESSON}: {done.get('error') or done.get('log')}")
    released = course.released(LESSON)
    kinds = {}
    for sample in sorted(SUBMISSIONS.glob("*.py")):
        kinds[sample.stem] = hand_in(folder, released, sample)
    report = grade(LESSON, course, progress=progress, isolation=best_isolation())
    report.report = str(write_class_page(course, report))
    return report, kinds


def hand_in(folder: Path, released: NotebookNode, sample: Path) -> str:
    """Write one student's submission into the course; returns its kind."""
    kind, answers = read_sample(sample.read_text())
    target = folder / "submitted" / sample.stem / LESSON / f"{LESSON}.ipynb"
    target.parent.mkdir(parents=True)
    if kind == "not a notebook":
        target.write_text("I wrote my answer in a word processor.")
        return kind
    notebook = answer(released, answers)
    checks = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "check_Momentum"]
    if kind == "a deleted check cell":
        notebook.cells.remove(checks[0])
    elif kind == "a duplicated check cell":
        notebook.cells.append(copy.deepcopy(checks[0]))
        notebook.cells[-1].id = "a-copy"
    nbformat.write(notebook, target)
    return kind


def read_sample(text: str) -> tuple[str, dict[str, str]]:
    """A sample's kind (its first line) and its answers: cells by `grade_id`, each under `# %% grade_id`."""
    head, *parts = re.split(r"^# %% (\w+)\n", text, flags=re.MULTILINE)
    return head.strip().lstrip("# "), dict(zip(parts[::2], (p.strip() for p in parts[1::2]), strict=True))


def answer(released: NotebookNode, answers: dict[str, str]) -> NotebookNode:
    """The released notebook with these cells filled in."""
    notebook = copy.deepcopy(released)
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in answers:
            cell.source = answers[grade_id]
    return notebook
