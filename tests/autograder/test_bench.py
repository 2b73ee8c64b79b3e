"""The kit's figures about its own judge."""

import json

import pytest
from typer.testing import CliRunner

from autograder.bench.judge import bench_judge, is_update, loss_halves, one_step
from autograder.cli import app
from autograder.oracles import find_exercise


@pytest.mark.parametrize("seed", [1, 3])
def test_every_wrong_form_is_caught_and_no_right_one_accused(seed: int) -> None:
    result = bench_judge(seed)
    assert result.caught == result.wrong
    assert result.accepted == result.correct_forms
    assert result.named >= 0.9 * result.wrong
    assert result.loss_halves > 0, "the usual check is the weak one"
    assert result.one_step > 0, "so is the other"


def test_the_command_prints_one_line_of_json() -> None:
    line = CliRunner().invoke(app, ["bench", "judge", "--json"]).output
    figures = json.loads(line)
    assert figures.keys() == {"wrong", "caught", "named", "correct_forms", "accepted", "accused", "baselines"}
    assert figures["accused"] == 0
    assert figures["baselines"].keys() == {"of", "loss_halves", "one_step_1e-8"}


@pytest.mark.parametrize("name", ["momentum_step", "Momentum", "gradient_step"])
def test_the_usual_checks_pass_what_is_right(name: str) -> None:
    exercise = find_exercise(name)
    assert is_update(exercise)
    assert loss_halves(exercise, exercise.reference)
    assert one_step(exercise, exercise.reference)


def test_the_usual_checks_do_fail_what_climbs() -> None:
    exercise = find_exercise("momentum_step")
    uphill = next(form.function for form in exercise.forms if form.name == "uphill")
    assert not loss_halves(exercise, uphill)
    assert not one_step(exercise, uphill)
