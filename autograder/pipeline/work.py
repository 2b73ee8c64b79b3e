"""The unit of work: one clean notebook to one judged notebook, in whichever process or on whichever machine.

A worker gets bytes and gives bytes. It never sees the gradebook, and it needs the course's folder only where that is
told to it, as the place of the cache.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from threading import Lock
from typing import Any

import nbformat
from nbformat import NotebookNode

import autograder
from autograder.errors import DownhillError
from autograder.files import write
from autograder.oracles import Exercise, exercises_of
from autograder.pipeline import score
from autograder.pipeline.records import make_record
from autograder.pipeline.run import Ran, cache_key, run
from autograder.pipeline.unit import Done, Unit
from autograder.student.evidence import encode

_one_kernel_at_a_time = Lock()  # a Dask worker may have many threads, a template forks for one


def execute(unit: Unit) -> Done:
    """Run a submission, or replay its cached run, and judge what came out.

    Raises:
        DownhillError: if this machine has another version of Downhill than the one that asks.
    """
    if unit.version != autograder.__version__:
        raise DownhillError(
            f"the worker has downhill-course {autograder.__version__} and the grader has {unit.version}: "
            "install the same on both"
        )
    notebook = nbformat.from_dict(json.loads(unit.notebook))
    exercises = exercises_of(unit.lesson)
    problems = draw_problems(exercises, unit.seed)
    key = cache_key(notebook, problems, unit.limits, unit.files)
    ran, replayed = run_or_replay(notebook, problems, unit, key)
    began = time.perf_counter()
    found = score.verdicts(ran, exercises, unit.seed, unit.told["unreadable"])
    for cell, done in zip(notebook.cells, ran.notebook.cells, strict=True):
        if cell.cell_type == "code":
            cell.outputs = done.get("outputs", [])
    score.write_outputs(notebook, found, unit.ours)
    record = make_record(ran, found, unit.seed, key, unit.limits, unit.told)
    seconds = {**ran.stages, "judge": time.perf_counter() - began}
    text = ran.to_json() if not unit.cache and not replayed and cacheable(ran) else ""
    return Done(unit.lesson, unit.student, json.dumps(notebook), found, unit.told, record, key, text, seconds, replayed)


def run_or_replay(notebook: NotebookNode, problems: dict[str, Any], unit: Unit, key: str) -> tuple[Ran, bool]:
    """The run of a clean notebook, and whether it was made before."""
    path = Path(unit.cache) / f"{key}.json"
    text = unit.cached or (path.read_text() if unit.cache and path.is_file() else "")
    if text:
        return Ran.from_json(text), True
    with _one_kernel_at_a_time:
        ran = run(notebook, problems, unit.limits, unit.files)
    if unit.cache and cacheable(ran):
        write(path, ran.to_json())
    return ran, False


def cacheable(ran: Ran) -> bool:
    """Whether a run may be replayed: one that ended early might end otherwise next time."""
    return not ran.stopped and not ran.slow_cells


def key_of(unit: Unit) -> str:
    """The key of a unit's run in the cache, for who holds the cache himself."""
    notebook = nbformat.from_dict(json.loads(unit.notebook))
    return cache_key(notebook, draw_problems(exercises_of(unit.lesson), unit.seed), unit.limits, unit.files)


def draw_problems(exercises: tuple[Exercise, ...], seed: int) -> dict[str, Any]:
    """The problems of all exercises, as they are handed to the kernel."""
    return {e.name: encode(e.problem(seed)) for e in exercises}
