"""v ← μ·v + g; θ ← θ − lr·(g + μ·v) (PyTorch's form), as a step and as a class, and how it goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.oracles.exercise import Draw, Exercise, Form
from autograder.oracles.optimizer import Family, class_forms, optimizer_problem
from autograder.oracles.steps import Rule, draw_cases, each, slips, uphill
from reference.optimizers import Nesterov, nesterov_step


def pytorchs(p: Any, v: Any, g: Any, lr: float, m: float) -> tuple[Any, Any]:
    v = m * v + g
    return p - lr * (g + m * v), v


def moved_by(step: Callable[..., Any]) -> Rule:
    """The right velocity, but another step: (g, new v, m) → step, of which lr is taken."""

    def rule(p: Any, v: Any, g: Any, lr: float, m: float) -> tuple[Any, Any]:
        v = m * v + g
        return p - lr * step(g, v, m), v

    return rule


def remembered(velocity: Callable[..., Any]) -> Rule:
    """The right step from another velocity: (v, g, lr, m) → v."""

    def rule(p: Any, v: Any, g: Any, lr: float, m: float) -> tuple[Any, Any]:
        v = velocity(v, g, lr, m)
        return p - lr * (g + m * v), v

    return rule


def lr_inside(p: Any, v: Any, g: Any, lr: float, m: float) -> tuple[Any, Any]:
    v = m * v - lr * g
    return p - lr * g + m * v, v


def running_mean(p: Any, v: Any, g: Any, lr: float, m: float) -> tuple[Any, Any]:
    v = m * v + (1 - m) * g
    return p - lr * ((1 - m) * g + m * v), v


def step_remembered(p: Any, v: Any, g: Any, lr: float, m: float) -> tuple[Any, Any]:
    step = g + m * (m * v + g)
    return p - lr * step, step


def no_lr(p: Any, v: Any, g: Any, lr: float, m: float) -> tuple[Any, Any]:
    v = m * v + g
    return p - (g + m * v), v


def coefficients_swapped(p: Any, v: Any, g: Any, lr: float, m: float) -> tuple[Any, Any]:
    v = lr * v + g
    return p - m * (g + lr * v), v


FORMS = (
    Form(
        "lr_inside_velocity",
        each(lr_inside),
        "lr stands inside your velocity, as in Sutskever's and CS231n's form: the same path while lr is constant, "
        "another once it changes. This exercise asks for PyTorch's form, with lr outside. After lr falls tenfold, "
        "how fast does the ball coast on in each of the two?",
        0.5,
    ),
    Form(
        "running_mean",
        each(running_mean),
        "your velocity is a running mean, with (1 − momentum) before the gradient: the same rule at another lr. "
        "This exercise asks for the running sum. Which lr would make the two agree?",
        0.5,
    ),
    Form(
        "plain_momentum",
        each(moved_by(lambda g, v, m: v)),
        "it is exactly plain momentum: the step is the new velocity (or, which is the same, g + momentum · the old "
        "one). Which velocity does the look-ahead take, the old or the new?",
    ),
    Form(
        "look_ahead_without_momentum",
        each(moved_by(lambda g, v, m: g + v)),
        "the whole new velocity is added to the gradient. How much of it will the next jump take?",
    ),
    Form(
        "momentum_on_the_gradient",
        each(moved_by(lambda g, v, m: m * g + v)),
        "momentum multiplies the gradient instead of the velocity. Which of the two is the jump made of?",
    ),
    Form(
        "only_the_jump",
        each(moved_by(lambda g, v, m: m * v)),
        "the step is the next jump alone. Which part corrects for the gradient just measured?",
    ),
    Form(
        "only_the_gradient",
        each(moved_by(lambda g, v, m: g)),
        "the step is the gradient alone, plain gradient descent: the velocity is kept but moves nothing. "
        "What is it kept for?",
    ),
    Form(
        "jumps_twice",
        each(moved_by(lambda g, v, m: g + m * (g + m * v))),
        "the look-ahead is taken twice: once to make a new gradient, and once more in the step. "
        "How often does momentum stand before g in your step, multiplied out?",
    ),
    Form(
        "velocity_twice",
        each(moved_by(lambda g, v, m: v + m * v)),
        "the velocity stands where the gradient belongs: it holds the gradient already, and all its past as well. "
        "What does the step consist of besides momentum·v?",
    ),
    Form(
        "looks_back",
        each(moved_by(lambda g, v, m: g - m * v)),
        "momentum·v enters the step with the wrong sign: the jump goes back. Two equal gradients in a row: should the "
        "second step be longer or shorter?",
    ),
    Form(
        "step_remembered",
        each(step_remembered),
        "what you keep as the velocity is the whole step, g + momentum·v. Which of the two lines makes the velocity?",
    ),
    Form(
        "velocity_overwritten",
        each(remembered(lambda v, g, lr, m: g)),
        "the velocity is overwritten by the gradient, so nothing is remembered. "
        "What is left of the first gradient after your second step?",
    ),
    Form(
        "momentum_forgotten",
        each(remembered(lambda v, g, lr, m: v + g)),
        "the old velocity is kept whole: nothing ever slows the ball. Where should `momentum` shrink it?",
    ),
    Form(
        "momentum_inverted",
        each(remembered(lambda v, g, lr, m: (1 - m) * v + g)),
        "the old velocity is multiplied by (1 − momentum). At momentum 0.9, how much of it should survive?",
    ),
    Form(
        "gradient_scaled_too",
        each(remembered(lambda v, g, lr, m: m * (v + g))),
        "in the velocity, momentum multiplies the new gradient as well as the old velocity. Which of the two should "
        "fade?",
    ),
    Form(
        "mean_in_a_sum",
        each(remembered(lambda v, g, lr, m: m * v + (1 - m) * g)),
        "the velocity is a running mean while the step takes the whole gradient: the two are not on the same scale. "
        "What is the velocity after many equal gradients, and what should it be?",
    ),
    Form(
        "memory_sign",
        each(remembered(lambda v, g, lr, m: g - m * v)),
        "the old velocity enters the new one with the wrong sign: memory works against the gradient. Two equal "
        "gradients in a row: should the velocity grow or shrink?",
    ),
    Form(
        "uphill",
        each(uphill(pytorchs)),
        "the ball climbs: one sign is wrong, or two are turned. Which way does your velocity point, and is the step "
        "added or subtracted?",
    ),
    Form(
        "lr_twice",
        each(remembered(lambda v, g, lr, m: m * v + lr * g)),
        "lr is applied twice, inside the velocity and to the step. Where does it stand in the rule?",
    ),
    Form("no_lr", each(no_lr), "the learning rate is never used. How long is your step when lr is 0?"),
    Form(
        "coefficients_swapped",
        each(coefficients_swapped),
        "lr and momentum stand in each other's place. Which of them shrinks the old velocity?",
    ),
    *slips(pytorchs, "velocity"),
)

DOES_THE_WORK = ("torch.optim", "reference")
EXERCISE = Exercise(
    "nesterov_step",
    lambda seed: draw_cases(seed, lambda draw: {"momentum": draw.uniform(0.6, 0.8)}),
    nesterov_step,
    FORMS,
    DOES_THE_WORK,
)
CLASS = Exercise(
    "Nesterov",
    lambda seed: optimizer_problem(Draw(seed), {"momentum": Draw(seed).uniform(0.6, 0.8)}),
    Nesterov,
    class_forms(Family(nesterov_step, ("velocity",), {"momentum": 0.9}), FORMS),
    DOES_THE_WORK,
    half="path",
)
