"""One rule, run three ways: tensor by tensor, `torch._foreach_*` over whole lists, or compiled into one pass.

A rule is written over lists of things that can be added, multiplied and rooted, and does not ask what they are.
`loop` hands it lists of one tensor; `foreach` lists of one `Tensors`, which stands for many; `compiled`
(in `reference.optimizers.compiled`) one flat tensor while `torch.compile` is watching.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor

Way = Literal["loop", "foreach", "compiled"]
WAYS: tuple[Way, ...] = get_args(Way)


@dataclass(frozen=True)
class Rule:
    """An update rule together with what happens to every gradient before it: turned round, weight decay added.

    Args:
        equation: from (params, *memories, grads, *numbers), lists of equal length, to (params, *memories).
        maximize: whether gradients are turned round.
        decays: whether weight_decay·θ is added to them.
    """

    equation: Callable[..., Any]
    maximize: bool
    decays: bool

    def __call__(
        self, params: list[Any], memories: list[list[Any]], grads: list[Any], numbers: list[Any]
    ) -> tuple[list[Any], list[list[Any]]]:
        """The new parameters and the new memories; the first of the numbers is the weight decay."""
        weight_decay, *rest = numbers
        if self.maximize:
            grads = [-g for g in grads]
        if self.decays:
            grads = [g + weight_decay * p for g, p in zip(grads, params, strict=True)]
        params, *memories = self.equation(params, *memories, grads, *rest)
        return params, memories


class Tensors:
    """Many tensors in the place of one: each operation goes through all of them in one `torch._foreach_*` call.

    Example:
        >>> two = Tensors([torch.tensor([1.0]), torch.tensor([2.0, 3.0])])
        >>> (0.5 * two + two**2).tensors
        [tensor([1.5000]), tensor([ 5.0000, 10.5000])]
    """

    def __init__(self, tensors: list[Tensor]) -> None:
        self.tensors = tensors

    def __add__(self, other: Any) -> Tensors:
        return Tensors(list(torch._foreach_add(self.tensors, _inside(other))))

    def __sub__(self, other: Any) -> Tensors:
        return Tensors(list(torch._foreach_sub(self.tensors, _inside(other))))

    def __mul__(self, other: Any) -> Tensors:
        return Tensors(list(torch._foreach_mul(self.tensors, _inside(other))))

    def __truediv__(self, other: Any) -> Tensors:
        return Tensors(list(torch._foreach_div(self.tensors, _inside(other))))

    def __pow__(self, exponent: float) -> Tensors:
        return Tensors(list(torch._foreach_pow(self.tensors, exponent)))

    def __neg__(self) -> Tensors:
        return Tensors(list(torch._foreach_neg(self.tensors)))

    def sqrt(self) -> Tensors:
        """The root of each."""
        return Tensors(list(torch._foreach_sqrt(self.tensors)))

    __radd__ = __add__
    __rmul__ = __mul__


def _inside(other: Any) -> Any:
    return other.tensors if isinstance(other, Tensors) else other


def loop(
    rule: Rule, params: list[Tensor], memories: list[list[Tensor]], grads: list[Tensor], numbers: list[Any]
) -> list[list[Tensor]]:
    """The rule for one tensor after the other: slowest, and every line can be stepped through.

    Args:
        rule: where a parameter goes.
        params: the parameters, changed in place; all of one dtype, on one device.
        memories: for each name that the rule remembers, a tensor for each parameter; may be changed in place.
        grads: a gradient for each parameter, left as it is.
        numbers: weight decay and hyper-parameters, as numbers or tensors of one number.

    Returns:
        The new memories.
    """
    kept: list[list[Tensor]] = [[] for _ in memories]
    for p, g, *memory in zip(params, grads, *memories, strict=True):
        (new,), memory = rule([p], [[m] for m in memory], [g], numbers)
        p.copy_(new)
        for all_of_them, (m,) in zip(kept, memory, strict=True):
            all_of_them.append(m)
    return kept


def foreach(
    rule: Rule, params: list[Tensor], memories: list[list[Tensor]], grads: list[Tensor], numbers: list[Any]
) -> list[list[Tensor]]:
    """The rule for all tensors at once, an operation at a time: few launches, but every operation is a pass of its own.

    Args and Returns: as for `loop`.
    """
    (new,), kept = rule([Tensors(params)], [[Tensors(memory)] for memory in memories], [Tensors(grads)], numbers)
    torch._foreach_copy_(params, new.tensors)
    return [memory.tensors for (memory,) in kept]


def run_in(way: Way) -> Callable[..., list[list[Tensor]]]:
    """The function that runs a rule in this way."""
    if way == "compiled":
        from reference.optimizers.compiled import compiled  # late: who reads and learns needs no compiler

        return compiled
    return {"loop": loop, "foreach": foreach}[way]
