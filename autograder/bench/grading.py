"""How fast a class is graded, against stock nbgrader on the same notebooks in the same round.

Both are timed as whole commands, from their start. Downhill's time for points ends when all points stand in the
gradebook; its time with feedback ends with the command.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

import autograder.bench.floor as floor_script
from autograder.bench import PREFIX
from autograder.demo.play import LESSON, SUBMISSIONS, answer, read_sample
from autograder.errors import DownhillError
from autograder.pipeline.grade import api_for, new_course
from autograder.pipeline.repair import clean
from autograder.pipeline.skipped import is_experiment
from autograder.pipeline.work import draw_problems
from autograder.sandbox.stage import lay_out

STOCK = """c = get_config()
c.CourseDirectory.course_id = 'downhill'
c.Execute.timeout = 600  # its 30 s for a cell end an experiment where the machine is busy, and the comparison with it
"""
MIXTURE = ("honest", "mistake", "honest", "mistake", "honest", "mistake", "honest", "mistake", "honest", "blank")
FLOOR_OF = 20  # different submissions are few: the floor is measured on so many and scaled


@dataclass(frozen=True)
class Timed:
    """The figures of `bench_grading`; times in seconds.

    Attributes:
        submissions: how many were graded.
        nbgrader_s: stock `nbgrader autograde` over all of them.
        downhill_s: `downhill grade` until all points stand.
        ratio: of the two.
        ratio_same_cells: the same with the lesson's experiments run on both sides; `None` if not asked for.
        feedback_ratio: with feedback pages on both sides.
        floor_s: the graded cells' code of all submissions in one process that is warm already.
        overhead_s: what Downhill's workers spend beside that on each submission.
        workers: how many there were.
        isolation: how students' code was kept apart.
        stock_submissions: how many stock nbgrader really graded; its times are scaled to all.
        sandbox_cost: what isolation adds to `downhill_s`, as a fraction of the same run with the same warm kernels
            and nothing that isolates them; `None` if not asked for.
        stages: where Downhill's time went.
    """

    submissions: int
    nbgrader_s: float
    downhill_s: float
    ratio: float
    ratio_same_cells: float | None
    feedback_ratio: float
    floor_s: float
    overhead_s: float
    workers: int
    isolation: str
    stock_submissions: int
    sandbox_cost: float | None = None
    stages: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As the line of `--json`."""
        return {name: round(v, 3) if isinstance(v, float) else v for name, v in vars(self).items()}

    def text(self) -> str:
        """As a person reads it; the stages' table comes from `feedback.tables`."""
        scaled = "" if self.stock_submissions == self.submissions else f", scaled from {self.stock_submissions}"
        same = "" if self.ratio_same_cells is None else f"; with experiments on both sides {self.ratio_same_cells:.1f}"
        cost = "" if self.sandbox_cost is None else f"\nThe sandbox adds {self.sandbox_cost:.1%} to the same run."
        return (
            f"{self.submissions} submissions, {self.workers} workers, isolation {self.isolation}: all points stand "
            f"after {self.downhill_s:.1f} s; stock nbgrader {self.nbgrader_s:.1f} s{scaled}.\n"
            f"Ratio {self.ratio:.1f}; with feedback pages on both sides {self.feedback_ratio:.1f}{same}.\n"
            f"The cells alone, in one warm process: {self.floor_s:.1f} s; Downhill adds {self.overhead_s:.3f} s of a "
            f"worker to each submission.{cost}"
        )


def bench_grading(
    submissions: int,
    stock: int | None,
    workers: int | None,
    isolation: str | None,
    all_cells: bool = False,
    sandbox_cost: bool = False,
) -> Timed:
    """Grade a class with Downhill and with stock nbgrader.

    Args:
        submissions: how many students the class has: five in ten honest, four wrong, one blank.
        stock: how many of them stock nbgrader grades, one after another as it does; default: all.
        workers: as for `downhill grade`.
        isolation: as for `downhill grade`.
        all_cells: measure once more with the experiments run.
        sandbox_cost: measure twice more with the sandbox and as often without.

    Raises:
        DownhillError: if one of the two cannot grade.
    """
    stock = min(stock or submissions, submissions)
    workers = workers or os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        ours, theirs, same = Path(folder, "ours"), Path(folder, "stock"), Path(folder, "same")
        notebooks = fill(ours, submissions)
        points, everything, report = downhill(ours, workers, isolation)
        with_experiments = None
        if all_cells:
            fill(same, submissions)
            with (same / "nbgrader_config.py").open("a") as config:
                config.write("c.Run.experiments = True\n")
            with_experiments, _, _ = downhill(same, workers, isolation, "--no-feedback")
        floor = floor_seconds(Path(folder, "floor"), notebooks[:FLOOR_OF]) * submissions / min(submissions, FLOOR_OF)
        cost = sandbox_cost_of(Path(folder, "cost"), submissions, workers) if sandbox_cost else None
        fill(theirs, stock)
        (theirs / "nbgrader_config.py").write_text(STOCK)
        scale = submissions / stock
        autograde = scale * _nbgrader(theirs, "autograde", LESSON, "--create")
        feedback = scale * _nbgrader(theirs, "generate_feedback", LESSON)
    return Timed(
        submissions,
        autograde,
        points,
        autograde / points,
        autograde / with_experiments if with_experiments else None,
        (autograde + feedback) / everything,
        floor,
        (points * workers - floor) / submissions,
        workers,
        report["isolation"],
        stock,
        cost,
        report["stages"],
    )


