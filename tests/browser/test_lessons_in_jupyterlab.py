"""The lessons in JupyterLab, as solved: one runs whole and shows its pictures; in all, every slider is dragged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from lab import Lab, Watched, open_notebook, run_all
from playwright.sync_api import Locator, Page, expect

import course
from autograder.needed import has_sliders, needed

SOURCE = Path(course.__file__).parent / "source"
WHOLE = ["06_momentum"]  # every lesson is run whole without a browser elsewhere
ALL = sorted(path.name for path in SOURCE.iterdir() if path.is_dir())
WITHOUT = ["09_experiment"]  # lessons without a slider; the panel of 09 has a test of its own


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the screenshots go."""
    return tmp_path_factory.mktemp("screenshots-lessons")


@pytest.fixture(scope="module")
def lab(serve: Callable[[Path], Lab], tmp_path_factory: pytest.TempPathFactory) -> Lab:
    folder = tmp_path_factory.mktemp("lessons")
    for lesson in ALL:
        solved = nbformat.read(SOURCE / lesson / f"{lesson}.ipynb", as_version=4)
        nbformat.write(solved, folder / f"{lesson}.ipynb")
        nbformat.write(needed(solved, has_sliders), folder / f"{lesson}-sliders.ipynb")
    return serve(folder)


@pytest.mark.parametrize("lesson", WHOLE)
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
    for number, output in enumerate(page.locator(".jp-OutputArea", has=page.locator("img")).all()):
        output.screenshot(path=pictures / f"{lesson}-output-{number}.png")
    assert watched.errors == []
    assert watched.elsewhere == []
    assert watched.console == []


@pytest.mark.parametrize("lesson", [lesson for lesson in ALL if lesson not in WITHOUT])
def test_every_slider_moves_its_picture(lesson: str, lab: Lab, watched: Watched, pictures: Path) -> None:
    page = watched.page
    open_notebook(lab, page, f"{lesson}-sliders.ipynb")
    run_all(page)
    assert page.locator('[data-mime-type="application/vnd.jupyter.error"]').all_inner_texts() == []
    explorers = page.locator(".jp-OutputArea-output", has=page.locator(".noUi-handle"))
    cells = nbformat.read(lab.root / f"{lesson}-sliders.ipynb", as_version=4).cells
    assert explorers.count() == sum(has_sliders(cell) for cell in cells) > 0
    for number, explorer in enumerate(explorers.all()):
        for handle in explorer.locator(".noUi-handle").all():
            dragged(page, explorer, handle)
        explorer.screenshot(path=pictures / f"{lesson}-explorer-{number}.png")
    assert watched.errors == []
    assert watched.elsewhere == []
    assert watched.console == []


def test_no_lesson_with_a_slider_is_left_out(lab: Lab) -> None:
    for lesson in WITHOUT:
        cells = nbformat.read(lab.root / f"{lesson}-sliders.ipynb", as_version=4).cells
        assert [cell.id for cell in cells if has_sliders(cell)] == []


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
