"""What the updates of a run on one-hot samples show of the loop that made them.

Each reading is a number: 0 for the right one, others for the known wrong ones, −1 for none of them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from autograder.oracles.batch_size.epochs import patterned
from autograder.student.recorder import Unusable

CLOSE = 1e-5  # `loss` and `accuracy` may have gone through float32
EXACT = 1e-8
NONE = -1


class Run:
    """One run on the small set: what went in, what every update did, what was returned.

    Args:
        problem: `table` `[N, C]`, `shift` `[N, C]`, `labels` `[N]`, `lr`, `batch_size`, `epochs`.
        steps: before and after of every update, then `loss`, `accuracy` and the table at the end.

    Raises:
        Unusable: where the evidence has another form.
    """

    def __init__(self, problem: Any, steps: list[list[Any]]) -> None:
        self.labels, self.shift, self.epochs = problem["labels"], problem["shift"], problem["epochs"]
        shape = problem["table"].shape
        *updates, ending = steps or [[]]
        tensors = [v for step in steps for v in step]
        if not all(isinstance(v, Tensor) and v.is_floating_point() for v in tensors) or len(ending) != 3:
            raise Unusable("the run was not recorded whole; expected `loss`, `accuracy` and the parameters")
        self.losses, self.accuracies, self.end = ending
        if any(len(u) != 2 or u[0].shape != shape or u[1].shape != shape for u in updates) or self.end.shape != shape:
            raise Unusable("the parameters changed their shape; expected them to keep it")
        self.full = -(-len(self.labels) // problem["batch_size"])  # updates an epoch
        self.batch_size = problem["batch_size"]
        self.targets = one_hot(self.labels, shape[1]).to(problem["table"].dtype)
        empty = problem["table"].new_zeros(0, *shape)
        self.before = torch.stack([before for before, _ in updates]) if updates else empty
        self.after = torch.stack([after for _, after in updates]) if updates else empty
        self.gradients = (self.before - self.after) / problem["lr"]
        self.start = problem["table"]
        self.members = self.gradients.abs().amax(dim=2) > 1e-10  # [T, N]

    @property
    def per_epoch(self) -> int:
        """Updates an epoch, if all epochs have as many; else 0."""
        count = len(self.gradients)
        return count // self.epochs if count and count % self.epochs == 0 else 0

    def sets(self) -> list[list[frozenset[int]]]:
        """The batches of every epoch as sets of samples."""
        every = self.per_epoch or max(len(self.gradients), 1)
        batches = [frozenset(row.nonzero().flatten().tolist()) for row in self.members]
        return [batches[k : k + every] for k in range(0, len(batches), every)]

    def pull(self, table: Tensor) -> Tensor:
        """The cross-entropy's gradient of every sample by itself at these tables, `[…, N, C]`."""
        pull: Tensor = table.softmax(dim=-1) - self.targets
        return pull

    def loss(self, table: Tensor) -> Tensor:
        """The cross-entropy of every sample at these tables, in nats, `[…, N]`."""
        loss: Tensor = -(table.log_softmax(dim=-1) * self.targets).sum(dim=-1)
        return loss

    def right(self, table: Tensor) -> Tensor:
        """Which samples these tables get right, `[…, N]`."""
        right: Tensor = table.argmax(dim=-1) == self.labels
        return right.double()

    def mean(self, values: Tensor) -> Tensor:
        """The mean of `[T, N]` over every batch."""
        mean: Tensor = (values * self.members).sum(dim=1) / self.members.sum(dim=1)
        return mean


def reading(run: Run, again: Run, other: Run) -> list[int]:
    """The claims on the small set, in the order of `loop.CLAIMS`."""
    return [gradient(run), coverage(run), order(run), source(run, again, other), losses(run), accuracies(run)]


def gradient(run: Run) -> int:
    """1 sum; 2 divided by batch_size even where fewer; 3 other samples' labels; 4 in evaluation mode; 5 added up over
    updates; 6 one update late; 7 softmax twice; 8 none arrives; 9 no update at all."""
    g, pull = run.gradients, run.pull(run.before)
    if not len(g):
        return 9
    if not run.members.any():
        return 8
    joined = torch.cat([run.start[None], run.after])
    if not _same(joined[:-1], run.before) or not _same(joined[-1], run.end):
        return NONE  # something else than the optimizer moved the parameters
    weights = (g * pull).sum(dim=2) / pull.square().sum(dim=2)
    if _same(weights[..., None] * pull, g):
        totals, sizes = weights.sum(dim=1), run.members.sum(dim=1)
        if _same(totals, torch.ones_like(totals)):
            return 0
        if not sizes[0] and _same(totals[1:], torch.ones_like(totals[1:])):
            return 6
        if _same(weights, run.members.to(weights)):
            return 1
        if _same(totals, sizes / run.batch_size):
            return 2
        return NONE
    share = run.members[..., None] / run.members.sum(dim=1).clamp(min=1)[:, None, None]
    labels_of_others = run.before.softmax(dim=2) * share - g
    if _same(labels_of_others, share * one_hot(labels_of_others.argmax(dim=2), g.shape[2])):
        return 3
    in_evaluation = share * run.pull(run.before + run.shift)
    modes = zip(g, share * pull, in_evaluation, strict=True)
    if all(_same(step, training) or _same(step, evaluation) for step, training, evaluation in modes):
        return 4
    added = torch.diff(g, dim=0, prepend=torch.zeros_like(g[:1]))
    sizes = torch.tensor([run.batch_size, len(run.labels) % run.batch_size or run.batch_size])
    apart = (added - pull / sizes[:, None, None, None]).abs().amax(dim=3).minimum(added.abs().amax(dim=2))
    if bool((apart.amax(dim=2) < EXACT).any(dim=0).all()):  # a saturated sample may count as in or out of the batch
        return 5
    p = run.before.softmax(dim=2)
    slope = p.softmax(dim=2) - run.targets
    if _same(g, share * p * (slope - (p * slope).sum(dim=2, keepdim=True))):
        return 7
    return NONE


