"""Training loops that go wrong, each in one thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from autograder.oracles.exercise import Form


class Loop:
    """The right loop in parts; a wrong one replaces a part."""

    def __call__(self, model: Any, optimizer: Any, x: Any, y: Any, batch_size: int, epochs: int, generator: Any) -> Any:
        self.model, self.optimizer, self.x, self.y = model, optimizer, x, y
        self.batch_size, self.generator = batch_size, generator
        self.run: dict[str, list[Any]] = {"loss": [], "accuracy": []}
        for _ in range(epochs):
            self.epoch()
        return self.finish()

    def epoch(self) -> None:
        self.model.train()
        for batch in self.batches():
            self.run["loss"].append(self.update(self.x[batch], self.labels(batch)))
            self.batch = batch
        self.run["accuracy"].append(self.accuracy())

    def finish(self) -> Any:
        return self.run

    def batches(self) -> Iterator[Tensor]:
        yield from torch.split(torch.randperm(len(self.x), generator=self.generator), self.batch_size)

    def labels(self, batch: Tensor) -> Tensor:
        labels: Tensor = self.y[batch]
        return labels

    def update(self, x: Tensor, y: Tensor) -> float:
        self.optimizer.zero_grad()
        loss = self.loss(x, y)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return loss.item()

    def loss(self, x: Tensor, y: Tensor) -> Tensor:
        return cross_entropy(self.model(x), y)

    def accuracy(self) -> float:
        self.model.eval()
        with torch.no_grad():
            return float((self.model(self.x).argmax(dim=1) == self.y).double().mean())


class NoZeroGrad(Loop):
    def update(self, x: Tensor, y: Tensor) -> float:
        loss = self.loss(x, y)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return loss.item()


class NeverSteps(Loop):
    def update(self, x: Tensor, y: Tensor) -> float:
        loss = self.loss(x, y)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()


class ClearedBeforeStep(Loop):
    def update(self, x: Tensor, y: Tensor) -> float:
        loss = self.loss(x, y)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.zero_grad()
        self.optimizer.step()
        return loss.item()


class StepBeforeBackward(Loop):
    def update(self, x: Tensor, y: Tensor) -> float:
        self.optimizer.step()
        self.optimizer.zero_grad()
        loss = self.loss(x, y)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()


class LossAfter(Loop):
    def update(self, x: Tensor, y: Tensor) -> float:
        super().update(x, y)
        return self.loss(x, y).item()


class LossSummed(Loop):
    def loss(self, x: Tensor, y: Tensor) -> Tensor:
        return cross_entropy(self.model(x), y, reduction="sum")


class LossTimesSize(Loop):
    def update(self, x: Tensor, y: Tensor) -> float:
        return super().update(x, y) * len(x)


class DividedByBatchSize(Loop):
    def loss(self, x: Tensor, y: Tensor) -> Tensor:
        return cross_entropy(self.model(x), y, reduction="sum") / self.batch_size


class LossPerEpoch(Loop):
    def epoch(self) -> None:
        before = len(self.run["loss"])
        super().epoch()
        losses = self.run["loss"][before:]
        self.run["loss"][before:] = [sum(losses) / len(losses)]


class LossSoFar(Loop):
    def epoch(self) -> None:
        before = len(self.run["loss"])
        super().epoch()
        losses = self.run["loss"][before:]
        self.run["loss"][before:] = [sum(losses[: k + 1]) / (k + 1) for k in range(len(losses))]


class SoftmaxTwice(Loop):
    def loss(self, x: Tensor, y: Tensor) -> Tensor:
        return cross_entropy(self.model(x).softmax(dim=1), y)


class LastBatchOnly(Loop):
    def accuracy(self) -> float:
        self.model.eval()
        with torch.no_grad():
            return float((self.model(self.x[self.batch]).argmax(dim=1) == self.y[self.batch]).double().mean())


class CollectedWhileTraining(Loop):
    def epoch(self) -> None:
        self.right = 0.0
        super().epoch()

    def update(self, x: Tensor, y: Tensor) -> float:
        with torch.no_grad():
            self.right += float((self.model(x).argmax(dim=1) == y).double().sum())
        return super().update(x, y)

    def accuracy(self) -> float:
        return self.right / len(self.x)


class MeasuredBefore(Loop):
    def epoch(self) -> None:
        self.found = super().accuracy()
        super().epoch()

    def accuracy(self) -> float:
        return self.found


class TrainingMode(Loop):
    def accuracy(self) -> float:
        with torch.no_grad():
            return float((self.model(self.x).argmax(dim=1) == self.y).double().mean())


class LeftInEvaluation(Loop):
    def epoch(self) -> None:
        if self.run["accuracy"]:
            self.model.train = lambda mode=True: self.model
        super().epoch()


class HowMany(Loop):
    def accuracy(self) -> float:
        return super().accuracy() * len(self.x)


class Percent(Loop):
    def accuracy(self) -> float:
        return super().accuracy() * 100


class AccuracyPerUpdate(Loop):
    def epoch(self) -> None:
        self.model.train()
        for batch in self.batches():
            self.run["loss"].append(self.update(self.x[batch], self.labels(batch)))
            self.run["accuracy"].append(self.accuracy())
            self.model.train()


class Unshuffled(Loop):
    def batches(self) -> Iterator[Tensor]:
        yield from torch.split(torch.arange(len(self.x)), self.batch_size)


class ShuffledOnce(Loop):
    def batches(self) -> Iterator[Tensor]:
        if not self.run["accuracy"]:
            self.order = torch.randperm(len(self.x), generator=self.generator)
        yield from torch.split(self.order, self.batch_size)


class OwnRandomness(Loop):
    def batches(self) -> Iterator[Tensor]:
        yield from torch.split(torch.randperm(len(self.x), generator=fresh_randomness()), self.batch_size)


class LastDropped(Loop):
    def batches(self) -> Iterator[Tensor]:
        yield from (batch for batch in super().batches() if len(batch) == self.batch_size)


class WithReplacement(Loop):
    def batches(self) -> Iterator[Tensor]:
        for batch in super().batches():
            yield torch.randint(len(self.x), batch.shape, generator=self.generator)


class LabelsNotShuffled(Loop):
    def batches(self) -> Iterator[Tensor]:
        self.place = 0
        yield from super().batches()

    def labels(self, batch: Tensor) -> Tensor:
        start, self.place = self.place, self.place + len(batch)
        labels: Tensor = self.y[start : self.place]
        return labels


class OneEpoch(Loop):
    def epoch(self) -> None:
        if not self.run["accuracy"]:
            super().epoch()


def fresh_randomness() -> torch.Generator:
    """Another generator at every call, whatever the seed of the run."""
    generator = torch.Generator()
    generator.seed()
    return generator


def form(name: str, loop: type[Loop], words: str) -> Form:
    function: Callable[..., Any] = lambda *args: loop()(*args)  # noqa: E731  a fresh loop for every run
    return Form(name, function, words)


FORMS = (
    form(
        "gradients_never_cleared",
        NoZeroGrad,
        "every update still holds the gradients of all batches before it. `backward` adds to `.grad`: who empties it?",
    ),
    form("never_steps", NeverSteps, "`optimizer.step()` is never called. Who moves the parameters?"),
    form(
        "no_gradient_at_the_step",
        ClearedBeforeStep,
        "whenever the optimizer steps, the gradients are gone. In which order come clearing, `backward` and `step`?",
    ),
    form(
        "step_before_backward",
        StepBeforeBackward,
        "every step uses the gradient of the batch before. In which order come `backward` and `step`?",
    ),
    form(
        "loss_after_the_update",
        LossAfter,
        "the losses are measured after their updates. Which number says how the model did on a batch it had not yet "
        "learned from?",
    ),
    form(
        "loss_summed",
        LossSummed,
        "the loss is a sum over the batch, not a mean, so the step grows with the batch. Which lr would "
        "twice the batch size then need?",
    ),
    form(
        "loss_times_batch_size",
        LossTimesSize,
        "the training is right, but `loss` holds the batch's sum. How would you compare batches of unequal size?",
    ),
    form(
        "divided_by_batch_size",
        DividedByBatchSize,
        "the last, short batch is divided by `batch_size` too. How many samples does it hold?",
    ),
    form(
        "loss_per_epoch",
        LossPerEpoch,
        "`loss` holds one number an epoch. How many updates does an epoch make, and how many numbers are asked for?",
    ),
    form(
        "loss_so_far",
        LossSoFar,
        "`loss` holds the mean over the epoch so far. What does such a curve hide?",
    ),
    form(
        "softmax_twice",
        SoftmaxTwice,
        "the scores pass through softmax before the cross-entropy, which takes the softmax itself. "
        "How steep is what is left?",
    ),
    form(
        "accuracy_of_the_last_batch",
        LastBatchOnly,
        "the accuracy is that of the epoch's last batch. Over which samples is it asked for?",
    ),
    form(
        "accuracy_while_training",
        CollectedWhileTraining,
        "the accuracy is collected during the epoch, each batch judged by a model that was still changing. "
        "Which model do you hold at the end of the epoch?",
    ),
    form(
        "accuracy_before_the_epoch",
        MeasuredBefore,
        "each accuracy is the one from before its epoch. When is it to be measured?",
    ),
    form(
        "measured_in_training_mode",
        TrainingMode,
        "the accuracy is measured in training mode. What would dropout do to it?",
    ),
    form(
        "left_in_evaluation_mode",
        LeftInEvaluation,
        "from the second epoch on the model trains in evaluation mode. Who switches it back after the accuracy?",
    ),
    form("counted_not_shared", HowMany, "the accuracy is a count. Which share of the samples is it?"),
    form("percent", Percent, "the accuracy is in percent. Between which numbers does a share lie?"),
    form(
        "accuracy_per_update",
        AccuracyPerUpdate,
        "`accuracy` holds one number an update. How often is it asked for?",
    ),
    form(
        "unshuffled",
        Unshuffled,
        "the samples come in the order of the data set, in every epoch. What if it is sorted by label?",
    ),
    form(
        "shuffled_once",
        ShuffledOnce,
        "every epoch runs through the same batches. Where do you draw the order, before the epochs or in each?",
    ),
    form(
        "generator_ignored",
        OwnRandomness,
        "the same generator gives another run every time. Which argument decides what `torch.randperm` draws?",
    ),
    form(
        "last_batch_dropped",
        LastDropped,
        "the last, short batch of every epoch is left out. How many samples are never seen in an epoch?",
    ),
    form(
        "with_replacement",
        WithReplacement,
        "in an epoch some samples come more than once and others never. What does a permutation promise that "
        "drawing numbers does not?",
    ),
    form(
        "labels_not_shuffled",
        LabelsNotShuffled,
        "the samples are shuffled, their labels are not. Which label goes with the first sample of your batch?",
    ),
    form("one_epoch_only", OneEpoch, "the run ends after one epoch. Where does your `return` stand?"),
)
