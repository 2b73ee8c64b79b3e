"""Lesson 09 is judged by properties: what is known of its thresholds, its secret and its claims."""

import pytest
import torch
from torch.nn.functional import one_hot

from autograder.bench.right_forms import RIGHT
from autograder.judge import gather_form, judge, run_form
from autograder.oracles import find_exercise
from autograder.oracles.experiment.digits import THRESHOLD, held_out_accuracy, split
from autograder.oracles.experiment.wrong_loops import Loop
from autograder.student.check import gather
from autograder.student.evidence import Case, Evidence, Odd
from autograder.verdict import Verdict

pytestmark = pytest.mark.slow  # its probes train

TRAIN, MINE = find_exercise("train"), find_exercise("MyOptimizer")
HEAVY_BALL = next(form for form in RIGHT["MyOptimizer"] if form.__name__ == "HeavyBall")


def judged(exercise: str, attempt: object, seed: int = 5) -> Verdict:
    return judge(exercise, gather(exercise, attempt, find_exercise(exercise).draw(seed)), seed)


def final_weights(evidence: Evidence) -> list[torch.Tensor]:
    return evidence.cases["digits"].steps[0][2:]


@pytest.mark.parametrize("seed", range(5))
def test_the_threshold_lies_between_honest_work_and_luck(seed: int) -> None:
    honest = held_out_accuracy(seed, final_weights(gather_form("train", None, seed)))
    untrained = held_out_accuracy(seed, TRAIN.draw(seed)["digits"]["weights"])
    assert honest > THRESHOLD + 0.05
    assert untrained < THRESHOLD - 0.3


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_no_honest_seed_comes_near_the_threshold(seed: int) -> None:
    assert held_out_accuracy(seed, final_weights(gather_form("train", None, seed))) > THRESHOLD + 0.05
    for form in RIGHT["MyOptimizer"]:
        assert judged("MyOptimizer", form, seed).label == "correct", form


def test_weights_learned_under_another_secret_are_worth_nothing() -> None:
    learned = final_weights(gather_form("train", None, 1))
    assert held_out_accuracy(1, learned) > THRESHOLD
    assert held_out_accuracy(2, learned) < THRESHOLD - 0.3


def test_the_kernel_gets_no_held_out_digit_and_no_pixels() -> None:
    x, _, others, _ = split(3)
    given = TRAIN.draw(3)["digits"]["x"]
    assert given.equal(x)
    assert torch.cdist(given, others).min() > 0.1
    assert not torch.allclose((given + 1).remainder(1 / 16), torch.zeros(()), atol=1e-2)


def test_every_seed_transforms_and_splits_anew() -> None:
    assert not split(3)[0].equal(split(4)[0])
    assert not split(3)[1].equal(split(4)[1])


@pytest.mark.parametrize("exercise", [TRAIN, MINE], ids=lambda e: e.name)
def test_what_is_seen_of_a_form_is_the_same_for_every_seed(exercise: object) -> None:
    for form in (None, *(form.name for form in exercise.forms)):  # type: ignore[attr-defined]
        seen, again = exercise.view(11, gather_form(exercise.name, form, 11)), run_form(exercise.name, form, 12)  # type: ignore[attr-defined]
        assert {n: c.steps for n, c in seen.cases.items()} == {n: c.steps for n, c in again.cases.items()}, form


def test_a_broken_claim_without_a_name_is_told() -> None:
    class SquaredError(Loop):
        def loss(self, x, y):  # type: ignore[no-untyped-def]
            scores = self.model(x)
            return (scores - one_hot(y, scores.shape[1])).square().mean()

    verdict = judged("train", SquaredError())
    assert (verdict.kind, verdict.fraction) == ("unknown", 0)
    assert "this does not hold: every update follows the mean gradient of the cross-entropy" in verdict.detail


def test_a_ball_that_hardly_slows_is_told_so() -> None:
    class Endless(HEAVY_BALL):  # type: ignore[misc, valid-type]
        def __init__(self, params, lr, momentum=0.995):  # type: ignore[no-untyped-def]
            super().__init__(params, lr, momentum)

    verdict = judged("MyOptimizer", Endless)
    assert (verdict.kind, verdict.fraction) == ("unknown", 0)
    assert "at most half of the loss that plain gradient descent leaves" in verdict.detail


def test_a_right_path_with_a_wrong_use_earns_half() -> None:
    verdict = judge("MyOptimizer", gather_form("MyOptimizer", "state_lost_on_load", 9), 9)
    assert (verdict.fraction, verdict.failed) == (0.5, ("saved and loaded",))


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, "expected a dict with the keys 'loss' and 'accuracy'"),
        ({"losses": []}, "the keys 'losses'; expected 'loss' and 'accuracy'"),
        ({"loss": 3.0, "accuracy": []}, "'loss' is a value of type float; expected a list of numbers"),
        ({"loss": ["a"], "accuracy": []}, "'loss' is a list of 1; expected a list of numbers"),
    ],
)
def test_what_train_returns_is_told_where_it_does_not_fit(returned: object, words: str) -> None:
    verdict = judged("train", lambda model, optimizer, x, y, batch_size, epochs, generator: returned)
    assert (verdict.kind, verdict.fraction) == ("unusable", 0)
    assert words in verdict.detail


def test_numbers_without_training_earn_nothing() -> None:
    run = {"loss": [0.0] * 16, "accuracy": [1.0] * 4}
    verdict = judged("train", lambda model, optimizer, x, y, batch_size, epochs, generator: run)
    assert verdict.fraction == 0


@pytest.mark.parametrize("exercise", ["train", "MyOptimizer"])
@pytest.mark.parametrize("value", [torch.tensor(float("nan")), torch.zeros(2, 2, 2), torch.empty(0), Odd("str")])
def test_forged_evidence_earns_nothing(exercise: str, value: object) -> None:
    real = gather_form(exercise, None, 4)
    for count in (0, 1, 3):
        cases = {name: Case([[value] * count for _ in case.steps]) for name, case in real.cases.items()}
        assert judge(exercise, Evidence(exercise, cases), 4).fraction == 0
    for name in real.cases:
        some = {n: case if n != name else Case([[value]]) for n, case in real.cases.items()}
        assert judge(exercise, Evidence(exercise, some), 4).fraction < 1
        assert judge(exercise, Evidence(exercise, {n: c for n, c in real.cases.items() if n != name}), 4).fraction < 1
