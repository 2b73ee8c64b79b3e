"""`loss_grid`: the heights of a loss over two parameters, and how they go wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.oracles.exercise import Draw, Exercise, Form
from reference.losses import loss_grid


def draw_grids(seed: int) -> dict[str, Any]:
    """Grids of unequal sides, of equal sides, and of one row; the values are not evenly spaced."""
    draw = Draw(seed)
    cases = {}
    for name, a, b in (("three by four", 3, 4), ("three by three", 3, 3), ("one by three", 1, 3)):
        cases[name] = {
            "loss": "a·w₀² + b·w₁ + c·w₀·w₁",
            "a": draw.uniform(0.5, 1.5),
            "b": draw.uniform(0.5, 1.5),
            "c": draw.uniform(0.5, 1.5),
            "first": draw.uniform(0.5, 1.0) + draw.normal(a).abs().cumsum(0),
            "second": draw.uniform(-2.0, -1.5) + draw.normal(b).abs().cumsum(0),
        }
    return cases


def every_row_the_same(loss: Any, first: Tensor, second: Tensor) -> Tensor:
    grid = [[torch.zeros(())] * len(second)] * len(first)
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            grid[i][j] = loss(torch.stack([a, b]))
    return torch.stack([torch.stack(row) for row in grid])


def last_ones_left_out(loss: Any, first: Tensor, second: Tensor) -> Tensor:
    grid = first.new_zeros(len(first), len(second))
    for i in range(len(first) - 1):
        for j in range(len(second) - 1):
            grid[i, j] = loss(torch.stack([first[i], second[j]]))
    return grid


def first_ones_left_out(loss: Any, first: Tensor, second: Tensor) -> Tensor:
    grid = first.new_zeros(len(first), len(second))
    for i in range(1, len(first)):
        for j in range(1, len(second)):
            grid[i, j] = loss(torch.stack([first[i], second[j]]))
    return grid


def pairs_only(loss: Any, first: Tensor, second: Tensor) -> Tensor:
    return torch.stack([loss(torch.stack([a, b])) for a, b in zip(first, second, strict=False)])


def evenly_spaced(loss: Any, first: Tensor, second: Tensor) -> Tensor:
    ends = [torch.linspace(float(v[0]), float(v[-1]), len(v), dtype=v.dtype) for v in (first, second)]
    return loss_grid(loss, *ends)


def from_positions(change: Callable[[int, int, Tensor, Tensor], tuple[Any, Any]]) -> Callable[..., Tensor]:
    """A grid whose w at (i, j) is made by `change(i, j, first, second)`."""

    def form(loss: Any, first: Tensor, second: Tensor) -> Tensor:
        grid = first.new_zeros(len(first), len(second))
        for i in range(len(first)):
            for j in range(len(second)):
                grid[i, j] = loss(torch.stack([torch.as_tensor(v).to(first) for v in change(i, j, first, second)]))
        return grid

    return form


FORMS = (
    Form(
        "transposed",
        lambda loss, first, second: loss_grid(loss, first, second).T,
        "rows and columns are swapped. Which of the two parameters counts the rows?",
    ),
    Form(
        "parameters_swapped",
        from_positions(lambda i, j, first, second: (second[j], first[i])),
        "the loss is asked for w = [second, first]. Which parameter stands first in w?",
    ),
    Form(
        "transposed_and_swapped",
        lambda loss, first, second: loss_grid(loss, second, first),
        "both the grid and the parameters in w are swapped: this is the landscape with the two lists exchanged. "
        "What does row 0 hold?",
    ),
    Form(
        "pairs_only",
        pairs_only,
        "the values are taken in pairs, first with first and second with second. How many points has a grid of A "
        "rows and B columns?",
    ),
    Form(
        "flat",
        lambda loss, first, second: loss_grid(loss, first, second).flatten(),
        "all values are there, in one long row. Which shape has a table of A rows and B columns?",
    ),
    Form(
        "every_row_the_same",
        every_row_the_same,
        "every row is the last one: the outer list holds one and the same row many times. What does `[row] * 3` copy?",
    ),
    Form(
        "last_ones_left_out",
        last_ones_left_out,
        "the last row and the last column stay at 0. Where does your loop end?",
    ),
    Form(
        "first_ones_left_out",
        first_ones_left_out,
        "the first row and the first column stay at 0. Which is the first index of a tensor?",
    ),
    Form(
        "positions_for_values",
        from_positions(lambda i, j, first, second: (i, j)),
        "the loss is asked at the positions 0, 1, 2, … instead of at the values that stand there. "
        "What do your loop variables run over?",
    ),
    Form(
        "second_follows_first",
        from_positions(lambda i, j, first, second: (first[i], second[i])),
        "all of a row is the same number: the second parameter moves with the row. Which index belongs to the columns?",
    ),
    Form(
        "second_never_moves",
        from_positions(lambda i, j, first, second: (first[i], second[0])),
        "the second parameter keeps its first value. Which index belongs to the columns?",
    ),
    Form(
        "first_never_moves",
        from_positions(lambda i, j, first, second: (first[0], second[j])),
        "the first parameter keeps its first value. Which index belongs to the rows?",
    ),
    Form(
        "evenly_spaced",
        evenly_spaced,
        "the values between the ends are spread evenly instead of taken from the lists. What is `first[1]`?",
    ),
    Form(
        "upside_down",
        lambda loss, first, second: loss_grid(loss, first, second).flip(0),
        "the rows stand in reverse order, as for a picture. Which value of the first parameter has row 0?",
    ),
    Form(
        "lowest_only",
        lambda loss, first, second: loss_grid(loss, first, second).min(),
        "this is the lowest loss of the grid. Where are all the others?",
    ),
)
EXERCISES = (Exercise("loss_grid", draw_grids, loss_grid, FORMS, ("reference",), parts=("the grid",)),)
