"""nbgrader's feedback page made a student's: a summary at the top, readable on a phone and printed, no scripts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

SCRIPTS = re.compile(r"<script\b.*?</script\s*>", re.DOTALL | re.IGNORECASE)

ICONS = re.compile(r"@font-face\s*\{[^}]*glyphicons[^}]*\}", re.IGNORECASE)  # a font that does not lie beside the page


@dataclass(frozen=True)
class Line:
    """One graded cell: its exercise, the points, the verdict's headline, and the sentence to start from."""

    name: str
    anchor: str
    points: float
    max_points: float
    headline: str = ""
    look: str = ""
    by_hand: bool = False

    @property
    def right(self) -> bool:
        """Whether it has all its points."""
        return self.points >= self.max_points


@dataclass(frozen=True)
class Summary:
    """What stands at the top of a student's page."""

    lesson: str
    points: float
    max_points: float
    late_penalty: float
    lines: tuple[Line, ...]

    @property
    def checked(self) -> list[Line]:
        """The exercises that were judged."""
        return [line for line in self.lines if not line.by_hand]

    @property
    def first(self) -> Line | None:
        """What to look at first: the first exercise, in the lesson's order, that has not all its points."""
        return next((line for line in self.checked if not line.right), None)


def with_summary(page: str, summary: Summary) -> str:
    """The page with the summary after `<body>`, a style for small screens and paper, and without scripts.

    Args:
        page: nbgrader's feedback page, in which no script is a student's: their cells are escaped.
        summary: what to put at the top.
    """
    templates = Environment(
        loader=PackageLoader("autograder.feedback"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    head = templates.get_template("student_head.html.j2").render()
    top = templates.get_template("student_summary.html.j2").render(summary=summary)
    page = ICONS.sub("", SCRIPTS.sub("", page)).replace("<html>", '<html lang="en">', 1)
    page = page.replace("</head>", f"{head}</head>", 1)
    return re.sub(r"<body[^>]*>", lambda match: f"{match[0]}\n{top}", page, count=1)
