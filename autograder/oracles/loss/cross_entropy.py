"""`cross_entropy`, mean and stable, and how it goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.oracles.exercise import Draw, Exercise, Form
from reference.losses import cross_entropy


def draw_logits(seed: int) -> dict[str, Any]:
    """Ordinary logits, and five kinds of large ones, each of which breaks another formula."""
    draw = Draw(seed)
    level = torch.tensor([1000.0, 0.0, -1000.0], dtype=torch.float64)
    far = torch.tensor([[0, -900, 900], [900, 0, -900], [-900, 900, 0]], dtype=torch.float64)
    logits = {
        "four samples of two classes": 1.5 * draw.normal(4, 2),
        "three samples of three classes": 1.5 * draw.normal(3, 3),
        "logits near 1000": draw.normal(3, 3) + 1000,
        "logits near -1000": draw.normal(3, 3) - 1000,
        "samples at 1000, 0 and -1000": draw.normal(3, 3) + level[:, None],
        "far apart, the largest is right": draw.normal(3, 3) + far,
        "far apart, the largest is wrong": draw.normal(3, 3) + far,
    }
    labels = {
        "four samples of two classes": [1, 0, 0, 0],
        "three samples of three classes": [2, 0, 0],
        "far apart, the largest is right": [2, 0, 1],
        "far apart, the largest is wrong": [1, 1, 0],
    }
    return {name: {"logits": z, "labels": torch.tensor(labels.get(name, [1, 2, 0]))} for name, z in logits.items()}


def of_logs(loss: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """A form that goes wrong after the stable logarithms of the probabilities (`[N, C]`)."""
    return lambda logits, labels: loss(logits.log_softmax(dim=1), labels)


def of_label(loss: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """A form that goes wrong after the logarithm of the label's probability (`[N]`)."""
    return of_logs(lambda logs, labels: loss(at_label(logs, labels)))


