"""Oracle of lesson 06: v ← momentum·v + g; θ ← θ − lr·v (PyTorch's convention), and how it goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.oracles.exercise import Draw, Exercise, Form
from autograder.oracles.optimizer import Family, class_forms, optimizer_problem
from autograder.oracles.steps import Rule, draw_cases, each, slips
from reference.optimizers import Momentum, momentum_step
from reference.theory import fastest_momentum

LESSON = "06_momentum"


def moved_by(velocity: Callable[..., Any]) -> Rule:
    """The rule θ ← θ − lr·v with another velocity."""

    def rule(p: Any, v: Any, g: Any, lr: float, momentum: float) -> tuple[Any, Any]:
        new = velocity(v, g, lr, momentum)
        return p - lr * new, new

    return rule


def lr_inside(p: Any, v: Any, g: Any, lr: float, momentum: float) -> tuple[Any, Any]:
    v = momentum * v - lr * g
    return p + v, v


def old_velocity(p: Any, v: Any, g: Any, lr: float, momentum: float) -> tuple[Any, Any]:
    return p - lr * v, momentum * v + g


def uphill(p: Any, v: Any, g: Any, lr: float, momentum: float) -> tuple[Any, Any]:
    v = momentum * v + g
    return p + lr * v, v


def no_lr(p: Any, v: Any, g: Any, lr: float, momentum: float) -> tuple[Any, Any]:
    v = momentum * v + g
    return p - v, v


def gradient_twice(p: Any, v: Any, g: Any, lr: float, momentum: float) -> tuple[Any, Any]:
    v = momentum * v + g
    return p - lr * (v + g), v


def look_ahead(p: Any, v: Any, g: Any, lr: float, momentum: float) -> tuple[Any, Any]:
    v = momentum * v + g
    return p - lr * (g + momentum * v), v


def coefficients_swapped(p: Any, v: Any, g: Any, lr: float, momentum: float) -> tuple[Any, Any]:
    v = lr * v + g
    return p - momentum * v, v


LR_INSIDE_WORDS = (
    "this is the form of Sutskever et al. 2013, with lr inside the velocity: the same path while lr is constant, "
    "another once lr changes. This exercise asks for PyTorch's form, with lr outside. After lr falls tenfold, "
    "how fast does the ball coast on in each of the two?"
)
AVERAGE_WORDS = (
    "your velocity is a running mean, with (1 − momentum) before the gradient: it points the same way but is "
    "(1 − momentum) times as long. This exercise asks for the running sum. Which lr would make the two agree?"
)
STEP_FORMS = (
    Form("lr_inside_velocity", each(lr_inside), LR_INSIDE_WORDS, 0.5),
    Form("running_mean", each(moved_by(lambda v, g, lr, m: m * v + (1 - m) * g)), AVERAGE_WORDS, 0.5),
    Form(
        "velocity_overwritten",
        each(moved_by(lambda v, g, lr, m: g)),
        "it is exactly plain gradient descent: the velocity is overwritten or never kept, so the ball has no "
        "memory. What is left of the first gradient after your second step?",
    ),
    Form(
        "momentum_forgotten",
        each(moved_by(lambda v, g, lr, m: v + g)),
        "the old velocity is kept whole: nothing ever slows the ball. Where should `momentum` shrink it?",
    ),
    Form(
        "old_velocity",
        each(old_velocity),
        "each step moves by the velocity from before this gradient, so every gradient acts one step late. "
        "Which comes first, the new velocity or the move?",
    ),
    Form(
        "gradient_scaled_too",
        each(moved_by(lambda v, g, lr, m: m * (v + g))),
        "momentum multiplies the new gradient as well as the old velocity. Which of the two should fade?",
    ),
    Form(
        "gradient_scaled_instead",
        each(moved_by(lambda v, g, lr, m: v + m * g)),
        "momentum multiplies the gradient instead of the old velocity. Which of the two should fade?",
    ),
    Form(
        "running_mean_swapped",
        each(moved_by(lambda v, g, lr, m: (1 - m) * v + m * g)),
        "the two weights of a running mean are swapped: the memory is shortest where momentum is largest. "
        "At momentum 0.9, how much of the old velocity should survive?",
    ),
    Form(
        "momentum_inverted",
        each(moved_by(lambda v, g, lr, m: (1 - m) * v + g)),
        "the old velocity is multiplied by (1 − momentum). At momentum 0.9, how much of it should survive?",
    ),
    Form(
        "coefficients_swapped",
        each(coefficients_swapped),
        "lr and momentum stand in each other's place. Which of them shrinks the old velocity?",
    ),
    Form(
        "memory_sign",
        each(moved_by(lambda v, g, lr, m: g - m * v)),
        "the old velocity enters with the wrong sign: memory works against the gradient. Two equal gradients "
        "in a row: should the second step be longer or shorter?",
    ),
    Form(
        "uphill",
        each(uphill),
        "the ball climbs: one sign is wrong, or two are turned. Which way does your velocity point, and is it added "
        "or subtracted?",
    ),
    Form(
        "lr_twice",
        each(moved_by(lambda v, g, lr, m: m * v + lr * g)),
        "lr is applied twice, once inside the velocity and once to the step. Where does it stand in the rule?",
    ),
    Form("no_lr", each(no_lr), "the learning rate is never used. How long is your step when lr is 0?"),
    Form(
        "gradient_twice",
        each(gradient_twice),
        "the gradient is applied twice: it is in the velocity already. What does the velocity hold after one step?",
    ),
    Form(
        "look_ahead",
        each(look_ahead),
        "this is Nesterov's step, which lesson 07 is about: it adds momentum·v to the gradient once more. "
        "What does plain momentum move by?",
    ),
    *slips(moved_by(lambda v, g, lr, m: m * v + g), "velocity"),
)


def draw_step(seed: int) -> dict[str, Any]:
    """Six steps with a momentum of its own for each case."""
    return draw_cases(seed, lambda draw: {"momentum": draw.uniform(0.6, 0.8)})


def draw_curvatures(seed: int) -> dict[str, Any]:
    """Five pairs of smallest and largest curvature."""
    draw = Draw(seed)
    pairs = []
    for _ in range(5):
        smallest = draw.uniform(0.1, 2.0)
        pairs.append([smallest, smallest * draw.uniform(3.0, 200.0)])
    return {"five landscapes": {"curvatures": pairs}}


def roots(smallest: float, largest: float) -> tuple[float, float]:
    return float(smallest) ** 0.5, float(largest) ** 0.5


def optimum(lr: Callable[..., float], momentum: Callable[..., float]) -> Callable[..., Any]:
    """A form of `fastest_momentum` from formulas over the square roots of the two curvatures."""
    return lambda smallest, largest: (lr(*roots(smallest, largest)), momentum(*roots(smallest, largest)))


def right_lr(s: float, b: float) -> float:
    return 4 / (s + b) ** 2


def right_momentum(s: float, b: float) -> float:
    return ((b - s) / (b + s)) ** 2


FASTEST_FORMS = (
    Form(
        "momentum_not_squared",
        optimum(right_lr, lambda s, b: (b - s) / (b + s)),
        "the momentum lacks its square. Heavy ball's rate is √momentum: which of the two is your formula?",
    ),
    Form(
        "lr_of_descent",
        optimum(lambda s, b: 2 / (s**2 + b**2), right_momentum),
        "this lr is the fastest for plain gradient descent. With momentum, is the stability limit the same?",
    ),
    Form(
        "lr_one_over_largest",
        optimum(lambda s, b: 1 / b**2, right_momentum),
        "this lr is 1/largest: safe, but not the fastest. Which lr makes both ends equally fast?",
    ),
    Form(
        "roots_forgotten",
        lambda smallest, largest: (
            4 / (smallest + largest) ** 2,
            ((largest - smallest) / (largest + smallest)) ** 2,
        ),
        "the formulas take the square roots of the curvatures. What is the unit of your lr?",
    ),
    Form(
        "roots_forgotten_in_momentum",
        optimum(right_lr, lambda s, b: ((b**2 - s**2) / (b**2 + s**2)) ** 2),
        "the momentum takes the square roots of the curvatures. Did you take them there too?",
    ),
    Form(
        "lr_half",
        optimum(lambda s, b: 2 / (s + b) ** 2, right_momentum),
        "the lr is half of the fastest. Which factor stands above the fraction?",
    ),
    Form(
        "lr_quarter",
        optimum(lambda s, b: 1 / (s + b) ** 2, right_momentum),
        "the lr is a quarter of the fastest: the numerator is the square of 2. Did you square the whole fraction?",
    ),
    Form(
        "lr_not_squared",
        optimum(lambda s, b: 2 / (s + b), right_momentum),
        "the fraction of the lr is not squared. What is the unit of your lr?",
    ),
    Form(
        "order_swapped",
        optimum(right_momentum, right_lr),
        "the two numbers come back in the other order. Which one is asked for first?",
    ),
)

TORCH_OPTIMIZERS = ("torch.optim", "reference")
EXERCISES = (
    Exercise("momentum_step", draw_step, momentum_step, STEP_FORMS, TORCH_OPTIMIZERS),
    Exercise(
        "Momentum",
        lambda seed: optimizer_problem(Draw(seed), {"momentum": Draw(seed).uniform(0.6, 0.8)}),
        Momentum,
        class_forms(Family(momentum_step, ("velocity",), {"momentum": 0.9}), STEP_FORMS),
        TORCH_OPTIMIZERS,
        half="path",
    ),
    Exercise(
        "fastest_momentum",
        draw_curvatures,
        fastest_momentum,
        FASTEST_FORMS,
        ("reference",),
        steps=("landscape", 1),
        parts=("lr", "momentum"),
    ),
)
