"""The forward pass, and how it goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from autograder.oracles.backpropagation.problems import ACTIVATIONS, PARAMS, SIZES, draw_params, left
from autograder.oracles.exercise import Draw, Exercise, Form
from reference.backprop import forward


def draw_forward(seed: int) -> dict[str, Any]:
    """Three networks, the last with square weights."""
    draw = Draw(seed)
    return {
        name: {"params": draw_params(draw, d, h, c), "x": draw.normal(n, d)} for name, (n, d, h, c) in SIZES.items()
    }


def passes(
    first: Callable[[Any, Any], Any] = lambda p, x: x @ p["W1"] + p["b1"],
    bend: Callable[[Any], Any] = torch.tanh,
    second: Callable[[Any, Any, Any], Any] = lambda p, z1, a1: a1 @ p["W2"] + p["b2"],
) -> Callable[..., Any]:
    """A forward pass with one of its three lines changed."""

    def form(params: Any, x: Any) -> Any:
        z1 = first(params, x)
        a1 = bend(z1)
        return {"z1": z1, "a1": a1, "logits": second(params, z1, a1)}

    return form


def z1_overwritten(params: Any, x: Any) -> Any:
    right = forward(params, x)
    return {**right, "z1": right["a1"]}


FORMS = (
    Form("first_bias_left_out", passes(first=lambda p, x: x @ p["W1"]), "b1 is not used. What is z1 where x is zero?"),
    Form(
        "second_bias_left_out",
        passes(second=lambda p, z1, a1: a1 @ p["W2"]),
        "b2 is not used. What are the logits where every hidden unit is silent?",
    ),
    Form(
        "bias_subtracted",
        passes(lambda p, x: x @ p["W1"] - p["b1"], second=lambda p, z1, a1: a1 @ p["W2"] - p["b2"]),
        "the biases are subtracted. Which sign do they have in the equation?",
    ),
    Form(
        "tanh_left_out",
        passes(bend=lambda z: z),
        "the hidden layer is linear: tanh is missing. What are two linear layers in a row worth?",
    ),
    Form(
        "logits_from_z1",
        passes(second=lambda p, z1, a1: z1 @ p["W2"] + p["b2"]),
        "a1 is right, but the logits are made from z1. Which of the two is the hidden layer's output?",
    ),
    Form(
        "z1_overwritten",
        z1_overwritten,
        "z1 holds the values after tanh, the same as a1. Did you overwrite it, or give one tensor two names?",
    ),
    Form(
        "sigmoid",
        passes(bend=torch.sigmoid),
        "the hidden layer uses the logistic function. Between which two values does tanh lie?",
    ),
    Form("relu", passes(bend=torch.relu), "the hidden layer uses ReLU. What does tanh make of a negative number?"),
    Form(
        "tanh_of_the_logits",
        passes(second=lambda p, z1, a1: torch.tanh(a1 @ p["W2"] + p["b2"])),
        "the logits went through tanh as well. Which numbers can a logit be?",
    ),
    Form(
        "softmax_of_the_logits",
        passes(second=lambda p, z1, a1: torch.softmax(a1 @ p["W2"] + p["b2"], dim=1)),
        "the logits have become probabilities. Where does the softmax belong, to the network or to its loss?",
    ),
    Form(
        "first_weight_transposed",
        passes(first=lambda p, x: x @ p["W1"].T + p["b1"]),
        "W1 is transposed, which only fits where it is square. Which of its axes counts the features?",
    ),
    Form(
        "second_weight_transposed",
        passes(second=lambda p, z1, a1: a1 @ p["W2"].T + p["b2"]),
        "W2 is transposed, which only fits where it is square. Which of its axes counts the hidden units?",
    ),
    Form(
        "both_weights_transposed",
        passes(lambda p, x: x @ p["W1"].T + p["b1"], second=lambda p, z1, a1: a1 @ p["W2"].T + p["b2"]),
        "both weights are transposed, which only fits where they are square. Here samples are rows: which axis of a "
        "weight do they meet?",
    ),
)

EXERCISE = Exercise(
    "forward",
    draw_forward,
    forward,
    FORMS,
    ("reference",),
    parts=(*(f"`{name}`" for name in ACTIVATIONS), *left(PARAMS, "params"), "`x` as your function left it"),
)
