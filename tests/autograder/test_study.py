"""The course for one person alone."""

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from autograder import study
from autograder.cli import app
from autograder.errors import DownhillError
from autograder.oracles import lessons
from autograder.pipeline.standalone import Scored, score_notebook, source_notebook
from autograder.verdict import Verdict

LESSON = "06_momentum"


def test_every_lesson_is_laid_out_with_a_start_page(tmp_path: Path) -> None:
    study.lay_out(tmp_path / "study")
    assert {p.name for p in (tmp_path / "study").iterdir()} == {f"{name}.ipynb" for name in lessons()} | {study.START}
    start = nbformat.read(tmp_path / "study" / study.START, as_version=4)
    nbformat.validate(start)
    assert all(f"({name}.ipynb)" in start.cells[0].source for name in lessons())
    released = nbformat.read(tmp_path / "study" / f"{LESSON}.ipynb", as_version=4)
    assert "NotImplementedError" in "".join(cell.source for cell in released.cells)


def test_every_link_to_a_file_leads_to_one(tmp_path: Path) -> None:
    study.lay_out(tmp_path)
    for path in tmp_path.glob("*.ipynb"):
        words = "".join(c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown")
        links = re.findall(r"\]\((?!http|#)([^)]+)\)", words)
        assert [link for link in links if not (tmp_path / link).is_file()] == [], path.name


def test_what_is_there_already_stays(tmp_path: Path) -> None:
    (tmp_path / f"{LESSON}.ipynb").write_text("mine")
    written = study.lay_out(tmp_path)
    assert (tmp_path / f"{LESSON}.ipynb").read_text() == "mine"
    assert tmp_path / f"{LESSON}.ipynb" not in written
    assert study.lay_out(tmp_path) == []


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "study").write_text("")
    with pytest.raises(DownhillError, match="is a file; expected the name of a folder"):
        study.lay_out(tmp_path / "study")


@pytest.mark.slow
def test_progress_tells_each_lesson_and_runs_only_what_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbformat.write(source_notebook(LESSON), tmp_path / f"{LESSON}.ipynb")
    (tmp_path / "02_gradient_descent.ipynb").write_text("{")
    ran: list[Path] = []

    def counted(path: Path) -> Scored:
        ran.append(path)
        return score_notebook(path)

    monkeypatch.setattr(study, "score_notebook", counted)
    first = {s.lesson: s for s in study.progress(tmp_path)}
    assert (first[LESSON].state, first[LESSON].points, first[LESSON].max_points) == ("points", 8, 8)
    assert first["02_gradient_descent"].state == "unusable"
    assert {s.state for s in first.values()} <= {"points", "unusable", "not here"}
    assert len(ran) == 2
    assert {s.lesson: s for s in study.progress(tmp_path)} == first
    assert len(ran) == 2
    notebook = source_notebook(LESSON)
    notebook.cells[0].source += " "
    nbformat.write(notebook, tmp_path / f"{LESSON}.ipynb")
    study.progress(tmp_path)
    assert ran[2:] == [tmp_path / f"{LESSON}.ipynb"]


@pytest.mark.parametrize("kept", ["", "[1]", '{"06_momentum": {"mark": 1}}', '{"06_momentum": 3}'])
def test_a_broken_memory_is_forgotten(kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study.lay_out(tmp_path)
    (tmp_path / ".downhill").mkdir()
    (tmp_path / study.KEPT).write_text(kept)
    verdicts = {"momentum_step": Verdict("momentum_step", "unwritten", 0.0)}
    monkeypatch.setattr(study, "score_notebook", lambda path: Scored(path, path.stem, 0.0, 8.0, verdicts))
    assert {s.state for s in study.progress(tmp_path)} == {"not begun"}


@pytest.mark.slow
def test_a_folder_without_lessons_is_told(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", "from autograder.cli import main; main()", "progress", str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 2
    assert "no lesson lies in" in result.stderr
    assert "downhill study" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_answer_is_shown_after_asking_once(tmp_path: Path) -> None:
    notebook = source_notebook(LESSON)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "momentum_step":
            cell.source = "def momentum_step(*mine): ..."
    nbformat.write(notebook, tmp_path / f"{LESSON}.ipynb")
    command = ["solution", "momentum_step", "--directory", str(tmp_path)]
    declined = CliRunner().invoke(app, command, input="n\n").output
    assert "momentum * v + g" not in declined
    shown = CliRunner().invoke(app, command, input="y\n").output
    assert "momentum * v + g" in shown
    assert "def momentum_step(*mine)" in shown
    assert "SOLUTION" not in shown


def test_every_exercise_has_an_answer(tmp_path: Path) -> None:
    for exercises in lessons().values():
        for exercise in exercises:
            answers = study.answers(exercise.name, tmp_path)
            assert f"{exercise.name}" in answers.course
            assert "SOLUTION" not in answers.course
            assert answers.yours == ""


def test_progress_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study.lay_out(tmp_path)
    verdicts = {"momentum_step": Verdict("momentum_step", "correct", 1.0)}
    monkeypatch.setattr(study, "score_notebook", lambda path: Scored(path, path.stem, 3.0, 8.0, verdicts))
    rows = json.loads(CliRunner().invoke(app, ["progress", str(tmp_path), "--json"]).output)
    assert {row["points"] for row in rows} == {3.0}


@pytest.mark.slow
def test_practice_needs_nothing_that_only_posix_has() -> None:
    blocked = ("fcntl", "grp", "pwd", "resource", "termios", "pty")
    code = (
        "import sys\n"
        "import torch, IPython, nbgrader.preprocessors, nbclient, rich.console, typer\n"
        f"for name in {blocked}:\n    sys.modules[name] = None\n"
        "import autograder.practice, autograder.study, autograder.cli, autograder.pipeline.standalone\n"
        "from autograder import check\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
