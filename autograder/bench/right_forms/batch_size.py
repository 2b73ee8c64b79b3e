"""Right ways to write the exercises of lesson 04: every way to shuffle, to cut and to average earns all points."""

from __future__ import annotations

import random
from typing import Any

import torch
from torch.utils.data import BatchSampler, DataLoader, RandomSampler


def sliced(n: int, batch_size: int, generator: Any) -> Any:
    order = torch.randperm(n, generator=generator)
    return [order[i : i + batch_size] for i in range(0, n, batch_size)]


def split_tuple(n: int, batch_size: int, generator: Any) -> Any:
    return torch.randperm(n, generator=generator).split(batch_size)


def sorted_keys(n: int, batch_size: int, generator: Any) -> Any:
    keys = torch.rand(n, generator=generator)
    return list(keys.argsort().split(batch_size))


def drawn_without_replacement(n: int, batch_size: int, generator: Any) -> Any:
    order = torch.multinomial(torch.ones(n), n, replacement=False, generator=generator)
    return list(torch.split(order, batch_size))


def python_shuffle(n: int, batch_size: int, generator: Any) -> Any:
    """Python's shuffle, its seed drawn from the generator."""
    order = list(range(n))
    random.Random(int(torch.randint(2**31, (), generator=generator))).shuffle(order)
    return [torch.tensor(order[i : i + batch_size]) for i in range(0, n, batch_size)]


def taken_one_by_one(n: int, batch_size: int, generator: Any) -> Any:
    """Fisher and Yates by hand, batches filled as samples come."""
    left, batches = list(range(n)), []
    while left:
        k = int(torch.randint(len(left), (1,), generator=generator))
        if not batches or len(batches[-1]) == batch_size:
            batches.append([])
        batches[-1].append(left.pop(k))
    return [torch.tensor(batch) for batch in batches]


def small_integers(n: int, batch_size: int, generator: Any) -> Any:
    order = torch.randperm(n, generator=generator, dtype=torch.int32)
    return list(order.split(batch_size))


def index_range(n: int, batch_size: int, generator: Any) -> Any:
    order = torch.randperm(n, generator=generator)
    count = (n + batch_size - 1) // batch_size
    return [order[k * batch_size : min((k + 1) * batch_size, n)] for k in range(count)]


def sampler(n: int, batch_size: int, generator: Any) -> Any:
    picked = BatchSampler(RandomSampler(range(n), generator=generator), batch_size, drop_last=False)
    return [torch.tensor(batch) for batch in picked]


def loader(n: int, batch_size: int, generator: Any) -> Any:
    return list(DataLoader(torch.arange(n), batch_size=batch_size, shuffle=True, generator=generator))


class Batches:
    """A loader by hand: a class with `__iter__`."""

    def __init__(self, n: int, batch_size: int, generator: Any) -> None:
        self.order, self.size = torch.randperm(n, generator=generator), batch_size

    def __iter__(self) -> Any:
        while len(self.order):
            yield self.order[: self.size]
            self.order = self.order[self.size :]


def plain_gradient(w: Any, x: Any, y: Any, indices: Any) -> Any:
    rows, targets = x[indices], y[indices]
    return 2 / len(indices) * rows.T @ (rows @ w - targets)


def mean_of_rows(w: Any, x: Any, y: Any, indices: Any) -> Any:
    return (2 * (x[indices] @ w - y[indices])[:, None] * x[indices]).mean(0)


def looped_gradient(w: Any, x: Any, y: Any, indices: Any) -> Any:
    total = torch.zeros_like(w)
    for i in indices.tolist():
        total += 2 * (x[i] @ w - y[i]) * x[i]
    return total / len(indices)


def autograd_gradient(w: Any, x: Any, y: Any, indices: Any) -> Any:
    w = w.detach().clone().requires_grad_()
    torch.nn.functional.mse_loss(x[indices] @ w, y[indices]).backward()
    return w.grad


def func_gradient(w: Any, x: Any, y: Any, indices: Any) -> Any:
    return torch.func.grad(lambda w: ((x[indices] @ w - y[indices]) ** 2).mean())(w)


def einsum_gradient(w: Any, x: Any, y: Any, indices: Any) -> Any:
    rows = x.index_select(0, indices)
    error = torch.einsum("bd,d->b", rows, w) - y.index_select(0, indices)
    return 2 * torch.einsum("bd,b->d", rows, error) / error.numel()


def masked_gradient(w: Any, x: Any, y: Any, indices: Any) -> Any:
    member = torch.zeros(len(y), dtype=w.dtype)
    member[indices] = 1
    return 2 * x.T @ (member * (x @ w - y)) / member.sum()


def first_of_an_order(w: Any, x: Any, y: Any, batch_size: int, draws: int, generator: Any) -> Any:
    full, total = plain_gradient(w, x, y, torch.arange(len(y))), 0.0
    for _ in range(draws):
        batch = torch.randperm(len(y), generator=generator)[:batch_size]
        total += ((plain_gradient(w, x, y, batch) - full) ** 2).sum()
    return total / draws


def with_replacement(w: Any, x: Any, y: Any, batch_size: int, draws: int, generator: Any) -> Any:
    full = mean_of_rows(w, x, y, torch.arange(len(y)))
    errors = []
    for _ in range(draws):
        batch = torch.randint(len(y), (batch_size,), generator=generator)
        errors.append((mean_of_rows(w, x, y, batch) - full).norm() ** 2)
    return torch.stack(errors).mean()


