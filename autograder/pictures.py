"""Every picture of the lessons as a PNG file, with its alt text: for looking at, for slides, for tests."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

CELL_SECONDS = 120


def run_whole(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run every cell of a lesson in an ordinary kernel, experiments too; errors stay in the outputs.

    For notebooks of ours alone: a submission goes through `pipeline.run`.

    Args:
        notebook: a lesson, as it stands in `course/source` or as released.
        folder: where the kernel works.
    """
    from nbclient import NotebookClient

    ran = nbformat.from_dict(notebook)
    NotebookClient(
        ran,
        timeout=CELL_SECONDS,
        allow_errors=True,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],  # the kernel warns of its own TCP ports
        skip_cells_with_tag="",
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    return ran


def pictures(ran: NotebookNode) -> Iterator[tuple[str, bytes, str]]:
    """The pictures in a notebook's outputs: the cell's id with a number where it has several, PNG bytes, alt text."""
    for cell in ran.cells:
        found = [output.data for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
        for number, data in enumerate(found, 1):
            name = cell.id if len(found) == 1 else f"{cell.id}-{number}"
            yield name, base64.b64decode(data["image/png"]), str(data.get("text/plain", ""))


def save_pictures(source: Path, folder: Path) -> list[Path]:
    """Run a solved lesson and save its pictures as `LESSON-CELL.png`, each with its alt text in a `.txt` beside it.

    Args:
        source: the lesson's notebook.
        folder: where the files go; made if it is not there.

    Returns:
        The PNG files.

    Raises:
        OSError: if the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ran = run_whole(nbformat.read(source, as_version=4), folder)
    saved = []
    for name, png, alt in pictures(ran):
        saved.append(folder / f"{source.stem}-{name}.png")
        saved[-1].write_bytes(png)
        saved[-1].with_suffix(".txt").write_text(alt + "\n", encoding="utf-8")
    return saved
