"""Numbers that a rule is compiled with: what it does with numbers alone is done once a step, outside the loop."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from torch import Tensor

DIVISIONS = (Tensor.__truediv__, Tensor.div)  # which of them `/` asks for is PyTorch's own affair


def _arithmetic(operation: Callable[[Any, Any], Any]) -> tuple[Callable[[Number, Any], Any], ...]:
    """An operation with a number on its left, and with one on its right."""

    def together(left: Any, right: Any, stand_ins: StandIns) -> Any:
        if isinstance(left, Tensor) or isinstance(right, Tensor):
            return NotImplemented  # the tensor's turn, which ends in `__torch_function__`
        return Number(lambda given: operation(_value(left, given), _value(right, given)), stand_ins)

    return (
        lambda number, other: together(number, other, number.stand_ins),
        lambda number, other: together(other, number, number.stand_ins),
    )


class Number:
    """A hyper-parameter, or what a rule computes from several, whose value only comes with a step.

    Left in the compiled loop, 1 − β would be computed for every vector of parameters, in float64 and cast each time:
    a write to a parameter might, for all a C++ compiler knows, have changed β. So numbers compute apart, and where
    one meets a tensor a tensor of one number takes its place.

    Args:
        value: from the numbers that a step is given to this one.
        stand_ins: for each number that has met a tensor, what takes its place.

    Example:
        >>> import torch
        >>> stand_ins = StandIns(iter([torch.tensor(0.5)]))
        >>> beta = Number(lambda given: given[0], stand_ins)
        >>> (1 - beta) * torch.ones(2)
        tensor([0.5000, 0.5000])
        >>> [number.value([0.25]) for number in stand_ins]
        [0.75]
    """

    def __init__(self, value: Callable[[Sequence[Any]], Any], stand_ins: StandIns) -> None:
        self.value = value
        self.stand_ins = stand_ins

    @classmethod
    def __torch_function__(
        cls, function: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Whatever PyTorch is asked to do with a number and a tensor, it does with two tensors.

        Dividing by a number is multiplying by its inverse, which is computed once; a processor divides at a fraction
        of the pace at which it multiplies, and Adam would divide three times where once is enough.
        """
        if function in DIVISIONS and isinstance(args[1], Number):
            return args[0] * (1 / args[1])
        args = tuple(given.stand_ins[given] if isinstance(given, Number) else given for given in args)
        return function(*args, **(kwargs or {}))

    __add__, __radd__ = _arithmetic(operator.add)
    __sub__, __rsub__ = _arithmetic(operator.sub)
    __mul__, __rmul__ = _arithmetic(operator.mul)
    __truediv__, __rtruediv__ = _arithmetic(operator.truediv)


class StandIns(dict[Number, Tensor]):
    """For each number that has met a tensor, in the order they met, the tensor that takes its place.

    Args:
        supply: the tensors, taken one by one.
    """

    def __init__(self, supply: Iterator[Tensor]) -> None:
        super().__init__()
        self.supply = supply

    def __missing__(self, number: Number) -> Tensor:
        self[number] = next(self.supply)
        return self[number]


def _value(operand: Any, given: Sequence[Any]) -> Any:
    return operand.value(given) if isinstance(operand, Number) else operand
