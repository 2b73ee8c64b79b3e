"""What every test shares."""

from collections import Counter

import pytest
import torch

torch.set_num_threads(1)  # tests run beside each other, and threads that wait for each other cost more than they bring


@pytest.hookimpl(tryfirst=True)  # as in the other conftests, which come before it; xdist reads the marks after all
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A module's tests stay together in one process (`--dist loadgroup`), those with long ones come first."""
    for item in items:
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    size = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path not in slow, item.path not in slow and -size[item.path]))
