"""What every test shares."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
import torch
from xdist.scheduler import LoadScopeScheduling

import autograder.pipeline.lean  # noqa: F401  before any test's imports

torch.set_num_threads(1)  # tests run beside each other, and threads that wait for each other cost more than they bring


class Together(LoadScopeScheduling):
    """The tests of one module run in one process, and so do all that walk through the same lesson."""

    def _split_scope(self, nodeid: str) -> str:
        lesson = re.search(r"course/figures/test_(\w+)\.py|test_lessons_run\.py::.*\[\d\d_(\w+)\]", nodeid)
        return (lesson[1] or lesson[2]) if lesson else nodeid.split("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    return Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules that have long tests come first, and the smallest last: so both processes end at about one time."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    size = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path not in slow, item.path not in slow and -size[item.path]))
