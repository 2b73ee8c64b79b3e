"""`mean_absolute_error` and `mean_squared_error`, and how they go wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.oracles.exercise import Draw, Exercise, Form
from reference.losses import mean_absolute_error, mean_squared_error

Term = Callable[[Tensor], Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]


def draw_errors(seed: int) -> dict[str, Any]:
    """Errors of both signs that lean down, that lean up, and a single one: no sign and no N can hide.

    The first error of several spans 0, so that prediction and target differ in sign.
    """
    draw = Draw(seed)
    cases = {}
    for name, n, lean in (("six samples", 6, -0.4), ("four samples", 4, 0.4), ("one sample", 1, -0.9)):
        signs = [(-1) ** i for i in range(n)]
        errors = torch.tensor([sign * draw.uniform(1.0, 2.0) for sign in signs], dtype=torch.float64)
        errors += lean - errors.mean()
        target = 2 * draw.normal(n)
        target[0] = -errors[0] / 3 if n > 1 else target[0]
        cases[name] = {"prediction": target + errors, "target": target}
    return cases


def of_error(loss: Term) -> Loss:
    """A form that sees only prediction − target."""
    return lambda prediction, target: loss(prediction - target)


def all_pairs(loss: Term) -> Loss:
    """A form whose prediction has become a column: [N, 1] − [N] broadcasts to N × N."""
    return lambda prediction, target: loss(prediction[:, None] - target)


def overwriting(loss: Term) -> Loss:
    """A form that subtracts in place."""
    return lambda prediction, target: loss(prediction.sub_(target))


ALL_PAIRS = (
    "every prediction is compared with every target, N × N differences instead of N: a shape [N, 1] met a shape [N]. "
    "Which shape has your difference before the mean?"
)
OVERWRITTEN = "the value is right, but `prediction` is changed too. What does your caller find in it afterwards?"
PER_SAMPLE = "this is one number for every sample. How do they become one number for all?"
ONE_LESS = "the sum is divided by N − 1. How many errors are there to average?"
# what goes wrong in either loss: name → (form from the term of one sample, words)
WRONG_OF_BOTH: dict[str, tuple[Callable[[Term], Loss], str]] = {
    "sum_for_mean": (
        lambda term: of_error(lambda e: term(e).sum()),
        "the errors are summed, not averaged. What happens to your loss when there are twice as many samples?",
    ),
    "half": (
        lambda term: of_error(lambda e: term(e).mean() / 2),
        "it is half of what it should be: a factor ½ is in it. Does the formula here have one?",
    ),
    "half_of_the_sum": (
        lambda term: of_error(lambda e: term(e).sum() / 2),
        "it is half of the sum. What does a mean divide by?",
    ),
    "n_minus_one": (lambda term: of_error(lambda e: term(e).sum() / (len(e) - 1)), ONE_LESS),
    "per_sample": (lambda term: of_error(term), PER_SAMPLE),
    "all_pairs": (lambda term: all_pairs(lambda e: term(e).mean()), ALL_PAIRS),
    "all_pairs_summed": (
        lambda term: all_pairs(lambda e: term(e).sum() / len(e)),
        ALL_PAIRS,
    ),
    "median_for_mean": (
        lambda term: of_error(lambda e: term(e).median()),
        "this takes the median of the errors. What does the word *mean* in its name ask for?",
    ),
    "largest": (
        lambda term: of_error(lambda e: term(e).max()),
        "only the largest error counts. What has become of the others?",
    ),
    "divided_by_target": (
        lambda term: lambda prediction, target: term((prediction - target) / target).mean(),
        "every error is divided by its target, so that it has no unit any more. In which unit is this loss?",
    ),
    "prediction_overwritten": (lambda term: overwriting(lambda e: term(e).mean()), OVERWRITTEN),
}


def of_both(term: Term) -> tuple[Form, ...]:
    """What goes wrong in either loss."""
    return tuple(Form(name, make(term), words) for name, (make, words) in WRONG_OF_BOTH.items())


ABSOLUTE_FORMS = (
    *of_both(torch.abs),
    Form(
        "signed",
        of_error(lambda e: e.mean()),
        "errors above and below cancel, and the loss can be negative. Can predictions be wrong and still have loss 0?",
    ),
    Form(
        "signed_target_first",
        of_error(lambda e: (-e).mean()),
        "errors above and below cancel, and the loss can be negative. Can predictions be wrong and still have loss 0?",
    ),
    Form(
        "absolute_of_the_mean",
        of_error(lambda e: e.mean().abs()),
        "the mean is taken first and its sign dropped afterwards, when errors above and below have cancelled already. "
        "In which order do the three words of the name stand?",
    ),
    Form(
        "difference_of_absolutes",
        lambda prediction, target: (prediction.abs() - target.abs()).mean(),
        "the signs of prediction and target are dropped, not the sign of their difference. "
        "What is the error when −2 is predicted and 2 is right?",
    ),
    Form(
        "absolute_of_both",
        lambda prediction, target: (prediction.abs() - target.abs()).abs().mean(),
        "prediction and target have lost their signs before they are compared. "
        "What is the error when −2 is predicted and 2 is right?",
    ),
    Form(
        "squared_instead",
        of_error(lambda e: e.square().mean()),
        "this is the mean squared error. How much does an error of 3 count here, and how much should it?",
    ),
    Form(
        "root_of_the_squares",
        of_error(lambda e: e.square().mean().sqrt()),
        "this is the root of the mean squared error: in the right unit, but large errors weigh more. "
        "At which place does each error lose its sign?",
    ),
    Form(
        "length_of_the_errors",
        of_error(lambda e: e.square().sum().sqrt()),
        "this is the Euclidean length of all errors together. How much should an error of 3 add to the sum?",
    ),
    Form(
        "smooth_near_zero",
        of_error(lambda e: torch.where(e.abs() < 1, e.square() / 2, e.abs() - 0.5).mean()),
        "this is the smooth absolute error (Huber's), which is squared for errors below 1. "
        "How much does an error of 2 count here, and how much should it?",
    ),
)
SQUARED_FORMS = (
    *of_both(torch.square),
    Form(
        "not_squared",
        of_error(lambda e: e.mean()),
        "the errors are averaged as they are, and those above and below cancel. Where is the square?",
    ),
    Form(
        "absolute_instead",
        of_error(lambda e: e.abs().mean()),
        "this is the mean absolute error. How much should an error of 3 count here?",
    ),
    Form(
        "square_of_the_mean",
        of_error(lambda e: e.mean().square()),
        "the mean is squared, when errors above and below have cancelled already. "
        "In which order do the three words of the name stand?",
    ),
    Form(
        "square_of_the_absolute_mean",
        of_error(lambda e: e.abs().mean().square()),
        "this squares the mean absolute error. Is the mean of squares the square of the mean?",
    ),
    Form(
        "root",
        of_error(lambda e: e.square().mean().sqrt()),
        "this is its root, known as RMSE: another loss, in the unit of the target. Which unit does this one have?",
    ),
    Form(
        "length_of_the_errors",
        of_error(lambda e: e.square().sum().sqrt()),
        "this is the Euclidean length of all errors together. What does it grow with when there are more samples?",
    ),
    Form(
        "squared_by_precedence",
        lambda prediction, target: (prediction - target**2).mean(),
        "only the target is squared, because a power binds more tightly than a minus. "
        "What does Python make of `a - b ** 2`?",
    ),
    Form(
        "difference_of_squares",
        lambda prediction, target: (prediction**2 - target**2).mean(),
        "this is the difference of two squares. What is the error when −2 is predicted and 2 is right?",
    ),
    Form(
        "spread_of_the_errors",
        of_error(lambda e: e.var(correction=0)),
        "this is the variance of the errors: their mean has been taken off. "
        "What does it say of predictions that are all too high by 5?",
    ),
    Form(
        "doubled_for_squared",
        of_error(lambda e: (2 * e).mean()),
        "the error is doubled, not squared. Which sign has an error times itself?",
    ),
    Form(
        "fourth_power",
        of_error(lambda e: (e**4).mean()),
        "the error is squared twice. How much should an error of 3 count?",
    ),
)

NEVER = ("torch.nn", "torch.ops", "torch._C", "sklearn", "reference")
PARTS = ("the loss", "`prediction` as your function left it", "`target` as your function left it")
EXERCISES = (
    Exercise("mean_absolute_error", draw_errors, mean_absolute_error, ABSOLUTE_FORMS, NEVER, parts=PARTS),
    Exercise("mean_squared_error", draw_errors, mean_squared_error, SQUARED_FORMS, NEVER, parts=PARTS),
)
