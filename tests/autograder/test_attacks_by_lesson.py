"""The folders of tests/attacks: notebooks that would earn points without the work, by lesson, run in the sandbox."""

from pathlib import Path

import pytest

from autograder.oracles import exercises_of
from autograder.pipeline.repair import repair
from autograder.pipeline.run import run
from autograder.pipeline.score import verdicts
from autograder.pipeline.standalone import released_notebook
from autograder.pipeline.work import draw_problems
from autograder.sandbox import bubblewrap
from autograder.sandbox.limits import Limits

ATTACKS = sorted((Path(__file__).parent.parent / "attacks").glob("[0-9]*/*.ipynb"))
JUDGED = {"04_batch_size", "09_experiment"}  # where a wrong answer is to look right; else it is how it was made
SEED = 11


@pytest.mark.slow
@pytest.mark.skipif(bool(bubblewrap.unavailable()), reason=bubblewrap.unavailable() or "bubblewrap works")
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda path: f"{path.parent.name}: {path.stem}")
def test_an_attack_on_a_lesson_earns_nothing(attack: Path) -> None:
    lesson = attack.parent.name
    exercises = exercises_of(lesson)
    repaired = repair(attack.read_bytes(), released_notebook(lesson))
    limits = Limits(20, 60, 1_000_000, isolation=bubblewrap.best_isolation())
    ran = run(repaired.notebook, draw_problems(exercises, SEED), limits, {})
    tried = {cell.metadata.get("nbgrader", {}).get("grade_id", "") for cell in ran.notebook.cells}
    found = verdicts(ran, exercises, SEED)
    assert {name: v.fraction for name, v in found.items() if v.fraction} == {}
    kinds = {name: found[name].kind for name in tried & found.keys()}
    assert kinds, "it attacks no exercise"
    assert set(kinds.values()) <= ({"unknown", "flagged"} if lesson in JUDGED else {"flagged"}), found
