"""The package as a whole: its examples are true, and it needs nothing but torch and the standard library."""

import ast
import doctest
import importlib
import sys
from pathlib import Path

import pytest

import reference

ROOT = Path(reference.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
MODULES = [".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__") for path in FILES]
WITH_EXAMPLES = {
    f"reference.{name}"
    for name in (
        "backprop",
        "batches",
        "landscapes",
        "losses",
        "theory",
        "training",
        *(f"optimizers.{rule}" for rule in ("descent", "momentum", "nesterov", "rmsprop", "adam")),
    )
}


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_are_true(module: str) -> None:
    results = doctest.testmod(importlib.import_module(module))
    assert results.failed == 0
    assert results.attempted > 0 or module not in WITH_EXAMPLES


def imported(path: Path) -> set[str]:
    """The top-level packages that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            names.add(str(node.module).split(".")[0])
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_torch_and_the_standard_library_are_imported(path: Path) -> None:
    assert imported(path) <= {"torch", "reference"} | sys.stdlib_module_names


def test_the_modules_are_all_seen() -> None:
    assert set(MODULES) >= WITH_EXAMPLES


def test_what_the_optimizers_export() -> None:
    optimizers = importlib.import_module("reference.optimizers")
    classes = ["Adam", "AdamW", "GradientDescent", "Momentum", "Nesterov", "RMSprop"]
    steps = ["adam", "gradient", "look_ahead", "momentum", "nesterov", "rmsprop"]
    assert sorted(optimizers.__all__) == [*classes, *(f"{name}_step" for name in steps)]
    assert all(hasattr(optimizers, name) for name in optimizers.__all__)


def test_the_page_about_speed_has_its_picture_and_its_lesson() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "](step.png)" in page
    assert (ROOT / "step.png").stat().st_size < 150_000
    lesson = ROOT.parent / "course" / "source" / "09_experiment" / "09_experiment.ipynb"
    assert "`reference/README.md`" in lesson.read_text(encoding="utf-8")
