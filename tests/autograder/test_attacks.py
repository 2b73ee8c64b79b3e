"""Each notebook in tests/attacks wants points without the work; none of them gets any."""

from pathlib import Path

import pytest
from nbgrader.utils import determine_grade

from autograder.oracles import exercises_of
from autograder.pipeline.repair import repair
from autograder.pipeline.run import run
from autograder.pipeline.score import verdicts, write_outputs
from autograder.pipeline.standalone import released_notebook
from autograder.pipeline.work import draw_problems
from autograder.sandbox.limits import Limits

LESSON = "06_momentum"
ATTACKS = sorted((Path(__file__).parent.parent / "attacks").glob("*.ipynb"))
EXPECTED = {
    "endless_loop": "time",
    "loop_deaf_to_interrupts": "time",
    "patched_libraries": "time",
    "torch_optim_inside": "flagged",
    "publishes_past_the_capture": "no_evidence",
    "clears_and_checks_again": "no_evidence",  # two bundles, since none is taken back
    "evidence_replaced_later": "mistake",  # of what the check cell put out when it ran, and nothing later
    "exits_at_once": "no_evidence",
    "kills_its_kernel": "unusable",  # as process 1 of its namespace it cannot: the signal is ignored
}


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda path: path.stem)
def test_an_attack_earns_nothing(attack: Path) -> None:
    seed = 11
    exercises = exercises_of(LESSON)
    repaired = repair(attack.read_bytes(), released_notebook(LESSON))
    ran = run(repaired.notebook, draw_problems(exercises, seed), Limits(3, 60, 1_000_000), {})
    found = verdicts(ran, exercises, seed)
    assert [v.fraction for v in found.values()] == [0, 0, 0]
    if attack.stem in EXPECTED:
        assert found["momentum_step"].kind == EXPECTED[attack.stem], found
    if attack.stem == "torch_optim_inside":
        assert "torch.optim.SGD" in found["momentum_step"].detail
        assert "line 6" in found["momentum_step"].detail
    write_outputs(ran.notebook, found)
    checks = [c for c in ran.notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id", "").startswith("check_")]
    assert len(checks) == 3
    assert [determine_grade(cell)[0] for cell in checks] == [0, 0, 0]
