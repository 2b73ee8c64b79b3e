"""The class's table reads in a wide and in a narrow terminal, with colours and without."""

import io

import pytest
from rich.console import Console

from autograder.feedback.table import show
from autograder.pipeline.grade import Graded, Report

ROWS = [
    Graded("ada", 8.0, {"momentum_step": "correct", "Momentum": "convention: sutskever"}),
    Graded("dmitri", 3.0, {"momentum_step": "mistake: velocity_overwritten", "Momentum": "correct"}, [], True),
    Graded("[red]x", 0.0, {"momentum_step": "no_evidence", "Momentum": "time"}, ["[b]not[/b] a notebook. " * 30]),
]


@pytest.mark.parametrize("width", [60, 80, 140])
@pytest.mark.parametrize("colours", [True, False])
def test_everything_is_there_and_nothing_is_cut_off(width: int, colours: bool) -> None:
    console = Console(file=io.StringIO(), record=True, width=width, force_terminal=colours)
    show(Report("06_momentum", 8.0, ROWS, 12.0, "/course/06_momentum.html"), console)
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= width
    for part in ("ada", "[red]x", "8 of 8", "0 of 8", "[b]not[/b]", "…", "waits", "/course/06_momentum.html"):
        assert part in text
    words = " ".join(text.replace("│", " ").split())
    for sign in ("✓ momentum_step", "≈ Momentum", "✗ momentum_step", "! momentum_step"):
        assert sign in words


def test_grading_without_isolation_says_so_on_the_first_line() -> None:
    console = Console(file=io.StringIO(), record=True, width=100)
    show(Report("06_momentum", 8.0, ROWS, 12.0, "/course/06_momentum.html", isolation="none"), console)
    assert console.export_text().startswith("Not isolated: students' code ran with the rights of whoever graded.\n")
    console = Console(file=io.StringIO(), record=True, width=100)
    show(Report("06_momentum", 8.0, ROWS, 12.0, "/course/06_momentum.html"), console)
    assert "Not isolated" not in console.export_text()
