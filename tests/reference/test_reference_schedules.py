"""Schedules follow PyTorch's where PyTorch has them."""

import itertools

import pytest
import torch

from reference.schedules import descend_with_schedule, step_decay, warmup_cosine
from reference.training import gradient_descent


def pytorchs(make: object, lr: float, steps: int) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def test_step_decay_is_pytorchs() -> None:
    theirs = pytorchs(lambda o: torch.optim.lr_scheduler.StepLR(o, step_size=4, gamma=0.3), 0.7, 15)
    assert [step_decay(t, 0.7, 0.3, 4) for t in range(15)] == pytest.approx(theirs, rel=1e-12)


def test_the_cosine_is_pytorchs() -> None:
    theirs = pytorchs(lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=20, eta_min=0.05), 0.7, 21)
    assert [warmup_cosine(t, 20, 0, 0.7, 0.05) for t in range(21)] == pytest.approx(theirs, rel=1e-9)


def test_the_ramp_meets_the_cosine_at_the_peak() -> None:
    rates = [warmup_cosine(t, 50, 10, 2.0, 0.1) for t in range(60)]
    assert rates[0] == pytest.approx(0.2)
    assert rates[9] == rates[10] == 2.0
    assert rates[50:] == [0.1] * 10
    assert all(a > b for a, b in itertools.pairwise(rates[10:51]))


def test_a_constant_schedule_is_gradient_descent() -> None:
    curvatures = torch.tensor([0.3, 2.0], dtype=torch.float64)
    start = torch.tensor([1.0, -1.0], dtype=torch.float64)
    ours = descend_with_schedule(lambda w: curvatures * w, start, lambda t: 0.4, 12)
    assert torch.equal(ours, gradient_descent(lambda w: curvatures * w, start, 0.4, 12))


def test_the_schedule_is_asked_once_a_step_in_order() -> None:
    asked: list[int] = []

    def schedule(t: int) -> float:
        asked.append(t)
        return 0.1

    descend_with_schedule(lambda w: w, torch.ones(1), schedule, 5)
    assert asked == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: step_decay(-1, 1.0, 0.5, 2), "step is -1; expected at least 0"),
        (lambda: step_decay(0, 1.0, 0.0, 2), "drop is 0.0; expected a factor"),
        (lambda: step_decay(0, 1.0, 0.5, 0), "every is 0; expected at least 1"),
        (lambda: warmup_cosine(0, 5, 5, 1.0, 0.0), "warmup is 5 and total 5; expected"),
        (lambda: warmup_cosine(-2, 5, 1, 1.0, 0.0), "step is -2"),
        (lambda: descend_with_schedule(lambda w: w, torch.ones(1), lambda t: 1.0, -1), "steps is -1"),
    ],
)
def test_what_makes_no_sense_is_refused(call: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
