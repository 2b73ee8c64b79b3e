"""Landscapes: gradients against autograd, grids, dtypes, minima, refusals."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.landscapes import LessardCycle, Quadratic, Rosenbrock, TwoValleys, ravine, spectrum


def turned(angle: float) -> torch.Tensor:
    cos, sin = math.cos(angle), math.sin(angle)
    return torch.tensor([[cos, -sin], [sin, cos]], dtype=torch.float64)


LANDSCAPES = [
    pytest.param(ravine(50.0), id="ravine"),
    pytest.param(ravine(50.0, n=5), id="ravine-5"),
    pytest.param(spectrum(100.0), id="spectrum"),
    pytest.param(Quadratic(torch.tensor([0.1, 1.0]), rotation=turned(0.5)), id="turned"),
    pytest.param(Rosenbrock(), id="rosenbrock"),
    pytest.param(Rosenbrock(a=-0.5, b=7.0), id="rosenbrock-other"),
    pytest.param(TwoValleys(), id="valleys"),
    pytest.param(TwoValleys(ridge=0.0), id="valleys-equal"),
    pytest.param(LessardCycle(), id="cycle"),
]


def points(landscape: Any, *shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return 2 * torch.randn(*shape, len(landscape.minimum), generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("landscape", LANDSCAPES)
def test_the_gradient_is_the_derivative_of_the_value(landscape: Any) -> None:
    w = points(landscape, 50).requires_grad_()
    (derivative,) = torch.autograd.grad(landscape.value(w).sum(), w)
    torch.testing.assert_close(landscape.gradient(w.detach()), derivative)


@pytest.mark.parametrize("landscape", LANDSCAPES)
def test_a_grid_is_as_many_single_points(landscape: Any) -> None:
    grid = points(landscape, 3, 4)
    values, gradients = landscape.value(grid), landscape.gradient(grid)
    assert values.shape == (3, 4)
    assert gradients.shape == grid.shape
    assert landscape.value(grid[1, 2]).shape == ()
    torch.testing.assert_close(values[1, 2], landscape.value(grid[1, 2]))
    torch.testing.assert_close(gradients[1, 2], landscape.gradient(grid[1, 2]))


@pytest.mark.parametrize("landscape", LANDSCAPES)
def test_the_minimum_is_flat_and_nothing_lies_below_it(landscape: Any) -> None:
    assert landscape.minimum.dtype == torch.float64
    assert float(landscape.value(landscape.minimum)) == 0
    assert float(landscape.gradient(landscape.minimum).norm()) == 0
    assert bool((landscape.value(points(landscape, 1000)) >= 0).all())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("landscape", LANDSCAPES)
def test_the_answer_has_the_dtype_of_the_question(landscape: Any, dtype: torch.dtype) -> None:
    w = torch.ones(len(landscape.minimum), dtype=dtype)
    assert landscape.value(w).dtype == dtype
    assert landscape.gradient(w).dtype == dtype


@given(angle=st.floats(-10, 10), x=st.floats(-5, 5), y=st.floats(-5, 5))
@settings(deadline=None)
def test_a_rotation_turns_the_bowl_and_changes_no_height(angle: float, x: float, y: float) -> None:
    curvatures, w = torch.tensor([0.1, 1.0]), torch.tensor([x, y], dtype=torch.float64)
    upright, rotated = Quadratic(curvatures), Quadratic(curvatures, turned(angle))
    torch.testing.assert_close(rotated.value(turned(angle) @ w), upright.value(w))
    torch.testing.assert_close(rotated.gradient(turned(angle) @ w), turned(angle) @ upright.gradient(w))


@given(ridge=st.floats(-0.99, 0))
@settings(deadline=None)
def test_the_ridge_is_as_high_as_it_says(ridge: float) -> None:
    valleys = TwoValleys(ridge)
    shallow, top = valleys.value(torch.tensor([[-1.0], [ridge]], dtype=torch.float64))
    assert float(top - shallow) == pytest.approx(valleys.ridge_height, abs=1e-12)


def test_the_curvatures_of_the_helpers() -> None:
    assert ravine(8.0, n=3).curvatures.tolist() == [0.125, 1.0, 1.0]
    curvatures = spectrum(1e4).curvatures
    assert len(curvatures) == 20
    steps = curvatures.log().diff()
    torch.testing.assert_close(steps, steps[:1].expand(19))
    assert float(curvatures[0]) == pytest.approx(1e-4)
    assert float(curvatures[-1]) == 1.0


def test_the_pieces_of_the_cycle_meet() -> None:
    seams = torch.tensor([[1.0], [2.0]], dtype=torch.float64)
    below, above = seams - 1e-12, seams + 1e-12
    torch.testing.assert_close(LessardCycle().value(below), LessardCycle().value(above), rtol=0, atol=1e-9)
    torch.testing.assert_close(LessardCycle().gradient(below), LessardCycle().gradient(above), rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Quadratic(torch.tensor([1.0, 0.0])), r"curvatures are \[1.0, 0.0\]; expected"),
        (lambda: Quadratic(torch.tensor([1.0, math.nan])), r"curvatures are \[1.0, nan\]; expected"),
        (lambda: Quadratic(torch.ones(2, 2)), "expected a list of numbers above 0"),
        (lambda: Quadratic(torch.ones(2), torch.eye(3)), r"rotation has shape \[3, 3\]; expected \[2, 2\]"),
        (lambda: Quadratic(torch.ones(2), torch.ones(2, 2)), "rotation is off by 2 from orthogonal"),
        (lambda: ravine(0.5), "condition_number is 0.5; expected a number of at least 1"),
        (lambda: spectrum(math.nan), "condition_number is nan; expected"),
        (lambda: spectrum(10.0, n=1), "n is 1; expected at least 2"),
        (lambda: Rosenbrock(b=0.0), "b is 0.0; expected"),
        (lambda: TwoValleys(ridge=-1.0), "ridge is -1.0; expected"),
        (lambda: TwoValleys(ridge=0.1), "ridge is 0.1; expected"),
    ],
)
def test_what_is_no_landscape_is_refused(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize("landscape", [TwoValleys(), LessardCycle(), Rosenbrock()])
def test_a_point_with_too_many_coordinates_is_refused(landscape: Any) -> None:
    with pytest.raises(ValueError, match="too many values"):
        landscape.value(torch.ones(3))
