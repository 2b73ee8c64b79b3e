"""One page a lesson, as released, with the pictures of the solved run; and a page to start from."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import Environment, PackageLoader, StrictUndefined
from nbformat import NotebookNode

from autograder.book.mathematics import MathMLExporter
from autograder.errors import DownhillError
from autograder.oracles import lessons
from autograder.pictures import run_whole
from autograder.pipeline.standalone import released_notebook, source_notebook

MARK = "downhill-book.css"


@dataclass(frozen=True)
class Page:
    """A lesson's place in the book."""

    lesson: str
    title: str
    question: str
    body: str

    @property
    def file(self) -> str:
        """The page's file name."""
        return f"{self.lesson}.html"


def write_book(folder: Path, told: Callable[[str], None] = lambda lesson: None) -> list[Path]:
    """Write the book.

    Args:
        folder: made if it is not there; an earlier book in it is replaced.
        told: called with each lesson before it is run.

    Returns:
        The pages, the start page first.

    Raises:
        DownhillError: if `folder` holds something that is no book.
    """
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / MARK).exists())):
        raise DownhillError(f"{folder} is not empty and holds no book; name a folder that does not exist yet")
    pages = []
    for lesson in sorted(lessons()):
        told(lesson)
        pages.append(page(lesson))
    folder.mkdir(parents=True, exist_ok=True)
    templates = Environment(
        loader=PackageLoader("autograder.book"), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    shutil.copy(Path(__file__).parent / "templates" / "book.css", folder / MARK)
    written = [folder / "index.html"]
    written[0].write_text(templates.get_template("index.html.j2").render(pages=pages, style=MARK), encoding="utf-8")
    lesson_page = templates.get_template("lesson.html.j2")
    for before, here, after in zip([None, *pages], pages, [*pages[1:], None], strict=False):
        written.append(folder / here.file)
        html = lesson_page.render(page=here, before=before, after=after, pages=pages, style=MARK)
        written[-1].write_text(html, encoding="utf-8")
    return written


def page(lesson: str) -> Page:
    """A lesson as a page: released code, and what its experiments show once it is solved."""
    with tempfile.TemporaryDirectory() as folder:
        solved = run_whole(source_notebook(lesson), Path(folder))
    notebook = released_notebook(lesson)
    shown = {cell.id: list(_readable(cell)) for cell in solved.cells if _is_experiment(cell)}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = shown.get(cell.id, [])
    heading = notebook.cells[0].source.splitlines()[0].lstrip("# ").strip()
    question = next((line for line in notebook.cells[0].source.splitlines()[1:] if line.strip()), "")
    exporter = MathMLExporter(template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True)
    body, _ = exporter.from_notebook_node(notebook)
    body = body.replace("<pre", '<pre tabindex="0"')  # wide code scrolls sideways, by keyboard too
    return Page(lesson, heading, re.sub("[*`]", "", question), body)


def _is_experiment(cell: NotebookNode) -> bool:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", "")).startswith("experiment_")


def _readable(cell: NotebookNode) -> Iterator[Any]:
    """A cell's outputs as a page can show them: of a picture under sliders, the still."""
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stdout":
            yield output
        data = output.get("data", {})
        for kind in ("text/html", "image/png", "text/plain"):
            if kind in data:
                yield nbformat.v4.new_output("display_data", {kind: data[kind]})
                break
