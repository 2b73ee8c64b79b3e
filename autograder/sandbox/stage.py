"""What of ours a student's kernel can import: `autograder/student`, and the lessons' pictures. No answers."""

from __future__ import annotations

import shutil
from pathlib import Path

import autograder
from autograder import student

SOURCE = Path(student.__file__).parent


def lay_out(folder: Path) -> None:
    """Copy it into a folder, which is made."""
    import course

    leave = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SOURCE, folder / "autograder" / "student", ignore=leave)
    shutil.copy(Path(autograder.__file__), folder / "autograder" / "__init__.py")
    home = Path(course.__file__).parent
    shutil.copytree(home / "visuals", folder / "course" / "visuals", ignore=leave)
    shutil.copy(home / "__init__.py", folder / "course" / "__init__.py")
