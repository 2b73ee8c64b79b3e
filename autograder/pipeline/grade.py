"""Grade a lesson: many submissions run at once, one writer to the gradebook, one table at the end."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, PyFileConfigLoader

from autograder.errors import DownhillError, NoCourse, NoSandbox
from autograder.files import table, write
from autograder.pipeline import course as folders
from autograder.pipeline.config import Run
from autograder.pipeline.course import CourseFolder, Fresh
from autograder.pipeline.ledger import Ledger
from autograder.pipeline.repair import repair
from autograder.pipeline.writable import check_writable, reason, stop_for_good
from autograder.sandbox.bubblewrap import unavailable
from autograder.sandbox.limits import Limits

log = logging.getLogger(__name__)
Result = TypeVar("Result")


@dataclass
class Graded:
    """One student's row; `problem` says why it was not finished; the points are then the last recorded."""

    student: str
    points: float
    verdicts: dict[str, str]
    notes: list[str] = field(default_factory=list)
    needs_person: bool = False
    problem: str = ""


@dataclass
class Report:
    """What a grading gave."""

    lesson: str
    max_points: float
    students: list[Graded]
    seconds: float
    report: str = ""
    isolation: str = "bubblewrap"

    def to_json(self) -> dict[str, Any]:
        """As the one JSON line of `--json`."""
        rows = [{"student": g.student, "points": g.points, "verdicts": g.verdicts} for g in self.students]
        return {**vars(self), "seconds": round(self.seconds, 2), "students": rows}


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


def api_for(root: Path) -> NbGraderAPI:
    """nbgrader's own API over a course folder."""
    config = load_config(root)
    return NbGraderAPI(CourseDirectory(config=config), config=config)


def grade(
    lesson: str,
    course: CourseFolder,
    workers: int | None = None,
    progress: Callable[[str, int, int], None] = lambda student, done, total: None,
    isolation: str | None = None,
) -> Report:
    """Grade everything that lies in `submitted/` for a lesson.

    Args:
        lesson: the lesson's name.
        course: the course's folder.
        workers: how many submissions run at once; the machine's cores by default.
        progress: called after each student with the name, how many are done, and how many there are.
        isolation: "bubblewrap" or "none"; what the course's settings say by default.

    Raises:
        NoSandbox: if students' code cannot be isolated here and isolation was not waived.
        NoLesson: if the lesson does not exist or has not been released.
        NoGradebook: if the gradebook cannot be written.
        DiskFull: if there is no room; what was graded until then is kept.
        DownhillError: if nothing was submitted.
    """
    began = time.perf_counter()
    course.released(lesson)
    config = load_config(course.root)
    if isolation:
        config.Run.isolation = isolation
    limits = Run(config=config).limits
    cannot = unavailable() if limits.isolation == "bubblewrap" else ""
    if cannot:
        raise NoSandbox(cannot)
    check_writable(course)
    submitted = sorted(course.root.glob(f"submitted/*/{lesson}"))
    students = [path.parent.name for path in submitted if path.is_dir() and not path.parent.name.startswith(".")]
    if not students:
        raise DownhillError(
            f"nothing was submitted for {lesson}: expected folders like {course.root}/submitted/STUDENT/{lesson}/"
        )
    graded = [
        Graded(s, 0.0, {}, [folders.LIVE_NAME], problem=folders.LIVE_NAME) for s in students if folders.is_live(s)
    ]
    students = [s for s in students if not folders.is_live(s)]
    tidied = {name: folders.tidy(course.root / "submitted" / name / lesson, lesson) for name in students}
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    with (
        Workers(workers or os.cpu_count() or 1) as pool,
        Ledger(api.coursedir.db_url, api.coursedir.course_id) as ledger,
    ):
        pages: list[Future[str]] = []
        for done, (student, work, problem) in enumerate(_run_all(lesson, course, students, limits, pool), 1):
            folders.fresh.update(work)
            problem = problem or _record(api, ledger, lesson, student)
            folders.fresh.clear()
            if problem:
                log.debug("%s: %s", student, problem)
                stop_for_good(course, problem, done - 1, len(students))
            else:
                pages.append(pool.submit(write_page, str(course.root), lesson, student))
            graded.append(_row(course, ledger.gradebook, lesson, student, list(tidied[student]), problem))
            progress(student, done, len(students))
        for student, page in zip([row.student for row in graded if not row.problem], pages, strict=True):
            _finish_page(course, lesson, graded, student, page)
    graded.sort(key=lambda row: row.student)
    report = Report(
        lesson, _max_points(course, lesson), graded, time.perf_counter() - began, isolation=limits.isolation
    )
    write_csv(course, report)
    return report


def write_csv(course: CourseFolder, report: Report) -> Path:
    """One row a student, one column an exercise; quoted, and harmless in a spreadsheet."""
    path = course.root / f"{report.lesson}.csv"
    exercises = list(dict.fromkeys(name for row in report.students for name in row.verdicts))
    head = ["student", "points", "max_points", *exercises]
    rows = [
        [row.student, row.points, report.max_points, *(row.verdicts.get(e, "") for e in exercises)]
        for row in report.students
    ]
    write(path, table([head, *rows]))
    return path


