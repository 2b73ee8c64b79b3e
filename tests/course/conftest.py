"""The tests of one lesson run in one process, so that it is walked through once."""

from pathlib import Path

import pytest
from walk import SOURCE

FIGURES = Path(__file__).parent / "figures"


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == FIGURES:
            (lesson,) = SOURCE.glob(f"*_{item.path.stem.removeprefix('test_')}")
            item.add_marker(pytest.mark.xdist_group(lesson.name))
