"""The measured error of a batch's gradient, judged within six standard errors, and how it goes wrong.

Many calls stand in for one long one: their mean shows what is averaged, their spread over how many draws. A call
with a single draw shows what the error is measured against: one's own mean leaves nothing of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from autograder.oracles.exercise import Draw, Exercise, Form, by_case
from autograder.student.evidence import Case
from autograder.student.recorder import Unusable
from reference.batches import batch_gradient, batch_indices, expected_noise, gradient_noise

SAMPLES, WEIGHTS, NOISE = 60, 3, 100.0
MANY, SINGLE = "150 draws of batches of 6", "a single draw of batches of 2"
SIZES = {MANY: (6, 150, 30), SINGLE: (2, 1, 200)}  # batch size, draws, calls
NONE = -1
TOO_STEADY = 0.02  # of the variance of a mean over the draws; what is drawn in any way has far more

CLAIMS = {
    MANY: (
        "it is the mean of ‖g_batch − g_all‖² over the draws, within six standard errors",
        "it is as steady as a mean over `draws` batches, each drawn anew",
        "the batches come from the generator: the same one gives the same number, another one another",
    ),
    SINGLE: (
        "a single draw is enough: its distance to the gradient over all samples is a number above 0",
        "the batches come from the generator: the same one gives the same number, another one another",
    ),
}


def draw_noise(seed: int) -> dict[str, Any]:
    """Samples whose noise is 100 for the batch size of the case: no known mistake gives a number near it."""
    draw = Draw(seed)
    cases = {}
    for name, (size, draws, calls) in SIZES.items():
        x, target = draw.normal(SAMPLES, WEIGHTS), draw.normal(WEIGHTS)
        away = draw.normal(WEIGHTS)
        w, y = target + 2 * away / away.norm(), x @ target + 0.5 * draw.normal(SAMPLES)
        scale = (NOISE / expected_noise(w, x, y, size)) ** 0.5
        where = {"w": scale * w, "x": x, "y": scale * y}
        cases[name] = {**where, "batch_size": size, "draws": draws, "calls": calls, "seed": int(draw.uniform(0, 2**30))}
    return cases


@dataclass(frozen=True)
class Theory:
    """What measurements of one case should give, the right one and the wrong ones."""

    low: float
    high: float
    one_draw: float  # standard deviation of ‖g_batch − g_all‖² over batches
    gradient: float  # ‖g_all‖²
    norm: float  # mean of ‖g_batch − g_all‖
    single: float  # noise of single samples


def theory(case: dict[str, Any]) -> Theory:
    """The expectations, from formulas and from 4000 batches drawn here."""
    w, x, y, size = case["w"], case["x"], case["y"], case["batch_size"]
    gradients = 2 * x * (x @ w - y)[:, None]
    full = gradients.mean(dim=0)
    draw = torch.Generator().manual_seed(0)
    rows = torch.rand(4000, len(x), generator=draw).argsort(dim=1)[:, :size]
    errors = (gradients[rows].mean(dim=1) - full).square().sum(dim=1)
    return Theory(
        float(expected_noise(w, x, y, size)),
        float(expected_noise(w, x, y, size, replacement=True)),
        float(errors.std()),
        float(full.square().sum()),
        float(errors.sqrt().mean()),
        float(expected_noise(w, x, y, 1)),
    )


def view(seed: int, name: str, case: Case) -> Case:
    """Every claim as one number, 0 where it holds."""
    if name not in SIZES:
        raise Unusable("there is no such case")
    values = [value for step in case.steps for value in step]
    calls = SIZES[name][2]
    shapes = [getattr(value, "shape", None) for value in values]
    if shapes != [(calls,), ()] or not all(isinstance(v, Tensor) and v.is_floating_point() for v in values):
        raise Unusable("a call is missing")
    found, again = values[0].double(), values[1].double()
    if name == SINGLE:
        readings = [single(float(found.mean())), source(found, again)]
    else:
        problem = draw_noise(seed)[name]
        right = theory(problem)
        spread = steadiness(found, right, problem["draws"])
        # with too few draws the mean is left to chance and says nothing more
        total = mean(float(found.mean()), right, problem) if not spread else 0
        if spread == 1 and 0.3 < float(found.mean()) * problem["draws"] / right.low < 3:
            total = 4
        if spread == 2 and 0.85 < float(found.mean()) / right.single < 1.15:
            total, spread = 8, 0
        readings = [total, spread, source(found, again)]
    return Case([[torch.tensor(float(value))] for value in readings])


def mean(found: float, right: Theory, case: dict[str, Any]) -> int:
    """1 a root; 2 averaged over the weights; 3 the 2 forgotten; 4 errors averaged before squaring; 5 summed over the
    draws; 6 the batch's gradient summed; 7 nothing subtracted; 8 single samples; 9 nothing left; 10 not finite."""
    size, draws = case["batch_size"], case["draws"]
    error = 6 * right.one_draw / math.sqrt(draws * case["calls"])
    if not math.isfinite(found):
        return 10
    if abs(found) < 1e-9 * right.low:
        return 9
    if right.low - error <= found <= right.high + error:
        return 0
    if 0.9 * right.norm <= found <= 1.05 * math.sqrt(right.high):
        return 1
    too_long = (size - 1) ** 2 * right.gradient
    known = {
        2: (right.low / WEIGHTS, right.high / WEIGHTS),
        3: (right.low / 4, right.high / 4),
        5: (right.low * draws, right.high * draws),
        6: (size**2 * right.low + too_long, size**2 * right.high + too_long),
        7: (right.low + right.gradient, right.high + right.gradient),
        8: (right.single, right.single),
    }
    room = error / right.low
    fitting = (n for n, (low, high) in known.items() if low * (1 - room) <= found <= high * (1 + room))
    return next(fitting, NONE)


