"""A class of any size that looks graded though nothing ran: its evidence comes from known forms."""

from __future__ import annotations

import copy
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.api import Gradebook

from autograder.files import write
from autograder.judge import gather_form
from autograder.oracles import exercises_of
from autograder.pipeline import score
from autograder.pipeline.class_report import write_class_page
from autograder.pipeline.course import CourseFolder
from autograder.pipeline.grade import api_for, new_course
from autograder.pipeline.records import make_record, regrade
from autograder.pipeline.run import Ran
from autograder.sandbox.limits import Limits
from autograder.student.evidence import MIME

LESSON = "06_momentum"


@dataclass(frozen=True)
class ReadBack:
    """What a graded class costs afterwards.

    Attributes:
        students: how many are in it.
        regrade_seconds: judging all kept evidence again.
        changes: verdicts that came out otherwise.
        page_seconds: writing the class's page.
        page_bytes: its size.
        page: where it lies.
    """

    students: int
    regrade_seconds: float
    changes: int
    page_seconds: float
    page_bytes: int
    page: str

    def to_json(self) -> dict[str, Any]:
        """As the line of `--json`."""
        return asdict(self)

    def text(self) -> str:
        """As a person reads it."""
        return (
            f"{self.students} students: judged again in {self.regrade_seconds:.1f} s, {self.changes} changes; "
            f"the class's page in {self.page_seconds:.1f} s, {self.page_bytes / 1e6:.2f} MB: {self.page}"
        )


def bench_class(students: int = 300) -> ReadBack:
    """Make a class, judge its evidence again and write its page."""
    course = make_class(Path(tempfile.mkdtemp(prefix="downhill-class-")) / "course", students)
    began = time.perf_counter()
    found = regrade(LESSON, course)
    judged = time.perf_counter()
    page = write_class_page(course, lesson=LESSON)
    written = time.perf_counter()
    size = page.stat().st_size
    return ReadBack(found.judged, judged - began, len(found.changes), written - judged, size, str(page))


def make_class(folder: Path, students: int, names: tuple[str, ...] = ()) -> CourseFolder:
    """A course whose students handed in known forms: two in three right, the others each form in turn.

    Args:
        folder: where the course goes; it must not exist.
        students: how many hand in; one more is in the gradebook and does not.
        names: the first students' names; the others are numbered.
    """
    course = new_course(folder)
    api_for(folder).generate_assignment(LESSON)
    released = course.released(LESSON)
    shown: set[tuple[str, str]] = set()
    everybody = [*names, *(f"student{n:03d}" for n in range(len(names), students))]
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        for student in [*everybody, "absent"]:
            gradebook.update_or_create_student(student)
    for n, student in enumerate(everybody):
        notebook = copy.deepcopy(released)
        for place, exercise in enumerate(exercises_of(LESSON)):
            turn = n * len(exercises_of(LESSON)) + place
            form = exercise.forms[turn // 3 % len(exercise.forms)].name if turn % 3 == 0 else None
            evidence = gather_form(exercise.name, form, n).to_wire()
            _check(notebook, exercise.name).outputs = [new_output("display_data", {MIME: evidence})]
        ran = Ran(notebook, seconds=0.2 + n % 7 / 10)
        found = score.verdicts(ran, exercises_of(LESSON), n)
        new = {name: v for name, v in found.items() if (name, v.label) not in shown}
        shown |= {(name, v.label) for name, v in new.items()}
        write(course.runs / f"run{n}.json", ran.to_json())
        course.record(LESSON, student, make_record(ran, found, n, f"run{n}", Limits(), {}))
        if new:
            graded = copy.deepcopy(notebook)
            score.write_outputs(graded, found)
            score.add_pictures(graded, score.drawn(new))
            path = folder / "autograded" / student / LESSON / f"{LESSON}.ipynb"
            write(path, nbformat.writes(graded))
    return course


def _check(notebook: NotebookNode, exercise: str) -> Any:
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == f"check_{exercise}")
