"""What can be read from the batches of some epochs, whoever drew them and however.

Each reading is a number: 0 for the right one, others for the known wrong ones, −1 for none of them. An epoch is a
list of batches, a batch a list of samples, counted from 0. Nothing is assumed of how a generator is used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from itertools import pairwise

Epoch = list[list[int]]
NONE = -1
BLOCKS = 3  # of `order`; so few blocks have few orders that the sizes and the source say nothing more

COVERED = "in every epoch each sample is used exactly once, the last short batch included"
SIZED = "every batch holds `batch_size` samples; only the last of an epoch takes what is left"
SHUFFLED = "the order is shuffled, and new in every epoch"
DRAWN = "the order comes from the generator: the same one gives the same order, another one another"


def coverage(epochs: list[Epoch], n: int, batch_size: int) -> int:
    """1 the short batch dropped; 2 counted from 1; 3 a sample left out between batches; 4 a sample in two neighbours;
    5 some more than once and others never; 6 the short batch filled up; 7 all samples in every batch; 8 one batch again
    and again; 9 no batch; 10 the last sample left out; 11 one batch only."""
    return _worst([_covered(epoch, n, batch_size) for epoch in epochs])


def _covered(epoch: Epoch, n: int, batch_size: int) -> int:
    used, short = [i for batch in epoch for i in batch], n % batch_size
    times = Counter(used)
    once, lengths = max(times.values(), default=0) == 1, {len(batch) for batch in epoch[:-1]}
    inside = set(times) <= set(range(n))
    if once and inside and len(used) == n:
        return 0
    if not used:
        return 9
    if once and set(times) == set(range(1, n + 1)):
        return 2
    if not inside:
        return NONE
    if len(epoch) == 1 and once and len(used) == batch_size:
        return 11
    if once and short and len(used) == n - short and lengths == {batch_size}:
        return 1
    if once and lengths == {batch_size - 1}:
        return 3
    if once and set(times) == set(range(n - 1)):
        return 10
    if len(epoch) > 1 and all(sorted(batch) == list(range(n)) for batch in epoch):
        return 7
    if len(epoch) > 1 and all(sorted(batch) == sorted(epoch[0]) for batch in epoch if len(batch) == len(epoch[0])):
        return 8
    if len(times) == n and len(epoch) > 1 and lengths == {batch_size + 1}:
        return 4
    if len(times) == n and {len(batch) for batch in epoch} == {batch_size}:
        return 6
    return 5 if len(epoch) == -(-n // batch_size) and max(lengths, default=0) <= batch_size else NONE


def sizes(epochs: list[Epoch], n: int, batch_size: int) -> int:
    """1 the short batch not last; 2 `batch_size` batches; 3 an empty batch; 4 evenly spread; 5 the rest added to the
    last full batch."""
    return _worst([_sized([len(batch) for batch in epoch], n, batch_size) for epoch in epochs])


def _sized(found: list[int], n: int, batch_size: int) -> int:
    full, rest = divmod(n, batch_size)
    expected = [batch_size] * full + [rest] * bool(rest)
    if found == expected:
        return 0
    if sorted(found) == sorted(expected):
        return 1
    if 0 in found and [size for size in found if size] == expected:
        return 3
    if len(found) == batch_size:
        return 2
    if len(found) == len(expected) and max(found) - min(found) <= 1:
        return 4
    return 5 if found == [*[batch_size] * (full - 1), batch_size + rest] else NONE


def order(epochs: list[Epoch]) -> int:
    """1 as the samples came; 2 the same in two epochs; 3 whole blocks shuffled; 4 shuffled within blocks only."""
    flat = [[i for batch in epoch for i in batch] for epoch in epochs]
    if all(used == sorted(used) for used in flat):
        return 1
    if all(_blocks(epoch) for epoch in epochs):
        return BLOCKS
    if any(used and used == sorted(used) for used in flat):
        return 1
    within = ([i for batch in epoch for i in sorted(batch)] for epoch in epochs if len(epoch) > 1)
    if any(used == sorted(used) for used in within):
        return 4
    if any(one == other for k, one in enumerate(epochs) for other in epochs[:k]):
        return 2
    return NONE if patterned([[set(batch) for batch in epoch] for epoch in epochs]) else 0


def patterned(epochs: Sequence[Sequence[Set[int]]]) -> bool:
    """Whether a simple pattern stands in for a shuffle in every epoch: batches of neighbours, the last and the first
    sample being neighbours too, or batches that are each the one before, moved on. Chance makes less than one set of
    epochs in a million so."""
    n = 1 + max((i for epoch in epochs for batch in epoch for i in batch), default=0)
    return bool(epochs) and all(_patterned(epoch, n) for epoch in epochs)


def _patterned(epoch: Sequence[Set[int]], n: int) -> bool:
    longest = max(map(len, epoch), default=0)
    full = [batch for batch in epoch if len(batch) == longest]
    if not 3 < longest < n or len(full) < 3:
        return False
    neighbours = any(len(batch & _moved(batch, 1, n)) == longest - 1 for batch in full)
    return neighbours or all(
        any(_moved(before, by, n) == after for by in range(1, n)) for before, after in pairwise(full)
    )


def _moved(batch: Set[int], by: int, n: int) -> set[int]:
    return {(i + by) % n for i in batch}


def _blocks(epoch: Epoch) -> bool:
    """Whether every batch is a piece of the data set as it came."""
    longest = max(map(len, epoch), default=0)
    return longest > 1 and all(batch == list(range(batch[0], batch[0] + len(batch))) for batch in epoch if batch)


def source(first: list[Epoch], again: list[Epoch], other: list[Epoch]) -> int:
    """1 the same generator gives another order; 2 another generator gives the same."""
    if first != again:
        return 1
    return 2 if first == other else 0


def _worst(readings: list[int]) -> int:
    """One reading for all epochs: the wrong one, if the wrong ones agree."""
    wrong = {reading for reading in readings if reading}
    return wrong.pop() if len(wrong) == 1 else NONE if wrong else 0
