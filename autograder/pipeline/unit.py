"""What travels to a worker and back: plain values, so that another process or another machine can have them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode

import autograder
from autograder.pipeline.course import CourseFolder
from autograder.sandbox.limits import Limits
from autograder.verdict import Verdict


@dataclass(frozen=True)
class Unit:
    """One submission on its way to a worker.

    Attributes:
        notebook: the clean notebook, as JSON.
        told: what the repair told: `notes`, `unreadable`, and the `sha256` of the submitted bytes.
        files: what lies beside it, by relative name.
        seed: the problems are drawn from it.
        ours: the sources of the released notebook, whose prose keeps its HTML.
        cache: the folder of cached runs where the worker can reach it, else "".
        cached: the cached run where the worker cannot, else "".
    """

    lesson: str
    student: str
    notebook: str
    told: dict[str, Any]
    files: dict[str, bytes]
    seed: int
    limits: Limits
    ours: frozenset[str]
    cache: str = ""
    cached: str = ""
    version: str = autograder.__version__


@dataclass(frozen=True)
class Done:
    """What came of it.

    Attributes:
        notebook: with verdicts and points, without pictures, as JSON.
        found: the verdicts.
        told: the unit's.
        record: as `records.make_record` makes it.
        key: of the run in the cache.
        run: the run as JSON, where the worker could not put it into the cache itself, else "".
        seconds: by stage: "start" (kernel), "ready", "cells", "judge".
        replayed: whether the run came from the cache.
    """

    lesson: str
    student: str
    notebook: str
    found: dict[str, Verdict]
    told: dict[str, Any]
    record: dict[str, Any]
    key: str
    run: str
    seconds: dict[str, float]
    replayed: bool

    @property
    def flagged(self) -> list[str]:
        """The exercises that a person has to look at."""
        return [name for name, verdict in self.found.items() if verdict.kind == "flagged"]


def unit_of(course: CourseFolder, lesson: str, student: str, clean: NotebookNode, limits: Limits) -> Unit:
    """The unit of a submission in a course whose folder the worker can reach.

    Args:
        course: the course's folder.
        lesson: the lesson's name.
        student: the student's name.
        clean: as `repair` made it; its metadata tell what was repaired.
        limits: what it may use.
    """
    ours = course.released_sources(lesson)
    files, seed = course.files(lesson, student), course.seed(lesson, student, clean)
    told = dict(clean.metadata["downhill"])
    return Unit(lesson, student, json.dumps(clean), told, files, seed, limits, ours, str(course.runs))


def work(unit: Unit) -> Done:
    """`work.execute`, found by name: the process that hands it out needs no torch, and a worker nothing of that one."""
    from autograder.pipeline.work import execute

    return execute(unit)
