"""One step over several parameters, and how it goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.oracles.exercise import Draw, Exercise, Form
from reference.optimizers import gradient_step


def draw_steps(seed: int) -> dict[str, Any]:
    """Four steps over two parameters of unequal shape; lr changes on the way."""
    draw = Draw(seed)
    shapes = [(3,), (2, 3)]
    return {
        "two parameters": {
            "params": [draw.normal(*shape) for shape in shapes],
            "grads": [[draw.normal(*shape) for shape in shapes] for _ in range(4)],
            "lrs": draw.lrs(4),
        }
    }


def each(rule: Callable[[Any, Any, float], Any]) -> Callable[..., list[Any]]:
    """A step over all parameters from one parameter's rule (p, g, lr)."""
    return lambda params, grads, lr: [rule(p, g, lr) for p, g in zip(params, grads, strict=True)]


STEP_FORMS = (
    Form(
        "uphill",
        each(lambda p, g, lr: p + lr * g),
        "the step goes along the gradient, uphill. Which way does a gradient point?",
    ),
    Form("no_lr", each(lambda p, g, lr: p - g), "lr is never used. How long is your step when lr is 0?"),
    Form(
        "in_place",
        each(lambda p, g, lr: p.sub_(lr * g)),
        "the values are right, but the parameters that went in are changed too; this exercise asks for new "
        "tensors. What does your caller find in the old ones?",
    ),
    Form(
        "step_returned",
        each(lambda p, g, lr: -lr * g),
        "what comes back is only the step. Where does a step start from?",
    ),
    Form(
        "gradient_normalised",
        each(lambda p, g, lr: p - lr * g / g.norm()),
        "every step has length lr, however steep the slope. How long is lr · gradient?",
    ),
    Form(
        "sign_only",
        each(lambda p, g, lr: p - lr * g.sign()),
        "only the gradient's sign is used. What should happen where the slope is gentle?",
    ),
    Form(
        "divided_by_lr",
        each(lambda p, g, lr: p - g / lr),
        "the gradient is divided by lr. Should a smaller lr make the step longer?",
    ),
    Form(
        "first_gradient_for_all",
        lambda params, grads, lr: [p - lr * grads[0] for p in params],
        "every parameter moves by the first one's gradient. Which gradient belongs to which parameter?",
    ),
    Form(
        "one_skipped",
        lambda params, grads, lr: [*gradient_step(params[:-1], grads[:-1], lr), params[-1]],
        "the last parameter never moves. Does your loop reach all of them?",
    ),
    Form(
        "not_moved",
        each(lambda p, g, lr: p.clone()),
        "the parameters come back as they went in. Where is the step?",
    ),
)


def part(number: int, count: int) -> str:
    """New parameters, then the parameters and gradients that went in."""
    kind, index = divmod(number - 1, count // 3)
    return f"{('new parameter', 'the old parameter', 'the gradient')[kind]} {index + 1}"


EXERCISE = Exercise("gradient_step", draw_steps, gradient_step, STEP_FORMS, ("torch.optim", "reference"), parts=part)