def as_a_float(w: Any, x: Any, y: Any, batch_size: int, draws: int, generator: Any) -> Any:
    full = plain_gradient(w, x, y, torch.arange(len(y)))
    found = []
    for _ in range(draws):
        off = plain_gradient(w, x, y, sliced(len(y), batch_size, generator)[0]) - full
        found.append((off @ off).item())
    return sum(found) / len(found)


def all_at_once(w: Any, x: Any, y: Any, batch_size: int, draws: int, generator: Any) -> Any:
    single = 2 * x * (x @ w - y)[:, None]
    batches = torch.rand(draws, len(y), generator=generator).argsort(1)[:, :batch_size]
    return (single[batches].mean(1) - single.mean(0)).pow(2).sum(1).mean()


def all_at_once_with_replacement(w: Any, x: Any, y: Any, batch_size: int, draws: int, generator: Any) -> Any:
    single = 2 * x * (x @ w - y)[:, None]
    batches = torch.randint(len(y), (draws, batch_size), generator=generator)
    return ((single[batches].mean(dim=1) - single.mean(dim=0)) ** 2).sum(dim=-1).mean()


def epoch_after_epoch(w: Any, x: Any, y: Any, batch_size: int, draws: int, generator: Any) -> Any:
    """Batches of whole epochs, a new epoch when one runs out."""
    full, batches, total = plain_gradient(w, x, y, torch.arange(len(y))), [], 0
    for _ in range(draws):
        batches = batches or sliced(len(y), batch_size, generator)
        total = total + (plain_gradient(w, x, y, batches.pop()) - full).square().sum()
    return total / draws


def python_sample(w: Any, x: Any, y: Any, batch_size: int, draws: int, generator: Any) -> Any:
    draw = random.Random(int(torch.randint(2**31, (), generator=generator)))
    full = plain_gradient(w, x, y, torch.arange(len(y)))
    errors = [
        plain_gradient(w, x, y, torch.tensor(draw.sample(range(len(y)), batch_size))) - full for _ in range(draws)
    ]
    return torch.stack(errors).pow(2).sum(dim=1).mean(dim=0)


def listed_path(w: Any, x: Any, y: Any, lr: float, batch_size: int, epochs: int, generator: Any) -> Any:
    path = [w]
    for _ in range(epochs):
        for batch in sliced(len(y), batch_size, generator):
            path.append(path[-1] - lr * plain_gradient(path[-1], x, y, batch))
    return torch.stack(path)


def cloned_path(w: Any, x: Any, y: Any, lr: float, batch_size: int, epochs: int, generator: Any) -> Any:
    w = w.clone()
    path = [w.clone()]
    for _ in range(epochs):
        order = torch.randperm(len(x), generator=generator)
        for i in range(0, len(x), batch_size):
            batch = order[i : i + batch_size]
            w -= lr * 2 * (x[batch] @ w - y[batch]) @ x[batch] / len(batch)
            path.append(w.clone())
    return torch.stack(path)


def filled_path(w: Any, x: Any, y: Any, lr: float, batch_size: int, epochs: int, generator: Any) -> Any:
    per_epoch = -(-len(y) // batch_size)
    path = w.new_empty(epochs * per_epoch + 1, len(w))
    path[0], t = w, 0
    for _ in range(epochs):
        for batch in split_tuple(len(y), batch_size, generator):
            path[t + 1] = path[t] - lr * looped_gradient(path[t], x, y, batch)
            t += 1
    return path


def shuffled_together(w: Any, x: Any, y: Any, lr: float, batch_size: int, epochs: int, generator: Any) -> Any:
    """Samples and targets shuffled and cut, not the indices."""
    path = w[None]
    for _ in range(epochs):
        order = torch.rand(len(y), generator=generator).argsort()
        for rows, targets in zip(x[order].split(batch_size), y[order].split(batch_size), strict=True):
            step = lr * 2 / len(targets) * rows.T @ (rows @ path[-1] - targets)
            path = torch.cat([path, (path[-1] - step)[None]])
    return path


def backward_path(w: Any, x: Any, y: Any, lr: float, batch_size: int, epochs: int, generator: Any) -> Any:
    w = w.detach().clone().requires_grad_()
    path = [w.detach().clone()]
    for _ in range(epochs):
        for batch in taken_one_by_one(len(y), batch_size, generator):
            w.grad = None
            (x[batch] @ w - y[batch]).square().mean().backward()
            with torch.no_grad():
                w -= lr * w.grad
            path.append(w.detach().clone())
    return torch.stack(path)


def orders_first(w: Any, x: Any, y: Any, lr: float, batch_size: int, epochs: int, generator: Any) -> Any:
    """All epochs are drawn before the first update."""
    drawn = [batch for _ in range(epochs) for batch in python_shuffle(len(y), batch_size, generator)]
    path = [w.clone()]
    for batch in drawn:
        path += [path[-1] - lr * func_gradient(path[-1], x, y, batch)]
    return torch.vstack(path)


RIGHT: dict[str, list[Any]] = {
    "batch_indices": [
        sliced,
        split_tuple,
        sorted_keys,
        drawn_without_replacement,
        python_shuffle,
        taken_one_by_one,
        small_integers,
        index_range,
        sampler,
        loader,
        Batches,
    ],
    "batch_gradient": [
        plain_gradient,
        mean_of_rows,
        looped_gradient,
        autograd_gradient,
        func_gradient,
        einsum_gradient,
        masked_gradient,
    ],
    "gradient_noise": [
        first_of_an_order,
        with_replacement,
        as_a_float,
        all_at_once,
        all_at_once_with_replacement,
        epoch_after_epoch,
        python_sample,
    ],
    "train_epochs": [
        listed_path,
        cloned_path,
        filled_path,
        shuffled_together,
        backward_path,
        orders_first,
    ],
}
