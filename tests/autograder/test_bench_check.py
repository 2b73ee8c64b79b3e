"""What `downhill bench check` measures, and what a notebook does not wait for."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from autograder.bench.check import bench_check
from autograder.cli import app

LATE = ("nbformat", "nbconvert", "matplotlib", "nbgrader", "typer", "torch._inductor")
IMPORT = f"""
import torch
import sys
before = set(sys.modules)
from autograder import check
print([name for name in {LATE!r} if name in sys.modules and name not in before])
"""


@pytest.mark.slow
def test_right_and_wrong_answers_are_timed_beside_the_function_alone() -> None:
    done = CliRunner().invoke(app, ["bench", "check", "momentum_step", "--json"])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.output)
    assert figures.keys() == {"import_ms", "check_ms", "exercises"}
    assert 0 < figures["import_ms"] < figures["check_ms"]
    (of_one,) = figures["exercises"]
    assert of_one["exercise"] == "momentum_step"
    assert 0 < of_one["alone"] < of_one["first_right"]
    assert of_one["wrong"] > 0
    assert of_one["first_wrong"] > 0


def test_an_exercise_that_there_is_not_is_refused() -> None:
    with pytest.raises(LookupError, match=r"^there is no exercise 'momentun_step'; there are: "):
        bench_check(("momentun_step",))


def test_a_notebook_waits_for_nothing_that_a_check_may_never_need() -> None:
    said = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"
