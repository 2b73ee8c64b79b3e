"""Which way imports point, and what enters the student's kernel."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ALLOWED_IN_STUDENT = {"torch", "IPython", "sklearn", "autograder", "__future__", *sys.stdlib_module_names}
LAYERS = {  # what each part may import of ours
    "reference": {"reference"},
    "course/visuals": {"course"},
    "autograder/student": {"autograder.student"},
    "autograder/oracles": {"autograder.oracles", "autograder.student", "reference"},
    "autograder/feedback": {"autograder.feedback", "autograder.files", "autograder.verdict"},
    "autograder/place.py": {"autograder.oracles", "autograder.student", "autograder.verdict"},
    "autograder/compare.py": {"autograder.oracles", "autograder.place", "autograder.student", "autograder.verdict"},
    "autograder/judge.py": {
        "autograder.compare",
        "autograder.oracles",
        "autograder.place",
        "autograder.student",
        "autograder.verdict",
    },
    "autograder/verdict.py": set(),
    "autograder/files.py": set(),
    "autograder/bindings.py": set(),
    "autograder/scan.py": {"autograder.bindings", "autograder.student"},
}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def modules(part: str) -> list[Path]:
    path = ROOT / part
    return [path] if path.suffix else sorted(path.rglob("*.py"))


@pytest.mark.parametrize("part", LAYERS)
def test_imports_point_one_way(part: str) -> None:
    assert modules(part)
    for path in modules(part):
        ours = {n for n in imported(path) if n.split(".")[0] in ("autograder", "reference", "course")}
        wrong = {n for n in ours if not any(n == a or n.startswith(f"{a}.") for a in LAYERS[part])}
        assert not wrong, path


def test_the_students_side_needs_nothing_but_torch_and_ipython() -> None:
    for path in modules("autograder/student"):
        assert {n.split(".")[0] for n in imported(path)} <= ALLOWED_IN_STUDENT, path
