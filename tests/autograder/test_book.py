"""The book: static pages that need no network."""

import re
from pathlib import Path

import pytest

from autograder.book import write_book
from autograder.book.mathematics import markdown
from autograder.errors import DownhillError
from autograder.oracles import lessons
from autograder.pipeline.standalone import source_notebook


def test_formulas_are_set_without_scripts() -> None:
    html = markdown("the root $\\sqrt{x}$ and\n\n$$v \\leftarrow \\mu v + g$$")
    assert "<msqrt>" in html
    assert 'display="block"' in html
    assert "$" not in html


@pytest.mark.parametrize("lesson", sorted(lessons()))
def test_every_formula_of_a_lesson_can_be_set(lesson: str) -> None:
    for cell in source_notebook(lesson).cells:
        if cell.cell_type == "markdown":
            html = markdown(cell.source)
            text = re.sub(r"<(code|pre).*?</\1>", "", html, flags=re.DOTALL)
            assert "$" not in text, cell.id
            assert not re.search(r"<m[ion][^>]*>(&|&amp;|\\\w*)</m", html), cell.id


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(DownhillError, match="is not empty and holds no book"):
        write_book(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
