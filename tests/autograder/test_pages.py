"""A link in a page of nbgrader's leads somewhere; it never runs anything."""

import pytest

from autograder.pipeline.pages import without_scripts


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java&#115;cript:alert(1)",
        " java\tscript:alert(1)",
        "vbscript:x",
        "data:text/html,<script>",
        "javascript&colon;alert(1)",
        "file:///etc/passwd",
        "blob:x",
    ],
)
@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_link_that_would_run_something_leads_nowhere(target: str, quote: str) -> None:
    assert without_scripts(f"<a class={quote}x{quote} href={quote}{target}{quote}>y</a>").count('href="#"') == 1


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://distill.pub/2017/momentum/">x</a>',
        '<a href="#exercise-1">x</a>',
        '<a href="data/notes.csv">x</a>',
        '<a href="mailto:a@b.c">x</a>',
        '<img src="data:image/png;base64,iVBO" alt="a path">',
    ],
)
def test_every_other_link_stays(html: str) -> None:
    assert without_scripts(html) == html
