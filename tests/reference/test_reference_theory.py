"""What the theory predicts, against eigenvalues, against walked paths, and against itself."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.landscapes import Quadratic, spectrum
from reference.theory import (
    condition_number,
    descent_rate,
    fastest_lr,
    fastest_momentum,
    heavy_ball_rate,
    iterations_to,
    largest_stable_lr,
    nesterov_rate,
    nesterov_setting,
)
from reference.training import gradient_descent, look_ahead_descent, momentum_descent

CURVATURES = st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=8).map(
    lambda values: torch.tensor(values, dtype=torch.float64)
)


@given(curvatures=CURVATURES)
@settings(deadline=None)
def test_the_heavy_balls_best_rate_is_the_root_of_its_momentum(curvatures: torch.Tensor) -> None:
    lr, momentum = fastest_momentum(float(curvatures.min()), float(curvatures.max()))
    rate = float(heavy_ball_rate(lr, momentum, curvatures))
    # the outermost roots are double there, so rounding shows as its square root
    assert rate == pytest.approx(math.sqrt(momentum), abs=1e-6)
    root = math.sqrt(condition_number(curvatures))
    assert rate == pytest.approx((root - 1) / (root + 1), abs=1e-6)


@given(curvatures=CURVATURES, lr=st.floats(0.01, 0.99), momentum=st.floats(0, 0.99))
@settings(deadline=None)
def test_no_setting_beats_the_best(curvatures: torch.Tensor, lr: float, momentum: float) -> None:
    best = heavy_ball_rate(*fastest_momentum(float(curvatures.min()), float(curvatures.max())), curvatures)
    lr *= 4 * largest_stable_lr(curvatures)
    assert float(best) <= float(heavy_ball_rate(lr, momentum, curvatures)) + 1e-6
    assert descent_rate(fastest_lr(curvatures), curvatures) <= descent_rate(lr, curvatures) + 1e-9


@given(curvatures=CURVATURES, lr=st.floats(0, 3), momentum=st.floats(0, 0.99))
@settings(deadline=None)
def test_the_rate_is_the_spectral_radius_of_the_step(curvatures: torch.Tensor, lr: float, momentum: float) -> None:
    radius = 0.0
    for curvature in curvatures.tolist():
        step = torch.tensor([[1 + momentum - lr * curvature, -momentum], [1.0, 0.0]], dtype=torch.float64)
        radius = max(radius, float(torch.linalg.eigvals(step).abs().max()))
    assert float(heavy_ball_rate(lr, momentum, curvatures)) == pytest.approx(radius, rel=1e-6, abs=1e-6)


@given(curvatures=CURVATURES, lr=st.floats(0, 3), momentum=st.floats(0, 0.99))
@settings(deadline=None)
def test_nesterovs_rate_is_the_spectral_radius_too(curvatures: torch.Tensor, lr: float, momentum: float) -> None:
    radius = 0.0
    for curvature in curvatures.tolist():
        left = 1 - lr * curvature
        step = torch.tensor([[(1 + momentum) * left, -momentum * left], [1.0, 0.0]], dtype=torch.float64)
        radius = max(radius, float(torch.linalg.eigvals(step).abs().max()))
    assert float(nesterov_rate(lr, momentum, curvatures)) == pytest.approx(radius, rel=1e-6, abs=1e-6)


@given(curvatures=CURVATURES)
@settings(deadline=None)
def test_nesterovs_setting_leaves_one_minus_one_over_root_kappa(curvatures: torch.Tensor) -> None:
    lr, momentum = nesterov_setting(float(curvatures.min()), float(curvatures.max()))
    expected = 1 - 1 / math.sqrt(condition_number(curvatures))
    assert float(nesterov_rate(lr, momentum, curvatures)) == pytest.approx(expected, abs=1e-6)


def test_nesterov_pays_with_a_smaller_edge() -> None:
    momentum, steep = 0.8, torch.tensor([4.0], dtype=torch.float64)
    edge = (2 + 2 * momentum) / (1 + 2 * momentum) / 4.0
    assert edge < 2 * (1 + momentum) / 4.0
    bowl, start = Quadratic(steep), torch.ones(1, dtype=torch.float64)
    assert float(nesterov_rate(0.99 * edge, momentum, steep)) < 1 < float(nesterov_rate(1.01 * edge, momentum, steep))
    assert float(look_ahead_descent(bowl.gradient, start, 0.99 * edge, momentum, 2000)[-1].abs()) < 1e-6
    assert float(look_ahead_descent(bowl.gradient, start, 1.01 * edge, momentum, 2000)[-1].abs()) > 1e6


@given(curvatures=CURVATURES, lr=st.floats(0, 3))
@settings(deadline=None)
def test_without_momentum_it_is_gradient_descent(curvatures: torch.Tensor, lr: float) -> None:
    assert float(heavy_ball_rate(lr, 0.0, curvatures)) == pytest.approx(descent_rate(lr, curvatures))
    assert float(nesterov_rate(lr, 0.0, curvatures)) == pytest.approx(descent_rate(lr, curvatures))


def test_a_walked_path_shrinks_by_the_rate() -> None:
    bowl = spectrum(50.0)
    start = torch.ones(20, dtype=torch.float64)
    for lr, momentum in [(0.5, 0.9), (1.0, 0.5), (2.5, 0.4)]:
        rate = float(heavy_ball_rate(lr, momentum, bowl.curvatures))
        distance = momentum_descent(bowl.gradient, start, lr, momentum, 600).norm(dim=1)
        assert float(distance[600] / distance[200]) ** (1 / 400) == pytest.approx(rate, rel=0.01)


def test_the_edge_of_stability() -> None:
    bowl = Quadratic(torch.tensor([0.5, 4.0], dtype=torch.float64))
    edge = largest_stable_lr(bowl.curvatures)
    assert edge == 0.5
    start = torch.ones(2, dtype=torch.float64)
    assert float(gradient_descent(bowl.gradient, start, 0.99 * edge, 1000)[-1].norm()) < 1e-6
    assert float(gradient_descent(bowl.gradient, start, 1.01 * edge, 1000)[-1].norm()) > 1e6


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_phase_diagram_is_one_call(dtype: torch.dtype) -> None:
    curvatures = torch.tensor([0.1, 1.0], dtype=dtype)
    lr, momentum = torch.linspace(0.11, 4, 7), torch.linspace(0, 0.9, 5)
    rates = heavy_ball_rate(lr[None, :], momentum[:, None], curvatures)
    assert rates.shape == (5, 7)
    assert rates.dtype == dtype
    torch.testing.assert_close(rates[3, 2], heavy_ball_rate(float(lr[2]), float(momentum[3]), curvatures))
    # the stable region ends at lr·L = 2(1 + momentum)
    stable = lr[None, :] < 2 * (1 + momentum[:, None])
    assert torch.equal(rates < 1, stable)


def test_floats_are_not_rounded_to_float32_on_the_way() -> None:
    curvatures = spectrum(100.0).curvatures
    lr, momentum = fastest_momentum(0.01, 1.0)
    assert float(heavy_ball_rate(lr, momentum, curvatures)) == pytest.approx(9 / 11, abs=1e-7)


def test_what_a_float_is() -> None:
    curvatures = torch.tensor([1.0, 3.0])
    for answer in (
        condition_number(curvatures),
        largest_stable_lr(curvatures),
        fastest_lr(curvatures),
        descent_rate(0.1, curvatures),
        *fastest_momentum(1.0, 3.0),
    ):
        assert type(answer) is float
    assert type(iterations_to(0.5, 0.1)) is int


@given(rate=st.floats(0, 0.999), tolerance=st.floats(1e-12, 1))
def test_iterations_to_is_the_first_that_is_enough(rate: float, tolerance: float) -> None:
    t = iterations_to(rate, tolerance)
    assert rate**t <= tolerance * (1 + 1e-9)
    assert t == 0 or rate ** (t - 1) > tolerance * (1 - 1e-9)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: condition_number(torch.tensor([0.0, 1.0])), r"curvatures are \[0.0, 1.0\]; expected all above 0"),
        (lambda: fastest_lr(torch.tensor([-1.0, 1.0])), r"curvatures are \[-1.0, 1.0\]; expected all above 0"),
        (lambda: largest_stable_lr(torch.tensor([-1.0, 1.0])), "expected none below 0 and at least one above"),
        (lambda: largest_stable_lr(torch.zeros(2)), "expected none below 0 and at least one above"),
        (lambda: fastest_momentum(2.0, 1.0), "smallest is 2.0 and largest is 1.0; expected 0 < smallest ≤ largest"),
        (lambda: nesterov_setting(2.0, 1.0), "smallest is 2.0 and largest is 1.0; expected 0 < smallest ≤ largest"),
        (lambda: fastest_momentum(0.0, 1.0), "smallest is 0.0 and largest is 1.0"),
        (lambda: iterations_to(1.0, 1e-6), "rate is 1.0; expected .* never arrive"),
        (lambda: iterations_to(0.5, 0.0), "tolerance is 0.0; expected"),
    ],
)
def test_what_has_no_answer_is_refused(ask: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ask()
