"""A student in JupyterLab: writes an exercise wrong, is told how, mends it; Validate agrees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from lab import Lab, Watched, cell, open_notebook, write_and_run
from playwright.sync_api import expect

from autograder.demo.play import LESSON, SUBMISSIONS, answer, read_sample
from autograder.pipeline.standalone import released_notebook

WRONG = """def momentum_step(params, velocities, grads, lr, momentum):
    velocities = [g.clone() for g in grads]
    params = [p - lr * v for p, v in zip(params, velocities, strict=True)]
    return params, velocities
"""
RIGHT = WRONG.replace(
    "[g.clone() for g in grads]", "[momentum * v + g for v, g in zip(velocities, grads, strict=True)]"
)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the screenshots go."""
    return tmp_path_factory.mktemp("screenshots-student")


@pytest.fixture(scope="module")
def lab(serve: Callable[[Path], Lab], tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A student's folder with lesson 06, in which exercise 1 is still to be written."""
    folder = tmp_path_factory.mktemp("student")
    answers = read_sample((SUBMISSIONS / "ada.py").read_text())[1]
    del answers["momentum_step"]
    nbformat.write(
        answer(released_notebook(LESSON), answers | {"answer_momentum": "Mine."}), folder / f"{LESSON}.ipynb"
    )
    return serve(folder)


def test_a_mistake_is_named_mended_and_validated(lab: Lab, watched: Watched, pictures: Path) -> None:
    page = watched.page
    open_notebook(lab, page, f"{LESSON}.ipynb")
    solution, check = cell(page, "def momentum_step("), cell(page, 'check("momentum_step"')
    write_and_run(page, cell(page, "from autograder import check"))

    write_and_run(page, check)
    expect(check).to_contain_text("NameError")
    write_and_run(page, solution)
    write_and_run(page, check)
    expect(check).to_contain_text("momentum_step: not written yet.")

    write_and_run(page, solution, WRONG)
    write_and_run(page, check)
    expect(check).to_contain_text("momentum_step: not right yet, and we know why.")
    expect(check).to_contain_text("Velocity overwritten: ")
    expect(check).not_to_contain_text("practice.py")
    check.scroll_into_view_if_needed()
    page.screenshot(path=pictures / "wrong.png")

    write_and_run(page, solution, RIGHT)
    write_and_run(page, check)
    expect(check).to_contain_text("✓ momentum_step: right.")
    expect(check).not_to_contain_text("Velocity overwritten")
    check.scroll_into_view_if_needed()
    page.screenshot(path=pictures / "right.png")

    page.get_by_text("Validate", exact=True).click()
    dialog = page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("Success! Your notebook passes all the tests.", timeout=120_000)
    page.screenshot(path=pictures / "validated.png")
    assert watched.errors == []
    assert watched.elsewhere == []
