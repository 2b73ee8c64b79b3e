"""The lessons in JupyterLab, as solved: they run whole, show their pictures, and the sliders move them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lab import Lab, Watched, open_notebook, run_all
from playwright.sync_api import Locator, Page, expect

import course

SOURCE = Path(course.__file__).parent / "source"
LESSONS = ["02_gradient_descent", "06_momentum"]  # every lesson is run whole without a browser elsewhere


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the screenshots go."""
    return tmp_path_factory.mktemp("screenshots-lessons")


@pytest.fixture(scope="module")
def lab(serve: Callable[[Path], Lab], tmp_path_factory: pytest.TempPathFactory) -> Lab:
    folder = tmp_path_factory.mktemp("lessons")
    for lesson in LESSONS:
        (folder / f"{lesson}.ipynb").write_bytes((SOURCE / lesson / f"{lesson}.ipynb").read_bytes())
    return serve(folder)


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_runs_and_its_pictures_move(lesson: str, lab: Lab, watched: Watched, pictures: Path) -> None:
    page = watched.page
    open_notebook(lab, page, f"{lesson}.ipynb")
    run_all(page)
    assert page.locator('[data-mime-type="application/vnd.jupyter.error"]').all_inner_texts() == []
    assert page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').all_inner_texts() == []
    images = page.locator(".jp-OutputArea-output img")
    assert images.count() > 0
    for image in images.all():
        assert image.evaluate("e => e.complete && e.naturalWidth > 0")
        assert len(image.get_attribute("alt") or "") > 20
        assert image.evaluate("e => e.clientWidth <= e.closest('.jp-OutputArea').clientWidth")
    for number, explorer in enumerate(page.locator(".jp-OutputArea-output", has=page.locator(".noUi-handle")).all()):
        explorer.scroll_into_view_if_needed()
        explorer.screenshot(path=pictures / f"{lesson}-explorer-{number}.png")
        for handle in explorer.locator(".noUi-handle").all():
            moves(page, explorer, handle)
    for number, output in enumerate(page.locator(".jp-OutputArea", has=page.locator("img")).all()):
        output.screenshot(path=pictures / f"{lesson}-output-{number}.png")
    assert watched.errors == []
    assert watched.elsewhere == []
    assert watched.console == []


def moves(page: Page, explorer: Locator, handle: Locator) -> None:
    """The picture changes when the slider does."""
    image = explorer.locator("img").first
    before = image.get_attribute("src")
    assert before
    at_the_end = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
    handle.focus()
    page.keyboard.press("ArrowLeft" if at_the_end else "ArrowRight")
    expect(image).not_to_have_attribute("src", before)
