"""What an oracle says of one exercise.

Reference, conventions and mistakes are all *forms*: functions (or classes) with the exercise's signature. The
judge runs the very probe that ran the student's function on each of them and compares what came out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Form:
    """One way to write an exercise.

    Attributes:
        name: its name in gradebook, report and tests.
        function: the form itself.
        words: the cause in a sentence, and a question that leads on; never the solution.
        fraction: what it earns; above 0 it is a convention, else a mistake.
    """

    name: str
    function: Callable[..., Any]
    words: str
    fraction: float = 0.0


@dataclass(frozen=True)
class Exercise:
    """One function or class that a student writes, and all there is to judge it by.

    Attributes:
        draw: problem from a seed: cases by name, each what the probe of this name expects.
        reference: the right answer.
        forms: conventions and known mistakes.
        does_the_work: dotted names that would do the exercise for the student; reached, they are flagged.
        half: the case that earns half the points by itself ("" for all or nothing).
    """

    name: str
    draw: Callable[[int], dict[str, Any]]
    reference: Callable[..., Any]
    forms: tuple[Form, ...]
    does_the_work: tuple[str, ...] = ()
    half: str = ""


class Draw:
    """Random numbers for problems, all float64, from one seed."""

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers."""
        return torch.randn(shape, generator=self._generator, dtype=torch.float64)

    def uniform(self, low: float, high: float) -> float:
        """One number between low and high."""
        return low + (high - low) * float(torch.rand((), generator=self._generator, dtype=torch.float64))

    def lrs(self, steps: int) -> list[float]:
        """A learning rate for each step, falling by half or more on the way."""
        first = self.uniform(0.05, 0.2)
        return [first * 0.4 ** (step // 2) for step in range(steps)]
