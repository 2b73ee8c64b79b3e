"""What goes wrong in an optimizer class, whatever its rule is."""

from __future__ import annotations

from typing import Any

from autograder.oracles.exercise import Form
from autograder.oracles.optimizer import Family, FromStep, as_class
from autograder.oracles.uses import (
    COUNTED_USES,
    USES,
    FirstGroupOnly,
    GradientAliased,
    GradientChanged,
    GradientCleared,
    LrOfFirstGroup,
    LrReadOnce,
    NoneNotSkipped,
    NotMoved,
    OneCount,
    ParametersReplaced,
    StateOutside,
    StopsAtNone,
)
from reference.optimizers import adam_step, gradient_step, momentum_step

BALL = Family(momentum_step, ("velocity",), {"momentum": 0.9})
ADAM = Family(adam_step, ("mean", "square"), {"betas": (0.9, 0.999), "eps": 1e-8}, counted=True)


def no_memory(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    return gradient_step(params, grads, lr), velocities


def only_signs(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    return gradient_step(params, [g / (g.square().sqrt() + 1e-8) for g in grads], lr), velocities


def uphill(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    velocities = [momentum * v + g for v, g in zip(velocities, grads, strict=True)]
    return gradient_step(params, velocities, -lr), velocities


def no_lr(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    return momentum_step(params, velocities, grads, 0.01, momentum)


def undamped(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    return momentum_step(params, velocities, grads, lr, 1.0)


class LastSkipped(FromStep):
    def update(self, group: dict[str, Any], params: list[Any]) -> None:
        super().update(group, params[:-1])


def of(name: str, step: Any, words: str, base: type[FromStep] = FromStep) -> Form:
    """A form made of a step function in momentum's place."""
    return Form(name, as_class(BALL, name, step, base), words)


FORMS = (
    of(
        "plain_descent",
        no_memory,
        "it is plain gradient descent: every step is −lr·g, and nothing is remembered. What do the optimizers of "
        "lessons 06 to 08 keep from step to step, and where did yours go?",
    ),
    of(
        "nothing_remembered",
        only_signs,
        "each step depends on the newest gradient alone. Which running quantity should carry the earlier ones, and "
        "does your step read it before it writes it?",
    ),
    of("uphill", uphill, "the first step goes along the gradient, uphill. Which sign belongs before lr?"),
    of(
        "one_parameter_skipped",
        momentum_step,
        "some parameters never move though they have a gradient. Over what does the inner loop run?",
        LastSkipped,
    ),
    of(
        "lr_forgotten",
        no_lr,
        "another learning rate gives the very same steps. Where does your step read `lr`?",
    ),
    of(
        "momentum_forgotten",
        undamped,
        "the old velocity is kept whole, so that nothing ever slows the ball. What should shrink it at every step?",
    ),
    *(
        of(USES[use][0], momentum_step, USES[use][1], use)
        for use in (
            LrReadOnce,
            LrOfFirstGroup,
            FirstGroupOnly,
            StateOutside,
            NoneNotSkipped,
            StopsAtNone,
            GradientChanged,
            GradientCleared,
            GradientAliased,
            ParametersReplaced,
            NotMoved,
        )
    ),
    Form(COUNTED_USES[OneCount][0], as_class(ADAM, "one_step_count", adam_step, OneCount), COUNTED_USES[OneCount][1]),
)
