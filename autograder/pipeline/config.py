"""Downhill's stages as nbgrader's preprocessors, and the one function that installs them in a course."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
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
from traitlets import Enum, Integer

from autograder.errors import DownhillError
from autograder.pipeline import pages, score
from autograder.pipeline.course import LIVE_NAME, CourseFolder, fresh, is_live, tidy
from autograder.pipeline.records import make_record
from autograder.pipeline.repair import repair
from autograder.sandbox.limits import Limits

Resources = dict[str, Any]


def configure(c: Any) -> None:
    """Let nbgrader judge from outside: call this in a course's `nbgrader_config.py` with its `c`."""
    c.Autograde.exporter_class = AnyBytesExporter
    c.Autograde.pre_convert_hook = tidy_submission
    c.Autograde.sanitize_preprocessors = [Repair, OverwriteKernelspec, OverwriteCells, CheckCellMetadata]
    c.Autograde.autograde_preprocessors = [
        Run,
        Judge,
        LimitOutput,
        SaveAutoGrades,
        Flag,
        AssignLatePenalties,
        CheckCellMetadata,
    ]
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
        raw = resources.pop("downhill_raw")
        repaired = repair(raw, self.course.released(resources["nbgrader"]["assignment"]))
        notes, sha256 = list(repaired.notes), hashlib.sha256(raw).hexdigest()
        repaired.notebook.metadata["downhill"] = {
            "notes": notes,
            "unreadable": repaired.unreadable,
            "sha256": sha256,
        }
        return repaired.notebook, resources


class Run(Execute, _Stage):
    """Runs the clean notebook in a kernel of its own and judges it, or replays what a worker made of it."""

    timeout = Integer(Limits.cell_seconds, help="Seconds a cell may take.").tag(config=True)
    notebook_seconds = Integer(Limits.notebook_seconds, help="Seconds a notebook may take.").tag(config=True)
    output_bytes = Integer(Limits.output_bytes, help="Bytes a notebook may put out.").tag(config=True)
    memory_bytes = Integer(Limits.memory_bytes, help="Address space of each process.").tag(config=True)
    processes = Integer(Limits.processes, help="Processes and threads at once.").tag(config=True)
    file_bytes = Integer(Limits.file_bytes, help="Size of one file, and of all files.").tag(config=True)
    isolation = Enum(["bubblewrap", "none"], Limits.isolation, help="How code is kept apart.").tag(config=True)

    @property
    def limits(self) -> Limits:
        """The limits that the course's configuration sets."""
        same = {f.name: getattr(self, f.name) for f in fields(Limits) if f.name != "cell_seconds"}
        return Limits(cell_seconds=self.timeout, **same)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        where, unreadable = resources["nbgrader"], nb.metadata.get("downhill", {}).get("unreadable", "")
        judged = self.course.judged(where["assignment"], where["student"], nb, self.limits, unreadable)
        fresh.clear()  # used up
        resources["downhill_judged"], resources["downhill_limits"] = judged, self.limits
        for cell, done in zip(nb.cells, judged.ran.notebook.cells, strict=True):
            if cell.cell_type == "code":
                cell.outputs = done.get("outputs", [])
        return nb, resources


class Judge(_Stage):
    """Verdicts to words and points."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        where, told = resources["nbgrader"], nb.metadata.get("downhill", {})
        judged, limits = resources.pop("downhill_judged"), resources.pop("downhill_limits")
        found = judged.found
        released = frozenset(cell.source for cell in self.course.released(where["assignment"]).cells)
        score.write_outputs(nb, found, released, judged.pictures)
        self.course.record(where["assignment"], where["student"], make_record(judged, limits, told))
        resources["downhill_flagged"] = [name for name, verdict in found.items() if verdict.kind == "flagged"]
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