def steadiness(found: Tensor, right: Theory, draws: int) -> int:
    """1 as unsteady as a single draw; 2 as a mean over few; 3 the same every time; −1 far too steady to be drawn."""
    relative = float(found.var() / found.mean() ** 2)
    if not math.isfinite(relative):
        return 0
    if relative < 1e-18:
        return 3
    ratio = relative / (right.one_draw**2 / draws / right.low**2)
    return 1 if ratio > draws / 4 else 2 if ratio > 3 else NONE if ratio < TOO_STEADY else 0


def single(found: float) -> int:
    """1 nothing left; 2 not a number; 3 infinite. How large it is, the other case says more exactly."""
    if not math.isfinite(found):
        return 2 if math.isnan(found) else 3
    return 1 if abs(found) < 1e-9 * NOISE else 0


def source(found: Tensor, again: Tensor) -> int:
    """1 the same generator gives another number; 2 other generators give the same."""
    if not torch.allclose(found[0], again, rtol=1e-9, atol=0.0, equal_nan=True):
        return 1
    return 2 if torch.allclose(found, found[:1].expand(len(found)), rtol=1e-12, atol=0.0, equal_nan=True) else 0


def errors(w: Tensor, x: Tensor, y: Tensor, batch_size: int, draws: int, generator: torch.Generator) -> Tensor:
    """g_batch − g_all of every draw, `[draws, d]`."""
    gradients = 2 * x * (x @ w - y)[:, None]
    rows = torch.stack([torch.randperm(len(x), generator=generator)[:batch_size] for _ in range(draws)])
    return gradients[rows].mean(dim=1) - gradients.mean(dim=0)


