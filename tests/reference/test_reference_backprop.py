"""The chain rule by hand against torch's autograd, for the network and for scalar expressions."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reference.backprop import PARAMS, Value, backward, forward, initial_params, update

SIZES = [(5, 3, 4, 2), (1, 2, 3, 4), (3, 3, 3, 3), (7, 1, 1, 1)]


def drawn(n: int, d: int, h: int, c: int, dtype: torch.dtype = torch.float64) -> tuple[Any, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(n)
    params = {name: p.to(dtype) + 0.1 for name, p in initial_params(d, h, c, generator).items()}
    x = torch.randn(n, d, generator=generator, dtype=dtype)
    return params, x, torch.randint(c, (n,), generator=generator)


def by_autograd(params: dict[str, Tensor], x: Tensor, labels: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    leaves = {name: p.clone().requires_grad_() for name, p in params.items()}
    logits = torch.tanh(x @ leaves["W1"] + leaves["b1"]) @ leaves["W2"] + leaves["b2"]
    loss = torch.nn.functional.cross_entropy(logits, labels)
    return logits.detach(), dict(zip(leaves, torch.autograd.grad(loss, list(leaves.values())), strict=True))


@pytest.mark.parametrize("sizes", SIZES)
def test_the_passes_are_autograds(sizes: tuple[int, int, int, int]) -> None:
    params, x, labels = drawn(*sizes)
    logits, grads = by_autograd(params, x, labels)
    activations = forward(params, x)
    before = {name: a.clone() for name, a in activations.items()}
    found = backward(params, x, labels, activations)
    assert torch.allclose(activations["logits"], logits, rtol=0, atol=1e-13)
    assert list(found) == list(PARAMS)
    for name, grad in grads.items():
        assert found[name].shape == params[name].shape
        assert torch.allclose(found[name], grad, rtol=0, atol=1e-13)
    assert all(activations[name].equal(a) for name, a in before.items())


def test_large_logits_and_float32() -> None:
    params, x, labels = drawn(4, 2, 3, 3, torch.float32)
    params["b2"] += torch.tensor([1000.0, -1000.0, 0.0])
    _, grads = by_autograd(params, x, labels)
    for name, grad in backward(params, x, labels, forward(params, x)).items():
        assert grad.dtype == torch.float32
        assert torch.allclose(grad, grads[name], atol=1e-6)


def test_an_update_is_sgds_and_changes_nothing_it_is_given() -> None:
    params, x, labels = drawn(*SIZES[0])
    grads = backward(params, x, labels, forward(params, x))
    leaves = [p.clone().requires_grad_() for p in params.values()]
    for leaf, grad in zip(leaves, grads.values(), strict=True):
        leaf.grad = grad.clone()
    torch.optim.SGD(leaves, lr=0.3).step()
    before = {name: p.clone() for name, p in params.items()}
    moved = update(params, grads, 0.3)
    for name, leaf in zip(params, leaves, strict=True):
        assert torch.allclose(moved[name], leaf, rtol=0, atol=1e-15)
        assert params[name].equal(before[name])


def test_bad_input_is_told() -> None:
    params, x, labels = drawn(*SIZES[0])
    with pytest.raises(ValueError, match=r"x has shape \[5, 2\]; expected \[N, 3\]"):
        forward(params, x[:, :2])
    with pytest.raises(ValueError, match="params lack b2"):
        forward({k: v for k, v in params.items() if k != "b2"}, x)
    with pytest.raises(ValueError, match=r"labels have shape \[4\] and x \[5, 3\]"):
        backward(params, x, labels[:4], forward(params, x))
    with pytest.raises(ValueError, match="gradients for"):
        update(params, {}, 0.1)


Step = tuple[str, int, int, float]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["+", "*", "tanh", "+ float", "float *"]),
        st.integers(0, 99),
        st.integers(0, 99),
        st.floats(-2, 2),
    ),
    min_size=1,
    max_size=12,
)
NUMBERS = st.lists(st.floats(-1.5, 1.5), min_size=1, max_size=4)


def grown(leaves: list[Any], steps: list[Step], tanh: Callable[[Any], Any]) -> Any:
    """An expression over the leaves; every step may use any earlier result, so most are used more than once."""
    made = list(leaves)
    for operation, i, j, number in steps:
        left, right = made[-1 - i % min(len(made), 3)], made[j % len(made)]
        made.append(
            {
                "+": lambda left=left, right=right: left + right,
                "*": lambda left=left, right=right: left * right,
                "tanh": lambda left=left: tanh(left),
                "+ float": lambda left=left, number=number: left + number,
                "float *": lambda left=left, number=number: number * left,
            }[operation]()
        )
    return made[-1]


@settings(deadline=None, max_examples=100, derandomize=True)
@given(NUMBERS, STEPS)
def test_value_is_autograd_on_any_expression(numbers: list[float], steps: list[Step]) -> None:
    ours = [Value(number) for number in numbers]
    theirs = [torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in numbers]
    result, expected = grown(ours, steps, Value.tanh), grown(theirs, steps, torch.tanh)
    result.backward()
    grads = torch.autograd.grad(expected, theirs, allow_unused=True)
    assert result.data == pytest.approx(expected.item(), rel=1e-9, abs=1e-12)
    for value, grad in zip(ours, grads, strict=True):
        assert value.grad == pytest.approx(0.0 if grad is None else grad.item(), rel=1e-9, abs=1e-12)


def test_a_second_call_adds_the_same_again() -> None:
    a = Value(0.5)
    b = a * a
    y = (b + a).tanh() * b
    y.backward()
    once = (a.grad, b.grad, y.grad)
    y.backward()
    assert (a.grad, b.grad, y.grad) == tuple(2 * g for g in once)


def test_a_deep_expression_needs_no_recursion() -> None:
    a = Value(1.0)
    y = a
    for _ in range(20_000):
        y = y + a
    y.backward()
    assert a.grad == 20_001
