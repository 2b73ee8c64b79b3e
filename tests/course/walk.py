"""A lesson walked through as a student would, once for all tests of it that one process runs."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
from IPython.core.displayhook import CapturingDisplayHook
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_output
from traitlets.config import Config

SOURCE = Path(__file__).parents[2] / "course" / "source"


@cache
def walk_through(lesson: str) -> SimpleNamespace:
    """Run the solved lesson, its checks included, in this process, where a warning is an error.

    Returns:
        `notebook`, with its outputs; `printed`, by cell; `prose`, by cell; and every name the lesson has made.
    """
    notebook = nbformat.read(SOURCE / lesson / f"{lesson}.ipynb", as_version=4)
    with a_shell() as shell:
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, error = run_cell(shell, cell.source)
                if error:
                    raise error
        names: dict[str, Any] = dict(shell.user_ns)
    printed = {cell.id: "".join(o.get("text", "") for o in cell.get("outputs", [])) for cell in notebook.cells}
    prose = {cell.id: cell.source for cell in notebook.cells if cell.cell_type == "markdown"}
    return SimpleNamespace(**names | {"notebook": notebook, "printed": printed, "prose": prose})


@contextlib.contextmanager
def a_shell() -> Iterator[InteractiveShell]:
    """IPython in this process, as in a kernel that has just started."""
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell.display_pub = CapturingDisplayPublisher()
    shell.display_trap.hook = CapturingDisplayHook(shell=shell, outputs=shell.display_pub.outputs)
    try:
        yield shell
    finally:
        InteractiveShell.clear_instance()


def run_cell(shell: InteractiveShell, source: str) -> tuple[list[nbformat.NotebookNode], BaseException | None]:
    """What one cell puts out, and what it raises."""
    out, err = io.StringIO(), io.StringIO()
    shell.display_pub.outputs.clear()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        result = shell.run_cell(source)
    streams = [
        new_output("stream", name=name, text=text.getvalue())
        for name, text in (("stdout", out), ("stderr", err))
        if text.getvalue()
    ]
    shown = [new_output("display_data", data=each["data"]) for each in shell.display_pub.outputs]
    return streams + shown, result.error_before_exec or result.error_in_exec


def measured(printed: str) -> list[str]:
    return [line.split(":", 1)[1].strip() for line in printed.splitlines() if line.startswith("  measured:")]


def source_of(lesson: str, cell_id: str) -> list[str]:
    notebook = nbformat.read(SOURCE / lesson / f"{lesson}.ipynb", as_version=4)
    return [cell.source for cell in notebook.cells if cell.id == cell_id]
