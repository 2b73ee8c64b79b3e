"""The update of all params, and how it goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.oracles.backpropagation.problems import PARAMS, draw_params, left
from autograder.oracles.exercise import Draw, Exercise, Form
from reference.backprop import update


def draw_update(seed: int) -> dict[str, Any]:
    """Four updates of one network; lr changes on the way."""
    draw = Draw(seed)
    sizes = (3, 4, 2)
    grads = [draw_params(draw, *sizes) for _ in range(4)]
    return {"four updates": {"params": draw_params(draw, *sizes), "grads": grads, "lrs": draw.lrs(4)}}


def each(rule: Callable[[Any, Any, float], Any], names: tuple[str, ...] = PARAMS) -> Callable[..., Any]:
    """An update from one param's rule (p, g, lr); params that aren't named stay."""
    return lambda params, grads, lr: {k: rule(p, grads[k], lr) if k in names else p for k, p in params.items()}


def down(p: Any, g: Any, lr: float) -> Any:
    return p - lr * g


def in_place(params: Any, grads: Any, lr: float) -> Any:
    for name in params:
        params[name] -= lr * grads[name]
    return params


def gradient_scaled(params: Any, grads: Any, lr: float) -> Any:
    return {name: p - grads[name].mul_(lr) for name, p in params.items()}


FORMS = (
    Form("uphill", each(lambda p, g, lr: p + lr * g), "the params climb. Which way does a gradient point?"),
    Form("no_lr", each(lambda p, g, lr: p - g), "lr is never used. How far should a param move when lr is 0?"),
    Form(
        "in_place",
        in_place,
        "the new values are right, but the params that went in have moved as well. This exercise asks for new tensors. "
        "What can the caller still compare with?",
    ),
    Form(
        "gradients_overwritten",
        gradient_scaled,
        "the new values are right, but the gradients are scaled where they lie. What does the caller find in them?",
    ),
    Form(
        "nothing_moves",
        each(lambda p, g, lr: p),
        "the params come back as they went in. Where is the result of your subtraction kept?",
    ),
    Form(
        "step_returned",
        each(lambda p, g, lr: -lr * g),
        "what comes back is only the step. Where does a step start from?",
    ),
    Form(
        "biases_not_moved",
        each(down, ("W1", "W2")),
        "only the weights move. Which other params have a gradient?",
    ),
    Form(
        "only_the_last_layer",
        each(down, ("W2", "b2")),
        "only the last layer moves. What was the gradient carried back for?",
    ),
    Form(
        "only_the_first_layer",
        each(down, ("W1", "b1")),
        "only the first layer moves. Which params have a gradient?",
    ),
    Form(
        "divided_by_lr",
        each(lambda p, g, lr: p - g / lr),
        "the gradient is divided by lr. Should a smaller lr make a longer step?",
    ),
    Form(
        "gradient_normalised",
        each(lambda p, g, lr: p - lr * g / g.norm()),
        "each param moves by a length of lr, however steep the loss is. How long is lr · gradient?",
    ),
    Form(
        "sign_only",
        each(lambda p, g, lr: p - lr * g.sign()),
        "only the sign of the gradient is used. What should happen where the slope is gentle?",
    ),
)

EXERCISE = Exercise(
    "update",
    draw_update,
    update,
    FORMS,
    ("torch.optim", "reference"),
    steps=("update", 1),
    parts=(*(f"`{name}`" for name in PARAMS), *left(PARAMS, "params"), *left(PARAMS, "grads")),
)
