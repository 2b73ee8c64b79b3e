"""The loops: differences against autograd, paths, any optimizer on any landscape, the linear fit."""

import math
from typing import Any

import pytest
import torch

from reference.landscapes import Quadratic, Rosenbrock, ravine
from reference.optimizers import GradientDescent, Momentum
from reference.training import (
    descend,
    fit_linear,
    gradient_descent,
    iterations_until,
    look_ahead_descent,
    momentum_descent,
    numerical_gradient,
)

START = torch.tensor([1.0, 0.5], dtype=torch.float64)


def wave(w: torch.Tensor) -> torch.Tensor:
    return torch.sin(w[0]) * torch.exp(w[1]) + w[0] ** 3


def test_central_differences_are_off_by_h_squared() -> None:
    exact = torch.func.grad(wave)(START)
    errors = [float((numerical_gradient(wave, START, h) - exact).norm()) for h in (0.1, 0.05)]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.01)
    assert START.tolist() == [1.0, 0.5]


def test_the_error_over_h_is_a_u_with_its_bottom_near_the_cube_root_of_the_precision() -> None:
    exact = torch.func.grad(wave)(START)
    left, bottom, right = (float((numerical_gradient(wave, START, h) - exact).norm()) for h in (1e-12, 6e-6, 1e-1))
    assert bottom < 1e-9 < left
    assert bottom < 1e-9 < right


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_numerical_gradient_keeps_the_dtype(dtype: torch.dtype) -> None:
    assert numerical_gradient(wave, START.to(dtype), 0.01).dtype == dtype


def test_paths_begin_at_the_start_and_leave_it_as_it_was() -> None:
    bowl = ravine(10.0)
    for path in (
        gradient_descent(bowl.gradient, START, 0.5, 3),
        momentum_descent(bowl.gradient, START, 0.5, 0.9, 3),
        look_ahead_descent(bowl.gradient, START, 0.5, 0.9, 3),
        descend(lambda params: GradientDescent(params, lr=0.5), bowl, START, 3),
    ):
        assert path.shape == (4, 2)
        assert path[0].equal(START)
        assert path.unique(dim=0).shape == path.shape
        assert not path.requires_grad
    assert START.tolist() == [1.0, 0.5]
    assert gradient_descent(bowl.gradient, START, 0.5, 0).shape == (1, 2)


def test_the_loops_and_the_optimizers_walk_the_same_paths() -> None:
    valley = Rosenbrock()
    path = gradient_descent(valley.gradient, START, 1e-3, 50)
    assert descend(lambda params: GradientDescent(params, lr=1e-3), valley, START, 50).equal(path)
    path = momentum_descent(valley.gradient, START, 1e-3, 0.8, 50)
    assert descend(lambda params: Momentum(params, lr=1e-3, momentum=0.8), valley, START, 50).equal(path)


@pytest.mark.parametrize("optimizer_class", [torch.optim.SGD, torch.optim.Adam, torch.optim.RMSprop, torch.optim.LBFGS])
def test_any_torch_optimizer_descends(optimizer_class: Any) -> None:
    bowl = Quadratic(torch.tensor([0.5, 1.0], dtype=torch.float64))
    path = descend(lambda params: optimizer_class(params, lr=0.05), bowl, START, 100)
    assert path.shape == (101, 2)
    assert float(bowl.value(path[-1])) < 0.1 * float(bowl.value(START))


def test_an_optimizer_that_does_not_call_the_closure_descends_too() -> None:
    class Deaf(torch.optim.Optimizer):
        def __init__(self, params: Any) -> None:
            super().__init__(params, {})

        @torch.no_grad()
        def step(self, closure: Any = None) -> Any:
            for p in self.param_groups[0]["params"]:
                p -= 0.5 * p.grad

    bowl = ravine(10.0)
    assert descend(Deaf, bowl, START, 5).equal(gradient_descent(bowl.gradient, START, 0.5, 5))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_fit_arrives_at_the_least_squares(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(60, 3, generator=generator, dtype=torch.float64).to(dtype)
    y = (x @ torch.tensor([1.0, -2.0, 0.5], dtype=dtype)) + 3 + 0.1 * x[:, 0] ** 2
    w, b = fit_linear(x, y, lr=0.1, steps=500)
    with_ones = torch.cat([x, torch.ones(60, 1, dtype=dtype)], dim=1)
    best = torch.linalg.lstsq(with_ones, y[:, None]).solution.flatten()
    torch.testing.assert_close(torch.cat([w, b[None]]), best, rtol=1e-4, atol=1e-5)
    assert (w.shape, b.shape, w.dtype, b.dtype) == ((3,), (), dtype, dtype)
    assert not w.requires_grad
    assert not b.requires_grad


def test_one_step_of_the_fit_is_the_formula_without_a_half() -> None:
    x, y = torch.tensor([[1.0], [3.0]]), torch.tensor([2.0, 4.0])
    w, b = fit_linear(x, y, lr=0.1, steps=1)
    assert w.tolist() == pytest.approx([0.1 * 2 * (2 + 12) / 2])
    assert float(b) == pytest.approx(0.1 * 2 * 3)
    w, b = fit_linear(x, y, lr=0.1, steps=0)
    assert (w.tolist(), float(b), b.requires_grad) == ([0.0], 0.0, False)


def test_iterations_until() -> None:
    path = torch.tensor([[3.0, 5.0], [1.0, 5.0], [2.0, 1.0], [1.0, 1.0]])
    minimum = torch.ones(2, dtype=torch.float64)
    assert iterations_until(path, minimum, 1.0) == 0
    assert iterations_until(path, minimum, 0.25) == 2
    assert iterations_until(path, minimum, 0.0) == 3
    assert iterations_until(path[:3], minimum, 0.1) is None
    assert iterations_until(torch.tensor([[1.0], [math.nan]]), torch.zeros(1), 0.5) is None


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: numerical_gradient(wave, START, 0.0), "h is 0.0; expected a number above 0"),
        (lambda: gradient_descent(lambda w: w, START, 0.1, -1), "steps is -1; expected at least 0"),
        (lambda: momentum_descent(lambda w: w, START, 0.1, 0.9, -1), "steps is -1; expected at least 0"),
        (lambda: look_ahead_descent(lambda w: w, START, 0.1, 0.9, -1), "steps is -1; expected at least 0"),
        (lambda: descend(torch.optim.SGD, ravine(2.0), START, -1), "steps is -1; expected at least 0"),
        (lambda: fit_linear(torch.ones(2, 1), torch.ones(2), 0.1, -1), "steps is -1; expected at least 0"),
        (
            lambda: fit_linear(torch.ones(4, 2), torch.ones(4, 1), 0.1, 1),
            r"x has shape \[4, 2\] and y \[4, 1\]; expected \[N, d\] and \[N\]",
        ),
    ],
)
def test_what_cannot_be_walked_is_refused(ask: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ask()
