"""What a grading leaves behind of each submission, and what can be done with it without running anything."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import autograder
from autograder.errors import NoRecord
from autograder.feedback import words
from autograder.pipeline.course import CourseFolder
from autograder.pipeline.run import Ran
from autograder.sandbox.limits import Limits
from autograder.student.evidence import MIME
from autograder.verdict import Verdict, recorded_verdict


@dataclass(frozen=True)
class Change:
    """A verdict that would be another one today."""

    student: str
    exercise: str
    before: str
    after: str
    fraction_before: float
    fraction_after: float
    why: str


@dataclass(frozen=True)
class Regraded:
    """What judging the recorded evidence again gave: what would change, and whose run is not kept and why."""

    judged: int
    changes: tuple[Change, ...]
    left_out: dict[str, str]


def make_record(
    ran: Ran, found: dict[str, Verdict], seed: int, key: str, limits: Limits, told: dict[str, Any]
) -> dict[str, Any]:
    """The record of one grading.

    Args:
        ran: the run.
        found: its verdicts.
        seed: the problems were drawn from it.
        key: the run's key in the cache.
        limits: what it might use, isolation included.
        told: what the repair told: `notes`, `unreadable`, and the `sha256` of the submitted bytes.
    """
    plain = {name: asdict(replace(v, compared=None)) | {"label": v.label} for name, v in found.items()}
    return {
        "graded": datetime.now(UTC).isoformat(timespec="seconds"),
        "notebook_sha256": told.get("sha256", ""),
        "run": key,
        "evidence_sha256": evidence_hash(ran),
        "seed": seed,
        "versions": versions(),
        "limits": asdict(limits),
        "seconds": round(ran.seconds, 3),
        "stopped": ran.stopped,
        "unreadable": told.get("unreadable", ""),
        "notes": list(told.get("notes", [])),
        "verdicts": plain,
    }


def versions() -> dict[str, str]:
    """What a verdict depends on beside evidence and seed."""
    import torch

    # as plain text: torch's own class of it would make the process that unpickles a record import torch
    return {"downhill": autograder.__version__, "torch": str(torch.__version__), "python": sys.version.split()[0]}


def evidence_hash(ran: Ran) -> str:
    """A hash of every bundle of evidence in a run, in order."""
    bundles = [
        o.data[MIME] for cell in ran.notebook.cells for o in cell.get("outputs", []) if MIME in o.get("data", {})
    ]
    return hashlib.sha256(json.dumps(bundles, sort_keys=True).encode()).hexdigest()


def kept_run(course: CourseFolder, record: dict[str, Any]) -> Ran | None:
    """The run of a record, or `None` where it is not kept."""
    path = course.runs / f"{record.get('run') or 'none'}.json"
    return Ran.from_json(path.read_text()) if path.is_file() else None


def judge_again(course: CourseFolder, lesson: str, record: dict[str, Any]) -> dict[str, Verdict] | str:
    """Today's verdicts on the evidence of a record, or why it cannot be judged again. No student code runs."""
    ran = kept_run(course, record)
    if ran is None:
        early = record.get("stopped") or ("time" if "time" in {v["kind"] for v in record["verdicts"].values()} else "")
        return "the run is not kept" + (f": it ended early ({early})" if early else "")
    if evidence_hash(ran) != record["evidence_sha256"]:
        return "the kept run is not the one that was graded: its evidence has another hash"
    from autograder.oracles import exercises_of
    from autograder.pipeline.score import verdicts

    likely = {name: verdict["name"] for name, verdict in record["verdicts"].items()}
    return verdicts(ran, exercises_of(lesson), record["seed"], record["unreadable"], likely)


def regrade(lesson: str, course: CourseFolder) -> Regraded:
    """Judge every submission's kept evidence again and tell who would change; nothing is written.

    Args:
        lesson: the lesson's name.
        course: the course's folder.

    Raises:
        NoRecord: if nothing was graded yet.
    """
    changes: list[Change] = []
    left_out: dict[str, str] = {}
    judged = 0
    for student, record in course.records(lesson):
        now = judge_again(course, lesson, record)
        if isinstance(now, str):
            left_out[student] = now
            continue
        judged += 1
        changes += _changes(student, record, now)
    if not judged and not left_out:
        raise NoRecord(f"nothing is recorded for {lesson}: grade it first with `downhill grade {lesson}`")
    return Regraded(judged, tuple(changes), left_out)


def explain(student: str, lesson: str, course: CourseFolder) -> str:
    """One student's verdicts, judged again from the record, in words, with what they rest on.

    Args:
        student: the student's name in the gradebook.
        lesson: the lesson's name.
        course: the course's folder.

    Raises:
        NoRecord: if this student has none for this lesson.
    """
    record = course.recorded(lesson, student)
    if not record["verdicts"]:
        there = ", ".join(name for name, _ in course.records(lesson)) or "nobody"
        raise NoRecord(f"there is no record of {student!r} for {lesson}; there are records of: {there}")
    isolation = record.get("limits", {}).get("isolation")
    lines = [
        f"{student}, {lesson}, graded {record.get('graded', 'at an unknown time')}",
        f"  notebook {record.get('notebook_sha256', '')[:16]}…, evidence {record.get('evidence_sha256', '')[:16]}…",
        f"  seed {record.get('seed')}, run {record.get('seconds', 0):g} s, isolation {isolation}",
        f"  judged with {', '.join(f'{name} {value}' for name, value in record.get('versions', {}).items())}",
        *(f"  note: {note}" for note in record["notes"]),
    ]
    now = judge_again(course, lesson, record)
    if isinstance(now, str):
        return "\n".join([*lines, f"  It cannot be judged again: {now}. What was recorded:", *_recorded(record)])
    changed = {change.exercise: change for change in _changes(student, record, now)}
    for name, verdict in now.items():
        same = f"now another verdict; recorded was {changed[name].before}" if name in changed else "as recorded"
        lines += ["", f"[{same}]", words.text(verdict)]
    return "\n".join(lines)


def _recorded(record: dict[str, Any]) -> list[str]:
    return [f"\n{words.text(recorded_verdict(verdict))}" for verdict in record["verdicts"].values()]


def _changes(student: str, record: dict[str, Any], now: dict[str, Verdict]) -> Iterator[Change]:
    then = record.get("versions", {})
    newer = [f"{name} {then.get(name)} → {value}" for name, value in versions().items() if then.get(name) != value]
    for exercise, verdict in now.items():
        old = record["verdicts"].get(exercise, {"label": "nothing", "fraction": 0.0})
        if (old["label"], old["fraction"]) != (verdict.label, verdict.fraction):
            why = "; ".join([words.look_first(verdict), *newer])
            yield Change(student, exercise, old["label"], verdict.label, old["fraction"], verdict.fraction, why)
