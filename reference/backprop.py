"""Gradients by the chain rule: written out for one small network, and for any expression by a scalar `Value`.

The network is x → tanh(x W1 + b1) W2 + b2 under cross-entropy, `params` a dict with W1 `[d, h]`, b1 `[h]`, W2 `[h, C]`
and b2 `[C]`. Its four phases stand apart: forward pass, loss, backward pass, update.

Source: Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", Nature 323 (1986);
Goodfellow, Bengio and Courville, Deep Learning, section 6.5.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

Tensors = Mapping[str, Tensor]

PARAMS = ("W1", "b1", "W2", "b2")


def initial_params(d: int, h: int, c: int, generator: torch.Generator) -> dict[str, Tensor]:
    """Weights to begin with: normal with variance 1/inputs (LeCun's), biases zero.

    Args:
        d: the number of features.
        h: the number of hidden units.
        c: the number of classes.
        generator: the source of randomness; its device is that of the params.

    Returns:
        W1 `[d, h]`, b1 `[h]`, W2 `[h, C]`, b2 `[C]`, in float64.

    Example:
        >>> params = initial_params(2, 3, 4, torch.Generator().manual_seed(0))
        >>> {name: list(p.shape) for name, p in params.items()}
        {'W1': [2, 3], 'b1': [3], 'W2': [3, 4], 'b2': [4]}
    """

    def normal(rows: int, columns: int) -> Tensor:
        draw: Tensor = torch.randn(rows, columns, generator=generator, device=generator.device, dtype=torch.float64)
        return draw.div(rows**0.5)

    w1, w2 = normal(d, h), normal(h, c)
    return {"W1": w1, "b1": w1.new_zeros(h), "W2": w2, "b2": w2.new_zeros(c)}


def forward(params: Tensors, x: Tensor) -> dict[str, Tensor]:
    """The forward pass: z1 = x W1 + b1, a1 = tanh(z1), logits = a1 W2 + b2.

    Args:
        params: W1, b1, W2, b2.
        x: the samples, `[N, d]`.

    Returns:
        z1 `[N, h]`, a1 `[N, h]` and logits `[N, C]`: what the backward pass needs again.

    Raises:
        ValueError: if a param is missing, or x hasn't a column for each row of W1.

    Example:
        >>> one = torch.ones(1, 1)
        >>> forward({"W1": one, "b1": -one[0], "W2": one, "b2": 2 * one[0]}, one)
        {'z1': tensor([[0.]]), 'a1': tensor([[0.]]), 'logits': tensor([[2.]])}
    """
    _check(params)
    if x.ndim != 2 or x.shape[1] != params["W1"].shape[0]:
        raise ValueError(f"x has shape {list(x.shape)}; expected [N, {params['W1'].shape[0]}], as W1 has rows")
    z1 = x @ params["W1"] + params["b1"]
    a1 = torch.tanh(z1)
    return {"z1": z1, "a1": a1, "logits": a1 @ params["W2"] + params["b2"]}


def backward(params: Tensors, x: Tensor, labels: Tensor, activations: Tensors) -> dict[str, Tensor]:
    """The backward pass: the gradient of the mean cross-entropy, from the logits back to W1, by the chain rule.

    With y one-hot and p = softmax(logits), the slope at the logits is (p − y)/N. A linear map hands a slope back
    through its transpose, tanh through its derivative 1 − tanh² = 1 − a1².

    Args:
        params: W1, b1, W2, b2; left as they were.
        x: the samples, `[N, d]`.
        labels: the classes, int64 `[N]`.
        activations: what `forward` gave for these params and samples.

    Returns:
        The gradients under the names and in the shapes of the params.

    Raises:
        ValueError: if a param is missing, or the labels aren't one for each sample.

    Example:
        >>> one = torch.ones(1, 1)
        >>> params = {"W1": one, "b1": 0 * one[0], "W2": torch.zeros(1, 2), "b2": torch.zeros(2)}
        >>> backward(params, one, torch.tensor([1]), forward(params, one))["b2"]
        tensor([ 0.5000, -0.5000])
    """
    _check(params)
    if labels.shape != x.shape[:1]:
        raise ValueError(f"labels have shape {list(labels.shape)} and x {list(x.shape)}; expected [N] and [N, d]")
    a1, logits = activations["a1"], activations["logits"]
    d_logits = torch.softmax(logits, dim=1)
    d_logits[torch.arange(len(labels), device=labels.device), labels] -= 1
    d_logits /= len(labels)
    d_a1 = d_logits @ params["W2"].T
    d_z1 = d_a1 * (1 - a1**2)
    return {"W1": x.T @ d_z1, "b1": d_z1.sum(0), "W2": a1.T @ d_logits, "b2": d_logits.sum(0)}


def update(params: Tensors, grads: Tensors, lr: float) -> dict[str, Tensor]:
    """One step of gradient descent over every param, θ − lr·g, as new tensors.

    Args:
        params: name → tensor; left as they were.
        grads: a gradient under each of these names.
        lr: the learning rate, in units of 1/curvature.

    Raises:
        ValueError: if a gradient is missing, or too many are there.

    Example:
        >>> update({"b": torch.tensor([1.0])}, {"b": torch.tensor([5.0])}, lr=0.1)
        {'b': tensor([0.5000])}
    """
    if params.keys() != grads.keys():
        raise ValueError(f"gradients for {sorted(grads)}; expected {sorted(params)}")
    return {name: p - lr * grads[name] for name, p in params.items()}


def _check(params: Tensors) -> None:
    missing = [name for name in PARAMS if name not in params]
    if missing:
        raise ValueError(f"params lack {', '.join(missing)}; expected {', '.join(PARAMS)}")


class Value:
    """A number that remembers what it was made from, so that `backward` can find every slope behind it.

    Reverse-mode automatic differentiation: one walk from the result back to the inputs, in an order in which a value
    is reached only after everything made from it, gives the slope of the result along every input.

    Attributes:
        data: the number.
        grad: what `backward` has added up so far, the slope of the results along this value; 0 at first.

    Example:
        >>> a = Value(3.0)
        >>> y = a * a + 2.0 * a
        >>> y.backward()
        >>> y.data, a.grad
        (15.0, 8.0)
    """

    def __init__(
        self, data: float, inputs: tuple[Value, ...] = (), slopes: tuple[float, ...] = (), /
    ) -> None:  # the last two are for the operations below
        self.data = float(data)
        self.grad = 0.0
        self._inputs, self._slopes = inputs, slopes

    def __repr__(self) -> str:
        return f"Value({self.data:.6g}, grad={self.grad:.6g})"

    def __add__(self, other: Value | float) -> Value:
        other = as_value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: Value | float) -> Value:
        other = as_value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    __radd__ = __add__
    __rmul__ = __mul__

    def tanh(self) -> Value:
        """The hyperbolic tangent; its slope is 1 − tanh²."""
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t * t,))

    def backward(self) -> None:
        """Add to `.grad` of every value behind this one the slope of this one along it.

        The slopes of one call are kept apart from `.grad`, so that what earlier calls left there isn't handed on.
        """
        slope: dict[Value, float] = {self: 1.0}
        for value in reversed(self._inputs_first()):
            value.grad += slope[value]
            for source, local in zip(value._inputs, value._slopes, strict=True):
                # += because a value that was used twice gets a share from either use
                slope[source] = slope.get(source, 0.0) + local * slope[value]

    def _inputs_first(self) -> list[Value]:
        """All values behind this one and itself, each after its inputs. No recursion: expressions may be deep."""
        order: list[Value] = []
        seen: set[Value] = set()
        waiting = [(self, False)]
        while waiting:
            value, inputs_done = waiting.pop()
            if inputs_done:
                order.append(value)
            elif value not in seen:
                seen.add(value)
                waiting.append((value, True))
                waiting += [(source, False) for source in value._inputs]
        return order


def as_value(number: Value | float) -> Value:
    """A number as a `Value`; a `Value` as it is."""
    return number if isinstance(number, Value) else Value(number)
