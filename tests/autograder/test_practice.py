"""`check` as a student sees it."""

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from autograder import check, practice
from autograder.demo.play import SUBMISSIONS, answer, read_sample
from autograder.pipeline.standalone import released_notebook
from autograder.practice import CheckFailed, NotJudged
from reference.optimizers.momentum import momentum_step
from reference.theory import fastest_momentum


def wrong(smallest: float, largest: float) -> tuple[float, float]:
    lr, momentum = fastest_momentum(smallest, largest)
    return lr, momentum**0.5


def test_right_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    check("fastest_momentum", fastest_momentum)
    assert capsys.readouterr().out == "fastest_momentum: right.\n"


def test_wrong_raises_the_words_and_nothing_else() -> None:
    with pytest.raises(CheckFailed, match="Momentum not squared: the momentum lacks its square") as caught:
        check("fastest_momentum", wrong)
    shown = caught.value._render_traceback_()
    assert " ".join(shown).split() == str(caught.value).split()
    assert max(map(len, shown)) <= 110, "a notebook breaks a longer line in the middle of a word"
    assert "practice.py" not in str(caught.value)


def test_under_stock_nbgrader_nothing_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with pytest.raises(NotJudged, match="without Downhill's preprocessors"):
        check("fastest_momentum", fastest_momentum)


def test_an_unknown_exercise_is_told() -> None:
    with pytest.raises(LookupError, match="there is no exercise 'nothing'; there are: "):
        check("nothing", wrong)


def test_a_shortcut_that_was_written_anew_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = ["", "import torch", "def momentum_step(*given):\n    return torch.optim.SGD(*given)"]
    monkeypatch.setattr(practice, "_shell", lambda: SimpleNamespace(user_ns={"In": inputs}))
    assert practice.judged("momentum_step", momentum_step).kind == "flagged"
    inputs.append("def momentum_step(*given):\n    return given")
    assert practice.judged("momentum_step", momentum_step).kind == "correct"


@pytest.mark.slow
@pytest.mark.parametrize(("student", "failed"), [("chen", 0), ("dmitri", 1)])
def test_validate_sees_what_check_says_and_no_warning_costs_anything(student: str, failed: int, tmp_path: Path) -> None:
    answers = read_sample((SUBMISSIONS / f"{student}.py").read_text())[1]
    notebook = answer(released_notebook("06_momentum"), answers | {"answer_momentum": "My answer."})
    notebook.cells = [cell for cell in notebook.cells if not cell.id.startswith("experiment")]  # they only take time
    for cell in notebook.cells:
        cell.metadata.get("nbgrader", {}).pop("checksum", None)
    nbformat.write(notebook, tmp_path / "06_momentum.ipynb")
    nbgrader = shutil.which("nbgrader", path=str(Path(sys.executable).parent))
    assert nbgrader
    words = [nbgrader, "validate", "06_momentum.ipynb"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    if failed:
        assert f"VALIDATION FAILED ON {failed} CELL" in done.stdout
        assert "Velocity overwritten" in done.stdout
    else:
        assert "Success! Your notebook passes all the tests." in done.stdout, done.stdout + done.stderr
