"""Lesson 09's panel in JupyterLab: a run starts, shows how far it is, stops while it trains, and stays in the table."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from lab import Lab, Watched, open_notebook, run_all
from playwright.sync_api import expect

PANEL = """
import torch
from sklearn.datasets import load_digits
from course import visuals

torch.set_num_threads(1)
x, y = (torch.as_tensor(part) for part in load_digits(return_X_y=True))
x = x.float() / 16
visuals.panel(visuals.Split(x[:1000], y[:1000], x[1000:1400], y[1000:1400]), mine=torch.optim.Adam)
"""


@pytest.fixture
def lab(serve: Callable[[Path], Lab], tmp_path: Path) -> Lab:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(PANEL)])
    notebook.metadata.kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(notebook, tmp_path / "panel.ipynb")
    return serve(tmp_path)


def test_a_run_starts_and_stops_and_is_kept(lab: Lab, watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    open_notebook(lab, page, "panel.ipynb")
    run_all(page)
    board = page.locator(".jp-OutputArea-output", has=page.get_by_role("button", name="Run"))
    status = board.get_by_role("status")
    expect(status).to_contain_text("Choose and press Run")
    expect(board.locator("tbody tr")).to_have_count(2)
    board.get_by_label("epochs").fill("500")
    board.get_by_label("epochs").press("Enter")
    board.get_by_label("optimizer").select_option("mine")
    board.get_by_role("button", name="Run").click()
    expect(status).to_have_text(re.compile(r"Update [1-9]\d* of 16000 on \w+ …"))
    board.get_by_role("button", name="Stop").click()
    expect(status).to_have_text(re.compile(r"Stopped after \d+ of 16000 updates\."))
    expect(board.locator("tbody tr")).to_have_count(3)
    expect(board.locator("tbody tr").last).to_contain_text("mine")
    assert "3: mine" in (board.locator("img").get_attribute("alt") or "")
    board.get_by_role("button", name="Save table").click()
    expect(status).to_contain_text("saved as runs.csv")
    assert (tmp_path / "runs.csv").read_text(encoding="utf-8").count("\n") == 4
    board.screenshot(path=tmp_path / "panel.png")
    assert watched.errors == []
    assert watched.elsewhere == []