def coverage(run: Run) -> int:
    """1 the last batch dropped; 2 one epoch only; 3 samples more than once or never; 9 no update at all."""
    if not len(run.gradients):
        return 9
    everything = set(range(len(run.labels)))
    epochs = run.sets()

    def once(batches: list[frozenset[int]], samples: int) -> bool:
        return sum(map(len, batches)) == len(frozenset().union(*batches)) == samples

    if len(run.gradients) == run.full:
        flat = [batch for epoch in epochs for batch in epoch]
        return 2 if once(flat, len(everything)) else NONE
    if run.per_epoch == run.full:
        return 0 if all(once(epoch, len(everything)) for epoch in epochs) else 3
    if run.per_epoch == run.full - 1:
        return 1 if all(once(epoch, run.batch_size * run.per_epoch) for epoch in epochs) else NONE
    return NONE


def order(run: Run) -> int:
    """1 as the samples came; 2 the same in every epoch."""
    epochs = run.sets()
    straight = [frozenset(part.tolist()) for part in torch.split(torch.arange(len(run.labels)), run.batch_size)]
    if any(epoch == straight[: len(epoch)] for epoch in epochs if epoch):
        return 1
    if len(epochs) > 1 and any(epoch == epochs[0] for epoch in epochs[1:]):
        return 2
    return NONE if patterned(epochs) else 0


def source(run: Run, again: Run, other: Run) -> int:
    """1 the same generator gives another run; 2 another generator gives the same."""
    if run.sets() != again.sets():
        return 1
    return 2 if run.sets() == other.sets() else 0


def losses(run: Run) -> int:
    """1 after the update; 2 sum; 3 one an epoch; 4 over all samples; 5 the batch's sum divided by batch_size;
    6 the mean so far."""
    found = run.losses.double()
    before, after = run.loss(run.before), run.loss(run.after)
    mean = run.mean(before)
    total = (before * run.members).sum(dim=1)
    every = max(run.per_epoch, 1)
    so_far = [part.cumsum(0) / torch.arange(1, len(part) + 1) for part in torch.split(mean, every)]
    candidates = [mean, run.mean(after), total, _by_epoch(mean, every), before.mean(dim=1)]
    candidates += [total / run.batch_size, torch.cat([mean[:0], *so_far])]
    return _first(found, candidates)


def accuracies(run: Run) -> int:
    """1 in training mode; 2 of the last batch; 3 collected before the updates; 4 before the epoch; 5 how many, not
    which share; 6 percent; 7 one an update."""
    every, last = max(run.per_epoch, 1), slice(max(run.per_epoch, 1) - 1, None, max(run.per_epoch, 1))
    ends, begins = run.after[last], run.before[::every]
    if not len(run.gradients):
        ends = begins = run.start.expand(run.epochs, *run.start.shape)
    right = run.right(ends + run.shift).mean(dim=1)
    candidates = [[right], [run.right(ends).mean(dim=1)]]
    if len(run.gradients):
        batch = run.members[last].double()
        of_last = [(run.right(t) * batch).sum(dim=1) / batch.sum(dim=1) for t in (ends, ends + run.shift)]
        seen = (run.right(run.before) * run.members).sum(dim=1)
        counts = run.members.sum(dim=1).double()
        collected = [_by_epoch(seen, every) / _by_epoch(counts, every), _by_epoch(seen / counts, every)]
        at_each = [run.right(run.after + run.shift).mean(dim=1), run.right(run.after).mean(dim=1)]
        candidates += [of_last, collected, [run.right(begins + run.shift).mean(dim=1)]]
        candidates += [[right * len(run.labels)], [right * 100], at_each]
    for number, forms in enumerate(candidates):
        if any(_first(run.accuracies.double(), [form]) == 0 for form in forms):
            return number
    return NONE


def _by_epoch(values: Tensor, every: int) -> Tensor:
    """The mean of `[T]` over every epoch."""
    return torch.stack([part.mean() for part in torch.split(values, every)]) if len(values) else values


def _first(found: Tensor, candidates: list[Tensor]) -> int:
    for number, candidate in enumerate(candidates):
        if found.shape == candidate.shape and torch.allclose(found, candidate, rtol=CLOSE, atol=CLOSE):
            return number
    return NONE


def _same(these: Tensor, those: Tensor) -> bool:
    return these.shape == those.shape and torch.allclose(these, those.to(these), rtol=0.0, atol=EXACT)
