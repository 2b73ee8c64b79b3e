"""Notebooks, cells and outputs as nbformat makes, reads and writes them, without its checks.

Each takes milliseconds, and the first a tenth of a second. What is put in here is known to be of the right types; that
valid notebooks come out of any submission is a test's.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, convert, reader
from nbformat.v4 import nbformat, nbformat_minor
from nbformat.v4.rwbase import split_lines

KINDS = ("code", "markdown", "raw")
OUTPUTS: dict[str, dict[str, Any]] = {
    "stream": {"name": "stdout", "text": ""},
    "error": {"ename": "", "evalue": "", "traceback": ()},
    "display_data": {"data": {}, "metadata": {}},
    "execute_result": {"data": {}, "metadata": {}, "execution_count": None},
}


def new_notebook(cells: list[NotebookNode], metadata: NotebookNode) -> NotebookNode:
    """A notebook of cells that have their ids.

    Example:
        >>> new_notebook([new_cell("raw", "x", "a")], NotebookNode()).cells[0].id
        'a'
    """
    return NotebookNode(nbformat=nbformat, nbformat_minor=nbformat_minor, metadata=metadata, cells=cells)


def read(path: Path) -> NotebookNode:
    """The notebook of a file that is ours."""
    return convert(reader.reads(path.read_text(encoding="utf-8")), 4)


def written(notebook: NotebookNode) -> str:
    r"""The text of a notebook's file, as nbformat writes it. The notebook is used up: its texts become lines.

    Example:
        >>> written(new_notebook([], NotebookNode()))
        '{\n "cells": [],\n "metadata": {},\n "nbformat": 4,\n "nbformat_minor": 5\n}\n'
    """
    text = json.dumps(split_lines(notebook), ensure_ascii=False, indent=1, sort_keys=True, separators=(",", ": "))
    return f"{text}\n"


def new_cell(kind: str, source: str, name: str) -> NotebookNode:
    """A cell of one of `KINDS`, `name` being its id.

    Example:
        >>> new_cell("raw", "x", "a").source
        'x'
    """
    cell = NotebookNode(id=name, cell_type=kind, metadata=NotebookNode(), source=source)
    return NotebookNode(**cell, outputs=[], execution_count=None) if kind == "code" else cell


def new_output(kind: str, data: dict[str, Any] | None = None, **content: Any) -> NotebookNode:
    """An output of one of the kinds in `OUTPUTS`, with the fields that it has to have.

    Example:
        >>> new_output("stream", text="x")
        {'output_type': 'stream', 'name': 'stdout', 'text': 'x'}
    """
    given = content if data is None else {"data": data, **content}
    output = NotebookNode(output_type=kind)
    for name, missing in OUTPUTS[kind].items():
        value = given.get(name, missing)
        output[name] = NotebookNode(value) if isinstance(value, dict) else value
    return output
