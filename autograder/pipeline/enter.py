"""Enter judged submissions into nbgrader's gradebook and folders: what `nbgrader autograde` leaves, without its passes.

Stock nbgrader converts a notebook twice, validates it after each of a dozen steps and opens the database for most of
them: a tenth of a second a submission. Here its own pieces are called directly, once each. A test compares both ways
table by table and file by file.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde
from nbgrader.converters.base import BaseConverter
from nbgrader.preprocessors import AssignLatePenalties, CheckCellMetadata, LimitOutput, OverwriteCells
from sqlalchemy.orm import selectinload
from traitlets import TraitError

from autograder.errors import NoCourse, NoLesson
from autograder.files import write
from autograder.pipeline.course import CourseFolder
from autograder.pipeline.late import Late
from autograder.pipeline.ledger import Ledger
from autograder.pipeline.nodes import written
from autograder.pipeline.repair import clean
from autograder.pipeline.unit import Done

log = logging.getLogger("autograder.nbgrader")
log.addHandler(logging.NullHandler())
WHOLE = selectinload(SubmittedAssignment.notebooks).options(
    selectinload(SubmittedNotebook.grades), selectinload(SubmittedNotebook.comments)
)


@dataclass(frozen=True)
class Entered:
    """What the gradebook now says of a submission: the automatic points, whether a person has to look, and what is
    taken off for coming late."""

    points: float
    needs_person: bool
    penalty: float = 0.0


class Desk:
    """Where submissions of one lesson are prepared before they run and entered afterwards."""

    def __init__(self, course: CourseFolder, api: NbGraderAPI, ledger: Ledger, lesson: str) -> None:
        self._course, self._ledger, self._lesson = course, ledger, lesson
        self._folders = api.coursedir
        self._nbgrader = Autograde(coursedir=api.coursedir, parent=api, force=True)
        self._nbgrader.log = log
        self._overwrite = _Overwrite(parent=self._nbgrader)
        self._limit = LimitOutput(parent=self._nbgrader)
        self._released = course.released(lesson)
        CheckCellMetadata().preprocess(self._released, {})  # a clean notebook has its marks and no others
        try:
            notebook = ledger.gradebook.find_notebook(lesson, lesson)
        except MissingEntry as error:
            raise NoLesson(
                f"the gradebook does not know {lesson}: run `nbgrader generate_assignment {lesson} --force` "
                f"in {course.root}; grades are kept"
            ) from error
        source = Path(self._folders.root, self._folders.source_directory)
        try:
            Late(parent=self._nbgrader).enter(lesson, ledger.gradebook, source)
        except TraitError as error:
            raise NoCourse(f"{course.root}/nbgrader_config.py cannot be used: {error}") from error
        self._kernelspec = notebook.kernelspec
        self._overwrite.sources = {c.name: _plain(c) for c in notebook.source_cells}
        self._overwrite.points = {c.name: SimpleNamespace(max_score=c.max_score) for c in notebook.grade_cells}
        self._others = [other.name for other in ledger.gradebook.find_assignment(lesson).notebooks if other != notebook]
        source = self._folders.format_path(self._folders.source_directory, ".", lesson)
        leave = {os.path.join(source, name) for name in self._nbgrader.exclude_overwriting.get(lesson, [])}
        found = set(utils.find_all_files(source, [*self._folders.ignore, "*.ipynb"])) - leave
        self._source_files = {os.path.relpath(path, source): path for path in found}

    def prepare(self, student: str) -> NotebookNode:
        """The clean notebook of a submission, its locked cells as the gradebook has them."""
        path = self._course.root / "submitted" / student / self._lesson / f"{self._lesson}.ipynb"
        notebook = clean(path.read_bytes(), self._released)
        if self._kernelspec:
            notebook.metadata["kernelspec"] = nbformat.from_dict(json.loads(self._kernelspec))
        notebook, _ = self._overwrite.preprocess(notebook, {})
        return notebook

    def enter(self, done: list[Done]) -> list[Entered | Exception]:
        """Enter some submissions in one transaction; if that fails, each in its own, and say which could not be."""
        try:
            with self._ledger.transaction():
                submissions = self._submissions([each.student for each in done])
                return [self._enter(each, submissions[each.student]) for each in done]
        except Exception as error:
            if len(done) == 1:
                return [error]
        return [self.enter([each])[0] for each in done]

    def entered(self, student: str) -> Entered:
        """What the gradebook says of a student now; no points, where it knows of no submission."""
        try:
            submission = self._ledger.gradebook.find_submission(self._lesson, student)
        except MissingEntry:
            return Entered(0.0, False)
        grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
        points = sum(float(grade.auto_score or 0) for grade in grades)
        return Entered(points, any(grade.needs_manual_grade for grade in grades))

    def _submissions(self, students: list[str]) -> dict[str, SubmittedAssignment]:
        """The gradebook's submissions of some students, read together; those it does not have are added to it."""
        gradebook = self._ledger.gradebook
        with gradebook.db.no_autoflush:  # all that is new is then written with its marks, table by table
            known = {student.id: student for student in gradebook.db.query(Student).filter(Student.id.in_(students))}
            assignment = gradebook.find_assignment(self._lesson)
            theirs = SubmittedAssignment.assignment == assignment, SubmittedAssignment.student_id.in_(students)
            found = {s.student_id: s for s in gradebook.db.query(SubmittedAssignment).filter(*theirs).options(WHOLE)}
            for name in students:
                if name not in found:
                    student = known.get(name) or gradebook.add_student(name)
                    found[name] = submission = _submission(assignment, student)
                    gradebook.db.add(submission)
                source = self._folders.format_path(self._folders.submitted_directory, name, self._lesson)
                timestamp = self._folders.get_existing_timestamp(source)
                if timestamp:
                    found[name].timestamp = timestamp
        return found

    def _enter(self, done: Done, submission: SubmittedAssignment) -> Entered:
        notebook = nbformat.from_dict(json.loads(done.notebook))
        notebook, _ = self._limit.preprocess(notebook, {})
        entered = self._enter_marks(submission, notebook, set(done.flagged))
        if submission.total_seconds_late > 0 or any(n.late_submission_penalty for n in submission.notebooks):
            where = {"notebook": done.lesson, "assignment": done.lesson, "student": done.student}
            resources = {"nbgrader": {**where, "db_url": self._folders.db_url}}
            AssignLatePenalties(parent=self._nbgrader, log=log).preprocess(notebook, resources)
            taken = sum(float(n.late_submission_penalty or 0) for n in submission.notebooks)
            entered = replace(entered, penalty=taken)
        self._course.record(done.lesson, done.student, done.record)
        self._write_folder(done.student, written(notebook))
        return entered

    def _enter_marks(self, submission: SubmittedAssignment, notebook: NotebookNode, flagged: set[str]) -> Entered:
        """What nbgrader's SaveAutoGrades enters, and the flags that it would clear."""
        by_name = {submitted.name: submitted for submitted in submission.notebooks}
        graded = by_name[self._lesson]
        grades = {grade.name: grade for grade in graded.grades}
        comments = {comment.name: comment for comment in graded.comments}
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            if utils.is_grade(cell):
                grade = grades[name]
                grade.auto_score, _ = utils.determine_grade(cell, log)
                by_hand = grade.manual_score is not None or grade.auto_score is None
                grade.needs_manual_grade = by_hand or name.removeprefix("check_") in flagged
            if utils.is_solution(cell) or utils.is_task(cell):
                untouched = cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
                comments[name].auto_comment = "No response." if untouched and not utils.is_task(cell) else None
        for other in self._others:  # a lesson is one notebook; another one that was not handed in earns nothing
            path = self._course.root / "submitted" / submission.student.id / self._lesson / f"{other}.ipynb"
            for grade in by_name[other].grades if other in by_name and not path.exists() else ():
                grade.auto_score, grade.needs_manual_grade = 0, False
        points = sum(float(grade.auto_score or 0) for grade in grades.values())
        return Entered(points, any(grade.needs_manual_grade for grade in grades.values()))

    def _write_folder(self, student: str, notebook: str) -> None:
        """The student's folder in `autograded/`: what was handed in beside the notebook, the lesson's own files."""
        converter, lesson = self._nbgrader, self._lesson
        converter.init_destination(lesson, student)
        BaseConverter.init_assignment(converter, lesson, student)
        folder = Path(converter._format_dest(lesson, student))
        for name, path in self._source_files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            shutil.copy(path, target)
        write(folder / f"{lesson}.ipynb", notebook)
        converter.set_permissions(lesson, student)


