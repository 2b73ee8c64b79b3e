"""Grade a lesson: many submissions run at once, one writer to the gradebook, points first and pages after."""

from __future__ import annotations

import logging
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TYPE_CHECKING, Any

from autograder.errors import DownhillError, NoSandbox
from autograder.pipeline import course as folders
from autograder.pipeline.course import CourseFolder
from autograder.pipeline.pool import Pool, pool_of
from autograder.pipeline.report import Graded, Report, write_csv
from autograder.pipeline.setup import api_for, load_config, new_course
from autograder.pipeline.unit import Done, Unit, unit_of, work
from autograder.pipeline.writable import check_writable, reason, stop_for_good, while_writing
from autograder.sandbox.bubblewrap import unavailable
from autograder.sandbox.limits import Limits

if TYPE_CHECKING:
    from autograder.pipeline.enter import Desk, Entered

__all__ = ["Graded", "Report", "api_for", "grade", "load_config", "new_course"]

log = logging.getLogger(__name__)
BATCH = 20  # submissions entered in one transaction
DIED_TWICE = "the process that ran it died twice"


def grade(
    lesson: str,
    course: CourseFolder,
    workers: int | None = None,
    progress: Callable[[str, int, int], None] = lambda student, done, total: None,
    isolation: str | None = None,
    *,
    scheduler: str = "",
    feedback: bool = True,
) -> Report:
    """Grade everything that lies in `submitted/` for a lesson: points for everybody, then pictures and pages.

    Args:
        lesson: the lesson's name.
        course: the course's folder.
        workers: how many submissions run at once; the machine's cores by default.
        progress: called after each student with the name, how many steps are done, and how many there are; points
            are a step, and a page is one.
        isolation: "bubblewrap" or "none"; what the course's settings say by default.
        scheduler: the address of a Dask scheduler on whose workers submissions run, instead of processes here.
        feedback: whether pictures and pages are made.

    Raises:
        NoSandbox: if students' code cannot be isolated here and isolation was not waived.
        NoLesson: if the lesson does not exist or has not been released.
        NoGradebook: if the gradebook cannot be written.
        NoCluster: if no Dask scheduler answers at the address, or it has no workers.
        DiskFull: if there is no room; what was graded until then is kept.
        DownhillError: if nothing was submitted.
    """
    began = time.perf_counter()
    released = course.released(lesson)
    students, refused = _handed_in(course, lesson)
    sandboxed = isolation != "none" and not unavailable()
    with pool_of(workers or os.cpu_count() or 1, sandboxed, scheduler) as pool:
        # late: the workers start while nbgrader is imported here
        from nbgrader.apps import NbGraderAPI
        from nbgrader.coursedir import CourseDirectory

        from autograder.pipeline.config import Run
        from autograder.pipeline.enter import Desk
        from autograder.pipeline.ledger import Ledger

        config = load_config(course.root)
        if isolation:
            config.Run.isolation = isolation
        limits = Run(config=config).limits
        if limits.isolation == "bubblewrap" and not scheduler and unavailable():
            raise NoSandbox(unavailable())
        api = NbGraderAPI(CourseDirectory(config=config), config=config)
        check_writable(course, api.coursedir.db_url)
        step = _Steps(progress, len(students) * (1 + feedback))
        with while_writing(course, lambda: (step.kept, len(students))):
            with Ledger(api.coursedir.db_url, api.coursedir.course_id) as ledger:
                points = _Points(course, lesson, limits, Desk(course, api, ledger, lesson), step)
                points.of(students, pool)
            stood = time.perf_counter() - began
            pages = _Pages(course, lesson, step)
            if feedback:
                pages.of(points.rows, points.wrong, pool)
    rows = sorted([*points.rows.values(), *refused], key=lambda row: row.student)
    marks = [cell.metadata.get("nbgrader", {}) for cell in released.cells]
    most = float(sum(m["points"] for m in marks if m.get("grade") and not m.get("solution")))
    stages = {"begin": max(0.0, points.first - began), **points.stages, **pages.stages}
    report = Report(lesson, most, rows, 0.0, "", limits.isolation, stood, stages)
    write_csv(course, report)
    report.seconds = time.perf_counter() - began
    return report


def _handed_in(course: CourseFolder, lesson: str) -> tuple[list[str], list[Graded]]:
    """The students with a submission, and rows for those whose names cannot be graded."""
    paths = sorted(course.root.glob(f"submitted/*/{lesson}"))
    names = [path.parent.name for path in paths if path.is_dir() and not path.parent.name.startswith(".")]
    if not names:
        raise DownhillError(
            f"nothing was submitted for {lesson}: expected folders like {course.root}/submitted/STUDENT/{lesson}/"
        )
    live = [name for name in names if folders.is_live(name)]
    told = folders.LIVE_NAME
    return [n for n in names if n not in live], [Graded(n, 0.0, {}, [told], problem=told) for n in live]


class _Steps:
    """Counts what is done, tells it, and knows how many submissions are kept in the gradebook."""

    def __init__(self, progress: Callable[[str, int, int], None], total: int) -> None:
        self._progress, self._total, self._done, self.kept = progress, total, 0, 0

    def __call__(self, student: str) -> None:
        self._done += 1
        self._progress(student, self._done, self._total)