def measured(rule: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    """A form from the errors of all draws, `[draws, d]`."""
    return lambda *arguments: rule(errors(*arguments))


def squares(errors: Tensor) -> Tensor:
    return errors.square().sum(dim=1)


def full_gradient(w: Tensor, x: Tensor, y: Tensor) -> Tensor:
    return batch_gradient(w, x, y, torch.arange(len(x)))


def of_sums(w: Any, x: Any, y: Any, batch_size: int, draws: int, generator: Any) -> Tensor:
    full = full_gradient(w, x, y)
    return squares((errors(w, x, y, batch_size, draws, generator) + full) * batch_size - full).mean()


def not_subtracted(w: Any, x: Any, y: Any, batch_size: int, draws: int, generator: Any) -> Tensor:
    return squares(errors(w, x, y, batch_size, draws, generator) + full_gradient(w, x, y)).mean()


def one_epoch(w: Any, x: Any, y: Any, batch_size: int, draws: int, generator: Any) -> Tensor:
    full = full_gradient(w, x, y)
    batches = batch_indices(len(x), batch_size, generator)[:draws]
    return squares(torch.stack([batch_gradient(w, x, y, batch) - full for batch in batches])).mean()


def anew(w: Any, x: Any, y: Any, batch_size: int, draws: int, generator: Any) -> Tensor:
    fresh = torch.Generator()
    fresh.seed()
    return gradient_noise(w, x, y, batch_size, draws, fresh)


def own_variance(errors: Tensor, correction: int) -> Tensor:
    return errors.var(dim=0, correction=correction).sum() if len(errors) > correction else errors.sum() * math.nan


FORMS = (
    Form(
        "root_taken",
        measured(lambda e: squares(e).sqrt().mean()),
        "a root is taken: the distance is asked for squared. What does `norm` do that `square` and `sum` do not?",
    ),
    Form(
        "mean_over_weights",
        measured(lambda e: e.square().mean()),
        "the squares are averaged over the weights as well as over the draws. What is the squared length of a vector?",
    ),
    Form(
        "two_forgotten",
        measured(lambda e: squares(e / 2).mean()),
        "it is a quarter of what it should be: the gradients are half as long. What does the square of the loss leave "
        "behind when you differentiate it?",
    ),
    Form(
        "averaged_before_squaring",
        measured(lambda e: e.mean(dim=0).square().sum()),
        "the errors are averaged before they are squared, so they cancel. Which comes first, the square or the mean?",
    ),
    Form(
        "summed_over_draws",
        measured(lambda e: squares(e).sum()),
        "the squares are summed over the draws. What should happen to the number if you draw twice as often?",
    ),
    Form(
        "gradient_of_sums",
        of_sums,
        "the batch's gradient is a sum, the one over all samples a mean. Which of the two does `batch_gradient` give?",
    ),
    Form(
        "nothing_subtracted",
        not_subtracted,
        "it is the squared length of the batch's gradient itself. How far is it from which other gradient?",
    ),
    Form(
        "batch_size_ignored",
        lambda w, x, y, batch_size, draws, generator: squares(errors(w, x, y, 1, draws, generator)).mean(),
        "it is the noise of single samples, whatever `batch_size` is. How many indices are in your batch?",
    ),
    Form(
        "no_noise",
        lambda w, x, y, batch_size, draws, generator: w.new_zeros(()),
        "it is always 0: each batch holds all samples, or is compared with itself. "
        "Which two gradients do you subtract?",
    ),
    Form(
        "around_their_own_mean",
        measured(lambda e: own_variance(e, 0)),
        "the distance is measured to the mean of the draws, so that a single draw has none. "
        "Which gradient does the exercise measure against?",
    ),
    Form(
        "unbiased_variance",
        measured(lambda e: own_variance(e, 1)),
        "this is the variance around the mean of the draws, divided by draws − 1, so that a single draw gives no "
        "number. Is the gradient that you measure against estimated, or known?",
    ),
    Form(
        "divided_by_one_less",
        measured(lambda e: squares(e).sum() / (len(e) - 1)),
        "it is divided by draws − 1. That is for a variance whose mean is estimated from the same draws. Is it here?",
    ),
    Form(
        "same_batch_every_draw",
        lambda w, x, y, batch_size, draws, generator: squares(errors(w, x, y, batch_size, 1, generator)).mean(),
        "it is as unsteady as a single draw: the same batch stands behind all of them. "
        "Where do you draw, before the loop or in it?",
    ),
    Form(
        "one_epoch_of_draws",
        one_epoch,
        "it is much less steady than so many draws would make it: it goes over fewer. "
        "How many batches does one epoch have, and how many draws are asked for?",
    ),
    Form(
        "generator_ignored",
        anew,
        "the same generator gives another number every time. Where do your batches get their randomness?",
    ),
    Form(
        "seed_of_its_own",
        lambda w, x, y, batch_size, draws, generator: gradient_noise(
            w, x, y, batch_size, draws, torch.Generator().manual_seed(0)
        ),
        "it is the same number whatever generator comes in. Where does its randomness come from?",
    ),
)

EXERCISE = Exercise(
    "gradient_noise",
    draw_noise,
    gradient_noise,
    FORMS,
    ("reference",),
    view=by_case(view),
    claims=CLAIMS,
    steady=True,
    picture="none",
)
