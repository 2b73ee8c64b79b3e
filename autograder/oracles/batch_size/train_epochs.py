"""Descent batch by batch, judged by what its path shows, and how it goes wrong.

On one-hot samples a weight moves when its sample is used, so the path shows which samples an update used and with
what weight. On samples that share their weights it shows at which point an update measured its gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import torch
from torch import Tensor

from autograder.oracles.batch_size import epochs as reading
from autograder.oracles.exercise import Draw, Exercise, Form
from autograder.student.evidence import Case, Evidence, Trouble
from autograder.student.recorder import Unusable
from reference.batches import batch_gradient, batch_indices, train_epochs

ONE_HOT, SHARED = "18 samples with a weight each, in batches of 5", "6 samples that share 3 weights, in pairs"
AGAIN, OTHER = "the same again", "another generator"
SAMPLES, BATCH, EPOCHS = 18, 5, 3
PAIRS_OF, SHARED_EPOCHS = 6, 2
EXACT = 1e-9
NONE = -1

CLAIMS = {
    ONE_HOT: (
        "row 0 of the path is the start, and one row follows for every update",
        "every update follows the mean gradient over one batch, 2/B · Xᵀ(Xw − y), times lr",
        reading.COVERED,
        reading.SIZED,
        reading.SHUFFLED,
        reading.DRAWN,
        "`w` is left as it was",
    ),
    SHARED: ("every update measures its gradient where the update before has arrived",),
}


def draw_samples(seed: int) -> dict[str, Any]:
    """One-hot samples, far from their targets, and samples that are not."""
    draw = Draw(seed)
    first = int(draw.uniform(0, 2**30))
    w = draw.normal(SAMPLES)
    far = (2 + draw.normal(SAMPLES).abs()) * draw.normal(SAMPLES).sign()
    return {
        ONE_HOT: {
            "w": w,
            "x": torch.eye(SAMPLES, dtype=w.dtype),
            "y": w + far,
            "lr": 0.3,
            "batch_size": BATCH,
            "epochs": EPOCHS,
            "runs": {"": first, AGAIN: first, OTHER: first + 1},
        },
        SHARED: {
            "w": draw.normal(3),
            "x": draw.normal(PAIRS_OF, 3),
            "y": draw.normal(PAIRS_OF),
            "lr": 0.05,
            "batch_size": 2,
            "epochs": SHARED_EPOCHS,
            "runs": {"": first},
        },
    }


def view(seed: int, evidence: Evidence) -> Evidence:
    """Every claim as one number: 0 where it holds, else which way it fails."""
    if "call" in evidence.cases:  # nothing could be run at all
        return evidence
    cases = {}
    for name, runs in {ONE_HOT: (ONE_HOT, AGAIN, OTHER), SHARED: (SHARED,)}.items():
        problem = draw_samples(seed)[name]
        try:
            paths = [path_of(evidence.cases.get(run), problem) for run in runs]
            values = one_hot(problem, *paths) if name == ONE_HOT else [where_measured(problem, paths[0])]
            cases[name] = Case([[torch.tensor(float(value))] for value in values])
        except Unusable as error:
            trouble = next((c.trouble for run in runs if (c := evidence.cases.get(run)) and c.trouble), None)
            cases[name] = Case(trouble=trouble or Trouble("unusable", str(error), 1))
    return Evidence(evidence.exercise, cases, evidence.printed)


class Path:
    """One run: its rows, and `w` as it was left.

    Attributes:
        kind: 1 the start missing; 2 all rows the same; 3 one row an epoch; 4 that and no start; 5 an update missing in
            every epoch; 6 one epoch only; 7 the last update missing; 8 another start; 0 as it should be.
    """

    def __init__(self, problem: Any, rows: Tensor, left: Tensor) -> None:
        self.problem, self.left, self.rows = problem, left, rows
        n, size, epochs = len(problem["y"]), problem["batch_size"], problem["epochs"]
        full = -(-n // size)
        counts = {full * epochs: 7, epochs + 1: 3, (full - 1) * epochs + 1: 5, full + 1: 6, full * epochs + 1: 0}
        starts = len(rows) > 0 and torch.equal(rows[0], problem["w"])
        self.kind = counts.get(len(rows), NONE)
        if len(rows) > 1 and bool((rows == rows[0]).all()):
            self.kind = 2
        elif self.kind == 3 and bool((self.members.sum(dim=1) <= size).all()):
            self.kind = 0  # so few moved at a time: an epoch ended after a batch
        elif not starts:
            self.kind = {full * epochs: 1, epochs: 4, full * epochs + 1: 8}.get(len(rows), NONE)
        self.rows = torch.cat([problem["w"][None], rows]) if self.kind == 1 else rows
        updates = len(self.rows) - 1
        self.per_epoch = full if self.kind in (1, 6, 7) else max(updates // epochs, 1)
        self.readable = self.kind in (0, 1, 5, 6, 7) or (
            self.kind == NONE and starts and updates % epochs == 0 < updates
        )

    @property
    def weights(self) -> Tensor:
        """The weight of every one-hot sample in every update, `[T, N]`: lr times it times 2(w − y) is the move."""
        before, moved = self.rows[:-1], self.rows[:-1] - self.rows[1:]
        weights: Tensor = moved / (2 * self.problem["lr"] * (before - self.problem["y"]))
        return weights

    @property
    def members(self) -> Tensor:
        """Which one-hot samples were used in every update, `[T, N]`."""
        members: Tensor = (self.rows[:-1] - self.rows[1:]).abs() > 1e-12
        return members

    def epochs(self) -> list[reading.Epoch]:
        """The batches of every epoch, a sample as often as its weight says."""
        batches = []
        for used, weights in zip(self.members, self.weights, strict=True):
            samples = used.nonzero().flatten()
            times = weights[samples] / weights[samples].abs().min() if len(samples) else weights[:0]
            whole = bool(
                ((times - times.round()).abs() < 1e-6).all() and (times.abs() <= self.problem["batch_size"]).all()
            )
            batches.append(
                samples.repeat_interleave(times.abs().round().long() if whole else torch.ones_like(samples)).tolist()
            )
        return [batches[k : k + self.per_epoch] for k in range(0, len(batches), self.per_epoch)]


def path_of(case: Case | None, problem: Any) -> Path:
    """The path in the evidence of a run.

    Raises:
        Unusable: if there is none, or of another shape.
    """
    values = [value for step in case.steps for value in step] if case and not case.trouble else []
    if len(values) != 2 or not all(isinstance(v, Tensor) and v.is_floating_point() for v in values):
        raise Unusable("a run is missing; expected a path of numbers, [updates + 1, d]")
    path, left = values
    if path.dtype != problem["w"].dtype:
        raise Unusable(f"the path holds numbers of {path.dtype}; expected {problem['w'].dtype}, as the inputs have")
    if path.dim() != 2 or path.shape[1:] != problem["w"].shape or left.shape != problem["w"].shape:
        raise Unusable(f"the path has shape {list(path.shape)}; expected [updates + 1, {len(problem['w'])}]")
    return Path(problem, path, left)


def one_hot(problem: Any, run: Path, again: Path, other: Path) -> list[int]:
    """The claims on the one-hot samples; where the rows cannot be told apart, only the first and the last."""
    moved = int(not torch.equal(run.left, problem["w"]))
    if not (run.readable and again.readable and other.readable):
        return [run.kind or NONE, 0, 0, 0, 0, 0, moved]
    found, n, size = run.epochs(), len(problem["y"]), problem["batch_size"]
    covered, order = reading.coverage(found, n, size), reading.order(found)
    blocks = order == reading.BLOCKS
    return [
        run.kind if run.kind in (0, 1, 6, 7) else 0,
        how_far(run),
        0 if run.kind == 7 else covered,
        0 if covered or blocks else reading.sizes(found, n, size),
        order,
        0 if blocks else reading.source(found, again.epochs(), other.epochs()),
        moved,
    ]


def how_far(run: Path) -> int:
    """1 summed; 2 short batches divided by `batch_size`; 3 other samples' targets; 4 half as far; 5 uphill; 6 no lr;
    7 divided by the number of all samples; 9 nowhere."""
    if not run.members.any():
        return 9
    size, lr, y = run.problem["batch_size"], run.problem["lr"], run.problem["y"]
    totals, counts = run.weights.sum(dim=1), run.members.sum(dim=1).double()
    known = {
        0: torch.ones_like(counts),
        1: counts,
        2: counts / size,
        4: torch.ones_like(counts) / 2,
        5: -torch.ones_like(counts),
        6: torch.ones_like(counts) / lr,
        7: counts / len(y),
    }
    for number, expected in known.items():
        if torch.allclose(totals, expected, rtol=EXACT, atol=EXACT):
            return number
    before, moved = run.rows[:-1], run.rows[:-1] - run.rows[1:]
    targets = (before - moved * counts[:, None] / (2 * lr))[run.members]
    return 3 if bool(((targets[:, None] - y).abs().amin(dim=1) < 1e-8).all()) else NONE


def where_measured(problem: Any, run: Path) -> int:
    """1 at the start of its epoch; 2 at the start of the run."""
    if not run.readable or not bool(run.rows.isfinite().all()):
        return 0  # what is wrong with the rows, the other case says
    rows, lr = run.rows, problem["lr"]
    moves = (rows[:-1] - rows[1:]) / lr

    def fits(places: Tensor) -> bool:
        return all(
            any(torch.allclose(move, g, rtol=EXACT, atol=EXACT) for g in gradients(problem, place))
            for move, place in zip(moves, places, strict=True)
        )

    starts = rows[torch.arange(len(moves)) // run.per_epoch * run.per_epoch]
    if fits(starts) and not fits(rows[:-1]):
        return 1
    return 2 if fits(rows[:1].expand(len(moves), -1)) else 0


def gradients(problem: Any, place: Tensor) -> Iterator[Tensor]:
    """The gradient at a place over every pair of samples."""
    for pair in combinations(range(PAIRS_OF), 2):
        yield batch_gradient(place, problem["x"], problem["y"], torch.tensor(pair))


class Loop:
    """The right loop in parts; a wrong one replaces a part."""

    def __call__(self, w: Any, x: Any, y: Any, lr: float, batch_size: int, epochs: int, generator: Any) -> Any:
        self.w, self.x, self.y, self.lr, self.batch_size = w, x, y, lr, batch_size
        self.start, self.generator, self.path = w.clone(), generator, [w.clone()]
        for number in range(epochs):
            self.epoch(number)
        return torch.stack(self.rows())

    def epoch(self, number: int) -> None:
        self.begun = self.path[-1]
        for k, batch in enumerate(self.batches()):
            self.path.append(self.path[-1] - self.step(batch, k))

    def rows(self) -> list[Tensor]:
        return self.path

    def batches(self) -> list[Tensor]:
        return batch_indices(len(self.y), self.batch_size, self.generator)

    def step(self, batch: Tensor, k: int) -> Tensor:
        return self.lr * batch_gradient(self.path[-1], self.x, self.y, batch)


class StartMissing(Loop):
    def rows(self) -> list[Tensor]:
        return self.path[1:]


class LastMissing(Loop):
    def rows(self) -> list[Tensor]:
        return self.path[:-1]


class RowsTheSame(Loop):
    def rows(self) -> list[Tensor]:
        return [self.path[-1]] * len(self.path)


class StartOverwritten(Loop):
    def rows(self) -> list[Tensor]:
        self.w.copy_(self.path[-1])
        return self.path


class RowsAndStart(StartOverwritten):
    def rows(self) -> list[Tensor]:
        super().rows()
        return [self.path[-1]] * len(self.path)


class RowPerEpoch(Loop):
    def epoch(self, number: int) -> None:
        before = len(self.path)
        super().epoch(number)
        del self.path[before:-1]


class RowPerEpochNoStart(RowPerEpoch):
    def rows(self) -> list[Tensor]:
        return self.path[1:]


class OneEpoch(Loop):
    def epoch(self, number: int) -> None:
        if number == 0:
            super().epoch(number)


class EpochsStart(Loop):
    def step(self, batch: Tensor, k: int) -> Tensor:
        return self.lr * batch_gradient(self.begun, self.x, self.y, batch)


class Start(Loop):
    def step(self, batch: Tensor, k: int) -> Tensor:
        return self.lr * batch_gradient(self.start, self.x, self.y, batch)


class Uphill(Loop):
    def step(self, batch: Tensor, k: int) -> Tensor:
        return -super().step(batch, k)


class NoRate(Loop):
    def step(self, batch: Tensor, k: int) -> Tensor:
        return super().step(batch, k) / self.lr


class Summed(Loop):
    def step(self, batch: Tensor, k: int) -> Tensor:
        return super().step(batch, k) * len(batch)


class DividedByBatchSize(Loop):
    def step(self, batch: Tensor, k: int) -> Tensor:
        return super().step(batch, k) * len(batch) / self.batch_size


class DividedByAll(Loop):
    def step(self, batch: Tensor, k: int) -> Tensor:
        return super().step(batch, k) * len(batch) / len(self.y)


class Half(Loop):
    def step(self, batch: Tensor, k: int) -> Tensor:
        return super().step(batch, k) / 2


class WholeData(Loop):
    def step(self, batch: Tensor, k: int) -> Tensor:
        return super().step(torch.arange(len(self.y)), k)


class TargetsNotShuffled(Loop):
    def step(self, batch: Tensor, k: int) -> Tensor:
        first = k * self.batch_size
        rows, targets = self.x[batch], self.y[first : first + len(batch)]
        step: Tensor = self.lr * 2 / len(batch) * rows.T @ (rows @ self.path[-1] - targets)
        return step


class Unshuffled(Loop):
    def batches(self) -> list[Tensor]:
        return list(torch.split(torch.arange(len(self.y)), self.batch_size))


class ShuffledOnce(Loop):
    def batches(self) -> list[Tensor]:
        if len(self.path) == 1:
            self.drawn = super().batches()
        return self.drawn


class BatchesShuffled(Loop):
    def batches(self) -> list[Tensor]:
        blocks = torch.split(torch.arange(len(self.y)), self.batch_size)
        return [blocks[int(i)] for i in torch.randperm(len(blocks), generator=self.generator)]


class OwnRandomness(Loop):
    def batches(self) -> list[Tensor]:
        fresh = torch.Generator()
        fresh.seed()
        return batch_indices(len(self.y), self.batch_size, fresh)


class OwnSeed(Loop):
    def epoch(self, number: int) -> None:
        if number == 0:
            self.generator = torch.Generator().manual_seed(0)
        super().epoch(number)


class LastDropped(Loop):
    def batches(self) -> list[Tensor]:
        return [batch for batch in super().batches() if len(batch) == self.batch_size]


class WithReplacement(Loop):
    def batches(self) -> list[Tensor]:
        n = len(self.y)
        return list(torch.split(torch.randint(n, (n,), generator=self.generator), self.batch_size))


class TooShort(Loop):
    def batches(self) -> list[Tensor]:
        return [batch[: self.batch_size - 1] for batch in super().batches()]


class TooLong(Loop):
    def batches(self) -> list[Tensor]:
        order = torch.cat(super().batches())
        return [order[i : i + self.batch_size + 1] for i in range(0, len(order), self.batch_size)]


class FirstBatchAgain(Loop):
    def batches(self) -> list[Tensor]:
        drawn = super().batches()
        return [drawn[0]] * len(drawn)


class FirstBatchOnly(Loop):
    def batches(self) -> list[Tensor]:
        return super().batches()[:1]


def form(name: str, loop: type[Loop], words: str) -> Form:
    function: Callable[..., Any] = lambda *arguments: loop()(*arguments)  # noqa: E731  a fresh loop for every run
    return Form(name, function, words)


FORMS = (
    form("start_missing", StartMissing, "the start is missing from the path. How many points do k updates visit?"),
    form("last_missing", LastMissing, "the last point is missing from the path. How many points do k updates visit?"),
    form(
        "every_row_the_same",
        RowsTheSame,
        "every row of the path is the same point, the last one: the list holds one tensor many times. "
        "What would a `clone()` change?",
    ),
    form(
        "every_row_the_same_and_start",
        RowsAndStart,
        "every row of the path is the same tensor, and it is `w` itself. What would a `clone()` change?",
    ),
    form(
        "start_overwritten",
        StartOverwritten,
        "the path is right, but `w` was moved along it. What does your caller find in it afterwards?",
    ),
    form(
        "row_per_epoch",
        RowPerEpoch,
        "the path has one row an epoch. How many updates does an epoch make, and after which do you look?",
    ),
    form(
        "row_per_epoch_no_start",
        RowPerEpochNoStart,
        "the path has one row an epoch, and no start. After what is a row asked for?",
    ),
    form("one_epoch_only", OneEpoch, "the run ends after one epoch. Where does your `return` stand?"),
    form(
        "gradient_at_the_epochs_start",
        EpochsStart,
        "all updates of an epoch use gradients from where the epoch began. Where do you stand after the first of them?",
    ),
    form(
        "gradient_at_the_start",
        Start,
        "all updates use gradients from where the run began. Where do you stand after the first of them?",
    ),
    form("uphill", Uphill, "the path climbs. Which way does a gradient point?"),
    form("no_lr", NoRate, "lr is never used. How long is your step when lr is 0?"),
    form(
        "sum_for_mean",
        Summed,
        "the gradients are summed over the batch, so a step grows with it. Which lr would twice the batch size need?",
    ),
    form(
        "divided_by_batch_size",
        DividedByBatchSize,
        "the last, short batch is divided by `batch_size` too. How many samples does it hold?",
    ),
    form(
        "divided_by_all",
        DividedByAll,
        "the sum over a batch is divided by the number of all samples. How many samples does it go over?",
    ),
    form(
        "two_forgotten",
        Half,
        "every step is half as long as it should be. What does the square leave behind when you differentiate it?",
    ),
    form(
        "whole_data",
        WholeData,
        "every update uses all samples: an epoch is several steps of full-batch descent. "
        "Which samples is a step to see?",
    ),
    form(
        "targets_not_shuffled",
        TargetsNotShuffled,
        "the samples are shuffled, their targets are not. Which target goes with the first sample of your batch?",
    ),
    form(
        "unshuffled",
        Unshuffled,
        "the samples come in the order of the data set, in every epoch. What if it is sorted by target?",
    ),
    form(
        "shuffled_once",
        ShuffledOnce,
        "every epoch runs through the same batches. Where do you draw the order, before the epochs or in each?",
    ),
    form(
        "batches_shuffled",
        BatchesShuffled,
        "only the order of the batches is shuffled: neighbours in the data set always share one. "
        "What has to be shuffled before you cut?",
    ),
    form(
        "generator_ignored",
        OwnRandomness,
        "the same generator gives another run every time. Which argument decides what `torch.randperm` draws?",
    ),
    form(
        "seed_of_its_own",
        OwnSeed,
        "the run is the same whatever generator comes in. Which generator does your code draw with?",
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
        "slice_too_short",
        TooShort,
        "every batch is one sample short, and the samples between the batches are never used. "
        "Is the end of a slice part of it?",
    ),
    form(
        "slice_too_long",
        TooLong,
        "neighbouring batches share a sample. Is the end of a slice part of it?",
    ),
    form(
        "first_batch_again",
        FirstBatchAgain,
        "in an epoch the same batch comes again and again. Which batch does your update use?",
    ),
    form(
        "first_batch_only",
        FirstBatchOnly,
        "an epoch ends after its first batch. How many batches does it take to see every sample?",
    ),
)

EXERCISE = Exercise(
    "train_epochs",
    draw_samples,
    train_epochs,
    FORMS,
    ("torch.optim", "torch.utils.data", "sklearn", "reference"),
    view=view,
    claims=CLAIMS,
    steady=True,
    picture="visits",
)
