"""A running JupyterLab, and a page in which everything is noted."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect


@dataclass
class Lab:
    """A running JupyterLab."""

    root: Path
    port: int
    token: str

    def url(self, path: str) -> str:
        """The address of a page of it, with the token."""
        return f"http://127.0.0.1:{self.port}/{path}{'&' if '?' in path else '?'}token={self.token}"


@dataclass
class Watched:
    """A page, and what went on in it that nobody sees."""

    page: Page
    console: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


def open_notebook(lab: Lab, page: Page, path: str) -> None:
    """A notebook in JupyterLab, alone in a workspace of its own, with its kernel ready."""
    page.goto(lab.url(f"lab/workspaces/{Path(path).stem}/tree/{path}"))
    expect(page.locator(".jp-Notebook .jp-Cell").first).to_be_visible()
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=90_000)


def run_all(page: Page) -> None:
    """Run ▸ Run All Cells, until the last one is done."""
    first = page.locator(".jp-CodeCell .jp-InputPrompt").first
    for _ in range(5):
        page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
        page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()
        page.wait_for_timeout(2000)
        if first.inner_text().strip() != "[ ]:":
            break  # JupyterLab shows a kernel as idle a moment before it takes cells
    last = page.locator(".jp-CodeCell .jp-InputPrompt").last
    expect(last).to_have_text(re.compile(r"\[\d+\]:"), timeout=240_000)


def cell(page: Page, text: str) -> Locator:
    """The code cell that holds a text."""
    return page.locator(".jp-CodeCell", has_text=text).first


def write_and_run(page: Page, where: Locator, source: str | None = None) -> None:
    """Put the cursor in a cell, write over what stands there, and run it."""
    before = where.locator(".jp-InputPrompt").inner_text()
    where.locator(".cm-content").click()
    if source is not None:
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.insert_text(source)
    page.keyboard.press("Shift+Enter")
    expect(where.locator(".jp-InputPrompt")).not_to_have_text(before)
    expect(where.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"), timeout=60_000)


def serious_faults(page: Page) -> list[str]:
    """What keeps people out, as axe-core finds it: each rule with the first element that breaks it."""
    # without preload: it asks for the stylesheet again, which a page from a file may not
    found = Axe().run(page, options={"preload": False}).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in ("serious", "critical")]
