"""The kit's figures about its own judge."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from autograder.bench import floor, grading
from autograder.bench.judge import is_update, loss_halves, one_step
from autograder.cli import app
from autograder.demo.play import LESSON
from autograder.oracles import find_exercise, lessons
from autograder.pipeline.course import CourseFolder
from autograder.pipeline.grade import new_course
from autograder.pipeline.skipped import is_experiment


@pytest.mark.slow
def test_every_wrong_form_is_caught_and_no_right_one_accused() -> None:  # of all lessons: test_judge
    words = ["bench", "judge", "02_gradient_descent", "06_momentum", "--json"]
    figures = json.loads(CliRunner().invoke(app, words).output)
    assert figures.keys() == {"wrong", "caught", "named", "correct_forms", "accepted", "accused", "baselines"}
    both = [e for lesson in ("02_gradient_descent", "06_momentum") for e in lessons()[lesson]]
    assert figures["wrong"] == sum(len(exercise.forms) for exercise in both) > 50
    assert figures["correct_forms"] > 2 * len(both)
    assert figures["caught"] == figures["wrong"]
    assert figures["accused"] == 0
    assert figures["accepted"] == figures["correct_forms"]
    assert figures["named"] >= 0.9 * figures["wrong"]
    usual = figures["baselines"]
    assert usual.keys() == {"of", "loss_halves", "one_step_1e-8"}
    assert usual["of"] > usual["loss_halves"] > 0, "the usual check is the weak one"
    assert usual["of"] > usual["one_step_1e-8"] > 0, "so is the other"


def test_a_lesson_that_is_none_is_named() -> None:
    done = CliRunner().invoke(app, ["bench", "judge", "10_none"])
    assert isinstance(done.exception, LookupError)
    assert "01_loss" in str(done.exception)


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


def course_without_experiments(folder: Path) -> CourseFolder:
    made = new_course(folder)
    lesson = folder / "source" / LESSON / f"{LESSON}.ipynb"
    notebook = nbformat.read(lesson, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if not is_experiment(cell)]
    nbformat.write(notebook, lesson)
    return made


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_figures_of_grading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading, "new_course", course_without_experiments)  # they only take time
    line = CliRunner().invoke(app, ["bench", "grading", "--students", "2", "--stock", "1", "--json"]).output
    figures = json.loads(line)
    spoken = {"submissions", "nbgrader_s", "downhill_s", "ratio", "ratio_same_cells", "feedback_ratio", "floor_s"}
    spoken |= {"overhead_s", "workers", "isolation", "stock_submissions", "sandbox_cost", "stages"}
    assert figures.keys() == spoken
    assert (figures["submissions"], figures["stock_submissions"]) == (2, 1)
    assert figures["ratio_same_cells"] is None
    assert figures["sandbox_cost"] is None
    assert figures["ratio"] == pytest.approx(figures["nbgrader_s"] / figures["downhill_s"], rel=0.01)
    assert figures["floor_s"] > 0
    assert {"begin", "start", "ready", "cells", "judge", "record", "feedback"} <= figures["stages"].keys()


def test_the_floor_is_the_cells_own_time(tmp_path: Path) -> None:
    cells = ["import time", "time.sleep(0.05)", "1 / 0", "x = 1", "assert x == 1; time.sleep(0.05)"]
    (tmp_path / "cells.json").write_text(json.dumps([cells, cells]))
    done = subprocess.run(
        [sys.executable, floor.__file__, tmp_path / "cells.json"], capture_output=True, text=True, check=True
    )
    assert 0.2 <= float(done.stdout) < 5


@pytest.mark.slow
def test_of_a_large_class_some_are_run_and_the_others_replayed() -> None:
    words = ["bench", "growth", "--students", "4", "--executed", "2", "--json"]
    (large,) = json.loads(CliRunner().invoke(app, words).output)["sizes"]
    assert (large["students"], large["executed"]) == (4, 2)
    assert large["replayed_each_ms"] > 0
    assert large["grader_mb"] > 20
    assert large["largest_mb"] > 100