def of_probability(loss: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """A form that goes wrong after the label's probability (`[N]`)."""
    return lambda logits, labels: loss(at_label(logits.softmax(dim=1), labels))


def with_shift(shift: Callable[[Tensor], Tensor], *, back: bool = True) -> Callable[[Tensor, Tensor], Tensor]:
    """Logarithm of a sum of shifted exponentials; `back` says whether the shift is taken back."""

    def form(logits: Tensor, labels: Tensor) -> Tensor:
        by = shift(logits)
        log_sums = (logits - by).exp().sum(dim=1, keepdim=True).log() + (by if back else 0)
        return (log_sums - logits.gather(1, labels[:, None])).mean()

    return form


def at_label(values: Tensor, labels: Tensor) -> Tensor:
    return values.gather(1, labels[:, None])[:, 0]


def one_hot(logs: Tensor, labels: Tensor) -> Tensor:
    return torch.nn.functional.one_hot(labels, logs.shape[1]).to(logs)


def exponentials_divided(logits: Tensor, labels: Tensor) -> Tensor:
    exponentials = logits.exp()
    probabilities = exponentials / exponentials.sum(dim=1, keepdim=True)
    return -at_label(probabilities, labels).log().mean()


def logits_overwritten(logits: Tensor, labels: Tensor) -> Tensor:
    logits -= logits.amax(dim=1, keepdim=True)
    return cross_entropy(logits, labels)


TOO_SMALL_A_NUMBER = (
    "a small number is put into the logarithm to keep it from seeing 0. It also puts a ceiling on the loss: a "
    "confident mistake then costs about as much as any other. What may you subtract from all logits of a sample "
    "instead, so that no exponential is lost?"
)
FORMS = (
    Form(
        "sum_for_mean",
        of_label(lambda logs: -logs.sum()),
        "the samples are summed, not averaged. What happens to your loss when there are twice as many?",
    ),
    Form(
        "per_sample",
        of_label(lambda logs: -logs),
        "this is one number for every sample. How do they become one number for all?",
    ),
    Form(
        "sign_forgotten",
        of_label(lambda logs: logs.mean()),
        "the loss is negative. Which sign has the logarithm of a probability?",
    ),
    Form(
        "divided_by_classes_too",
        of_logs(lambda logs, labels: -(one_hot(logs, labels) * logs).mean()),
        "the mean runs over all N × C entries, though only one of each sample counts. By what should you divide?",
    ),
    Form(
        "divided_by_classes_only",
        of_logs(lambda logs, labels: -at_label(logs, labels).sum() / logs.shape[1]),
        "the sum is divided by the number of classes. What is averaged: samples or classes?",
    ),
    Form(
        "softmax_twice",
        of_logs(lambda logs, labels: cross_entropy(logs.exp(), labels)),
        "softmax is taken twice: probabilities are used as if they were logits. "
        "How small can the loss become when all that goes in lies between 0 and 1?",
    ),
    Form(
        "no_softmax",
        lambda logits, labels: -at_label(logits, labels).mean(),
        "the logits are used as if they were logarithms of probabilities. Do their exponentials add up to 1?",
    ),
    Form(
        "softmax_over_samples",
        lambda logits, labels: -at_label(logits.log_softmax(dim=0), labels).mean(),
        "softmax runs down the samples instead of across the classes. "
        "Along which dimension do probabilities add up to 1?",
    ),
    Form(
        "softmax_over_everything",
        lambda logits, labels: -at_label(logits - logits.logsumexp(dim=(0, 1)), labels).mean(),
        "one sum is taken over all samples and classes. How many sums does a batch of N samples need?",
    ),
    Form(
        "no_shift",
        with_shift(lambda logits: torch.zeros_like(logits[:, :1])),
        "exponentials of large logits overflow to inf, those of very negative ones fall to 0, whose logarithm is "
        "−inf. What may you subtract from all logits of a sample without changing its probabilities?",
    ),
    Form(
        "no_shift_divided",
        exponentials_divided,
        "exponentials of large logits overflow, and inf divided by inf is not a number. "
        "What may you subtract from all logits of a sample without changing its probabilities?",
    ),
    Form(
        "log_of_softmax",
        of_probability(lambda p: -p.log().mean()),
        "the softmax itself is stable, but a probability smaller than any float becomes 0, and its logarithm −inf. "
        "Can you write the logarithm of the fraction as a difference, before anything is rounded to 0?",
    ),
    Form(
        "one_shift_for_all_samples",
        with_shift(lambda logits: logits.max()),
        "one maximum is subtracted from all samples; a sample far below it has all its exponentials rounded to 0. "
        "Whose maximum does each sample need?",
    ),
    Form(
        "shift_of_each_class",
        with_shift(lambda logits: logits.amax(dim=0)[None], back=False),
        "the maximum is taken down the samples, one for each class, and this changes the probabilities. "
        "Which logits have to be shifted by the same amount?",
    ),
    Form(
        "shift_by_smallest",
        with_shift(lambda logits: logits.amin(dim=1, keepdim=True)),
        "the smallest logit is subtracted, so the largest exponentials still overflow when logits lie far apart. "
        "Which shift leaves no exponent above 0?",
    ),
    Form(
        "shift_not_taken_back",
        with_shift(lambda logits: logits.amax(dim=1, keepdim=True), back=False),
        "the sum is made of shifted logits and the label's logit is not shifted. "
        "What has to be done to both sides of a difference?",
    ),
    Form(
        "log_left_out",
        lambda logits, labels: (logits.softmax(dim=1).sum(dim=1) - at_label(logits, labels)).mean(),
        "the logarithm of the sum is missing. What undoes the exponential?",
    ),
    Form(
        "probability_instead",
        of_probability(lambda p: (1 - p).mean()),
        "this is one minus the probability, without a logarithm. What does a confident mistake cost at most?",
    ),
    Form(
        "log_of_the_mean",
        of_logs(lambda logs, labels: at_label(logs, labels).logsumexp(dim=0).neg() + torch.tensor(len(labels)).log()),
        "the probabilities are averaged and the logarithm taken afterwards. Of what is the loss the mean?",
    ),
    Form(
        "base_2",
        of_label(lambda logs: -logs.mean() / torch.tensor(2.0, dtype=torch.float64).log()),
        "this is the logarithm to base 2, in bits. Which base gives nats?",
    ),
    Form(
        "base_10",
        of_label(lambda logs: -logs.mean() / torch.tensor(10.0, dtype=torch.float64).log()),
        "this is the logarithm to base 10. Which base gives nats?",
    ),
    Form(
        "every_label_for_every_sample",
        of_logs(lambda logs, labels: -logs[:, labels].mean()),
        "every sample is paired with the labels of all samples, N × N entries instead of N. "
        "Which entry belongs to sample 0?",
    ),
    Form(
        "every_label_for_every_sample_after_softmax",
        lambda logits, labels: -logits.softmax(dim=1)[:, labels].log().mean(),
        "every sample is paired with the labels of all samples, N × N entries instead of N; and a probability smaller "
        "than any float has the logarithm −inf. Which entry belongs to sample 0?",
    ),
    Form(
        "labels_choose_samples",
        of_logs(lambda logs, labels: -logs[labels].mean()),
        "the labels pick samples (rows) instead of classes (columns). Which index of the table is the class?",
    ),
    Form(
        "labels_from_one",
        of_logs(lambda logs, labels: -at_label(logs, (labels - 1) % logs.shape[1]).mean()),
        "each label picks the class before its own, as if classes counted from 1. Which number has the first class?",
    ),
    Form(
        "largest_instead_of_label",
        of_logs(lambda logs, labels: -logs.amax(dim=1).mean()),
        "the class with the largest logit is taken instead of the label's. Can this loss tell a mistake from a hit?",
    ),
    Form(
        "mean_over_all_classes",
        of_logs(lambda logs, labels: -logs.mean()),
        "the labels are not used: all classes of a sample are averaged. Which one does the label ask for?",
    ),
    Form(
        "other_classes_counted",
        of_logs(
            lambda logs, labels: -(at_label(logs, labels) + ((1 - one_hot(logs, labels)) * off(logs)).sum(dim=1)).mean()
        ),
        "every other class adds its own logarithm of 1 − p. This is the loss of C separate yes-or-no questions. "
        "How many classes of a sample enter this one?",
    ),
    Form(
        "squared_error",
        of_logs(lambda logs, labels: (logs.exp() - one_hot(logs, labels)).square().sum(dim=1).mean()),
        "this is the squared error of the probabilities. What does a confident mistake cost at most?",
    ),
    Form(
        "small_number_in_the_log_1e_12",
        of_probability(lambda p: -(p + 1e-12).log().mean()),
        TOO_SMALL_A_NUMBER,
    ),
    Form(
        "small_number_in_the_log_1e_10",
        of_probability(lambda p: -(p + 1e-10).log().mean()),
        TOO_SMALL_A_NUMBER,
    ),
    Form(
        "small_number_in_the_log_1e_9",
        of_probability(lambda p: -(p + 1e-9).log().mean()),
        TOO_SMALL_A_NUMBER,
    ),
    Form(
        "small_number_in_the_log_1e_8",
        of_probability(lambda p: -(p + 1e-8).log().mean()),
        TOO_SMALL_A_NUMBER,
    ),
    Form(
        "logits_overwritten",
        logits_overwritten,
        "the value is right, but `logits` is changed too. What does your caller find in it afterwards?",
    ),
)


def off(logs: Tensor) -> Tensor:
    """The logarithm of 1 − p."""
    return (1 - logs.exp()).log().clamp(min=-100)


EXERCISES = (
    Exercise(
        "cross_entropy",
        draw_logits,
        cross_entropy,
        FORMS,
        (
            "torch.nn.functional.cross_entropy",
            "torch.nn.functional.nll_loss",
            "torch.nn.CrossEntropyLoss",
            "torch.nn.NLLLoss",
            "torch.nn.functional.linear_cross_entropy",
            "torch.nn.functional.kl_div",
            "torch.nn.functional.ctc_loss",
            "torch.nn.LinearCrossEntropyLoss",
            "torch.nn.NLLLoss2d",
            "torch.nn.KLDivLoss",
            "torch.nn.CTCLoss",
            "torch.kl_div",
            "torch.ctc_loss",
            "torch.distributions",
            "torch.nn.modules",
            "torch.ops",
            "torch._C",
            "sklearn",
            "reference",
        ),
        parts=("the loss", "`logits` as your function left it"),
    ),
)
