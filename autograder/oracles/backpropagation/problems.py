"""Networks and samples drawn for the exercises of lesson 03."""

from __future__ import annotations

import torch
from torch import Tensor

from autograder.oracles.exercise import Draw

PARAMS = ("W1", "b1", "W2", "b2")
ACTIVATIONS = ("z1", "a1", "logits")
SIZES = {  # samples, features, hidden units, classes: the last with all of them equal, where a transposed matrix fits
    "five samples": (5, 3, 4, 2),
    "one sample": (1, 2, 3, 4),
    "three of everything": (3, 3, 3, 3),
}


def draw_params(draw: Draw, d: int, h: int, c: int) -> dict[str, Tensor]:
    """Params of a network with these sizes."""
    shapes = {"W1": (d, h), "b1": (h,), "W2": (h, c), "b2": (c,)}
    return {name: 0.7 * draw.normal(*shape) for name, shape in shapes.items()}


def draw_labels(draw: Draw, n: int, c: int) -> Tensor:
    """A class for each sample."""
    return torch.tensor([int(draw.uniform(0, c)) for _ in range(n)])


def left(names: tuple[str, ...], held: str) -> tuple[str, ...]:
    """What inputs are called where they are recorded after the call."""
    return tuple(f"`{held}[{name!r}]` as your function left it" for name in names)
