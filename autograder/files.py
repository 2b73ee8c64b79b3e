"""Files that are written whole or not at all, so that a full disk never leaves half a file behind."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Write a text file whole or not at all; its folders are made."""
    _whole(path, lambda part: part.write_text(text))


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
