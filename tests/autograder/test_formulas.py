"""Formulas are in the page itself."""

import json
import re
from pathlib import Path

import pytest

import course
from autograder.pipeline.formulas import drawn
from autograder.pipeline.pages import markdown

LESSONS = sorted((Path(course.__file__).parent / "source").glob("*/*.ipynb"))


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_every_formula_of_a_lesson_is_drawn(lesson: Path) -> None:
    cells = [cell for cell in json.loads(lesson.read_text())["cells"] if cell["cell_type"] == "markdown"]
    html = "".join(markdown({}, "".join(cell["source"])) for cell in cells)
    assert "<img alt=" in html
    left = [line for line in re.sub(r"<img [^>]*>", "", html).splitlines() if re.search(r"\$.*\\.*\$", line)]
    assert left == []


def test_code_and_money_stay() -> None:
    html = "<p>5 $</p><code>$HOME and $PATH</code><pre>cost = '$x$'</pre>"
    assert drawn(html) == html


def test_what_cannot_be_drawn_stays_and_nothing_escapes() -> None:
    assert drawn(r"$\nosuchcommand{x$") == r"$\nosuchcommand{x$"
    hostile = drawn('$x"&gt;&lt;img src=y onerror=alert(1)&gt;$')
    assert hostile.count("<img") <= 1
    assert '" onerror' not in hostile
    assert "<img src=y" not in hostile
