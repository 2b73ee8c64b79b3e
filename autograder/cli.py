"""The command `downhill`."""

from __future__ import annotations

import errno
import json
import logging
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from autograder.bench.commands import app as bench
from autograder.cli_class import COMMANDS
from autograder.errors import DownhillError

app = typer.Typer(
    help="Downhill: a course and grading kit on how neural networks are trained.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(bench, name="bench")
for after_grading in COMMANDS:
    app.command()(after_grading)
INTERRUPTED = 130  # how typer ends after Ctrl-C
Json = Annotated[bool, typer.Option("--json", help="End with one line of JSON instead of a table.")]


@app.command("new-course")
def new_course(directory: Path) -> None:
    """Make a course folder with all lessons, ready for nbgrader."""
    from autograder.lab import make_exchange
    from autograder.pipeline.grade import new_course as make

    made = make(directory)
    make_exchange(made)
    print(f"{made.root} is a course. Next: `cd {directory}` and `nbgrader generate_assignment 06_momentum`.")


@app.command()
def grade(
    lesson: str,
    course: Annotated[Path, typer.Option(help="The course's folder.")] = Path("."),
    as_json: Json = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Submissions at once; default: all cores.")] = None,
    isolation: Annotated[str | None, typer.Option(help="bubblewrap, or none: with your own rights.")] = None,
    scheduler: Annotated[str, typer.Option(help="A Dask scheduler, tcp://HOST:8786; default: this machine.")] = "",
    feedback: Annotated[bool, typer.Option(help="Pictures and pages after the points.")] = True,
    profile: Annotated[bool, typer.Option("--profile", help="Show where the time went.")] = False,
) -> None:
    """Grade everything that lies in submitted/ for LESSON, and write gradebook, CSV and feedback."""
    import autograder.pipeline.lean  # noqa: F401  before whatever it spares us
    from autograder.pipeline.course import CourseFolder
    from autograder.pipeline.grade import grade as grade_lesson

    with _Progress(quiet=as_json) as progress:
        folder = CourseFolder(course)
        report = grade_lesson(lesson, folder, workers, progress, isolation, scheduler=scheduler, feedback=feedback)
    from autograder.pipeline.class_report import write_class_page

    report.report = str(write_class_page(folder, report))
    if profile and not as_json:
        from autograder.feedback.tables import stages_table

        stages_table(report.stages, len(report.students))
    _finish(report, as_json)


@app.command()
def check(notebooks: list[Path], as_json: Json = False) -> None:
    """Score notebooks without a course. Exit code 0: all right; 1: something is wrong; 2: unusable."""
    from autograder.pipeline.standalone import score_notebook

    results = [score_notebook(path) for path in notebooks]
    for result in results:
        if as_json:
            print(json.dumps(result.to_json()))
        else:
            print(result.text())
    raise typer.Exit(max(result.exit_code for result in results))


@app.command()
def demo(
    out: Annotated[Path | None, typer.Option(help="Where to make the course; default: a throwaway folder.")] = None,
    as_json: Json = False,
) -> None:
    """Play a whole class: make a course, release lesson 06, hand in, grade, and show what came of it."""
    from autograder.demo.play import play

    with _Progress(quiet=as_json) as progress:
        report, kinds = play(out, progress)
    _finish(report, as_json, kinds)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(context: typer.Context, course: Annotated[Path, typer.Option(help="The course's folder.")] = Path(".")) -> None:
    """Open JupyterLab on a course, formgrader in its menu; further options go to JupyterLab."""
    from autograder.lab import open_lab

    raise typer.Exit(open_lab(course, context.args))


@app.command()
def doctor(as_json: Json = False) -> None:
    """Look whether everything is there; print the command that mends what is not. Exit code 1 if something is not."""
    from dataclasses import asdict

    from autograder.doctor import examine
    from autograder.feedback.tables import findings_table

    found = examine()
    if as_json:
        print(json.dumps([asdict(finding) for finding in found]))
    else:
        findings_table(found)
    raise typer.Exit(int(any(finding.ok is False for finding in found)))


@app.command()
def study(directory: Path) -> None:
    """Lay the lessons out for learning alone; what lies there already is left as it is."""
    from autograder.study import START, lay_out

    written = lay_out(directory)
    print(f"{len(written)} files written to {directory}. Next: `jupyter lab {directory / START}`.")


@app.command()
def progress(
    directory: Annotated[Path, typer.Argument(help="Where the notebooks lie.")] = Path("."), as_json: Json = False
) -> None:
    """Points for each lesson, from the notebooks as they are; runs only those that have changed."""
    from dataclasses import asdict

    from autograder.feedback.tables import standings_table
    from autograder.study import progress as standings

    found = standings(directory)
    if as_json:
        print(json.dumps([asdict(standing) for standing in found]))
    else:
        standings_table(found)


@app.command()
def solution(
    exercise: str,
    directory: Annotated[Path, typer.Option(help="Where your notebooks lie.")] = Path("."),
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Show the course's answer to EXERCISE beside yours, after asking once."""
    from autograder.feedback.tables import answers_table
    from autograder.study import answers

    found = answers(exercise, directory)
    if yes or typer.confirm(f"Show the course's answer to {exercise}? You learn more from one more try"):
        answers_table(found)


@app.command()
def pictures(
    out: Annotated[Path, typer.Option(help="The folder for the PNG files.")],
    lessons: Annotated[list[str] | None, typer.Argument(help="Which lessons; default: all.")] = None,
) -> None:
    """Run the lessons as solved and save every picture as PNG, with its alt text beside it."""
    import course as course_package
    from autograder.oracles import exercises_of
    from autograder.oracles import lessons as all_lessons
    from autograder.pictures import save_pictures

    for lesson in lessons or sorted(all_lessons()):
        exercises_of(lesson)
        source = Path(course_package.__file__).parent / "source" / lesson / f"{lesson}.ipynb"
        for path in save_pictures(source, out):
            print(path)


@app.command()
def book(out: Annotated[Path, typer.Option(help="The folder for the pages.")]) -> None:
    """Render the lessons as static pages: pictures and formulas inside, no scripts, nothing from the network."""
    from autograder.book import write_book

    start, *pages = write_book(out, told=lambda lesson: print(f"{lesson} …", file=sys.stderr))
    print(f"{len(pages)} lessons. Open {start}")


class _Progress:
    """A progress bar with the time left, on standard error."""

    def __init__(self, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        told_by_line = logging.getLogger("autograder").isEnabledFor(logging.DEBUG)
        self._bar = Progress(*columns, console=Console(stderr=True), disable=quiet or told_by_line)
        self._task = self._bar.add_task("grading", total=None)

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def __call__(self, student: str, done: int, total: int) -> None:
        self._bar.update(self._task, completed=done, total=total)


def _finish(report: Any, as_json: bool, kinds: dict[str, str] | None = None) -> None:
    data = report.to_json()
    for row in data["students"]:
        if kinds is not None:
            row["kind"] = kinds.get(row["student"], "")
    if as_json:
        print(json.dumps(data))
    else:
        from autograder.feedback.table import show

        show(report)
    left = [row.student for row in report.students if row.problem]
    if left:
        print(
            f"downhill: {len(left)} of {len(report.students)} submissions could not be finished "
            f"({', '.join(left)}); the points last recorded stand. The notes say why, and --verbose says more.",
            file=sys.stderr,
        )
        raise typer.Exit(1)


def main() -> None:
    """Run the command; an error a person can mend is one line, with `--verbose` its traceback too."""
    verbose = "--verbose" in sys.argv
    if verbose:
        sys.argv.remove("--verbose")
        logging.basicConfig()
        logging.getLogger("autograder").setLevel(logging.DEBUG)
    try:
        app()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            print("downhill: stopped; what was graded is kept, and the next run goes on from there", file=sys.stderr)
        raise
    except Exception as error:
        if verbose:
            raise
        print(f"downhill: {_told(error)}", file=sys.stderr)
        sys.exit(2)


def _told(error: Exception) -> str:
    if isinstance(error, DownhillError) or (isinstance(error, LookupError) and not isinstance(error, KeyError)):
        return str(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full ({error}). What was graded is kept: free some room and run the command again."
    if isinstance(error, OSError):
        return f"a file cannot be read or written: {error}. Mend that and try again; what was graded is kept."
    if type(error).__module__.startswith("sqlalchemy"):
        from autograder.pipeline.writable import reason

        told = reason(f"{type(error).__name__}: {error}")
        return (
            f"the gradebook cannot be read or written ({told}). Close the program that holds it "
            "and run the command again; what was graded is kept."
        )
    return f"something went wrong that was not foreseen: {type(error).__name__}: {error}. With --verbose you see where."