def fill(folder: Path, submissions: int) -> list[NotebookNode]:
    """A course with a released lesson and a class that has handed in; what was handed in."""
    course = new_course(folder)
    done = api_for(folder).generate_assignment(LESSON)
    if not done["success"]:
        raise DownhillError(f"nbgrader could not release {LESSON}: {done.get('error') or done.get('log')}")
    released = course.released(LESSON)
    samples = [read_sample(path.read_text()) for path in sorted(SUBMISSIONS.glob("*.py"))]
    kinds = {kind: [a for k, a in samples if k.startswith(kind)] for kind in set(MIXTURE)}
    handed_in = []
    for number in range(submissions):
        kind = kinds[MIXTURE[number % len(MIXTURE)]]
        notebook = answer(released, kind[number // 2 % len(kind)])
        notebook.cells[0].source += f"\n\nstudent {number}"
        target = folder / "submitted" / f"student{number:04}" / LESSON / f"{LESSON}.ipynb"
        target.parent.mkdir(parents=True)
        nbformat.write(notebook, target)
        handed_in.append(clean(target.read_bytes(), released))
    return handed_in


def sandbox_cost_of(folder: Path, submissions: int, workers: int) -> float:
    """What isolation adds to a grading: the shorter of two runs each way, in turn, since a machine is never still.

    Raises:
        DownhillError: if both ways do not give the same verdicts.
    """
    seconds: dict[str, list[float]] = {"autograder": [], "autograder.bench.unisolated": []}
    verdicts = []
    fill(folder, submissions)
    for turn in range(2):
        for module, found in seconds.items():
            course = folder.with_name(f"{folder.name}-{module}-{turn}")
            shutil.copytree(folder, course)
            points, _, report = downhill(course, workers, None, "--no-feedback", module=module)
            found.append(points)
            verdicts.append(report["students"])
    if any(each != verdicts[0] for each in verdicts):
        raise DownhillError("the same submissions got other verdicts without isolation: that time is none to compare")
    isolated, bare = (min(found) for found in seconds.values())
    return isolated / bare - 1


def downhill(
    course: Path, workers: int, isolation: str | None, *more: str, module: str = "autograder"
) -> tuple[float, float, dict[str, Any]]:
    """Grade a course in a process of its own: seconds until all points stand, seconds until the end, the report."""
    command = [sys.executable, "-m", module, "grade", LESSON, "--json", "--workers", str(workers), *more]
    began = time.time()
    seconds, printed = _timed([*command, *(["--isolation", isolation] if isolation else [])], course)
    stood = (course / "gradebook.db").stat().st_mtime  # nothing is written there after the points
    return stood - began, seconds, json.loads(printed.splitlines()[-1])


def floor_seconds(folder: Path, notebooks: list[NotebookNode]) -> float:
    """How long the cells that count take in one warm process, with the check that gathers evidence."""
    from autograder.oracles import exercises_of

    lay_out(folder)
    problems = folder / "autograder" / "student" / "problems.json"
    problems.write_text(json.dumps(draw_problems(exercises_of(LESSON), 1)))
    code = [[c.source for c in n.cells if c.cell_type == "code" and not is_experiment(c)] for n in notebooks]
    (folder / "cells.json").write_text(json.dumps(code))
    environment = {**os.environ, "PYTHONPATH": str(folder), "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
    script = [sys.executable, floor_script.__file__, str(folder / "cells.json")]
    done = subprocess.run(script, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise DownhillError(f"the cells could not be run: {done.stderr[-500:]}")
    return float(done.stdout.splitlines()[-1])


def _nbgrader(course: Path, *words: str) -> float:
    return _timed([sys.executable, "-m", "nbgrader", *words], course)[0]


def _timed(command: list[str], folder: Path) -> tuple[float, str]:
    here = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": os.pathsep.join([here, os.environ.get("PATH", "")])}
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    if done.returncode:
        raise DownhillError(f"`{' '.join(command[1:])}` failed: {done.stderr[-500:]}")
    return seconds, done.stdout
