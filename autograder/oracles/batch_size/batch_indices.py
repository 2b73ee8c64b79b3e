"""An epoch's batches, judged by what they are, and how they go wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.oracles.batch_size import epochs as reading
from autograder.oracles.exercise import Draw, Exercise, Form, by_case
from autograder.student.evidence import Case
from autograder.student.recorder import Unusable
from reference.batches import batch_indices

SIZES = {  # name: samples, batch size, epochs
    "26 samples in batches of 6": (26, 6, 3),
    "24 samples in batches of 6": (24, 6, 2),
    "11 samples, batches of 16": (11, 16, 1),
}


def draw_sets(seed: int) -> dict[str, Any]:
    """A short last batch, none, and one batch that is never full."""
    draw = Draw(seed)
    return {
        name: {"n": n, "batch_size": size, "epochs": count, "seed": int(draw.uniform(0, 2**30))}
        for name, (n, size, count) in SIZES.items()
    }


def view(seed: int, name: str, case: Case) -> Case:
    """Every claim as one number, 0 where it holds."""
    if name not in SIZES or len(case.steps) != SIZES[name][2] + 2:
        raise Unusable("an epoch is missing")
    batches = [batch for step in case.steps for batch in step]
    if not all(isinstance(b, Tensor) and b.dtype == torch.int64 and b.dim() == 1 for b in batches):
        raise Unusable("expected every batch to be a tensor of indices, [B]")
    n, batch_size, count = SIZES[name]
    found = [[batch.tolist() for batch in step] for step in case.steps]
    covered, order = reading.coverage(found, n, batch_size), reading.order(found[:count])
    values = [
        covered,
        0 if covered or order == reading.BLOCKS else reading.sizes(found, n, batch_size),
        order,
        0 if order == reading.BLOCKS else reading.source(found[:1], found[-2:-1], found[-1:]),
    ]
    return Case([[torch.tensor(float(value))] for value in values])


def cut(make: Callable[..., Any]) -> Callable[..., list[Tensor]]:
    """A form from (order, n, batch_size) → batches, the order being right."""
    return lambda n, batch_size, generator: list(make(torch.randperm(n, generator=generator), n, batch_size))


def ordered(make: Callable[..., Tensor]) -> Callable[..., list[Tensor]]:
    """A form from (n, generator) → order, the cutting being right."""
    return lambda n, batch_size, generator: list(torch.split(make(n, generator), batch_size))


def slices(order: Tensor, n: int, batch_size: int, longer: int) -> list[Tensor]:
    return [order[i : i + batch_size + longer] for i in range(0, n, batch_size)]


def from_the_seed(n: int, generator: torch.Generator) -> Tensor:
    return torch.randperm(n, generator=torch.Generator().manual_seed(generator.initial_seed()))


def blocks_shuffled(n: int, batch_size: int, generator: torch.Generator) -> list[Tensor]:
    blocks = torch.split(torch.arange(n), batch_size)
    return [blocks[int(i)] for i in torch.randperm(len(blocks), generator=generator)]


def shuffled_within(n: int, batch_size: int, generator: torch.Generator) -> list[Tensor]:
    blocks = torch.split(torch.arange(n), batch_size)
    return [block[torch.randperm(len(block), generator=generator)] for block in blocks]


def filled_up(order: Tensor, n: int, batch_size: int) -> Any:
    return torch.split(torch.cat([order, order[: -n % batch_size]]), batch_size)


def all_in_each(order: Tensor, n: int, batch_size: int) -> list[Tensor]:
    return [order] * len(torch.split(order, batch_size))


def empty_at_the_end(order: Tensor, n: int, batch_size: int) -> list[Tensor]:
    return [order[i : i + batch_size] for i in range(0, n + 1, batch_size)]


def short_first(order: Tensor, n: int, batch_size: int) -> Any:
    rest = n % batch_size
    return [order[:rest]] * bool(rest) + list(torch.split(order[rest:], batch_size) if n > rest else [])


def rest_joined(order: Tensor, n: int, batch_size: int) -> Any:
    cuts = list(range(batch_size, n - batch_size + 1, batch_size))
    return torch.tensor_split(order, cuts)


FORMS = (
    Form(
        "unshuffled",
        ordered(lambda n, generator: torch.arange(n)),
        "the samples come in the order of the data set, in every epoch. What would a batch of 32 look like if "
        "the data were sorted by label?",
    ),
    Form(
        "batches_shuffled",
        blocks_shuffled,
        "only the order of the batches is shuffled: neighbours in the data set always share a batch. "
        "What has to be shuffled before you cut?",
    ),
    Form(
        "shuffled_within",
        shuffled_within,
        "samples are shuffled inside their batch only, so every epoch makes the same batches. "
        "Does a mean depend on the order of what it is taken over?",
    ),
    Form(
        "same_order_every_epoch",
        ordered(from_the_seed),
        "a second call with the same generator gives the same order again. Does your code make a "
        "generator of its own in every call?",
    ),
    Form(
        "seed_of_its_own",
        ordered(lambda n, generator: torch.randperm(n, generator=torch.Generator().manual_seed(0))),
        "the order is the same whatever generator comes in. Which generator does your code draw with?",
    ),
    Form(
        "generator_ignored",
        ordered(lambda n, generator: torch.randperm(n)),
        "the same generator gives another order every time. Which argument of `torch.randperm` decides what it draws?",
    ),
    Form(
        "last_batch_dropped",
        cut(lambda order, n, size: [b for b in torch.split(order, size) if len(b) == size]),
        "the last, short batch is left out. How many samples does an epoch then never show?",
    ),
    Form(
        "short_batch_filled_up",
        cut(filled_up),
        "the last batch is filled up with samples that were in the epoch already. How often is each to be used?",
    ),
    Form(
        "slice_too_short",
        cut(lambda order, n, size: slices(order, n, size, -1)),
        "every batch is one sample short, and the samples between the batches are never used. "
        "Is the end of a slice part of it?",
    ),
    Form(
        "slice_too_long",
        cut(lambda order, n, size: slices(order, n, size, 1)),
        "neighbouring batches share a sample. Is the end of a slice part of it?",
    ),
    Form(
        "last_sample_left_out",
        ordered(lambda n, generator: torch.randperm(n - 1, generator=generator)),
        "the sample with the highest index is never used. Which numbers does `torch.randperm(n)` give?",
    ),
    Form(
        "counted_from_one",
        ordered(lambda n, generator: torch.randperm(n, generator=generator) + 1),
        "the indices go from 1 to n. Which row of `x` is `x[n]`?",
    ),
    Form(
        "with_replacement",
        ordered(lambda n, generator: torch.randint(n, (n,), generator=generator)),
        "some samples come more than once in an epoch and others never. What does a permutation promise that "
        "drawing numbers does not?",
    ),
    Form(
        "number_of_batches",
        cut(lambda order, n, size: torch.tensor_split(order, size)),
        "there are `batch_size` batches, instead of batches of that size. Which of the two does your cut ask for?",
    ),
    Form(
        "evenly_spread",
        cut(lambda order, n, size: torch.tensor_split(order, -(-n // size))),
        "the samples are spread evenly over the batches. Which batch alone may differ from `batch_size`?",
    ),
    Form(
        "short_batch_first",
        cut(short_first),
        "the short batch does not come last. Where do you begin to cut?",
    ),
    Form(
        "rest_joined",
        cut(rest_joined),
        "what is left over was added to the last full batch. How many batches do 10 samples make at 4 a batch?",
    ),
    Form(
        "empty_batch",
        cut(empty_at_the_end),
        "where n is a multiple of `batch_size` the last batch is empty. What is the mean over no samples?",
    ),
    Form(
        "all_in_every_batch",
        cut(all_in_each),
        "every batch holds all samples. Which part of the order belongs to batch k?",
    ),
    Form(
        "first_batch_again",
        cut(lambda order, n, size: [order[:size] for _ in range(0, n, size)]),
        "the same batch comes again and again. Which variable should move your slice on?",
    ),
    Form(
        "first_batch_only",
        cut(lambda order, n, size: [order[:size]]),
        "only the first batch comes back. Where does your `return` stand?",
    ),
)

EXERCISE = Exercise(
    "batch_indices",
    draw_sets,
    batch_indices,
    FORMS,
    ("torch.utils.data", "sklearn", "reference"),
    view=by_case(view),
    claims=(reading.COVERED, reading.SIZED, reading.SHUFFLED, reading.DRAWN),
    steady=True,
    picture="visits",
)
