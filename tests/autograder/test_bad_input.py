"""Broken files, wrong calls and a machine that fails: each is told in words, and nothing already graded is lost."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from faults import copied, downhill, graded_course, refused, rows

from autograder.demo.play import LESSON
from autograder.errors import NoCourse
from autograder.feedback import words
from autograder.judge import judge
from autograder.oracles import Exercise, lessons
from autograder.pipeline.course import CourseFolder, tidy
from autograder.pipeline.standalone import score_notebook
from autograder.student.check import gather

BROKEN = Path(__file__).parent.parent / "broken_notebooks"
EXERCISES = [e for exercises in lessons().values() for e in exercises]
UNREADABLE = {
    "corrupt_json": "it is not JSON, or it was cut off",
    "empty": "the file is empty",
    "format_3_that_cannot_be_converted": "format 3 that cannot be converted",
    "format_of_the_future": "not a notebook of format 4 (nbformat is 9)",
    "json_of_another_kind": "JSON of another kind",
    "not_a_notebook": "it is not JSON",
}
GRADED = {  # points of momentum_step, its verdict's kind, what is told
    "another_kernel": (3, "correct", "saved for another kernel (R)"),
    "another_lesson": (0, "no_evidence", "cells of another lesson (check_gradient_step)"),
    "format_3": (3, "correct", "format 3 and was converted"),
    "integer_tensors": (0, "unusable", "torch.int64; expected torch.float64"),
    "missing_grade_id": (3, "correct", "had lost its mark and was recognised by its text"),
    "not_a_function": (0, "unusable", "`momentum_step` is a value of type int; expected a function"),
    "nothing_returned": (0, "unusable", "returned None (is a `return` missing?); expected a pair"),
    "odd_cells": (3, "correct", ""),
    "unknown_kernel_name": (3, "correct", ""),
    "wrong_arity": (0, "unusable", "does not fit the call with 5 arguments"),
    "wrong_shapes": (0, "unusable", "it has shape ["),
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> CourseFolder:
    return graded_course(tmp_path_factory.mktemp("bad-input") / "course")


@pytest.fixture
def unchanged(course: CourseFolder) -> Iterator[CourseFolder]:
    """The course; afterwards the gradebook must be what it was, byte for byte."""
    before = (course.root / "gradebook.db").read_bytes()
    yield course
    assert (course.root / "gradebook.db").read_bytes() == before


def test_every_broken_file_is_expected_somewhere() -> None:
    assert {path.stem for path in BROKEN.glob("*")} == UNREADABLE.keys() | GRADED.keys()


@pytest.mark.parametrize("name", UNREADABLE)
def test_check_tells_why_a_file_is_unusable(name: str, tmp_path: Path) -> None:
    shutil.copy(BROKEN / f"{name}.ipynb", tmp_path / f"{LESSON}.ipynb")
    result = score_notebook(tmp_path / f"{LESSON}.ipynb")
    assert result.exit_code == 2
    assert UNREADABLE[name] in result.text()
    assert "save the notebook in JupyterLab" in result.text()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_class_of_broken_files_is_graded_and_told(course: CourseFolder) -> None:
    before = rows(course)
    assert ("dmitri", "answer_momentum", 0.0, 1.5) in [row[:4] for row in before]
    given = ["corrupt_json", "empty", *GRADED]
    for name in given:
        folder = course.root / "submitted" / name / LESSON
        folder.mkdir(parents=True)
        shutil.copy(BROKEN / f"{name}.ipynb", folder / f"{LESSON}.ipynb")
    try:
        done = downhill("grade", LESSON, "--course", course.root, "--json")
        assert done.returncode == 0, done.stderr
        students = {row["student"]: row for row in json.loads(done.stdout.splitlines()[-1])["students"]}
        assert students.keys() == {"dmitri", *given}
        told = {name: told_to(course, name) for name in students}
        for name in ("corrupt_json", "empty"):
            assert students[name]["points"] == 0
            assert UNREADABLE[name] in told[name]
        for name, (points, kind, reason) in GRADED.items():
            assert (students[name]["points"], students[name]["verdicts"]["momentum_step"]) == (points, kind), told[name]
            assert reason in told[name]
        assert rows(course, "dmitri") == before
    finally:
        for name in given:
            shutil.rmtree(course.root / "submitted" / name)


def told_to(course: CourseFolder, student: str) -> str:
    """What was repaired, and every word of the verdicts."""
    recorded = course.recorded(LESSON, student)
    return " ".join([*recorded["notes"], *(verdict["detail"] for verdict in recorded["verdicts"].values())])


# one exercise called with, or giving, what cannot be judged


def bent(reference: Callable[..., Any], bend: Callable[[torch.Tensor], Any]) -> Callable[..., Any]:
    """The reference with every tensor and number of its result bent."""

    def walk(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return bend(value)
        if isinstance(value, float):
            return bend(torch.tensor(value, dtype=torch.float64))
        if isinstance(value, list | tuple):
            return type(value)(walk(part) for part in value)
        return {key: walk(part) for key, part in value.items()} if isinstance(value, dict) else value

    return lambda *args: walk(reference(*args))


def told(exercise: Exercise, attempt: Any) -> tuple[str, float, str]:
    verdict = judge(exercise.name, gather(exercise.name, attempt, exercise.draw(3)), 3)
    return verdict.kind, verdict.fraction, words.text(verdict)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)
@pytest.mark.parametrize("attempt", [3, "text", None, torch.ones(2)], ids=["number", "text", "nothing", "tensor"])
def test_what_is_no_function_is_told(exercise: Exercise, attempt: Any) -> None:
    kind, fraction, said = told(exercise, attempt)
    assert (kind, fraction) == ("unusable", 0)
    assert f"`{exercise.name}` is " in said
    assert "expected a function" in said


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.name)
def test_wrong_arity_is_told(exercise: Exercise) -> None:
    kind, fraction, said = told(exercise, lambda: None)
    assert (kind, fraction) == ("unusable", 0)
    if isinstance(exercise.reference, type):
        assert "expected a" in said
    else:
        assert "Its signature is (), which does not fit the call" in said
        assert "Put its first line back" in said


BENDS: dict[str, Callable[[torch.Tensor], Any]] = {
    "one dimension more": lambda t: t.unsqueeze(0).expand(2, *t.shape),
    "whole numbers": lambda t: t.to(torch.int64),
    "complex numbers": lambda t: t.to(torch.complex128),
    "None": lambda t: None,
    "text": lambda t: "text",
}
# indices are whole numbers, and a mean over random draws is as right when it is rounded
RIGHT_WHOLE = ("batch_indices", "gradient_noise")


@pytest.mark.parametrize(
    ("exercise", "bend"),
    [
        pytest.param(e, bend, id=f"{e.name}-{name}")
        for e in EXERCISES
        for name, bend in BENDS.items()
        if not isinstance(e.reference, type) and (name, e.name) not in [("whole numbers", n) for n in RIGHT_WHOLE]
    ],
)
def test_results_of_the_wrong_form_are_told(exercise: Exercise, bend: Callable[[torch.Tensor], Any]) -> None:
    kind, fraction, said = told(exercise, bent(exercise.reference, bend))
    assert fraction == 0
    assert kind in ("unusable", "raised", "unknown"), said
    assert len(said.splitlines()) > 1


def test_a_wrong_form_is_told_before_the_error_that_it_leads_to() -> None:
    def flat(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
        velocities = [momentum * v + g for v, g in zip(velocities, grads, strict=True)]
        return [(p - lr * v).flatten() for p, v in zip(params, velocities, strict=True)], velocities

    (exercise,) = [e for e in EXERCISES if e.name == "momentum_step"]
    kind, _, said = told(exercise, flat)
    assert kind == "unusable"
    assert "It has shape [" in said


# wrong calls of the command


@pytest.mark.slow
def test_a_lesson_that_does_not_exist(unchanged: CourseFolder) -> None:
    refused(downhill("grade", "99_none", "--course", unchanged.root), "no lesson '99_none'", "there are: ", LESSON)


@pytest.mark.slow
def test_a_lesson_that_is_not_released(unchanged: CourseFolder) -> None:
    done = downhill("grade", "02_gradient_descent", "--course", unchanged.root)
    refused(done, "has not been released", "nbgrader generate_assignment 02_gradient_descent")


@pytest.mark.parametrize(("make", "told"), [(True, "it has no nbgrader_config.py"), (False, "there is no such folder")])
def test_a_folder_that_is_no_course(make: bool, told: str, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    if make:
        folder.mkdir()
    done = downhill("grade", LESSON, "--course", folder)
    refused(done, "is not a course folder", told, "--course", "downhill new-course")
    assert not folder.exists() or not any(folder.iterdir())


def test_verbose_shows_where(tmp_path: Path) -> None:
    with pytest.raises(NoCourse, match="is not a course folder"):
        downhill("grade", LESSON, "--course", tmp_path, "--verbose")


@pytest.mark.parametrize("given", ["a file", "a full folder"])
def test_a_new_course_overwrites_nothing(given: str, tmp_path: Path) -> None:
    target = tmp_path / "mine"
    kept = target if given == "a file" else target / "thesis.txt"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("my only copy")
    refused(downhill("new-course", target), "name a folder that does not exist yet")
    assert kept.read_text() == "my only copy"


@pytest.mark.slow
def test_settings_that_do_not_parse(course: CourseFolder, tmp_path: Path) -> None:
    made = copied(course, tmp_path / "course")
    (made.root / "nbgrader_config.py").write_text("c = get_config(\n")
    refused(
        downhill("grade", LESSON, "--course", made.root), "nbgrader_config.py cannot be read (SyntaxError", "Mend it"
    )


@pytest.mark.slow
def test_a_released_notebook_that_is_broken(course: CourseFolder, tmp_path: Path) -> None:
    made = copied(course, tmp_path / "course")
    (made.root / "release" / LESSON / f"{LESSON}.ipynb").write_text("{")
    done = downhill("grade", LESSON, "--course", made.root)
    refused(done, "released notebook", f"nbgrader generate_assignment {LESSON} --force")


@pytest.mark.slow
def test_nothing_was_submitted(course: CourseFolder, tmp_path: Path) -> None:
    made = copied(course, tmp_path / "course")
    shutil.rmtree(made.root / "submitted")
    done = downhill("grade", LESSON, "--course", made.root)
    refused(done, f"nothing was submitted for {LESSON}", f"submitted/STUDENT/{LESSON}/")


@pytest.mark.parametrize(("name", "told"), [("my work.ipynb", "tells no lesson"), ("", "it is a folder")])
def test_check_of_what_is_no_lesson(name: str, told: str, tmp_path: Path) -> None:
    if name:
        (tmp_path / name).write_text("{}")
    done = downhill("check", tmp_path / name)
    assert done.returncode == 2
    assert told in done.stdout
    assert f"{LESSON}.ipynb" in done.stdout
    assert "Traceback" not in done.stderr


# what lies in a submission's folder


def submission(tmp_path: Path) -> Path:
    folder = tmp_path / "submitted" / "ada" / LESSON
    folder.mkdir(parents=True)
    return folder


def test_an_empty_folder(tmp_path: Path) -> None:
    folder = submission(tmp_path)
    for _ in range(2):  # the second time its own placeholder lies there
        assert tidy(folder, LESSON) == [f"the folder holds no notebook, or an empty one; expected {LESSON}.ipynb"]
    (folder / f"{LESSON} (1).ipynb").write_text("late, but here")
    assert tidy(folder, LESSON) == [f"{LESSON} (1).ipynb was taken as {LESSON}.ipynb"]
    assert (folder / f"{LESSON}.ipynb").read_text() == "late, but here"


def test_a_copy_with_a_number(tmp_path: Path) -> None:
    folder = submission(tmp_path)
    (folder / f"{LESSON} (1).ipynb").write_text("mine")
    (folder / "notes.ipynb").write_text("newer, but of another name")
    os.utime(folder / f"{LESSON} (1).ipynb", (0, 0))
    assert tidy(folder, LESSON) == [f"{LESSON} (1).ipynb was taken as {LESSON}.ipynb"]
    assert (folder / f"{LESSON}.ipynb").read_text() == "mine"
    assert (folder / f"{LESSON} (1).ipynb").exists()


def test_a_copy_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = submission(tmp_path)
    (folder / f"{LESSON} (1).ipynb").write_text("mine")

    def half(source: Path, target: Path) -> None:
        target.write_text("mi")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copy2", half)
    with pytest.raises(OSError, match="No space left"):
        tidy(folder, LESSON)
    assert [path.name for path in folder.iterdir()] == [f"{LESSON} (1).ipynb"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    folder = submission(tmp_path)
    secret = tmp_path / "gradebook.db"
    secret.write_text("everybody's points")
    (folder / f"{LESSON}.ipynb").symlink_to(secret)
    (folder / "data").symlink_to(tmp_path, target_is_directory=True)
    notes = " ".join(tidy(folder, LESSON))
    assert f"the link {LESSON}.ipynb was removed" in notes
    assert "the link data was removed" in notes
    assert (folder / f"{LESSON}.ipynb").read_bytes() == b""
    assert secret.read_text() == "everybody's points"


def test_a_submission_that_is_a_link_itself(tmp_path: Path) -> None:
    folder = submission(tmp_path)
    folder.rmdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "link").symlink_to("/etc/passwd")
    folder.symlink_to(elsewhere, target_is_directory=True)
    assert "not followed" in tidy(folder, LESSON)[0]
    assert (elsewhere / "link").is_symlink()
    assert [path.name for path in folder.iterdir()] == [f"{LESSON}.ipynb"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_does_not_stop_the_grader(tmp_path: Path) -> None:
    folder = submission(tmp_path)
    os.mkfifo(folder / f"{LESSON}.ipynb")
    assert f"{LESSON}.ipynb is no ordinary file and was removed" in tidy(folder, LESSON)


def test_a_folder_in_the_notebooks_place(tmp_path: Path) -> None:
    folder = submission(tmp_path)
    (folder / f"{LESSON}.ipynb").mkdir()
    assert "was a folder and was renamed" in tidy(folder, LESSON)[0]
    assert (folder / f"{LESSON}.ipynb").is_file()
