"""The figures that lessons 02, 06 and 07 quote come out of this code."""

import pytest
import torch

from reference.landscapes import LessardCycle, TwoValleys, spectrum
from reference.theory import (
    descent_rate,
    fastest_lr,
    fastest_momentum,
    heavy_ball_rate,
    nesterov_setting,
)
from reference.training import gradient_descent, iterations_until, look_ahead_descent, momentum_descent


@pytest.mark.parametrize(("kappa", "descent", "ball"), [(100, 634, 87), (10_000, 63_322, 996)])
def test_iterations_to_a_millionth(kappa: int, descent: int, ball: int) -> None:
    bowl = spectrum(kappa)
    start = torch.ones(20, dtype=torch.float64)
    path = gradient_descent(bowl.gradient, start, fastest_lr(bowl.curvatures), descent + 5)
    assert iterations_until(path, bowl.minimum, 1e-6) == descent
    path = momentum_descent(bowl.gradient, start, *fastest_momentum(1 / kappa, 1.0), steps=ball + 5)
    assert iterations_until(path, bowl.minimum, 1e-6) == ball


@pytest.mark.parametrize(("kappa", "updates"), [(100, 143), (10_000, 1502)])
def test_nesterovs_iterations_to_a_millionth(kappa: int, updates: int) -> None:
    bowl, start = spectrum(kappa), torch.ones(20, dtype=torch.float64)
    path = look_ahead_descent(bowl.gradient, start, *nesterov_setting(1 / kappa, 1.0), steps=updates + 5)
    assert iterations_until(path, bowl.minimum, 1e-6) == updates


@pytest.mark.parametrize("kappa", [4, 100, 10_000])
def test_the_rate_of_gradient_descent_as_predicted_and_as_measured(kappa: int) -> None:
    bowl = spectrum(kappa)
    lr = fastest_lr(bowl.curvatures)
    predicted = (kappa - 1) / (kappa + 1)
    assert descent_rate(lr, bowl.curvatures) == pytest.approx(predicted, rel=1e-12)
    start = torch.zeros(20, dtype=torch.float64)
    start[0] = 1.0  # the gentlest direction alone, so that the rate shows from the first step
    distance = gradient_descent(bowl.gradient, start, lr, 10).norm(dim=1)
    torch.testing.assert_close(distance[1:] / distance[:-1], torch.full((10,), predicted, dtype=torch.float64))


def test_the_heavy_ball_cycles_for_ever_and_gradient_descent_arrives() -> None:
    landscape, start = LessardCycle(), torch.tensor([3.3], dtype=torch.float64)
    assert fastest_momentum(1.0, 25.0) == pytest.approx((1 / 9, 4 / 9))
    path = momentum_descent(landscape.gradient, start, lr=1 / 9, momentum=4 / 9, steps=3000).flatten()
    last = path[-3:]
    assert sorted(round(float(w), 2) for w in last) == [-1.80, 0.65, 2.12]
    torch.testing.assert_close(last, path[-6:-3], rtol=1e-12, atol=0)
    turn = [round(float(w), 2) for w in last]
    assert turn[(turn.index(-1.80) + 1) % 3] == 2.12
    path = gradient_descent(landscape.gradient, start, lr=2 / 26, steps=300)
    assert iterations_until(path, landscape.minimum, 1e-6) is not None


def test_nesterov_arrives_where_the_heavy_ball_cycles() -> None:
    landscape, start = LessardCycle(), torch.tensor([3.3], dtype=torch.float64)
    path = look_ahead_descent(landscape.gradient, start, *nesterov_setting(1.0, 25.0), steps=100)
    assert iterations_until(path, landscape.minimum, 1e-6) is not None


def test_the_theory_promises_on_a_quadratic_what_the_cycle_breaks() -> None:
    curvatures = torch.tensor([1.0, 25.0], dtype=torch.float64)
    assert float(heavy_ball_rate(1 / 9, 4 / 9, curvatures)) == pytest.approx(2 / 3, abs=1e-6)


@pytest.mark.parametrize(("ridge", "crosses"), [(-0.8, True), (-0.5, True), (-0.3, False), (0.0, False)])
def test_momentum_carries_over_a_small_ridge_but_not_over_a_large_one(ridge: float, crosses: bool) -> None:
    valleys, start = TwoValleys(ridge), torch.tensor([-1.5], dtype=torch.float64)
    walked = gradient_descent(valleys.gradient, start, lr=0.01, steps=2000)[-1]
    rolled = momentum_descent(valleys.gradient, start, lr=0.01, momentum=0.9, steps=2000)[-1]
    assert float(walked) == pytest.approx(-1.0)
    assert float(rolled) == pytest.approx(1.0 if crosses else -1.0)
