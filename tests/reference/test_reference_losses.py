"""The losses are PyTorch's, with their gradients, and stay finite where a naive formula doesn't."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from reference.losses import cross_entropy, loss_grid, mean_absolute_error, mean_squared_error

DTYPES = (torch.float32, torch.float64)


def normal(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(len(shape)), dtype=dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("ours", "theirs"), [(mean_absolute_error, functional.l1_loss), (mean_squared_error, functional.mse_loss)]
)
def test_errors_of_numbers_are_pytorchs(ours: object, theirs: object, dtype: torch.dtype) -> None:
    prediction, target = normal(1, 50, dtype=dtype)[0].requires_grad_(), normal(50, dtype=dtype)
    value, right = ours(prediction, target), theirs(prediction, target)
    torch.testing.assert_close(value, right)
    (slope,), (right_slope,) = torch.autograd.grad(value, prediction), torch.autograd.grad(right, prediction)
    torch.testing.assert_close(slope, right_slope)


@pytest.mark.parametrize("scale", [1.0, 30.0, 1e3, 1e6])
@pytest.mark.parametrize("dtype", DTYPES)
def test_cross_entropy_is_pytorchs_at_every_scale(scale: float, dtype: torch.dtype) -> None:
    logits = (scale * normal(40, 7, dtype=dtype)).requires_grad_()
    labels = torch.arange(40) % 7
    value, right = cross_entropy(logits, labels), functional.cross_entropy(logits, labels)
    torch.testing.assert_close(value, right)
    (slope,), (right_slope,) = torch.autograd.grad(value, logits), torch.autograd.grad(right, logits)
    torch.testing.assert_close(slope, right_slope)


@pytest.mark.parametrize("shift", [1e3, -1e3, 0.0])
def test_a_shift_of_all_logits_changes_nothing(shift: float) -> None:
    logits, labels = normal(5, 3), torch.tensor([0, 2, 1, 1, 0])
    assert cross_entropy(logits + shift, labels).item() == pytest.approx(cross_entropy(logits, labels).item())


def test_who_guesses_pays_the_logarithm_of_the_classes() -> None:
    assert cross_entropy(torch.zeros(4, 10), torch.arange(4)).item() == pytest.approx(math.log(10))


def test_the_median_and_the_mean() -> None:
    target = torch.tensor([1.0, 2.0, 30.0])
    constants = torch.linspace(0, 30, 301)
    for loss, best in ((mean_absolute_error, 2.0), (mean_squared_error, 11.0)):
        values = torch.stack([loss(c.expand(3), target) for c in constants])
        assert constants[values.argmin()].item() == pytest.approx(best)


def test_rows_are_the_first_parameter() -> None:
    first, second = torch.linspace(-1, 1, 4), torch.linspace(0, 5, 7)
    heights = loss_grid(lambda w: w[0] ** 2 + w[0] * w[1], first, second)
    torch.testing.assert_close(heights, first[:, None] ** 2 + first[:, None] * second)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mean_absolute_error(torch.ones(3, 1), torch.ones(3)), r"prediction has shape \[3, 1\] and target"),
        (lambda: mean_squared_error(torch.ones(3), torch.ones(3, 1)), r"target \[3, 1\]; expected \[N\] and \[N\]"),
        (lambda: cross_entropy(torch.ones(3, 2), torch.ones(2, dtype=torch.int64)), r"expected \[N, C\] and \[N\]"),
        (lambda: loss_grid(torch.sum, torch.ones(2, 2), torch.ones(2)), r"first has shape \[2, 2\]"),
        (lambda: loss_grid(torch.sum, torch.ones(2), torch.ones(0)), r"second \[0\]; expected"),
    ],
)
def test_other_shapes_are_refused(call: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
