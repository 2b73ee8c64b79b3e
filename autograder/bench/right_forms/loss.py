"""Right ways to write the exercises of lesson 01: every style earns all points."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch


def absolute_by_loop(prediction: Any, target: Any) -> Any:
    total = 0.0
    for p, t in zip(prediction, target, strict=True):
        total = total + (p - t if p > t else t - p)
    return total / len(target)


def absolute_by_where(prediction: Any, target: Any) -> Any:
    error = target - prediction
    return torch.where(error < 0, -error, error).sum() / error.numel()


def squares_by_loop(prediction: Any, target: Any) -> Any:
    total = torch.zeros((), dtype=prediction.dtype)
    for i in range(len(prediction)):
        total += (prediction[i] - target[i]) ** 2
    return total / len(prediction)


def logs_gathered(logits: Any, labels: Any) -> Any:
    shifted = logits - logits.max(dim=1, keepdim=True).values
    logs = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
    return -logs.gather(1, labels.unsqueeze(1)).mean()


def sample_by_sample(logits: Any, labels: Any) -> Any:
    losses = []
    for row, label in zip(logits, labels, strict=True):
        top = row.max()
        losses.append(top + torch.log(torch.exp(row - top).sum()) - row[label])
    return torch.stack(losses).mean()


def plain_python(logits: Any, labels: Any) -> Any:
    total = 0.0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        total += math.log(sum(math.exp(z - max(row)) for z in row)) + max(row) - row[label]
    return total / len(labels)


def shifted_copy_in_place(logits: Any, labels: Any) -> Any:
    z = logits.clone()
    z -= z.amax(1, True)
    return (z.exp().sum(1).log() - z[range(len(z)), labels]).mean()


def shift_by_label(logits: Any, labels: Any) -> Any:
    # −ln p = ln Σ exp(zⱼ − z_label)
    apart = logits - logits[torch.arange(len(labels)), labels][:, None]
    return torch.logsumexp(apart, dim=1).mean()


def with_numpy(logits: Any, labels: Any) -> Any:
    z = logits.numpy() - logits.numpy().max(axis=1, keepdims=True)
    logs = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return torch.tensor(-logs[np.arange(len(z)), labels.numpy()].mean())


def with_one_hot(logits: Any, labels: Any) -> Any:
    hot = torch.nn.functional.one_hot(labels, logits.shape[1]).double()
    return -(hot * torch.log_softmax(logits, dim=1)).sum() / len(labels)


def with_mask(logits: Any, labels: Any) -> Any:
    chosen = torch.arange(logits.shape[1]) == labels[:, None]
    return (torch.logsumexp(logits, 1) - logits[chosen]).mean()


def with_logaddexp(logits: Any, labels: Any) -> Any:
    total = logits[:, 0]
    for column in logits.T[1:]:
        total = torch.logaddexp(total, column)
    return (total - logits.gather(1, labels[:, None]).squeeze(1)).mean()


def filled(loss: Any, first: Any, second: Any) -> Any:
    grid = torch.empty(len(first), len(second), dtype=first.dtype)
    for i in range(len(first)):
        for j in range(len(second)):
            grid[i, j] = loss(torch.stack((first[i], second[j])))
    return grid


def from_floats(loss: Any, first: Any, second: Any) -> Any:
    rows = [[loss(torch.tensor([a, b], dtype=first.dtype)).item() for b in second.tolist()] for a in first.tolist()]
    return torch.tensor(rows, dtype=first.dtype)


def one_w(loss: Any, first: Any, second: Any) -> Any:
    w, heights = first.new_zeros(2), []
    for w[0] in first:
        for w[1] in second:
            heights.append(loss(w))
    return torch.stack(heights).view(len(first), len(second))


RIGHT: dict[str, list[Any]] = {
    "mean_absolute_error": [
        absolute_by_loop,
        absolute_by_where,
        lambda prediction, target: (prediction - target).abs().mean(),
        lambda prediction, target: torch.mean(torch.abs(target - prediction)),
        lambda prediction, target: abs(prediction - target).sum() / len(prediction),
        lambda prediction, target: torch.linalg.vector_norm(prediction - target, ord=1) / prediction.shape[0],
        lambda prediction, target: (prediction - target).square().sqrt().mean(),
        lambda prediction, target: (torch.maximum(prediction, target) - torch.minimum(prediction, target)).mean(),
        lambda prediction, target: ((prediction - target) * (prediction - target).sign()).mean(),
        lambda prediction, target: torch.tensor(np.abs(prediction.numpy() - target.numpy()).mean()),
        lambda prediction, target: float(np.mean([abs(p - t) for p, t in zip(prediction, target, strict=True)])),
    ],
    "mean_squared_error": [
        squares_by_loop,
        lambda prediction, target: ((prediction - target) ** 2).mean(),
        lambda prediction, target: (target - prediction).square().mean(),
        lambda prediction, target: torch.mean(torch.pow(prediction - target, 2)),
        lambda prediction, target: (prediction - target) @ (prediction - target) / len(target),
        lambda prediction, target: torch.dot(prediction - target, prediction - target) / target.numel(),
        lambda prediction, target: (prediction**2 - 2 * prediction * target + target**2).mean(),
        lambda prediction, target: torch.linalg.vector_norm(prediction - target) ** 2 / len(prediction),
        lambda prediction, target: (prediction - target).var(correction=0) + (prediction - target).mean() ** 2,
        lambda prediction, target: np.mean((prediction.numpy() - target.numpy()) ** 2),
    ],
    "cross_entropy": [
        logs_gathered,
        sample_by_sample,
        plain_python,
        shifted_copy_in_place,
        shift_by_label,
        with_numpy,
        with_one_hot,
        with_mask,
        with_logaddexp,
        lambda logits, labels: (logits.logsumexp(dim=1) - logits[torch.arange(len(labels)), labels]).mean(),
        lambda logits, labels: -torch.log_softmax(logits, dim=-1)[torch.arange(logits.shape[0]), labels].mean(),
        lambda logits, labels: -torch.log_softmax(logits, dim=1)[:, labels].diagonal().mean(),
    ],
    "loss_grid": [
        filled,
        from_floats,
        one_w,
        lambda loss, first, second: torch.stack([loss(w) for w in torch.cartesian_prod(first, second)]).reshape(
            len(first), len(second)
        ),
        lambda loss, first, second: (
            torch.stack([torch.stack([loss(torch.stack([a, b])) for a in first]) for b in second]).T
        ),
        lambda loss, first, second: torch.vmap(lambda a: torch.vmap(lambda b: loss(torch.stack([a, b])))(second))(
            first
        ),
        lambda loss, first, second: torch.func.vmap(loss)(torch.cartesian_prod(first, second)).view(
            len(first), len(second)
        ),
        lambda loss, first, second: torch.tensor(
            [[float(loss(torch.tensor([a, b]))) for b in second] for a in first], dtype=torch.float64
        ),
        lambda loss, first, second: torch.stack(
            [loss(w) for w in torch.stack(torch.meshgrid(first, second, indexing="ij"), dim=-1).reshape(-1, 2)]
        ).reshape(len(first), len(second)),
    ],
}
