"""Any bytes in, a clean notebook out: a pure function, run before any student's code.

The released notebook decides what counts. Of the submission only cell types, sources and (for a known cell) the
`grade_id` are taken over; every other piece of metadata, every tag and every output is dropped.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.pipeline.nodes import KINDS, new_cell, new_notebook

MAX_BYTES = 20_000_000
MAX_CELLS = 1_000
MAX_SOURCE = 200_000
SAVE_ANEW = "; save the notebook in JupyterLab and hand in that file"


@dataclass(frozen=True)
class Repaired:
    """A clean notebook, and in words what had to be repaired.

    Attributes:
        unreadable: why the submission is no notebook at all ("" if it is one); the notebook is then the released one.
    """

    notebook: NotebookNode
    notes: tuple[str, ...]
    unreadable: str = ""


class Unreadable(ValueError):
    """The bytes are no notebook; the message says why."""


def repair(raw: bytes, released: NotebookNode) -> Repaired:
    """Make a clean notebook of a submission.

    Args:
        raw: what was submitted, any bytes.
        released: the notebook as students got it.

    Returns:
        A valid notebook in which every graded cell of `released` stands exactly once.
    """
    try:
        submitted, notes = read(raw)
    except Unreadable as error:
        clean = nbformat.from_dict(released)
        clean.metadata = _metadata(released)
        return Repaired(clean, (), str(error))
    known = {_grade_id(cell): cell for cell in released.cells if _grade_id(cell)}
    checks = {cell.source.strip(): name for name, cell in known.items() if _is(cell, "grade") and cell.source.strip()}
    taken: set[str] = set()
    cells = []
    claimed = [_claimed(cell) for cell in submitted]
    strangers = {c for c in claimed if c and c.startswith("check_") and c not in known}
    if strangers:
        notes.append(
            f"it holds cells of another lesson ({', '.join(sorted(strangers))[:200]}): is it the right notebook?"
        )
    for index, (cell, grade_id) in enumerate(zip(submitted, claimed, strict=True)):
        source = _source(cell)
        if len(source) > MAX_SOURCE:
            notes.append(f"cell {index + 1} was cut to {MAX_SOURCE} characters")
            source = source[:MAX_SOURCE]
        if grade_id not in known:
            twin = checks.get(source.strip(), "")
            grade_id = twin if twin and twin not in claimed else ""
            if grade_id:
                notes.append(f"`{grade_id}` had lost its mark and was recognised by its text")
        if grade_id in taken:
            notes.append(f"`{grade_id}` stands twice; the first one counts")
            grade_id = ""
        kind = cell.get("cell_type")
        if not grade_id:
            cells.append(_ordinary(kind, source, index))
            continue
        taken.add(grade_id)
        template = nbformat.from_dict(known[grade_id])
        if template.cell_type != kind:
            notes.append(f"`{grade_id}` had become a {str(kind)[:20]} cell")
        if not _is(template, "solution"):
            if source.strip() != template.source.strip():
                notes.append(f"`{grade_id}` had been changed; the released text was put back")
        else:
            template.source = source
        cells.append(template)
    for name, template in known.items():
        if _is(template, "grade") and name not in taken:
            notes.append(f"`{name}` was missing and was put back")
            _put_back(cells, nbformat.from_dict(template), name)
    clean = new_notebook(cells, _metadata(released))
    for cell in clean.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return Repaired(clean, tuple(notes))


def clean(raw: bytes, released: NotebookNode) -> NotebookNode:
    """As `repair`; what was repaired stands in the notebook's own metadata, which no student writes."""
    repaired = repair(raw, released)
    notebook = repaired.notebook
    notebook.metadata["downhill"] = {
        "notes": list(repaired.notes),
        "unreadable": repaired.unreadable,
        "sha256": hashlib.sha256(raw).hexdigest(),
    }
    return notebook


def read(raw: bytes) -> tuple[list[dict[str, Any]], list[str]]:
    """The cells of a submitted notebook, as plain dictionaries, and notes.

    Raises:
        Unreadable: if the bytes are no notebook.
    """
    notes = []
    if not raw.strip():
        raise Unreadable(f"the file is empty{SAVE_ANEW}")
    if len(raw) > MAX_BYTES:
        size = f"the file has {len(raw)} bytes; at most {MAX_BYTES} are read"
        raise Unreadable(f"{size}; clear its outputs, save it, and hand it in again")
    try:
        data = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"the file is not a notebook: it is not JSON, or it was cut off{SAVE_ANEW}") from error
    if not isinstance(data, dict):
        raise Unreadable(f"the file is not a notebook: it is JSON of another kind{SAVE_ANEW}")
    if data.get("nbformat") == 3:
        try:
            data = nbformat.convert(nbformat.from_dict(data), 4)
        except Exception as error:  # nbformat fails in many ways on a malformed file
            raise Unreadable(
                f"the file is a notebook of format 3 that cannot be converted to format 4{SAVE_ANEW}"
            ) from error
        notes.append("it was a notebook of format 3 and was converted")
    cells = data.get("cells")
    if data.get("nbformat") != 4 or not isinstance(cells, list):
        found = json.dumps(data.get("nbformat"), default=str)[:20]
        raise Unreadable(f"the file is not a notebook of format 4 (nbformat is {found}){SAVE_ANEW}")
    if len(cells) > MAX_CELLS:
        notes.append(f"it has {len(cells)} cells; the first {MAX_CELLS} were read")
    kernel = _dig(data, "metadata", "kernelspec", "language") or _dig(data, "metadata", "language_info", "name")
    if isinstance(kernel, str) and kernel.lower() not in ("python", "ipython"):
        notes.append(f"it was saved for another kernel ({kernel[:40]}); it runs with Python")
    return [cell for cell in cells[:MAX_CELLS] if isinstance(cell, dict)], notes


def _ordinary(kind: Any, source: str, index: int) -> NotebookNode:
    return new_cell(kind if kind in KINDS else "raw", source, f"submitted-{index + 1}")


def _put_back(cells: list[NotebookNode], cell: NotebookNode, name: str) -> None:
    """After its solution cell if that is there, else at the end, where every definition has been made."""
    exercise = name.removeprefix("check_")
    for index, other in enumerate(cells):
        if _grade_id(other) == exercise:
            cells.insert(index + 1, cell)
            return
    cells.append(cell)


def _metadata(released: NotebookNode) -> NotebookNode:
    kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.from_dict({"kernelspec": dict(released.metadata.get("kernelspec", kernelspec))})


def _dig(tree: Any, *keys: str) -> Any:
    for key in keys:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


def _claimed(cell: dict[str, Any]) -> str:
    grade_id = _dig(cell, "metadata", "nbgrader", "grade_id")
    return grade_id if isinstance(grade_id, str) else ""


def _grade_id(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def _is(cell: NotebookNode, role: str) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get(role, False))


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    # lone surrogates pass JSON but cannot be written again
    return source.encode("utf-8", "replace").decode() if isinstance(source, str) else ""
