"""Commands over a class that has been graded: report, regrade, explain, export, similar."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Course = Annotated[Path, typer.Option(help="The course's folder.")]
Json = Annotated[bool, typer.Option("--json", help="End with one line of JSON.")]


class Format(StrEnum):
    """What reads the exported points."""

    NBGRADER = "nbgrader"
    CANVAS = "canvas"
    MOODLE = "moodle"


def report(
    lesson: str,
    course: Course = Path("."),
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    anonymous: Annotated[bool, typer.Option("--anonymous", help="Hide names; for showing it to the class.")] = False,
) -> None:
    """Write the class's page for LESSON from what the latest grading left behind."""
    import webbrowser

    from autograder.pipeline.class_report import write_class_page
    from autograder.pipeline.course import CourseFolder

    path = write_class_page(CourseFolder(course), lesson=lesson, anonymous=anonymous)
    print(path)
    if show and not webbrowser.open(path.as_uri()):
        print("downhill: no browser could be started; open the file by hand", file=sys.stderr)


def regrade(
    lesson: str,
    course: Course = Path("."),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; tell who would change and why.")] = False,
    as_json: Json = False,
) -> None:
    """Judge LESSON's kept evidence again and list who would change and why; without --dry-run, then grade again.

    A submission whose run is kept is not run again, unless its run depends on what has changed.
    """
    from autograder.pipeline.course import CourseFolder
    from autograder.pipeline.records import regrade as judge_again

    found = judge_again(lesson, CourseFolder(course))
    if as_json:
        print(json.dumps(asdict(found)))
    else:
        for change in found.changes:
            print(f"{change.student}, {change.exercise}: {change.before} → {change.after}. {change.why}")
        for student, why in found.left_out.items():
            print(f"{student}: not judged again: {why}")
        print(f"{found.judged} submissions judged again; {len(found.changes)} verdicts would change.")
    if not dry_run:
        from autograder.cli import grade

        grade(lesson, course, as_json)


def explain(student: str, lesson: str, course: Course = Path(".")) -> None:
    """Reproduce STUDENT's verdicts for LESSON from the record, with what they rest on."""
    from autograder.pipeline.course import CourseFolder
    from autograder.pipeline.records import explain as told

    print(told(student, lesson, CourseFolder(course)))


def export(
    lesson: str,
    to: Annotated[Format, typer.Option("--format", help="What will read it.")],
    course: Course = Path("."),
    canvas_file: Annotated[Path | None, typer.Option(help="The gradebook as Canvas exported it.")] = None,
    out: Annotated[Path | None, typer.Option(help="The file to write; default: LESSON.FORMAT.csv.")] = None,
) -> None:
    """Write LESSON's points as CSV for nbgrader's tools, Canvas or Moodle."""
    from autograder.errors import BadTable
    from autograder.files import write
    from autograder.pipeline import export as tables
    from autograder.pipeline.course import CourseFolder

    folder = CourseFolder(course)
    if to is Format.CANVAS:
        if canvas_file is None:
            raise BadTable(
                "Canvas takes its own file back: export the gradebook there, and name the file with --canvas-file"
            )
        text = tables.canvas(lesson, folder, canvas_file)
    else:
        text = tables.moodle(lesson, folder) if to is Format.MOODLE else tables.nbgrader(lesson, folder)
    path = out or folder.root / f"{lesson}.{to}.csv"
    write(path, text)
    print(path)


def similar(
    lesson: str,
    course: Course = Path("."),
    at_least: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of one found in the other.")] = 0.8,
    as_json: Json = False,
) -> None:
    """List submissions of LESSON that are alike, for a person to look at; nothing is scored."""
    from autograder.pipeline.course import CourseFolder
    from autograder.similar import similar as alike

    pairs = alike(lesson, CourseFolder(course), at_least)
    if as_json:
        print(json.dumps([pair.to_json() for pair in pairs]))
        return
    for pair in pairs:
        print(f"{pair.of_first:4.0%} {pair.first!r} in {pair.second!r} ({pair.of_second:.0%} the other way)")
    print(f"Pairs alike: {len(pairs)}. Short exercises look alike when they are right: read before you ask.")


COMMANDS = (report, regrade, explain, export, similar)
