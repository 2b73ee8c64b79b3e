"""Cells and outputs as nbformat makes them, without its check of each, which takes a millisecond.

What is put in here is known to be of the right types, and a notebook is checked as a whole.
"""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode

KINDS = ("code", "markdown", "raw")
OUTPUTS: dict[str, dict[str, Any]] = {
    "stream": {"name": "stdout", "text": ""},
    "error": {"ename": "", "evalue": "", "traceback": ()},
    "display_data": {"data": {}, "metadata": {}},
    "execute_result": {"data": {}, "metadata": {}, "execution_count": None},
}


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
