"""Wrong ways to write `Value`: a class in the usual style, with one thing about it changed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autograder.oracles.exercise import Form

Slopes = Callable[[Any], tuple[float, ...]]


class Usual:
    """`Value` as courses write it: each operation keeps its inputs and their slopes, `backward` walks over all."""

    def __init__(self, data: float, inputs: tuple[Any, ...] = (), slopes: tuple[float, ...] = ()) -> None:
        self.data = data
        self.grad: Any = 0.0
        self.inputs, self.slopes = inputs, slopes

    def wrapped(self, other: Any) -> Any:
        return other if isinstance(other, Usual) else type(self)(other)

    def __add__(self, other: Any) -> Any:
        other = self.wrapped(other)
        return type(self)(self.data + other.data, (self, other), self.slopes_of_sum(other))

    def __mul__(self, other: Any) -> Any:
        other = self.wrapped(other)
        return type(self)(self.data * other.data, (self, other), self.slopes_of_product(other))

    def __radd__(self, other: Any) -> Any:
        return self + other

    def __rmul__(self, other: Any) -> Any:
        return self * other

    def tanh(self) -> Any:
        t = math.tanh(self.data)
        return type(self)(t, (self,), (self.slope_of_tanh(t),))

    def slopes_of_sum(self, other: Any) -> tuple[float, float]:
        return 1.0, 1.0

    def slopes_of_product(self, other: Any) -> tuple[float, float]:
        return other.data, self.data

    def slope_of_tanh(self, t: float) -> float:
        return 1 - t * t

    def order(self) -> list[Any]:
        return inputs_first(self)[::-1]

    def begin(self) -> None:
        self.grad = 1.0

    def hand_on(self, source: Any, slope: float) -> None:
        source.grad += slope * self.grad

    def backward(self) -> None:
        self.begin()
        for value in self.order():
            for source, slope in zip(value.inputs, value.slopes, strict=True):
                value.hand_on(source, slope)


def inputs_first(result: Any) -> list[Any]:
    """All values behind a result and itself, each after its inputs."""
    found: list[Any] = []
    seen: set[int] = set()

    def visit(value: Any) -> None:
        if id(value) not in seen:
            seen.add(id(value))
            for source in value.inputs:
                visit(source)
            found.append(value)

    visit(result)
    return found


def depth_first(result: Any) -> list[Any]:
    """Each value as soon as it is met, before what else was made from it."""
    found: list[Any] = []

    def visit(value: Any) -> None:
        if not any(value is other for other in found):
            found.append(value)
            for source in value.inputs:
                visit(source)

    visit(result)
    return found


def breadth_first(result: Any) -> list[Any]:
    """Level by level from the result, each value at its first level."""
    found = [result]
    for value in found:
        found += [s for s in dict.fromkeys(value.inputs) if not any(s is other for other in found)]
    return found


def by_number(result: Any) -> list[Any]:
    """Values told apart by their numbers alone."""
    found: list[Any] = []
    seen: set[float] = set()

    def visit(value: Any) -> None:
        if value.data not in seen:
            seen.add(value.data)
            for source in value.inputs:
                visit(source)
            found.append(value)

    visit(result)
    return found[::-1]


def changed(**methods: Any) -> type:
    """`Usual` with some methods replaced; None takes one away."""
    return type(
        "Value", (Usual,), {name: (lambda *_: NotImplemented) if m is None else m for name, m in methods.items()}
    )


def overwrite(self: Any, source: Any, slope: float) -> None:
    source.grad = slope * self.grad


def local_slope_only(self: Any, source: Any, slope: float) -> None:
    source.grad += slope


def upstream_only(self: Any, source: Any, slope: float) -> None:
    source.grad += self.grad


def added_slope(self: Any, source: Any, slope: float) -> None:
    source.grad += slope + self.grad


def left_alone(self: Any) -> None:
    """`backward` that doesn't begin anywhere."""


def begin_from_data(self: Any) -> None:
    self.grad = self.data


def cleared(self: Any) -> None:
    for value in inputs_first(self):
        value.grad = 0.0
    Usual.backward(self)


def again_for_every_way(self: Any) -> None:
    def visit(value: Any) -> None:
        for source, slope in zip(value.inputs, value.slopes, strict=True):
            source.grad += slope * value.grad
            visit(source)

    self.grad = 1.0
    visit(self)


def overwritten_on_every_way(self: Any, slope: float = 1.0) -> None:
    self.grad = slope
    for source, own in zip(self.inputs, self.slopes, strict=True):
        overwritten_on_every_way(source, slope * own)


def each_input_once(self: Any) -> None:
    self.begin()
    for value in self.order():
        for source, slope in dict(zip(value.inputs, value.slopes, strict=True)).items():
            source.grad += slope * value.grad


def without_floats(self: Any, other: Any) -> Any:
    return other


