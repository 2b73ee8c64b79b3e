"""Files that are written whole or not at all, so that a full disk never leaves half of one; tables for spreadsheets."""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # spreadsheets compute a cell that begins so


def write(path: Path, text: str) -> None:
    """Write a text file whole or not at all; its folders are made."""
    _whole(path, lambda part: part.write_text(text))


def table(rows: Iterable[Iterable[object]]) -> str:
    r"""Rows as CSV, every text quoted, and with text that a spreadsheet would compute made text.

    Quotes hold a cell together also where a spreadsheet takes the semicolon for what parts cells.

    Example:
        >>> table([["Doe, Jane", "=1+1", -0.5]])
        '"Doe, Jane","\'=1+1",-0.5\n'
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerows([[harmless(value) for value in row] for row in rows])
    return out.getvalue()


def harmless(value: object) -> object:
    """A text that begins like a formula, with an apostrophe before it; numbers, and text that is one, as they are."""
    if not isinstance(value, str) or not (value.startswith(FORMULA) or value.strip().startswith(FORMULA)):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value


def copy(source: Path, target: Path) -> None:
    """Copy a file, with its times, whole or not at all."""
    _whole(target, lambda part: shutil.copy2(source, part))


def _whole(path: Path, fill: Callable[[Path], object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        fill(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
