"""Which cells grading leaves out."""

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.pipeline.skipped import skipped


def left_out(*sources: str) -> set[int]:
    return set(skipped(new_notebook(cells=[new_code_cell(source) for source in sources])))


def test_a_prediction_that_only_an_experiment_reads() -> None:
    cells = [new_code_cell("guess = {'speed': None}  # m/s"), new_code_cell("lr = 0.1\nstep(lr)")]
    experiment = new_code_cell("compare(guess)", metadata={"nbgrader": {"grade_id": "experiment_speed"}})
    assert skipped(new_notebook(cells=[*cells, experiment])) == {0, 2}


@pytest.mark.parametrize(
    "cell",
    [
        "rate = 0.1",  # another cell says its name
        "rate = free = 0.1",
        "free = print('seen')",
        "free: float = 0.1",
        "free += 1",
        "free[0] = 1",
        "free.rate = 1",
        "_free = 1",
        "free = 1; check = None",
        "free = other",
        "free = [1 for _ in range(3)]",
        "free = f'{rate}'",
        "%matplotlib inline",
        "!ls",
        "free = (",
        "def free(): pass",
        "import math",
        f"free = {'[' * 5000}{']' * 5000}",
    ],
)
def test_whatever_could_be_seen_later_is_run(cell: str) -> None:
    assert left_out(cell, "step(rate)\ncheck('step', step)") == set()


def test_of_two_that_share_a_name_both_are_run() -> None:
    assert left_out("a = 1", "a = 2", "b = 3") == {2}
