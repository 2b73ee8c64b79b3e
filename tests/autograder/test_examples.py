"""Every example in a docstring is true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest

import autograder
import course

RUN = (
    "autograder.__main__",
    "autograder.bench.bare_inside",
    "autograder.demo.submissions",
    "autograder.sandbox.kernel.",
    "course.nbgrader_config",
)


def names(package: ModuleType) -> list[str]:
    # what is in RUN is there to be run, not imported
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return [module.name for module in found if not module.name.startswith(RUN)]


@pytest.mark.parametrize(
    "name", [name for name in (*names(autograder), *names(course)) if name != "course.nbgrader_config"]
)
def test_the_examples_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    modules = [importlib.import_module(name) for name in names(autograder)]
    assert sum(bool(test.examples) for module in modules for test in finder.find(module)) > 10