class _Overwrite(OverwriteCells):
    """nbgrader's own check of locked cells, against a plain copy of the source cells instead of the database."""

    sources: dict[str, Any]
    points: dict[str, Any]

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        self.gradebook, self.notebook_id, self.assignment_id = self, "", ""
        cleaned: tuple[NotebookNode, dict[str, Any]] = super(OverwriteCells, self).preprocess(nb, resources)
        return cleaned

    def find_source_cell(self, name: str, *where: str) -> Any:
        """As the gradebook's."""
        if name not in self.sources:
            raise MissingEntry(name)
        return self.sources[name]

    def find_graded_cell(self, name: str, *where: str) -> Any:
        """As the gradebook's."""
        return self.points[name]


def _submission(assignment: Assignment, student: Student) -> SubmittedAssignment:
    """A new submission as nbgrader's `add_submission` makes it, which asks for lesson and student each time."""
    submission = SubmittedAssignment(assignment=assignment, student=student)
    for notebook in assignment.notebooks:
        submitted = SubmittedNotebook(notebook=notebook, assignment=submission)
        for cell in (*notebook.grade_cells, *notebook.task_cells):
            Grade(cell=cell, notebook=submitted, needs_manual_grade=True)
        for cell in (*notebook.solution_cells, *notebook.task_cells):
            Comment(cell=cell, notebook=submitted)
    return submission


def _plain(cell: Any) -> SimpleNamespace:
    kept = ("name", "cell_type", "source", "locked", "checksum")
    return SimpleNamespace(**{name: getattr(cell, name) for name in kept})
