"""The figures that the lessons quote, and the examples of the docstrings."""

import doctest
import importlib

import pytest
import torch

from reference.landscapes import spectrum
from reference.theory import descent_rate, fastest_lr, fastest_momentum, heavy_ball_rate, largest_stable_lr
from reference.training import gradient_descent, iterations_until, momentum_descent

MODULES = ("landscapes", "theory", "training", "optimizers.descent", "optimizers.momentum")


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_are_true(module: str) -> None:
    results = doctest.testmod(importlib.import_module(f"reference.{module}"))
    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize(
    ("kappa", "descent", "ball"), [(100, 634, 87), pytest.param(1e4, 63322, 996, marks=pytest.mark.slow)]
)
def test_iterations_to_a_millionth(kappa: float, descent: int, ball: int) -> None:
    bowl = spectrum(kappa)
    start = torch.ones(20, dtype=torch.float64)
    path = gradient_descent(bowl.gradient, start, fastest_lr(bowl.curvatures), descent + 5)
    assert iterations_until(path, bowl.minimum, 1e-6) == descent
    path = momentum_descent(bowl.gradient, start, *fastest_momentum(1 / kappa, 1.0), steps=ball + 5)
    assert iterations_until(path, bowl.minimum, 1e-6) == ball


def test_rates() -> None:
    bowl = spectrum(100)
    assert descent_rate(fastest_lr(bowl.curvatures), bowl.curvatures) == pytest.approx(99 / 101)
    assert largest_stable_lr(bowl.curvatures) == pytest.approx(2.0)
    lr, momentum = (torch.tensor(v, dtype=torch.float64) for v in fastest_momentum(0.01, 1.0))
    assert float(heavy_ball_rate(lr, momentum, bowl.curvatures)) == pytest.approx(float(momentum.sqrt()), abs=1e-6)


def test_curvatures_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="expected 0 < smallest"):
        fastest_momentum(2.0, 1.0)
