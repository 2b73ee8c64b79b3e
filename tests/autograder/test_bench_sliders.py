"""What `downhill bench sliders` measures, and which cells of a lesson it runs for it."""

import json

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from typer.testing import CliRunner

from autograder.bench.sliders import bench_sliders, places
from autograder.cli import app
from autograder.needed import needed


def needed_for(last: str, *cells: str) -> list[str]:
    notebook = new_notebook(cells=[new_markdown_cell("words"), *map(new_code_cell, (*cells, last))])
    return [cell.source for cell in needed(notebook, lambda cell: cell.source == last).cells][:-1]


def test_a_cell_brings_what_it_uses_and_what_that_uses() -> None:
    cells = ("import math", "unused = 1", "def f(x):\n    return math.sqrt(x * scale)", "scale = 2")
    assert needed_for("f(3)", *cells) == ["import math", "def f(x):\n    return math.sqrt(x * scale)"]
    assert needed_for("f(scale)", *cells) == [cells[0], *cells[2:]]


def test_a_name_of_a_functions_own_is_none_of_the_notebooks() -> None:
    assert needed_for("def g(lr):\n    return [lr * k for k in range(3)]", "lr = 1", "k = 2") == []


def test_a_name_bound_again_needs_no_earlier_cell() -> None:
    assert needed_for("for path in [1]:\n    print(path)", "path = 3") == []
    assert needed_for("y", "x = 1", "x = 2", "y = x") == ["x = 2", "y = x"]


def test_a_cell_that_fills_a_table_is_needed() -> None:
    assert needed_for("table", "table = {}", "other = {}", "table['a'] = 1") == ["table = {}", "table['a'] = 1"]


def test_the_places_of_a_slider_are_its_own() -> None:
    assert places(0, 4, 1, 5) == [0, 1, 3, 4, 2]
    assert places(0.1, 0.3, 0.1, 3) == pytest.approx([0.1, 0.3, 0.2])


@pytest.mark.slow
def test_the_pictures_of_a_lesson_are_timed() -> None:
    done = CliRunner().invoke(app, ["bench", "sliders", "05_learning_rate", "--moves", "3", "--json"])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.output)
    shown = {of["cell"]: of for of in figures["pictures"]}
    assert shown.keys() == {"experiment-strides", "experiment-three-views", "experiment-schedules"}
    assert all(of["moves"] >= 2 and 0 < of["median_ms"] <= of["worst_ms"] for of in shown.values())
    assert figures["slowest_ms"] == max(of["median_ms"] for of in shown.values())


def test_a_lesson_that_there_is_not_is_refused() -> None:
    with pytest.raises(LookupError, match="05_learning"):
        bench_sliders(("05_lerning_rate",))
