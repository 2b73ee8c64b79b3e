"""What `downhill bench check` measures, and what a notebook does not wait for."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from typer.testing import CliRunner

from autograder.bench.check import IDLE, bench_check
from autograder.cli import app
from autograder.pictures import run_whole

LATE = ("nbformat", "nbconvert", "matplotlib", "nbgrader", "typer", "torch._inductor")
IMPORT = f"""
import torch
import sys
before = set(sys.modules)
from autograder import check
print([name for name in {LATE!r} if name in sys.modules and name not in before])
"""
WRONG = """
from autograder.practice import judged
judged("momentum_step", lambda params, velocities, grads, lr, momentum: (params, velocities))
print("sympy" in sys.modules)
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


@pytest.mark.slow
def test_a_notebook_waits_for_nothing_that_a_check_may_never_need() -> None:
    said = subprocess.run([sys.executable, "-c", IMPORT + WRONG], capture_output=True, text=True, check=True).stdout
    assert said == "[]\nFalse\n"


@pytest.mark.slow
def test_what_draws_a_picture_is_loaded_while_the_kernel_is_idle(tmp_path: Path) -> None:
    loaded = "import sys\nprint('matplotlib.figure' in sys.modules)"
    sources = [f"from autograder import check\n{loaded}", IDLE.strip(), loaded]
    ran = run_whole(new_notebook(cells=[new_code_cell(source) for source in sources]), tmp_path)
    assert [out.get("text", out) for cell in ran.cells for out in cell.outputs] == ["False\n", "True\n"]
