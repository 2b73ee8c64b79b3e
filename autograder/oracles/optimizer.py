"""Optimizer classes: the problem of their uses, and a class made of any step function, so that forms differ in one
thing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch

from autograder.oracles.exercise import Draw, Form

SHAPES = [(3,), (2, 3)]
STEPS = 6
NO_CLASS = ("one_buffer", "one_skipped", "step_returned", "not_moved")  # see `class_forms`


def optimizer_problem(draw: Draw, options: dict[str, Any]) -> dict[str, Any]:
    """The problem of `probes.optimizer.optimizer_uses`; `options` are passed on to the class beside `lr`."""
    return {
        "params": [draw.normal(*shape) for shape in SHAPES],
        "grads": [[draw.normal(*shape) for shape in SHAPES] for _ in range(STEPS)],
        "lrs": draw.lrs(STEPS),
        "options": options,
    }


@dataclass(frozen=True)
class Family:
    """What the classes over one kind of step function have in common.

    Attributes:
        step_function: the right one, (params, *buffers, grads, [step,] lr, *options) → (params, *buffers).
        buffers: what is remembered of each parameter, by name, in the order of the step function.
        options: the hyper-parameters after lr, in its order, with the defaults of the class.
        counted: whether the step function is told the number of the step, from 1.
    """

    step_function: Callable[..., Any]
    buffers: tuple[str, ...]
    options: dict[str, Any]
    counted: bool = False


class FromStep(torch.optim.Optimizer):
    """An optimizer class over a step function: right in every use."""

    family: Family
    step_function: Callable[..., Any]

    def __init__(self, params: Any, lr: float = 1e-3, **options: Any) -> None:
        super().__init__(params, {"lr": lr, **self.family.options, **options})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            self.update(group, [p for p in group["params"] if p.grad is not None])

    def update(self, group: dict[str, Any], params: list[Any]) -> None:
        """One group's step, a parameter at a time."""
        new = []
        for place, p in enumerate(params):
            memory = self.memory(p, place)
            lists = [[value] for value in self.recall(memory, p)]
            count = [self.count(memory, group)] if self.family.counted else []
            options = [group[name] for name in self.family.options]
            arguments = ([p], *lists, [p.grad], *count, self.learning_rate(group), *options)
            (moved,), *kept = type(self).step_function(*arguments)
            self.keep(memory, p, [values[0] for values in kept])
            new.append(moved)
        self.write(group, params, new)

    def memory(self, p: Any, place: int) -> dict[str, Any]:
        """Where this parameter's buffers are; `place` is its number in the group."""
        return self.state[p]  # type: ignore[no-any-return]

    def recall(self, memory: dict[str, Any], p: Any) -> list[Any]:
        """The parameter's buffers, zero at first."""
        return [memory.get(name, torch.zeros_like(p)) for name in self.family.buffers]

    def keep(self, memory: dict[str, Any], p: Any, values: list[Any]) -> None:
        """Store the new buffers."""
        memory.update(zip(self.family.buffers, values, strict=True))

    def count(self, memory: dict[str, Any], group: dict[str, Any]) -> int:
        """The number of this step, from 1."""
        memory["step"] = memory.get("step", 0) + 1
        return int(memory["step"])

    def learning_rate(self, group: dict[str, Any]) -> float:
        """The lr of this step."""
        return float(group["lr"])

    def write(self, group: dict[str, Any], params: list[Any], new: Iterable[Any]) -> None:
        """Move the parameters."""
        for p, value in zip(params, new, strict=True):
            p.copy_(value)


def class_forms(family: Family, steps: Iterable[Form]) -> tuple[Form, ...]:
    """The forms of an optimizer class: each wrong step as a class, then each mistake of use.

    Args:
        family: what the classes have in common.
        steps: the forms of the step function. Those that need several parameters at once are left out here, and
            "not_moved", which as a mistake of use has other words.
    """
    from autograder.oracles.uses import COUNTED_USES, USES

    wrong_steps = [
        Form(form.name, as_class(family, form.name, form.function), form.words, form.fraction)
        for form in steps
        if form.name not in NO_CLASS
    ]
    uses = {**USES, **COUNTED_USES} if family.counted else USES
    wrong_uses = [
        Form(name, as_class(family, name, family.step_function, use), words) for use, (name, words) in uses.items()
    ]
    return (*wrong_steps, *wrong_uses)


def as_class(
    family: Family, name: str, step_function: Callable[..., Any], base: type[FromStep] = FromStep
) -> type[FromStep]:
    """The optimizer class over this step function."""
    return type(name, (base,), {"family": family, "step_function": staticmethod(step_function)})
