"""Downhill's stages as nbgrader's preprocessors, and the one function that installs them in a course."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    Execute,
    LimitOutput,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)
from traitlets import Bool, Enum, Integer

from autograder.errors import DownhillError
from autograder.pipeline import pages
from autograder.pipeline.course import LIVE_NAME, CourseFolder, is_live, tidy
from autograder.pipeline.late import Due, Late
from autograder.pipeline.repair import clean
from autograder.pipeline.unit import unit_of
from autograder.sandbox.limits import Limits

Resources = dict[str, Any]


def configure(c: Any) -> None:
    """Let nbgrader judge from outside: call this in a course's `nbgrader_config.py` with its `c`."""
    c.Autograde.exporter_class = AnyBytesExporter
    c.Autograde.pre_convert_hook = tidy_submission
    c.Autograde.sanitize_preprocessors = [Repair, OverwriteKernelspec, OverwriteCells, CheckCellMetadata]
    c.Autograde.autograde_preprocessors = [
        Run,
        Tell,
        LimitOutput,
        SaveAutoGrades,
        Flag,
        Due,
        AssignLatePenalties,
        CheckCellMetadata,
    ]
    c.AssignLatePenalties.plugin_class = Late
    c.GenerateAssignment.preprocessors.append(Due)
    c.GenerateFeedback.exporter_class = pages.StudentPage
    c.HTMLExporter.sanitize_html = True
    c.HTMLExporter.filters = {"markdown2html": pages.FILTER}


def tidy_submission(assignment: str, student: str, notebooks: list[str]) -> None:
    """nbgrader's hook before a submission is read; `notebooks` is nbgrader's own list and is changed in place."""
    folder = Path(notebooks[0]).parent
    tidy(folder, assignment)
    notebooks[:] = [str(folder / f"{assignment}.ipynb")]


class AnyBytesExporter(NotebookExporter):
    """Hands a submission's bytes to `Repair` unread: what is no notebook must not stop the batch."""

    def from_file(self, file_stream: Any, resources: Resources | None = None, **kw: Any) -> Any:
        resources = {} if resources is None else resources
        if any(isinstance(preprocessor, Repair) for preprocessor in self._preprocessors):
            resources["downhill_raw"] = Path(file_stream.name).read_bytes()
            return self.from_notebook_node(new_notebook(), resources=resources, **kw)
        return super().from_file(file_stream, resources=resources, **kw)


class _Stage(NbGraderPreprocessor):
    @property
    def course(self) -> CourseFolder:
        """The course that is being graded."""
        return CourseFolder(Path(self.parent.parent.coursedir.root))


class Repair(_Stage):
    """Any bytes to a clean notebook; notes travel in the notebook's metadata, which no student writes."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        where = resources["nbgrader"]
        if is_live(where["student"]):
            with Gradebook(where["db_url"]) as gradebook:  # nbgrader has entered the name by now
                if not any(submission.score for submission in gradebook.find_student(where["student"]).submissions):
                    gradebook.remove_student(where["student"])
            raise DownhillError(f"the submission of {where['student']!r} is not graded: {LIVE_NAME}")
        released = self.course.released(resources["nbgrader"]["assignment"])
        return clean(resources.pop("downhill_raw"), released), resources


class Run(Execute, _Stage):
    """Runs the clean notebook in a kernel of its own, or replays the cached run, and judges it."""

    timeout = Integer(Limits.cell_seconds, help="Seconds a cell may take.").tag(config=True)
    notebook_seconds = Integer(Limits.notebook_seconds, help="Seconds a notebook may take.").tag(config=True)
    output_bytes = Integer(Limits.output_bytes, help="Bytes a notebook may put out.").tag(config=True)
    memory_bytes = Integer(Limits.memory_bytes, help="Address space of each process.").tag(config=True)
    processes = Integer(Limits.processes, help="Processes and threads at once.").tag(config=True)
    file_bytes = Integer(Limits.file_bytes, help="Size of one file, and of all files.").tag(config=True)
    isolation = Enum(["bubblewrap", "none"], Limits.isolation, help="How code is kept apart.").tag(config=True)

    experiments = Bool(Limits.experiments, help="Whether cells for the student's eyes run too.").tag(config=True)

    @property
    def limits(self) -> Limits:
        """The limits that the course's configuration sets."""
        same = {f.name: getattr(self, f.name) for f in fields(Limits) if f.name != "cell_seconds"}
        return Limits(cell_seconds=self.timeout, **same)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        from autograder.pipeline.work import execute  # late: whoever only reads the configuration needs no torch

        where = resources["nbgrader"]
        done = execute(unit_of(self.course, where["assignment"], where["student"], nb, self.limits))
        resources["downhill_done"] = done
        return from_dict(json.loads(done.notebook)), resources


class Tell(_Stage):
    """Pictures beside the verdicts, and the record."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        from autograder.pipeline import score

        done = resources.pop("downhill_done")
        score.add_pictures(nb, score.drawn(done.found))
        self.course.record(done.lesson, done.student, done.record)
        resources["downhill_flagged"] = done.flagged
        return nb, resources


class Flag(_Stage):
    """Marks what a person has to look at; it comes after SaveAutoGrades, which clears such marks."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        where = resources["nbgrader"]
        with Gradebook(where["db_url"]) as gradebook:
            for exercise in resources.pop("downhill_flagged"):
                grade = gradebook.find_grade(
                    f"check_{exercise}", where["notebook"], where["assignment"], where["student"]
                )
                grade.needs_manual_grade = True
            gradebook.db.commit()
        return nb, resources
