"""Batches: who is in one, the gradient over it, its error against theory, and paths batch by batch."""

import pytest
import torch
from torch import Tensor

from reference.batches import (
    LeastSquares,
    batch_gradient,
    batch_indices,
    expected_noise,
    gradient_noise,
    noise_scale,
    train_epochs,
)
from reference.training import gradient_descent


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def problem(n: int = 30, d: int = 4, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    source = generator(1)
    x = torch.randn(n, d, generator=source, dtype=dtype)
    y = torch.randn(n, generator=source, dtype=dtype)
    return torch.randn(d, generator=source, dtype=dtype), x, y


@pytest.mark.parametrize(("n", "batch_size"), [(10, 4), (12, 4), (3, 8), (5, 1), (1, 1), (0, 4)])
def test_an_epoch_holds_every_sample_once(n: int, batch_size: int) -> None:
    batches = batch_indices(n, batch_size, generator())
    assert sorted(i for batch in batches for i in batch.tolist()) == list(range(n))
    assert all(len(batch) == batch_size for batch in batches[:-1])
    assert not batches or 1 <= len(batches[-1]) <= batch_size


def test_every_epoch_has_an_order_of_its_own_and_the_generator_decides_it() -> None:
    source = generator()
    first, second = (torch.cat(batch_indices(20, 6, source)).tolist() for _ in range(2))
    assert first != second
    assert first == torch.cat(batch_indices(20, 6, generator())).tolist()
    assert first != torch.cat(batch_indices(20, 6, generator(1))).tolist()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_batch_gradient_is_autograds(dtype: torch.dtype) -> None:
    w, x, y = problem(dtype=dtype)
    batch = torch.tensor([3, 7, 11, 2, 29])
    w.requires_grad_()
    (expected,) = torch.autograd.grad((x[batch] @ w - y[batch]).square().mean(), w)
    given = batch_gradient(w.detach(), x, y, batch)
    assert given.dtype == dtype
    assert torch.allclose(given, expected, rtol=1e-5 if dtype == torch.float32 else 1e-12)


@pytest.mark.parametrize("batch_size", [1, 4, 15])
def test_the_noise_is_as_large_as_theory_says(batch_size: int) -> None:
    w, x, y = problem()
    ratio = gradient_noise(w, x, y, batch_size, 4000, generator()) / expected_noise(w, x, y, batch_size)
    assert ratio.item() == pytest.approx(1, abs=0.1)


def test_the_expectation_is_the_mean_over_all_pairs() -> None:
    w, x, y = problem(n=7)
    full = batch_gradient(w, x, y, torch.arange(7))
    for replacement in (False, True):
        pairs = [(i, j) for i in range(7) for j in range(7) if i != j or replacement]
        errors = torch.stack([batch_gradient(w, x, y, torch.tensor(pair)) - full for pair in pairs])
        assert torch.allclose(errors.square().sum(dim=1).mean(), expected_noise(w, x, y, 2, replacement))


def test_all_samples_have_no_noise() -> None:
    w, x, y = problem()
    assert gradient_noise(w, x, y, len(x), 3, generator()) < 1e-25
    assert expected_noise(w, x, y, len(x)) == 0


def test_at_the_noise_scale_error_and_gradient_are_of_one_size() -> None:
    w, x, y = problem()
    full = batch_gradient(w, x, y, torch.arange(len(x)))
    at_scale = expected_noise(w, x, y, 1, replacement=True) / noise_scale(w, x, y)
    assert torch.allclose(at_scale, full.square().sum())


def test_the_landscape_is_the_loss_over_all_samples() -> None:
    w, x, y = problem()
    landscape = LeastSquares(x, y)
    assert torch.allclose(landscape.value(w), (x @ w - y).square().mean())
    assert torch.allclose(landscape.gradient(w), batch_gradient(w, x, y, torch.arange(len(x))))
    grid = torch.stack([w, landscape.minimum, -w])
    assert torch.allclose(landscape.value(grid), torch.stack([landscape.value(row) for row in grid]))
    assert torch.allclose(landscape.gradient(grid), torch.stack([landscape.gradient(row) for row in grid]))
    assert landscape.gradient(landscape.minimum).norm() < 1e-12


def test_one_batch_of_all_is_gradient_descent() -> None:
    w, x, y = problem()
    path = train_epochs(w, x, y, 0.1, len(x), 5, generator())
    expected = gradient_descent(lambda w: batch_gradient(w, x, y, torch.arange(len(x))), w, 0.1, 5)
    assert torch.allclose(path, expected, rtol=1e-12)


def test_on_one_hot_rows_each_weight_moves_once_an_epoch() -> None:
    start = torch.zeros(10, dtype=torch.float64)
    path = train_epochs(start, torch.eye(10, dtype=torch.float64), start + 1, 0.1, 4, 3, generator())
    assert path.shape == (10, 10)
    moved = path[1:] != path[:-1]
    assert moved.sum(dim=1).tolist() == [4, 4, 2] * 3
    assert [epoch.sum(dim=0).tolist() for epoch in moved.split(3)] == [[1] * 10] * 3
    assert torch.equal(start, torch.zeros_like(start))


@pytest.mark.cuda
@pytest.mark.skipif(
    not torch.cuda.is_available(),
    reason="torch sees no CUDA device; on a machine with one, run: pytest -m cuda tests/reference",
)
def test_samples_may_lie_on_another_device() -> None:
    w, x, y = (t.cuda() for t in problem())
    assert train_epochs(w, x, y, 0.1, 8, 2, generator()).device.type == "cuda"
    assert gradient_noise(w, x, y, 8, 2, generator()).device.type == "cuda"


def test_what_does_not_fit_is_refused() -> None:
    w, x, y = problem()
    with pytest.raises(ValueError, match="n is 4 and batch_size 0; expected at least 0 and at least 1"):
        batch_indices(4, 0, generator())
    with pytest.raises(ValueError, match=r"y \[30, 1\]; expected \[d\], \[N, d\] and \[N\]"):
        batch_gradient(w, x, y[:, None], torch.arange(3))
    with pytest.raises(ValueError, match="with at least one sample"):
        batch_gradient(w, x, y, torch.arange(0))
    for batch_size, draws in ((0, 1), (31, 1), (4, 0)):
        with pytest.raises(ValueError, match="expected 1 to 30 samples and at least one draw"):
            gradient_noise(w, x, y, batch_size, draws, generator())
    with pytest.raises(ValueError, match="epochs is -1"):
        train_epochs(w, x, y, 0.1, 4, -1, generator())
