"""A lesson walked through as a student would, for the tests of its figures."""

import contextlib
import io
from pathlib import Path
from types import SimpleNamespace

import nbformat

SOURCE = Path(__file__).parents[2] / "course" / "source"


def walk_through(lesson: str) -> SimpleNamespace:
    """Run the lesson's code but for its checks: what was printed by each cell, its prose, and its names."""
    notebook = nbformat.read(SOURCE / lesson / f"{lesson}.ipynb", as_version=4)
    names: dict[str, object] = {"__name__": lesson}
    printed: dict[str, str] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and not cell.source.startswith("check("):
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(cell.source, f"{lesson}:{cell.id}", "exec"), names)
            printed[cell.id] = out.getvalue()
    prose = {cell.id: cell.source for cell in notebook.cells if cell.cell_type == "markdown"}
    return SimpleNamespace(prose=prose, printed=printed, **names)


def measured(printed: str) -> list[str]:
    return [line.split(":", 1)[1].strip() for line in printed.splitlines() if line.startswith("  measured:")]


def source_of(lesson: str, cell_id: str) -> list[str]:
    notebook = nbformat.read(SOURCE / lesson / f"{lesson}.ipynb", as_version=4)
    return [cell.source for cell in notebook.cells if cell.id == cell_id]
