"""Losses: one number for how wrong a set of predictions is, and the landscape it makes over two parameters."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def mean_absolute_error(prediction: Tensor, target: Tensor) -> Tensor:
    """The mean of |ŷᵢ − yᵢ|.

    The constant with the smallest mean absolute error is the median: moving it up by a little costs as much for
    every target below as it gains for every target above.

    Args:
        prediction: ŷ, `[N]`.
        target: y, `[N]`, in the same unit.

    Returns:
        `[]`, in the unit of the target.

    Raises:
        ValueError: for other shapes.

    Example:
        >>> mean_absolute_error(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 1.0]))
        tensor(1.5000)

    Source: `torch.nn.L1Loss`
    """
    return _errors(prediction, target).abs().mean()


def mean_squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    """The mean of (ŷᵢ − yᵢ)², without a factor ½.

    The constant with the smallest mean squared error is the mean.

    Args:
        prediction: ŷ, `[N]`.
        target: y, `[N]`, in the same unit.

    Returns:
        `[]`, in the squared unit of the target.

    Raises:
        ValueError: for other shapes.

    Example:
        >>> mean_squared_error(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 1.0]))
        tensor(2.5000)

    Source: `torch.nn.MSELoss`
    """
    return _errors(prediction, target).square().mean()


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """The mean of −ln p, where p is the probability that softmax(logits) gives to the label.

    With m the largest logit of a row, −ln p = m + ln Σⱼ exp(zⱼ − m) − z_label. No exponent is above 0 and one is 0,
    so that nothing overflows and the logarithm never sees a 0, whatever the logits are.

    Args:
        logits: z, `[N, C]`, any finite numbers.
        labels: the right class of each sample, `[N]`, int64, from 0 to C − 1.

    Returns:
        `[]`, in nats; ln C for equal logits.

    Raises:
        ValueError: for other shapes.

    Example:
        >>> cross_entropy(torch.tensor([[0.0, 0.0], [0.0, 1000.0]]), torch.tensor([1, 0]))
        tensor(500.3466)

    Source: `torch.nn.CrossEntropyLoss`; Goodfellow, Bengio and Courville 2016, "Deep Learning", section 6.2.2.3
    """
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        given = f"logits have shape {list(logits.shape)} and labels {list(labels.shape)}"
        raise ValueError(f"{given}; expected [N, C] and [N]")
    largest = logits.amax(dim=1)
    log_sums = largest + (logits - largest[:, None]).exp().sum(dim=1).log()
    chosen = logits.gather(1, labels[:, None])[:, 0]
    return (log_sums - chosen).mean()


def loss_grid(loss: Callable[[Tensor], Tensor], first: Tensor, second: Tensor) -> Tensor:
    """The landscape of a loss over two parameters: entry (a, b) is the loss of w = [first[a], second[b]].

    Args:
        loss: a function of one w `[2]`, to `[]`.
        first: values of the first parameter, `[A]`.
        second: values of the second parameter, `[B]`, in the dtype of `first`.

    Returns:
        The heights, `[A, B]`: rows follow the first parameter, columns the second.

    Raises:
        ValueError: for values that are not two lists of numbers, neither of them empty.

    Example:
        >>> loss_grid(lambda w: w[0] + 10 * w[1], torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0, 5.0]))
        tensor([[31., 41., 51.],
                [32., 42., 52.]])
    """
    if first.ndim != 1 or second.ndim != 1 or 0 in (len(first), len(second)):
        given = f"first has shape {list(first.shape)} and second {list(second.shape)}"
        raise ValueError(f"{given}; expected [A] and [B], with at least one value each")
    return torch.stack([torch.stack([loss(torch.stack([a, b])) for b in second]) for a in first])


def _errors(prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.ndim != 1 or target.shape != prediction.shape:
        # [N, 1] against [N] would broadcast into N × N differences, without a word.
        given = f"prediction has shape {list(prediction.shape)} and target {list(target.shape)}"
        raise ValueError(f"{given}; expected [N] and [N]")
    return prediction - target
