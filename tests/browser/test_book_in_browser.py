"""The book in Chromium, from files alone: every page opens, at two widths, and the keyboard reaches everything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lab import Watched, serious_faults
from nbformat import NotebookNode
from playwright.sync_api import Page, expect

from autograder.book import pages, write_book
from autograder.oracles import lessons
from autograder.pictures import run_whole

RUN = "06_momentum"
EXPERIMENTS = 2  # so many of it are run; other pages have no pictures here: running all takes minutes
LOOK = """() => {
  const prose = [...document.querySelectorAll('main p, main li')].map(e => e.cloneNode(true));
  prose.forEach(e => e.querySelectorAll('code, pre').forEach(c => c.remove()));
  const shown = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
    .filter(e => e.getClientRects().length > 0);
  window.reached = []; window.unseen = 0;
  document.addEventListener('focusin', e => {
    window.reached.push(shown.indexOf(e.target));
    window.unseen += getComputedStyle(e.target).outlineStyle === 'none';
  });
  document.querySelectorAll('details').forEach(e => { e.open = true });
  const formulas = [...document.querySelectorAll('math')].map(e => e.getBoundingClientRect().width);
  document.querySelectorAll('details').forEach(e => { e.open = false });
  return {
    formulas: formulas.length, flat: formulas.filter(width => width < 2).length,
    unset: prose.filter(e => e.textContent.includes('$')).map(e => e.textContent),
    missing: [...document.images].filter(e => !e.complete || !e.naturalWidth || e.alt.length < 20).length,
    images: document.images.length, shown: shown.length,
  }
}"""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole book, with a few pictures in one lesson."""
    begun: list[str] = []

    def run(notebook: NotebookNode, folder: Path) -> NotebookNode:
        if begun[-1] != RUN:
            return notebook
        places = [n for n, cell in enumerate(notebook.cells) if pages._is_experiment(cell)]
        notebook.cells = notebook.cells[: places[EXPERIMENTS - 1] + 1]
        return run_whole(notebook, folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "run_whole", run)
        return write_book(tmp_path_factory.mktemp("book"), begun.append)[0].parent


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the screenshots go."""
    return tmp_path_factory.mktemp("screenshots-book")


def test_the_start_page_leads_to_every_lesson(book: Path, watched: Watched, pictures: Path) -> None:
    page = watched.page
    page.goto((book / "index.html").as_uri())
    page.screenshot(path=pictures / "index.png", full_page=True)
    assert serious_faults(page) == []
    check_page(page, watched)
    links = [link.get_attribute("href") for link in page.locator("main a").all()]
    assert links == [f"{lesson}.html" for lesson in sorted(lessons())]
    page.locator("main a").first.click()
    for lesson in sorted(lessons()):
        expect(page).to_have_url((book / f"{lesson}.html").as_uri())
        if lesson != max(lessons()):
            page.locator("a[rel=next]").click()
    expect(page.locator("a[rel=next]")).to_have_count(0)


@pytest.mark.parametrize("lesson", sorted(lessons()))
def test_a_page_of_the_book(lesson: str, book: Path, watched: Watched, pictures: Path) -> None:
    page = watched.page
    page.goto((book / f"{lesson}.html").as_uri())
    page.screenshot(path=pictures / f"{lesson}.png", full_page=True)
    if lesson == RUN:  # the pages share one template; axe-core takes its time over each
        assert serious_faults(page) == []
    seen = check_page(page, watched)
    assert seen["formulas"] > 0
    assert (seen["flat"], seen["unset"], seen["missing"]) == (0, [], 0)
    assert seen["images"] > 0 or lesson != RUN
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.screenshot(path=pictures / f"{lesson}-narrow.png")


def check_page(page: Page, watched: Watched) -> dict[str, Any]:
    """Nothing from elsewhere, no error, and Tab goes through all that can be reached, visibly."""
    assert (watched.elsewhere, watched.errors, watched.console) == ([], [], [])
    seen: dict[str, Any] = page.evaluate(LOOK)
    for _ in range(seen["shown"]):
        page.keyboard.press("Tab")
    assert page.evaluate("window.reached") == list(range(seen["shown"]))
    assert page.evaluate("window.unseen") == 0
    return seen
