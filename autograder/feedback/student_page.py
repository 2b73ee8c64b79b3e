"""nbgrader's feedback page made a student's: a summary at the top, readable on a phone and printed, no scripts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

SCRIPTS = re.compile(r"<script\b.*?(?:</script\s*>|\Z)", re.DOTALL | re.IGNORECASE)
ICONS = re.compile(r"@font-face\s*\{[^}]*glyphicons[^}]*\}", re.IGNORECASE)  # a font that does not lie beside the page
CONTENTS = re.compile(r'<div class="panel-heading">\s*<h4>.*?</ol>\s*</div>\s*</div>', re.DOTALL)  # the summary has it
PLACE = re.compile(r'<a name="([^"]*)"></a>')
BODY = re.compile(r"<body[^>]*>")


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
    """What stands at the top of a student's page; `comments` are cells that a person wrote on, with their anchors."""

    lesson: str
    points: float
    max_points: float
    late_penalty: float
    lines: tuple[Line, ...]
    comments: tuple[tuple[str, str], ...] = ()

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
        summary: what to put at the top, in place of nbgrader's list of cells.
    """
    templates = Environment(
        loader=PackageLoader("autograder.feedback"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    head = templates.get_template("student_head.html.j2").render()
    top = templates.get_template("student_summary.html.j2").render(summary=summary)
    page = _valid(ICONS.sub("", SCRIPTS.sub("", page)))
    page = page.replace("</head>", f"{head}</head>", 1)
    return BODY.sub(lambda match: f"{match[0]}\n{top}", page, count=1)


def _valid(page: str) -> str:
    """What is not valid in nbgrader 0.9.6's page: a page within the page, ids given twice, places named by links."""
    page = page.replace("<html>", '<html lang="en">', 1)
    page = PLACE.sub(r'<span id="\1"></span>', CONTENTS.sub("", page, count=1))
    outer, body, inner = page.partition("<body>")
    nested = BODY.search(inner)
    if nested is None:
        return page
    before, after = inner[: nested.start()], inner[nested.end() :]
    before = before.replace(' id="notebook"', "", 1).replace(' id="notebook-container"', "", 1)
    return f"{outer}{body}{before}{after.replace('</body>', '', 1)}"
