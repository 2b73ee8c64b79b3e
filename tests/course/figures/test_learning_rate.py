"""Every figure in the prose of lesson 05 is the one that its own code gives."""

import math
from types import SimpleNamespace

import pytest
import torch
from walk import measured, walk_through

pytestmark = pytest.mark.slow  # it walks through the whole lesson


@pytest.fixture(scope="module")
def rates() -> SimpleNamespace:
    return walk_through("05_learning_rate")


def test_one_step_in_the_steep_valley(rates: SimpleNamespace) -> None:
    assert measured(rates.printed["experiment-strides"]) == ["-3.0", "0.25"]
    assert rates.valley_walk(0.25)[1] == 0
    assert "from 1 to −3, three times as far away" in rates.prose["after-stride"]
    assert "With lr = 1/4 you arrive at once" in rates.prose["after-stride"]


def test_examples_of_the_two_formulas(rates: SimpleNamespace) -> None:
    curvatures = torch.tensor([1.0, 4.0], dtype=torch.float64)
    assert f"it is `{rates.largest_stable_lr(curvatures)}`" in rates.prose["exercise-largest-stable-lr"]
    assert f"it is `{rates.fastest_lr(curvatures)}`" in rates.prose["exercise-fastest-lr"]


def test_trying_agrees_with_the_formulas(rates: SimpleNamespace) -> None:
    edge, fastest = measured(rates.printed["experiment-edge"])
    assert f"Trying finds an edge of {edge} and a fastest rate of {fastest}" in rates.prose["after-edge"]
    assert rates.edge == 1
    assert rates.fastest == pytest.approx(2 / 2.2)
    assert "the formulas say 1 and 2/2.2 ≈ 0.909" in rates.prose["after-edge"]
    assert rates.distance_left(1.01, 2000) > 1 > rates.distance_left(0.99, 2000)
    assert "400 rates" in rates.prose["try-text"]
    assert len(rates.tried) == 400


def test_at_the_fastest_rate_both_coordinates_shrink_alike(rates: SimpleNamespace) -> None:
    best = rates.fastest_lr(rates.valley.curvatures)
    path = rates.gradient_descent(rates.valley.gradient, rates.high_up, best, 10)
    along, across = (path[1:] / path[:-1]).T
    assert torch.allclose(along, -across)
    assert bool((along > 0).all())
    assert sorted(rates.valley.curvatures.tolist()) == pytest.approx([0.1, 1.0])
    assert "the curvatures 0.1 and 1" in rates.prose["after-edge"]


def test_the_range_test(rates: SimpleNamespace) -> None:
    assert 1 < rates.explosion < 2
    assert "between 1 and 2 it explodes" in rates.prose["after-range-test"]
    assert rates.explosion / 10 == pytest.approx(0.2, abs=0.05)
    assert rates.explosion / 3 == pytest.approx(0.6, abs=0.1)
    assert "something between 0.2 and 0.6" in rates.prose["after-range-test"]
    assert len(rates.growing) == 150
    assert (
        f"trains on {len(rates.training)} of the images; the other {len(rates.held_out)} are"
        in (rates.prose["network-text"])
    )
    early = rates.during[rates.growing < 0.1]
    assert early.min() > 0.9 * rates.during[0]
    assert rates.during.nan_to_num(torch.inf).min() < 1
    assert rates.during[0] == pytest.approx(math.log(10), abs=0.1)


def test_examples_of_the_schedules(rates: SimpleNamespace) -> None:
    stairs = [rates.step_decay(t, 0.8, 0.5, 2) for t in range(5)]
    assert ", ".join(f"{lr:g}" for lr in stairs) in rates.prose["exercise-step-decay"]
    cosine = [rates.warmup_cosine(t, 6, 2, 1.0, 0.0) for t in range(7)]
    assert ", ".join(f"{lr:.3g}" for lr in cosine) in rates.prose["exercise-warmup-cosine"]
    path = rates.descend_with_schedule(lambda w: w, torch.tensor([8.0]), lambda t: 0.5 if t < 2 else 1.0, 3)
    assert path.tolist() == [[8.0], [4.0], [2.0], [0.0]]


def test_jitter(rates: SimpleNamespace) -> None:
    large, small, stairs, cosine = measured(rates.printed["experiment-noise"])
    text = rates.prose["after-noise"]
    assert f"it jitters, at {large} in the end" in text
    assert f"still on its way, at {small}" in text
    assert f"The stairs end at {stairs} and the cosine at {cosine}" in text
    assert rates.far_away.norm().item() == pytest.approx(3.6, abs=0.01)
    assert rates.typical["constant 0.5"][30] < 1
    assert rates.typical["constant 0.05"][199] - rates.typical["constant 0.05"][200] > 0


def test_warm_up(rates: SimpleNamespace) -> None:
    without, with_ramp = measured(rates.printed["experiment-warmup"])
    text = rates.prose["after-warmup"]
    assert "between 0.1 and 0.25 at the end" in text
    assert 0.1 < float(without) < 0.25  # a run beyond the edge multiplies every rounding error
    assert f"With the ramp it ends at {with_ramp}" in text
    highest = rates.hot["without warm-up"][0].max().item()
    assert "jumps to about 40 within the first updates" in text
    assert highest == pytest.approx(40, rel=0.15)
    assert highest > 10 * math.log(10)
    assert f"with 1.0 the held-out loss is {rates.train(lambda t: 1.0, 900)[1]:.2f}" in text
