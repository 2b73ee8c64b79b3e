"""Batches of a linear model's samples: who is in one, the gradient over it, its error, and descent batch by batch.

The model is x·w without an intercept, the loss the mean squared error without ½; so the gradient over a batch of B
samples is 2/B · Xᵀ(Xw − y), and every quantity here has a formula to hold it against.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


def batch_indices(n: int, batch_size: int, generator: torch.Generator) -> list[Tensor]:
    """One epoch: all n samples in a new order, cut into batches.

    Args:
        n: how many samples there are, at least 0.
        batch_size: B, at least 1; the last batch takes what is left.
        generator: where the order comes from; it moves on, so the next call gives another order.

    Returns:
        ⌈n/B⌉ tensors of indices, int64, on the generator's device; every index from 0 to n − 1 in exactly one.

    Raises:
        ValueError: for n below 0 or a batch size below 1.

    Example:
        >>> batches = batch_indices(10, 4, torch.Generator().manual_seed(0))
        >>> [len(batch) for batch in batches], sorted(torch.cat(batches).tolist())
        ([4, 4, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])

    Source: Goodfellow, Bengio and Courville, Deep Learning, section 8.1.3, https://www.deeplearningbook.org
    """
    if n < 0 or batch_size < 1:
        raise ValueError(f"n is {n} and batch_size {batch_size}; expected at least 0 and at least 1")
    order = torch.randperm(n, generator=generator, device=generator.device)
    return list(torch.split(order, batch_size)) if n else []


def batch_gradient(w: Tensor, x: Tensor, y: Tensor, indices: Tensor) -> Tensor:
    """The gradient of the mean squared error over a batch: 2/B · Xᵀ(Xw − y), X and y being the batch's rows.

    Args:
        w: weights, `[d]`.
        x: all samples, `[N, d]`.
        y: all targets, `[N]`.
        indices: which samples are in the batch, `[B]`, int64, at least one.

    Returns:
        `[d]`.

    Raises:
        ValueError: for other shapes, or a batch of no samples.

    Example:
        >>> x, y = torch.tensor([[1.0], [2.0], [3.0]]), torch.zeros(3)
        >>> batch_gradient(torch.tensor([1.0]), x, y, torch.tensor([0, 2]))
        tensor([10.])
    """
    _check_samples(w, x, y)
    if indices.ndim != 1 or not len(indices):
        raise ValueError(f"indices have shape {list(indices.shape)}; expected [B], with at least one sample")
    rows, targets = x[indices], y[indices]
    return 2 / len(indices) * rows.T @ (rows @ w - targets)


def gradient_noise(w: Tensor, x: Tensor, y: Tensor, batch_size: int, draws: int, generator: torch.Generator) -> Tensor:
    """The error of the batch gradient, measured: the mean of ‖g_batch − g_all‖² over random batches.

    Args:
        w: weights, `[d]`.
        x: samples, `[N, d]`.
        y: targets, `[N]`.
        batch_size: B, from 1 to N; a batch is drawn without replacement.
        draws: over how many batches to average, at least 1.
        generator: where the batches come from.

    Returns:
        `[]`, in the gradient's unit squared.

    Raises:
        ValueError: for other shapes, sizes or numbers of draws.

    Example:
        >>> x, y, w = torch.tensor([[1.0], [1.0]]), torch.tensor([1.0, 3.0]), torch.zeros(1)
        >>> gradient_noise(w, x, y, batch_size=1, draws=5, generator=torch.Generator())
        tensor(4.)
    """
    _check_samples(w, x, y)
    if not 1 <= batch_size <= len(x) or draws < 1:
        raise ValueError(
            f"batch_size is {batch_size} and draws {draws}; expected 1 to {len(x)} samples and at least one draw"
        )
    full = batch_gradient(w, x, y, torch.arange(len(x), device=x.device))
    errors = [
        batch_gradient(w, x, y, batch_indices(len(x), batch_size, generator)[0].to(x.device)) - full
        for _ in range(draws)
    ]
    return torch.stack(errors).square().sum(dim=1).mean()


def train_epochs(
    w: Tensor, x: Tensor, y: Tensor, lr: float, batch_size: int, epochs: int, generator: torch.Generator
) -> Tensor:
    """Gradient descent batch by batch: θ ← θ − lr·g_batch, every sample once an epoch, in a new order each time.

    Args:
        w: where to begin, `[d]`; left as it was.
        x: samples, `[N, d]`.
        y: targets, `[N]`.
        lr: the learning rate, in units of 1/curvature.
        batch_size: B, at least 1.
        epochs: how often every sample is used, at least 0.
        generator: where the orders come from.

    Returns:
        The path, `[updates + 1, d]`, start included; an epoch makes ⌈N/B⌉ updates.

    Raises:
        ValueError: for other shapes, a batch size below 1, or epochs below 0.

    Example:
        >>> x, y = torch.eye(2), torch.tensor([4.0, 4.0])
        >>> train_epochs(torch.zeros(2), x, y, lr=0.5, batch_size=2, epochs=2, generator=torch.Generator())
        tensor([[0., 0.],
                [2., 2.],
                [3., 3.]])
    """
    _check_samples(w, x, y)
    if epochs < 0:
        raise ValueError(f"epochs is {epochs}; expected at least 0")
    path = [w.detach().clone()]
    for _ in range(epochs):
        for batch in batch_indices(len(x), batch_size, generator):
            path.append(path[-1] - lr * batch_gradient(path[-1], x, y, batch.to(x.device)))
    return torch.stack(path)


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """The loss of the linear model over all samples, as a landscape above its weights.

    Attributes:
        x: samples, `[N, d]`.
        y: targets, `[N]`.

    Example:
        >>> line = LeastSquares(torch.tensor([[1.0], [2.0]]), torch.tensor([2.0, 4.0]))
        >>> line.minimum.round(), line.value(torch.tensor([1.0])), line.gradient(torch.tensor([1.0]))
        (tensor([2.]), tensor(2.5000), tensor([-5.]))
    """

    x: Tensor
    y: Tensor

    @cached_property
    def _by_rows(self) -> tuple[Tensor, Tensor, Tensor]:
        """R `[k, d]`, t `[k]` and r with ‖Xw − y‖² = ‖Rw − t‖² + r at every w, k at most d: many w then cost little."""
        directions, rows = torch.linalg.qr(self.x)
        targets = directions.T @ self.y
        return rows, targets, (self.y - directions @ targets).square().sum()

    @cached_property
    def minimum(self) -> Tensor:
        """The weights with the least loss, `[d]`."""
        solution: Tensor = torch.linalg.lstsq(self.x, self.y[:, None]).solution[:, 0]
        return solution

    def value(self, w: Tensor) -> Tensor:
        """The mean squared error at `w` `[..., d]`, of shape `[...]`."""
        rows, targets, rest = (part.to(w) for part in self._by_rows)
        return ((w @ rows.T - targets).square().sum(dim=-1) + rest) / len(self.y)

    def gradient(self, w: Tensor) -> Tensor:
        """2/N · Xᵀ(Xw − y) at `w` `[..., d]`, of the same shape."""
        x = self.x.to(w)
        return 2 / len(x) * (w @ x.T - self.y.to(w)) @ x


def expected_noise(w: Tensor, x: Tensor, y: Tensor, batch_size: int, replacement: bool = False) -> Tensor:
    """The mean of ‖g_batch − g_all‖² over all batches there are: tr Σ/B, less what drawing without replacement saves.

    Σ is the covariance of the single samples' gradients. Without replacement the mean is smaller by the factor
    (N − B)/(N − 1), which is 0 for a batch of all samples.

    Args:
        w: weights, `[d]`.
        x: samples, `[N, d]`.
        y: targets, `[N]`.
        batch_size: B, at least 1.
        replacement: whether a sample may come more than once in a batch.

    Returns:
        `[]`, in the gradient's unit squared.

    Example:
        >>> x, y, w = torch.ones(3, 1), torch.tensor([0.0, 1.0, 2.0]), torch.zeros(1)
        >>> expected_noise(w, x, y, 1), expected_noise(w, x, y, 2), expected_noise(w, x, y, 3)
        (tensor(2.6667), tensor(0.6667), tensor(0.))

    Source: Cochran, Sampling Techniques, theorem 2.2 (the finite population correction)
    """
    spread = _spread(w, x, y)
    return spread / batch_size * (1.0 if replacement else (len(x) - batch_size) / max(len(x) - 1, 1))


def noise_scale(w: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The simple noise scale tr Σ/‖g‖²: about the batch size up to which larger batches still save updates.

    Args:
        w: weights, `[d]`.
        x: samples, `[N, d]`.
        y: targets, `[N]`.

    Returns:
        `[]`, in samples; infinite where the gradient is 0.

    Example:
        >>> noise_scale(torch.zeros(1), torch.ones(3, 1), torch.tensor([0.0, 1.0, 2.0]))
        tensor(0.6667)

    Source: McCandlish et al. 2018, An Empirical Model of Large-Batch Training, section 2.2, https://arxiv.org/abs/1812.06162
    """
    return _spread(w, x, y) / _sample_gradients(w, x, y).mean(dim=0).square().sum()


def _sample_gradients(w: Tensor, x: Tensor, y: Tensor) -> Tensor:
    _check_samples(w, x, y)
    return 2 * x * (x @ w - y)[:, None]


def _spread(w: Tensor, x: Tensor, y: Tensor) -> Tensor:
    gradients = _sample_gradients(w, x, y)
    return (gradients - gradients.mean(dim=0)).square().sum(dim=1).mean()


def _check_samples(w: Tensor, x: Tensor, y: Tensor) -> None:
    if x.ndim != 2 or w.shape != x.shape[1:] or y.shape != x.shape[:1]:
        shapes = f"w has shape {list(w.shape)}, x {list(x.shape)} and y {list(y.shape)}"
        raise ValueError(f"{shapes}; expected [d], [N, d] and [N]")