class Workers:
    """A pool of processes; one that died takes the pool with it, and `replace` makes a new one."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __enter__(self) -> Workers:
        context = get_context("spawn")  # a fork would inherit this process's threads
        self._pool = ProcessPoolExecutor(self._count, mp_context=context)
        return self

    def __exit__(self, *exception: object) -> None:
        self._pool.shutdown(wait=not any(exception), cancel_futures=True)

    def replace(self) -> None:
        """A new pool in place of a broken one."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.__enter__()

    def submit(self, function: Callable[..., Result], *args: Any) -> Future[Result]:
        """Run a function in a worker. A pool that is broken says so in the future, not here."""
        try:
            return self._pool.submit(function, *args)
        except BrokenProcessPool as error:
            failed: Future[Result] = Future()
            failed.set_exception(error)
            return failed


def _run_all(
    lesson: str, course: CourseFolder, students: list[str], limits: Limits, pool: Workers
) -> Iterator[tuple[str, dict[str, Fresh], str]]:
    """Run and judge every submission, many at once; each student with what came of it, or with what went wrong."""
    waiting = students
    for attempt in (1, 2):
        lost = []
        futures = {pool.submit(run_one, str(course.root), lesson, student, limits): student for student in waiting}
        for future in as_completed(futures):
            student = futures[future]
            try:
                work = future.result()
            except BrokenProcessPool:
                lost.append(student)
            except Exception as error:  # one bad submission must not stop the batch
                yield student, {}, f"it could not be run\n{type(error).__name__}: {error}"
            else:
                yield student, work, ""
        waiting = lost
        if not waiting:
            return
        pool.replace()
        if attempt == 2:
            for student in waiting:
                yield student, {}, "the process that ran it died twice"


def run_one(root: str, lesson: str, student: str, limits: Limits) -> dict[str, Fresh]:
    """Repair, run and judge one submission in a worker; what is worth keeping, by the run's cache key."""
    course = CourseFolder(Path(root))
    raw = (course.root / "submitted" / student / lesson / f"{lesson}.ipynb").read_bytes()
    repaired = repair(raw, course.released(lesson))
    folders.fresh.clear()
    course.judged(lesson, student, repaired.notebook, limits, repaired.unreadable)
    return dict(folders.fresh)


def write_page(root: str, lesson: str, student: str) -> str:
    """nbgrader's feedback page of one student, in a worker; "" or what went wrong."""
    shown = _api_of(root).generate_feedback(lesson, student, force=True)
    return "" if shown["success"] else f"no feedback page: {shown.get('error') or shown.get('log')!s}"


@cache
def _api_of(root: str) -> NbGraderAPI:
    return api_for(Path(root))


def _record(api: NbGraderAPI, ledger: Ledger, lesson: str, student: str) -> str:
    """Write one submission to the gradebook through nbgrader itself; "" or what went wrong."""
    with ledger.transaction():
        done = api.autograde(lesson, student, force=True, create=True)
    return "" if done["success"] else str(done.get("error") or done.get("log") or "nbgrader gave no reason")


def _finish_page(course: CourseFolder, lesson: str, graded: list[Graded], student: str, page: Future[str]) -> None:
    """Wait for a student's page; what went wrong is noted in the student's row."""
    try:
        problem = page.result()
    except BrokenProcessPool:
        problem = write_page(str(course.root), lesson, student)
    if problem:
        row = next(row for row in graded if row.student == student)
        row.notes.append(reason(problem))
        row.problem = reason(problem)


def _row(
    course: CourseFolder, gradebook: Gradebook, lesson: str, student: str, notes: list[str], problem: str
) -> Graded:
    recorded = course.recorded(lesson, student)
    verdicts = {name: v["label"] for name, v in recorded["verdicts"].items()}
    points, person = 0.0, False
    try:
        submission = gradebook.find_submission(lesson, student)
    except MissingEntry:
        problem = problem or "nbgrader has no record of it"
    else:
        grades = [g for notebook in submission.notebooks for g in notebook.grades]
        points = sum(float(g.auto_score or 0) for g in grades)
        person = any(g.needs_manual_grade for g in grades)
    untold = [v["detail"] for v in recorded["verdicts"].values() if v["kind"] in ("no_evidence", "flagged", "output")]
    problem = reason(problem) if problem else ""
    told = [f"not finished, the points last recorded stand: {problem}"] if problem else []
    notes = [*notes, *recorded["notes"], *dict.fromkeys(untold), *told]
    return Graded(student, round(points, 6), verdicts, notes, person, problem)


def _max_points(course: CourseFolder, lesson: str) -> float:
    """The points that are scored automatically."""
    cells = course.released(lesson).cells
    marks = [cell.metadata.get("nbgrader", {}) for cell in cells]
    return float(sum(m["points"] for m in marks if m.get("grade") and not m.get("solution")))


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
