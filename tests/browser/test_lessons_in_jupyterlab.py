"""A lesson in JupyterLab, as solved: it runs whole, shows its pictures, and every slider is dragged."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from lab import Lab, Watched, open_notebook, run_all
from playwright.sync_api import Locator, Page, expect

import course
from autograder.needed import has_sliders

LESSON = "06_momentum"  # every lesson is run whole, and every slider of it moved, without a browser elsewhere
SOLVED = Path(course.__file__).parent / "source" / LESSON / f"{LESSON}.ipynb"


@pytest.fixture
def lab(serve: Callable[[Path], Lab], tmp_path: Path) -> Lab:
    shutil.copy(SOLVED, tmp_path)
    return serve(tmp_path)


def test_a_lesson_runs_and_its_pictures_move(lab: Lab, watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    open_notebook(lab, page, f"{LESSON}.ipynb")
    run_all(page)
    assert page.locator('[data-mime-type="application/vnd.jupyter.error"]').all_inner_texts() == []
    assert page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').all_inner_texts() == []
    images = page.locator(".jp-OutputArea-output img")
    assert images.count() > 0
    for image in images.all():
        assert image.evaluate("e => e.complete && e.naturalWidth > 0")
        assert len(image.get_attribute("alt") or "") > 20
        assert image.evaluate("e => e.clientWidth <= e.closest('.jp-OutputArea').clientWidth")
    explorers = page.locator(".jp-OutputArea-output", has=page.locator(".noUi-handle"))
    assert explorers.count() == sum(map(has_sliders, nbformat.read(SOLVED, as_version=4).cells)) > 0
    for explorer in explorers.all():
        for handle in explorer.locator(".noUi-handle").all():
            dragged(page, explorer, handle)
    for number, output in enumerate(page.locator(".jp-OutputArea", has=page.locator("img")).all()):
        output.screenshot(path=tmp_path / f"output-{number}.png")
    assert watched.errors == []
    assert watched.elsewhere == []
    assert watched.console == []


def dragged(page: Page, explorer: Locator, handle: Locator) -> None:
    """The picture is another one once the mouse has pulled the handle to the other side."""
    image = explorer.locator("img").first
    before, value = image.get_attribute("src"), handle.get_attribute("aria-valuenow")
    assert before
    assert value
    handle.scroll_into_view_if_needed()
    slider = handle.locator("xpath=ancestor::*[contains(@class, 'noUi-target')]")
    where, track = handle.bounding_box(), slider.bounding_box()
    assert where
    assert track
    x, y = where["x"] + where["width"] / 2, where["y"] + where["height"] / 2
    left = x > track["x"] + track["width"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] * (0.3 if left else 0.7), y, steps=4)
    page.mouse.up()
    expect(handle).not_to_have_attribute("aria-valuenow", value)
    expect(image).not_to_have_attribute("src", before)
