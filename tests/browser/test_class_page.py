"""The class's page in Chromium: fast, no sideways scrolling, and nothing a student wrote runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab import Watched, serious_faults

from autograder.feedback.class_page import Cell, ClassReport, Mistake, Row, render
from autograder.feedback.student_page import Line, Summary, with_summary

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=alert(1)><img src=https://elsewhere.example/x>"
EXERCISES = dict.fromkeys(("mean_absolute_error", "descend_with_schedule", "warmup_cosine", "Momentum"), 2.0)


def big_class() -> ClassReport:
    labels = ("correct", "mistake: velocity_overwritten", "unwritten", "raised", "convention: lr_inside_velocity")
    rows = tuple(
        Row(
            HOSTILE if n == 0 else f"student-with-a-long-name-{n:03d}",
            float(n % 9),
            {e: Cell(labels[(n + k) % 5], float((n + k) % 5 == 0)) for k, e in enumerate(EXERCISES)},
            f"feedback/{n}/page.html",
            n / 100,
            (HOSTILE,) * (n % 50 == 0),
            (HOSTILE,) * (n % 70 == 0),
        )
        for n in range(300)
    )
    picture = "data:image/png;base64," + "A" * 20_000
    names = tuple(row.student for row in rows[:100])
    mistakes = tuple(
        Mistake(e, f"{HOSTILE} {k}", names, (HOSTILE, "It differs."), picture, HOSTILE)
        for k in range(15)
        for e in EXERCISES
    )
    return ClassReport("06_momentum", 8.0, EXERCISES, rows, (HOSTILE,), mistakes)


@pytest.mark.parametrize("width", [1400, 390])
def test_a_class_of_300(watched: Watched, tmp_path: Path, width: int) -> None:
    path = tmp_path / "class.html"
    path.write_text(render(big_class()))
    assert path.stat().st_size < 3_000_000
    watched.page.set_viewport_size({"width": width, "height": 900})
    watched.page.goto(path.as_uri())
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width
    assert "owned" not in watched.page.title()
    assert (watched.dialogs, watched.elsewhere, watched.errors) == ([], [], [])
    if width == 390:  # axe-core takes its time over 300 rows, and they are the same rows
        assert serious_faults(watched.page) == []
    opened = watched.page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    assert opened < 20_000  # measured: under 2 s on a quiet machine
    watched.page.screenshot(path=tmp_path / f"class-{width}.png", full_page=True)


def test_the_summary_of_a_student_runs_nothing(watched: Watched, tmp_path: Path) -> None:
    path = tmp_path / "student.html"
    line = Line(HOSTILE, HOSTILE, 0.0, 1.0, HOSTILE, HOSTILE)
    page = "<!DOCTYPE html><html><head><title>page</title></head><body><p>cells</p></body></html>"
    path.write_text(with_summary(page, Summary(HOSTILE, 0.0, 1.0, 0.0, (line,))))
    watched.page.set_viewport_size({"width": 390, "height": 800})
    watched.page.goto(path.as_uri())
    assert watched.page.title() == "page"
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert (watched.dialogs, watched.elsewhere, watched.errors) == ([], [], [])