VALUE_FORMS = (
    Form(
        "grad_overwritten",
        changed(hand_on=overwrite),
        "a value that is used twice keeps only one of its two shares: `.grad` is overwritten. Along how many ways does "
        "such a value reach the result?",
    ),
    Form(
        "grad_overwritten_on_every_way",
        changed(backward=overwritten_on_every_way),
        "a value that is reached on two ways keeps only the share of the last one: `.grad` is overwritten. What "
        "happens to the first?",
    ),
    Form(
        "same_input_counted_once",
        changed(backward=each_input_once),
        "in `a + a` and `a * a` the value counts once, as in a set. How often does it enter the operation?",
    ),
    Form(
        "depth_first",
        changed(order=depth_first),
        "a value hands its gradient on before all made from it has added its share. When is a `.grad` complete?",
    ),
    Form(
        "breadth_first",
        changed(order=breadth_first),
        "the values are visited level by level from the result; one that is used early and late is reached too soon. "
        "When is a `.grad` complete?",
    ),
    Form(
        "again_for_every_way",
        changed(backward=again_for_every_way),
        "a value that is reached on two ways hands its whole `.grad` on twice, the first share as well. How often "
        "should each value hand on, and when?",
    ),
    Form(
        "inputs_before_results",
        changed(order=lambda self: inputs_first(self)),
        "only the last operation's inputs get a gradient: the walk ends there, or begins at the leaves, where none has "
        "arrived yet. Which value knows its gradient first, and which next?",
    ),
    Form(
        "told_apart_by_number",
        changed(order=by_number),
        "two values with the same number are taken for one. What makes two values the same?",
    ),
    Form(
        "begins_at_zero",
        changed(begin=left_alone),
        "every gradient is 0. What is the slope of the result along itself?",
    ),
    Form(
        "begins_with_the_data",
        changed(begin=begin_from_data),
        "the walk begins with the result's own number. What is the slope of the result along itself?",
    ),
    Form(
        "grad_cleared",
        changed(backward=cleared),
        "`backward` clears what earlier calls have added. What is the gradient of the sum of two losses?",
    ),
    Form(
        "local_slope_only",
        changed(hand_on=local_slope_only),
        "each operation adds its own slope and forgets the one that arrives. What does the chain rule multiply?",
    ),
    Form(
        "arriving_slope_only",
        changed(hand_on=upstream_only),
        "the arriving gradient is passed on as it is, through products and tanh. What does the chain rule multiply?",
    ),
    Form(
        "slopes_added",
        changed(hand_on=added_slope),
        "the arriving gradient and the operation's slope are added. What does the chain rule do with them?",
    ),
    Form(
        "product_slopes_swapped",
        changed(slopes_of_product=lambda self, other: (self.data, other.data)),
        "in a product each factor gets its own number as its slope. What is the slope of a · b along a?",
    ),
    Form(
        "product_slopes_one",
        changed(slopes_of_product=lambda self, other: (1.0, 1.0)),
        "a product passes the gradient on as a sum does. What is the slope of a · b along a?",
    ),
    Form(
        "product_right_forgotten",
        changed(slopes_of_product=lambda self, other: (other.data, 0.0)),
        "the right factor of a product gets no gradient. Along which of the two does a product change?",
    ),
    Form(
        "sum_right_forgotten",
        changed(slopes_of_sum=lambda self, other: (1.0, 0.0)),
        "the right term of a sum gets no gradient. Along which of the two does a sum change?",
    ),
    Form(
        "sum_slopes_are_data",
        changed(slopes_of_sum=lambda self, other: (self.data, other.data)),
        "a sum hands on its terms' numbers as slopes. By how much does a + b grow when a grows by 1?",
    ),
    Form(
        "tanh_slope_left_out",
        changed(slope_of_tanh=lambda self, t: 1.0),
        "tanh passes the gradient on unchanged. How steep is tanh where it has nearly reached 1?",
    ),
    Form(
        "tanh_slope_of_the_input",
        changed(slope_of_tanh=lambda self, t: 1 - self.data**2),
        "the slope of tanh is taken as 1 − x². Of what is the square in its derivative?",
    ),
    Form(
        "tanh_slope_not_squared",
        changed(slope_of_tanh=lambda self, t: 1 - t),
        "the slope of tanh lacks its square. Is the slope the same at x and at −x?",
    ),
    Form(
        "tanh_twice",
        changed(slope_of_tanh=lambda self, t: 1 - math.tanh(t) ** 2),
        "tanh is applied twice in its slope. Which number does 1 − tanh² square?",
    ),
    Form(
        "tanh_value_for_slope",
        changed(slope_of_tanh=lambda self, t: t),
        "tanh hands on its value in place of its slope. How steep is tanh at 0?",
    ),
    Form(
        "logistic_slope",
        changed(slope_of_tanh=lambda self, t: t * (1 - t)),
        "t(1 − t) is the slope of the logistic function. What is the slope of tanh?",
    ),
    Form(
        "float_on_the_left_of_plus",
        changed(__radd__=None),
        "`0.5 + a` does not work: the float comes first and knows nothing of your class. Which method does Python ask "
        "then?",
    ),
    Form(
        "float_on_the_left_of_times",
        changed(__rmul__=None),
        "`3.0 * a` does not work: the float comes first and knows nothing of your class. Which method does Python ask "
        "then?",
    ),
    Form(
        "floats_on_the_left",
        changed(__radd__=None, __rmul__=None),
        "neither `0.5 + a` nor `3.0 * a` works. Which methods does Python ask when the left side is a float?",
    ),
    Form(
        "floats_not_wrapped",
        changed(wrapped=without_floats),
        "`a * 3.0` does not work: a float has no `.data`. What could you turn it into first?",
    ),
)
