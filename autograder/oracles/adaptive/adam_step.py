"""Adam in PyTorch's form, eps outside the root and after the correction, as a step and a class; how it goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autograder.oracles.adaptive.rmsprop_step import DOES_THE_WORK, EPS
from autograder.oracles.exercise import Draw, Exercise, Form
from autograder.oracles.optimizer import Family, class_forms, optimizer_problem
from autograder.oracles.steps import Rule, Step, draw_cases, each, slips, uphill
from reference.optimizers import Adam, adam_step


@dataclass(frozen=True)
class Now:
    """All that a rule may use: (m, s) before and after this gradient, corrected as they should be."""

    g: Any
    old_mean: Any
    old_square: Any
    t: int
    lr: float
    beta1: float
    beta2: float
    eps: float

    @property
    def mean(self) -> Any:
        return self.beta1 * self.old_mean + (1 - self.beta1) * self.g

    @property
    def square(self) -> Any:
        return self.beta2 * self.old_square + (1 - self.beta2) * self.g**2

    def step(self, mean: Any = None, square: Any = None) -> Any:
        """lr·m̂/(√ŝ + ε), from other corrected means where they are given."""
        mean = self.mean / (1 - self.beta1**self.t) if mean is None else mean
        square = self.square / (1 - self.beta2**self.t) if square is None else square
        return self.lr * mean / (square.sqrt() + self.eps)


def now(m: Any, s: Any, g: Any, t: int, lr: float, betas: Any, eps: float) -> Now:
    return Now(g, m, s, t, lr, betas[0], betas[1], eps)


def moved_by(step: Callable[[Now], Any]) -> Rule:
    """The right memory, but another step."""

    def rule(p: Any, *rest: Any) -> tuple[Any, Any, Any]:
        at = now(*rest)
        return p - step(at), at.mean, at.square

    return rule


def remembered(memory: Callable[[Now], tuple[Any, Any]]) -> Rule:
    """The right step from another memory: → (m, s)."""

    def rule(p: Any, *rest: Any) -> tuple[Any, Any, Any]:
        at = now(*rest)
        m, s = memory(at)
        return p - at.step(m / (1 - at.beta1**at.t), s / (1 - at.beta2**at.t)), m, s

    return rule


def correction_stored(p: Any, *rest: Any) -> tuple[Any, Any, Any]:
    at = now(*rest)
    m, s = at.mean / (1 - at.beta1**at.t), at.square / (1 - at.beta2**at.t)
    return p - at.step(m, s), m, s


def corrected_lr(at: Now) -> float:
    """lr·√(1 − β₂ᵗ)/(1 − β₁ᵗ): both corrections moved into the learning rate, as in section 2 of the paper."""
    return float(at.lr * (1 - at.beta2**at.t) ** 0.5 / (1 - at.beta1**at.t))


right = moved_by(Now.step)


def with_betas(change: Callable[[Any], Any]) -> Rule:
    """The right rule with other betas."""
    return lambda p, m, s, g, t, lr, betas, eps: right(p, m, s, g, t, lr, change(betas), eps)


def adam_each(rule: Rule) -> Step:
    return each(rule, lists=4)


def corrected_by(first: Callable[[Now], float], second: Callable[[Now], float]) -> Step:
    """Other corrections: what the mean, and what the mean square is divided by."""
    return adam_each(moved_by(lambda at: at.step(at.mean / first(at), at.square / second(at))))


FORMS = (
    Form(
        "eps_before_correction",
        adam_each(moved_by(lambda at: corrected_lr(at) * at.mean / (at.square.sqrt() + at.eps))),
        "eps is added before the correction (ε̂ in section 2 of the paper, TensorFlow's form). This exercise asks for "
        "PyTorch's, with eps added to the corrected root. At t = 1, by how much do the two epsilons differ?",
        0.5,
    ),
    Form(
        "eps_inside_root",
        adam_each(
            moved_by(
                lambda at: at.lr * at.mean / (1 - at.beta1**at.t) / (at.square / (1 - at.beta2**at.t) + at.eps).sqrt()
            )
        ),
        "eps stands inside the root. This exercise asks for PyTorch's form, with eps outside. For a gradient of 1e-6 "
        "and eps = 1e-8, what is the denominator in each of the two?",
        0.5,
    ),
    Form(
        "uncorrected",
        corrected_by(lambda at: 1, lambda at: 1),
        "neither mean is corrected for its start at zero, which some libraries leave out. This exercise asks for both "
        "corrections. With betas (0.9, 0.999), how long is the first step without them?",
        0.5,
    ),
    Form(
        "correction_without_t",
        corrected_by(lambda at: 1 - at.beta1, lambda at: 1 - at.beta2),
        "the means are divided by 1 − β at every step, not only at the first. To what do the weights of a running mean "
        "add up after t steps?",
    ),
    Form(
        "t_one_late",
        corrected_by(lambda at: 1 - at.beta1 ** (at.t - 1), lambda at: 1 - at.beta2 ** (at.t - 1)),
        "the correction uses t − 1: at the first step it divides by zero. From what number does `step` count here?",
    ),
    Form(
        "t_one_early",
        corrected_by(lambda at: 1 - at.beta1 ** (at.t + 1), lambda at: 1 - at.beta2 ** (at.t + 1)),
        "the correction uses t + 1. From what number does `step` count here?",
    ),
    Form(
        "beta_times_t",
        corrected_by(lambda at: 1 - at.beta1 * at.t, lambda at: 1 - at.beta2 * at.t),
        "the correction multiplies β by t. Is the t in βᵗ a factor or an exponent?",
    ),
    Form(
        "corrections_swapped",
        corrected_by(lambda at: 1 - at.beta2**at.t, lambda at: 1 - at.beta1**at.t),
        "each mean is corrected with the other one's β. Which of the two forgets faster?",
    ),
    Form(
        "only_mean_corrected",
        corrected_by(lambda at: 1 - at.beta1**at.t, lambda at: 1),
        "only the mean is corrected. What did the mean of squares start from?",
    ),
    Form(
        "only_square_corrected",
        corrected_by(lambda at: 1, lambda at: 1 - at.beta2**at.t),
        "only the mean of squares is corrected. What did the mean of gradients start from?",
    ),
    Form(
        "correction_multiplied",
        corrected_by(lambda at: 1 / (1 - at.beta1**at.t), lambda at: 1 / (1 - at.beta2**at.t)),
        "the means are multiplied by 1 − βᵗ. They are too small at first: does that make them larger?",
    ),
    Form(
        "square_corrected_after_root",
        corrected_by(lambda at: 1 - at.beta1**at.t, lambda at: (1 - at.beta2**at.t) ** 2),
        "the root of the squares is divided by 1 − β₂ᵗ, so its correction escapes the root. "
        "What has to be corrected, s or √s?",
    ),
    Form(
        "correction_stored",
        adam_each(correction_stored),
        "what is kept are the corrected means: the next step corrects them once more, and the next. "
        "Which of the two, m or m̂, is the running mean?",
    ),
    Form(
        "betas_swapped",
        adam_each(with_betas(lambda betas: (betas[1], betas[0]))),
        "the two betas stand in each other's place. Which of the two means is to have the longer memory?",
    ),
    Form(
        "first_beta_for_both",
        adam_each(with_betas(lambda betas: (betas[0], betas[0]))),
        "β₁ is used for both means. What is the second beta for?",
    ),
    Form(
        "weights_swapped",
        adam_each(
            remembered(
                lambda at: (
                    (1 - at.beta1) * at.old_mean + at.beta1 * at.g,
                    (1 - at.beta2) * at.old_square + at.beta2 * at.g**2,
                )
            )
        ),
        "β weighs what is new and 1 − β what is old. At β = 0.9, how much of the old mean should survive?",
    ),
    Form(
        "gradient_whole",
        adam_each(remembered(lambda at: (at.beta1 * at.old_mean + at.g, at.square))),
        "the gradient enters the mean whole, a running sum as in momentum. What do the two weights of a mean add "
        "up to?",
    ),
    Form(
        "square_whole",
        adam_each(remembered(lambda at: (at.mean, at.beta2 * at.old_square + at.g**2))),
        "the squared gradient enters its mean whole. What do the two weights of a mean add up to?",
    ),
    Form(
        "mean_overwritten",
        adam_each(moved_by(lambda at: at.step(at.g))),
        "the step takes the gradient itself: that is RMSprop with a correction, without momentum's memory. "
        "What do you keep the mean for?",
    ),
    Form(
        "old_mean",
        adam_each(moved_by(lambda at: at.step(at.old_mean / (1 - at.beta1**at.t)))),
        "each step goes along the mean from before this gradient. What is that before the very first step?",
    ),
    Form(
        "old_square",
        adam_each(moved_by(lambda at: at.step(square=at.old_square / (1 - at.beta2**at.t)))),
        "each step divides by the mean square from before this gradient. What is that before the very first step?",
    ),
    Form(
        "square_of_mean",
        adam_each(remembered(lambda at: (at.mean, at.beta2 * at.old_square + (1 - at.beta2) * at.mean**2))),
        "the second mean takes the square of the first, not of the gradient. For gradients that alternate in sign, "
        "how large is each of the two squares?",
    ),
    Form(
        "gradient_not_squared",
        adam_each(remembered(lambda at: (at.mean, at.beta2 * at.old_square + (1 - at.beta2) * at.g))),
        "the second mean takes the gradient as it is. What is the root of a negative number here?",
    ),
    Form(
        "no_root",
        adam_each(
            moved_by(lambda at: at.lr * at.mean / (1 - at.beta1**at.t) / (at.square / (1 - at.beta2**at.t) + at.eps))
        ),
        "the mean is divided by the mean square, not by its root. What is the unit of m / s, and of m / √s?",
    ),
    Form(
        "eps_forgotten",
        adam_each(
            moved_by(lambda at: at.lr * at.mean / (1 - at.beta1**at.t) / (at.square / (1 - at.beta2**at.t)).sqrt())
        ),
        "eps is never used. What is the step of a parameter whose gradients have all been zero?",
    ),
    Form(
        "eps_added_to_step",
        adam_each(
            moved_by(
                lambda at: at.lr * (at.mean / (1 - at.beta1**at.t) / (at.square / (1 - at.beta2**at.t)).sqrt() + at.eps)
            )
        ),
        "eps is added to the fraction, not to its denominator. What comes first, / or +?",
    ),
    Form(
        "uphill",
        adam_each(uphill(right)),
        "the step goes along the gradient, uphill. Which sign does it carry?",
    ),
    Form(
        "no_lr",
        adam_each(moved_by(lambda at: at.step() / at.lr)),
        "the learning rate is never used. How long is your step when lr is 0?",
    ),
    *slips(right, "mean", lists=4),
)


def betas(draw: Draw) -> list[float]:
    """β₁ from 0.6 to 0.8, β₂ from 0.85 to 0.95: memories that differ, and matter within six steps."""
    return [draw.uniform(0.6, 0.8), draw.uniform(0.85, 0.95)]


def draw_adam(seed: int) -> dict[str, Any]:
    """Six steps with betas of its own for each case."""
    return draw_cases(seed, lambda draw: {"betas": betas(draw), "eps": EPS})


EXERCISE = Exercise("adam_step", draw_adam, adam_step, FORMS, DOES_THE_WORK)
CLASS = Exercise(
    "Adam",
    lambda seed: optimizer_problem(Draw(seed), {"betas": betas(Draw(seed)), "eps": EPS}),
    Adam,
    class_forms(
        Family(adam_step, ("mean", "square"), {"betas": (0.9, 0.999), "eps": 1e-8}, counted=True),
        FORMS,
    ),
    DOES_THE_WORK,
    half="path",
)
