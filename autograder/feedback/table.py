"""The class as a table in a terminal. Colour repeats what the signs say, and nothing stands in colour alone."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

SIGNS = {"correct": ("✓", "green"), "convention": ("≈", "cyan"), "mistake": ("✗", "yellow"), "unwritten": ("–", "dim")}
OTHER = ("!", "red")
MAX_NOTES = 300


def show(report: Any, console: Console | None = None) -> None:
    """Print a grading's report: who has how many points, and why.

    Args:
        report: what the grading gave.
        console: where to; standard output by default.
    """
    console = console or Console()
    title = f"{report.lesson}, {len(report.students)} submissions in {report.seconds:.0f} s"
    table = Table(title=title, show_lines=True)
    table.add_column("student", no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("verdicts")
    table.add_column("notes", style="dim")
    for row in report.students:
        colour = "green" if row.points == report.max_points else "yellow" if row.points else "red"
        points = Text(f"{row.points:g} of {report.max_points:g}", style=colour)
        verdicts = Text("\n").join(_verdict(name, label) for name, label in row.verdicts.items())
        notes = "\n".join([*row.notes, *(["waits for a person"] if row.needs_person else [])])
        if len(notes) > MAX_NOTES:
            notes = f"{notes[:MAX_NOTES]}…"
        table.add_row(Text(row.student), points, verdicts, Text(notes))
    if report.isolation == "none":
        console.print(Text("Not isolated: students' code ran with the rights of whoever graded.", style="red"))
    console.print(table)
    console.print(Text(f"The class on one page: {report.report}"), soft_wrap=True)


def _verdict(exercise: str, label: str) -> Text:
    kind, _, name = label.partition(": ")
    sign, colour = SIGNS.get(kind, OTHER)
    told = "" if kind == "correct" else f": {(name or kind).replace('_', ' ')}"
    return Text.assemble((f"{sign} ", colour), exercise, (told, colour))
