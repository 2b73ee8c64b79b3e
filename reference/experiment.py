"""A training loop around any model and any optimizer, and what it reports of the run."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from reference.batches import batch_indices


def accuracy(model: torch.nn.Module, x: Tensor, y: Tensor) -> float:
    """The share of samples whose largest score is that of their label.

    The model measures in evaluation mode, without a graph, and goes back to the mode it was in.

    Args:
        model: scores `[N, C]` from samples.
        x: samples, `[N, …]`.
        y: labels, `[N]`, int64.

    Returns:
        From 0 to 1.

    Example:
        >>> accuracy(torch.nn.Identity(), torch.tensor([[2.0, 1.0], [3.0, 0.0]]), torch.tensor([0, 1]))
        0.5
    """
    mode = model.training
    model.eval()
    with torch.no_grad():
        right = int((model(x).argmax(dim=1) == y).sum())
    model.train(mode)
    return right / len(y)


def train(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    x: Tensor,
    y: Tensor,
    batch_size: int,
    epochs: int,
    generator: torch.Generator,
) -> dict[str, list[float]]:
    """Train a classifier with mini-batches: in every epoch each sample once, in a new order.

    Args:
        model: scores `[B, C]` from samples; trained in place.
        optimizer: holds the model's parameters.
        x: samples, `[N, …]`.
        y: labels, `[N]`, int64.
        batch_size: B, at least 1; the last batch of an epoch takes what is left.
        epochs: how often every sample is seen, at least 0.
        generator: where the order comes from.

    Returns:
        `loss`, the mean cross-entropy in nats of every batch before its update, and `accuracy`, the share of all of
        x that is classified right after every epoch.

    Raises:
        ValueError: for a batch size below 1, a number of epochs below 0, or labels that are not one per sample.

    Example:
        >>> model = torch.nn.Linear(1, 2)
        >>> x, y = torch.tensor([[-1.0], [-2.0], [1.0], [2.0]]), torch.tensor([0, 0, 1, 1])
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
        >>> run = train(model, optimizer, x, y, batch_size=3, epochs=10, generator=torch.Generator())
        >>> len(run["loss"]), run["accuracy"][-1]
        (20, 1.0)

    Source: Goodfellow, Bengio and Courville, Deep Learning, section 8.1.3, https://www.deeplearningbook.org
    """
    if batch_size < 1 or epochs < 0:
        raise ValueError(f"batch_size is {batch_size} and epochs {epochs}; expected at least 1 and at least 0")
    if y.shape != x.shape[:1]:
        raise ValueError(f"x has shape {list(x.shape)} and y {list(y.shape)}; expected one label per sample, [N]")
    run: dict[str, list[float]] = {"loss": [], "accuracy": []}
    for _ in range(epochs):
        model.train()
        for batch in batch_indices(len(x), batch_size, generator):
            batch = batch.to(x.device)
            optimizer.zero_grad()
            loss = cross_entropy(model(x[batch]), y[batch])
            loss.backward()  # type: ignore[no-untyped-call]
            run["loss"].append(loss.item())
            optimizer.step()
        run["accuracy"].append(accuracy(model, x, y))
    return run