class _Points:
    """The first half: prepare, run and judge in the workers, enter."""

    def __init__(self, course: CourseFolder, lesson: str, limits: Limits, desk: Desk, step: _Steps) -> None:
        self._course, self._lesson, self._limits, self._desk, self._step = course, lesson, limits, desk, step
        self._total = 0
        self._notes: dict[str, list[str]] = {}
        self._finished: list[Done] = []
        self.rows: dict[str, Graded] = {}
        self.wrong: dict[str, Any] = {}  # by student the verdicts that a picture can be drawn of
        self.stages: defaultdict[str, float] = defaultdict(float)
        self.first = 0.0

    def of(self, students: list[str], pool: Pool) -> None:
        """Grade these students; what was finished is entered also if this is broken off."""
        self._total = len(students)
        try:
            for student, done, problem in self._run(students, pool):
                self.first = self.first or time.perf_counter()
                self._step(student)
                if isinstance(done, Done):
                    self._finished.append(done)
                    for stage, seconds in done.seconds.items():
                        self.stages[stage] += seconds
                    if len(self._finished) == BATCH:
                        self._enter()
                else:
                    self._fail(student, problem)
        finally:
            self._enter()

    def _run(self, students: list[str], pool: Pool) -> Iterator[tuple[str, Done | None, str]]:
        """Every student with what a worker made of the submission, or with what went wrong."""
        ahead, lost = iter(students), []
        waiting: dict[Future[Done], Unit] = {}
        while True:
            while len(waiting) < pool.window and (student := next(ahead, "")):
                try:
                    unit = self._prepare(student, pool)
                except Exception as error:  # one bad submission must not stop the batch
                    yield student, None, _told(error)
                else:
                    waiting[pool.submit(work, unit)] = unit
            if not waiting:
                break
            ready, _ = wait(waiting, timeout=1, return_when=FIRST_COMPLETED)
            if not ready:
                self._enter()  # somebody's code takes its time: use it
            broken = False
            for future in ready:
                unit = waiting.pop(future)
                try:
                    yield unit.student, future.result(), ""
                except pool.lost:
                    lost.append(unit)
                    broken = True
                except Exception as error:
                    yield unit.student, None, _told(error)
            if broken:
                pool.replace()
        for unit in lost:  # one at a time: who lets a worker die a second time takes nobody along
            try:
                yield unit.student, pool.submit(work, unit).result(), ""
            except pool.lost:
                pool.replace()
                yield unit.student, None, DIED_TWICE
            except Exception as error:
                yield unit.student, None, _told(error)

    def _prepare(self, student: str, pool: Pool) -> Unit:
        began = time.perf_counter()
        folder = self._course.root / "submitted" / student / self._lesson
        self._notes[student] = folders.tidy(folder, self._lesson)
        unit = unit_of(self._course, self._lesson, student, self._desk.prepare(student), self._limits)
        unit = pool.ready_to_travel(unit)
        self.stages["prepare"] += time.perf_counter() - began
        return unit

    def _enter(self) -> None:
        """Into the gradebook with all that is finished."""
        finished, self._finished = self._finished, []
        if not finished:
            return
        began = time.perf_counter()
        for done in finished:
            if done.run:
                self._course.keep_run(done.key, done.run)
        for done, entered in zip(finished, self._desk.enter(finished), strict=True):
            if isinstance(entered, Exception):
                self._fail(done.student, _told(entered))
                continue
            self.wrong[done.student] = {name: v for name, v in done.found.items() if v.compared and v.fraction < 1}
            self.rows[done.student] = row = self._row(done, entered)
            self._step.kept += 1
            log.info("%s: %g points, %.2f s", done.student, row.points, sum(done.seconds.values()))
        self.stages["record"] += time.perf_counter() - began

    def _row(self, done: Done, entered: Entered) -> Graded:
        verdicts = {name: verdict.label for name, verdict in done.found.items()}
        untold = [v.detail for v in done.found.values() if v.kind in ("no_evidence", "flagged", "output")]
        late = [f"late: {entered.penalty:g} points are taken off"] if entered.penalty else []
        notes = [*late, *self._notes[done.student], *done.told["notes"], *dict.fromkeys(untold)]
        return Graded(done.student, round(entered.points, 6), verdicts, notes, entered.needs_person)

    def _fail(self, student: str, problem: str) -> None:
        """A student keeps what was recorded before; what would meet everybody ends the grading."""
        log.debug("%s: %s", student, problem)
        stop_for_good(self._course, problem, self._step.kept, self._total)
        told = reason(problem)
        recorded, before = self._course.recorded(self._lesson, student), self._desk.entered(student)
        verdicts = {name: v["label"] for name, v in recorded["verdicts"].items()}
        notes = [*self._notes.get(student, []), f"not finished, the points last recorded stand: {told}"]
        self.rows[student] = Graded(student, round(before.points, 6), verdicts, notes, before.needs_person, told)


class _Pages:
    """The second half: pictures and feedback pages."""

    def __init__(self, course: CourseFolder, lesson: str, step: _Steps) -> None:
        self._course, self._lesson, self._step = course, lesson, step
        self.stages: defaultdict[str, float] = defaultdict(float)

    def of(self, rows: dict[str, Graded], wrong: dict[str, Any], pool: Pool) -> None:
        """Make the pages of all whose points stand."""
        from autograder.pipeline.tell import tell

        with pool.beside() as here:
            pages = {
                here.submit(tell, str(self._course.root), self._lesson, student, wrong[student]): student
                for student, row in rows.items()
                if not row.problem
            }
            for page, student in pages.items():
                try:
                    seconds, problem = page.result()
                except here.lost:
                    here.replace()
                    seconds, problem = tell(str(self._course.root), self._lesson, student, wrong[student])
                self.stages["feedback"] += seconds
                if problem:
                    stop_for_good(self._course, problem, len(rows), len(rows))
                    row = rows[student]
                    row.problem = reason(problem)
                    row.notes.append(row.problem)
                self._step(student)


def _told(error: BaseException) -> str:
    return f"it could not be graded\n{type(error).__name__}: {error}"
