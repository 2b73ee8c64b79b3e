"""Tables for a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.syntax import Syntax
from rich.table import Table


def standings_table(standings: list[Any]) -> None:
    """Print one row a lesson: points, and what is still to do.

    Args:
        standings: as `study.progress` returns them.
    """
    table = Table(caption="The written answers are yours to judge.")
    table.add_column("lesson")
    table.add_column("points", justify="right")
    table.add_column("still to do")
    for standing in standings:
        todo = [f"{name}: {label}" for name, label in (standing.verdicts or {}).items() if label != "correct"]
        if standing.state == "points":
            told = "\n".join(todo) or "[green]all right[/green]"
            table.add_row(standing.lesson, f"{standing.points:g} of {standing.max_points:g}", told)
        else:
            table.add_row(standing.lesson, "", f"[dim]{escape(standing.reason or standing.state)}[/dim]")
    Console().print(table)


def answers_table(answers: Any) -> None:
    """Print the course's answer and yours, side by side where the terminal is wide enough.

    Args:
        answers: as `study.answers` returns them.
    """
    console = Console()
    yours = answers.yours or f"# nothing yet: no {answers.lesson}.ipynb here with a cell for it"
    parts = {"yours": yours, "the course's": answers.course}
    listings = [Syntax(code, "python", background_color="default", word_wrap=True) for code in parts.values()]
    if console.width < 140:
        for heading, listing in zip(parts, listings, strict=True):
            console.rule(heading)
            console.print(listing)
        return
    table = Table(*parts, title=answers.exercise, expand=True)
    table.add_row(*listings)
    console.print(table)


def stages_table(stages: dict[str, float], submissions: int) -> None:
    """Print where a grading's time went.

    Args:
        stages: seconds by stage, as `Report.stages` has them.
        submissions: how many were graded.
    """
    table = Table("stage", title="Where the time went")
    table.add_column("seconds", justify="right")
    table.add_column("ms a submission", justify="right")
    for stage, seconds in stages.items():
        each = "once" if stage == "begin" else f"{1000 * seconds / max(1, submissions):.1f}"
        table.add_row(stage, f"{seconds:.2f}", each)
    Console().print(table)


def findings_table(findings: list[Any]) -> None:
    """Print what the doctor found, and under the table each command that mends something.

    Args:
        findings: as `doctor.examine` returns them.
    """
    console = Console()
    table = Table(show_header=False)
    marks = {True: "[green]✓[/green]", False: "[red]✗[/red]", None: "[dim]–[/dim]"}
    for finding in findings:
        table.add_row(marks[finding.ok], finding.name, escape(finding.found))
    console.print(table)
    for finding in findings:
        if finding.ok is False:
            console.print(
                f"\n[bold]{escape(finding.name)}[/bold]: {escape(finding.found)}. To mend it:", soft_wrap=True
            )
            console.print(f"  {finding.mend}", soft_wrap=True, markup=False, highlight=False)
