"""`step_decay` and `warmup_cosine`: a learning rate from the number of the step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autograder.oracles.exercise import Draw, Exercise, Form
from reference.schedules import step_decay, warmup_cosine

# (share of the way down, from 0 to 1; peak; floor) -> lr
Way = Callable[[float, float, float], float]


def draw_decay(seed: int) -> dict[str, Any]:
    """Two schedules, followed through more than three falls."""
    draw = Draw(seed)
    cases = {}
    for name, every in (("falls every third step", 3), ("falls every fifth step", 5)):
        arguments = [draw.uniform(0.2, 2.0), draw.uniform(0.2, 0.4), every]
        cases[name] = {"arguments": arguments, "steps": 3 * every + 3}
    return cases


def draw_warmup(seed: int) -> dict[str, Any]:
    """With a warm-up and without, each followed past its end."""
    draw = Draw(seed)
    cases = {}
    for name, total, warmup in (("four steps of warm-up", 15, 4), ("no warm-up", 9, 0)):
        peak = draw.uniform(0.5, 2.0)
        cases[name] = {"arguments": [total, warmup, peak, peak * draw.uniform(0.05, 0.2)], "steps": total + 4}
    return cases


DECAY_FORMS = (
    Form(
        "falls_at_every_step",
        lambda step, lr, drop, every: lr * drop**step,
        "the rate falls at every step, not only at every so many. How often has it fallen before step 1?",
    ),
    Form(
        "falls_smoothly",
        lambda step, lr, drop, every: lr * drop ** (step / every),
        "the rate falls a little at every step: the exponent is a fraction. How many whole falls lie behind?",
    ),
    Form(
        "falls_early",
        lambda step, lr, drop, every: lr * drop ** ((step + 1) // every),
        "every fall comes one step early. Steps count from 0: which is the first step after `every` steps?",
    ),
    Form(
        "falls_late",
        lambda step, lr, drop, every: lr * drop ** (max(step - 1, 0) // every),
        "every fall comes one step late. Steps count from 0: which is the first step after `every` steps?",
    ),
    Form(
        "rounded_up",
        lambda step, lr, drop, every: lr * drop ** -(-step // every),
        "the number of falls is rounded up, so the first comes at once. Is step 1 after the first fall?",
    ),
    Form(
        "rounded",
        lambda step, lr, drop, every: lr * drop ** int(step / every + 0.5),
        "the number of falls is rounded to the nearest, so each comes half a stretch early. How many are complete?",
    ),
    Form(
        "falls_once",
        lambda step, lr, drop, every: lr * drop if step >= every else lr,
        "the rate falls once and never again. What happens at step 2·every?",
    ),
    Form(
        "falls_for_one_step",
        lambda step, lr, drop, every: lr * drop if step and step % every == 0 else lr,
        "the rate falls for one step and comes back. What should it be one step after a fall?",
    ),
    Form(
        "remainder",
        lambda step, lr, drop, every: lr * drop ** (step % every),
        "the exponent is the remainder of the division, so the rate comes back up. Which part counts the falls?",
    ),
    Form(
        "multiplied_not_raised",
        lambda step, lr, drop, every: lr * drop * (step // every) if step >= every else lr,
        "the number of falls multiplies the rate. How do two falls by one half combine?",
    ),
    Form(
        "subtracted",
        lambda step, lr, drop, every: lr - drop * (step // every),
        "each fall subtracts `drop`. It is a factor: what is left of lr after two falls by one half?",
    ),
    Form(
        "grows",
        lambda step, lr, drop, every: lr / drop ** (step // every),
        "the rate grows at each fall. Is it multiplied or divided by drop?",
    ),
    Form(
        "what_is_lost",
        lambda step, lr, drop, every: lr * (1 - drop) ** (step // every),
        "each fall keeps 1 − drop. In this exercise `drop` is what is kept: what does drop = 0.1 leave of lr?",
    ),
    Form(
        "lr_forgotten",
        lambda step, lr, drop, every: drop ** (step // every),
        "this is the factor alone. What is the rate at step 0?",
    ),
    Form(
        "constant",
        lambda step, lr, drop, every: lr,
        "the rate never falls. What should happen at step `every`?",
    ),
)


def cosine(share: float, peak: float, floor: float) -> float:
    """Half a cosine from peak to floor."""
    return floor + (peak - floor) * (1 + math.cos(math.pi * share)) / 2


def line(step: int, warmup: int, peak: float) -> float:
    """The way up that the lesson asks for."""
    return peak * (step + 1) / warmup


def down(way: Way) -> Callable[..., float]:
    """The schedule with another way down."""

    def schedule(step: int, total: int, warmup: int, peak: float, floor: float) -> float:
        if step < warmup:
            return line(step, warmup, peak)
        return floor if step >= total else way((step - warmup) / (total - warmup), peak, floor)

    return schedule


def up(way: Callable[[int, int, float, float], float]) -> Callable[..., float]:
    """The schedule with another way up: (step, warmup, peak, floor) -> lr."""

    def schedule(step: int, total: int, warmup: int, peak: float, floor: float) -> float:
        if step < warmup:
            return way(step, warmup, peak, floor)
        return warmup_cosine(step, total, warmup, peak, floor)

    return schedule


def spread(share: Callable[[int, int, int], float]) -> Callable[..., float]:
    """The schedule with another share of the way down: (step, total, warmup) -> share."""

    def schedule(step: int, total: int, warmup: int, peak: float, floor: float) -> float:
        if step < warmup:
            return line(step, warmup, peak)
        return floor if step >= total else cosine(share(step, total, warmup), peak, floor)

    return schedule


def rises_again(step: int, total: int, warmup: int, peak: float, floor: float) -> float:
    if step < warmup:
        return line(step, warmup, peak)
    return cosine((step - warmup) / (total - warmup), peak, floor)


def zero_at_the_end(step: int, total: int, warmup: int, peak: float, floor: float) -> float:
    return 0.0 if step >= total else warmup_cosine(step, total, warmup, peak, floor)


def warmup_never_ends(step: int, total: int, warmup: int, peak: float, floor: float) -> float:
    if warmup and step <= warmup:
        return line(step, warmup, peak)
    return warmup_cosine(step, total, warmup, peak, floor)


WARMUP_FORMS = (
    Form(
        "starts_at_zero",
        up(lambda step, warmup, peak, floor: peak * step / warmup),
        "this warm-up starts at zero, so its first step moves nothing. Many programs do so; this exercise asks for "
        "(step + 1)/warmup. What does a step with lr 0 teach the network?",
        0.5,
    ),
    Form(
        "starts_at_floor",
        up(lambda step, warmup, peak, floor: floor + (peak - floor) * (step + 1) / warmup),
        "this warm-up climbs from the floor; this exercise asks for one that climbs from zero. "
        "What is the first learning rate in each?",
        0.5,
    ),
    Form(
        "warmup_from_the_wrong_end",
        up(lambda step, warmup, peak, floor: peak * (warmup - step) / warmup),
        "the warm-up runs downhill: it starts at the peak. Why is a large first step the dangerous one?",
    ),
    Form(
        "no_warmup",
        up(lambda step, warmup, peak, floor: peak),
        "the warm-up is missing: the peak holds from step 0. What should the first learning rate be?",
    ),
    Form(
        "decays_while_warming_up",
        lambda step, total, warmup, peak, floor: (
            (line(step, warmup, 1.0) if step < warmup else 1.0)
            * (floor if step >= total else cosine(step / total, peak, floor))
        ),
        "the cosine runs from step 0, and the warm-up only scales it. Where does the way down begin?",
    ),
    Form(
        "warmup_one_step_long",
        warmup_never_ends,
        "the warm-up takes one step too many, and goes above the peak. Is step `warmup` still part of it?",
    ),
    Form(
        "measured_over_total",
        spread(lambda step, total, warmup: (step - warmup) / total),
        "the way down is divided by `total`, so it does not reach the floor. How many steps does it have?",
    ),
    Form(
        "counted_from_zero",
        spread(lambda step, total, warmup: step / total),
        "the way down counts from step 0, so it starts below the peak. At which step should it begin?",
    ),
    Form(
        "arrives_early",
        spread(lambda step, total, warmup: (step - warmup) / (total - warmup - 1)),
        "the floor is reached one step early, at total − 1. At which step does the formula say u = 1?",
    ),
    Form(
        "begins_early",
        spread(lambda step, total, warmup: (step - warmup + 1) / (total - warmup)),
        "the way down is one step ahead. What is u at step `warmup`?",
    ),
    Form(
        "rises_again",
        rises_again,
        "after `total` the cosine comes back up. What should hold from then on?",
    ),
    Form(
        "zero_at_the_end",
        zero_at_the_end,
        "from `total` on the rate is 0 instead of the floor. What is the floor for?",
    ),
    Form(
        "floor_forgotten",
        down(lambda share, peak, floor: peak * (1 + math.cos(math.pi * share)) / 2),
        "the way down aims at 0 and jumps to the floor at the end. Which interval should the cosine cover?",
    ),
    Form(
        "floor_on_top",
        down(lambda share, peak, floor: floor + peak * (1 + math.cos(math.pi * share)) / 2),
        "the floor is added to the whole cosine, so the way down starts above the peak. How tall is the cosine?",
    ),
    Form(
        "not_halved",
        down(lambda share, peak, floor: floor + (peak - floor) * (1 + math.cos(math.pi * share))),
        "the way down starts at twice the height. Between which numbers does 1 + cos lie?",
    ),
    Form(
        "cosine_not_shifted",
        down(lambda share, peak, floor: floor + (peak - floor) * math.cos(math.pi * share)),
        "the rate goes below the floor, even below 0. Between which numbers does a cosine lie?",
    ),
    Form(
        "quarter_cosine",
        down(lambda share, peak, floor: floor + (peak - floor) * math.cos(math.pi / 2 * share)),
        "this is a quarter of a cosine: it arrives at the floor at full speed. Which part of a cosine is flat at "
        "both ends?",
    ),
    Form(
        "pi_forgotten",
        down(lambda share, peak, floor: floor + (peak - floor) * (1 + math.cos(share)) / 2),
        "the cosine's angle lacks π, so it hardly falls. At which angle is a cosine −1?",
    ),
    Form(
        "goes_up",
        down(lambda share, peak, floor: floor + (peak - floor) * (1 - math.cos(math.pi * share)) / 2),
        "after the warm-up the rate starts at the floor and climbs. Which sign turns the cosine round?",
    ),
    Form(
        "straight_line",
        down(lambda share, peak, floor: peak + (floor - peak) * share),
        "the way down is a straight line. Where does a cosine fall slowly, and where fast?",
    ),
    Form(
        "constant_after_warmup",
        down(lambda share, peak, floor: peak),
        "after the warm-up the peak holds, and the rate jumps to the floor at the end. Where is the way down?",
    ),
)
LIBRARY = ("torch.optim", "reference")
EXERCISES = (
    Exercise("step_decay", draw_decay, step_decay, DECAY_FORMS, LIBRARY, steps=("step", 0)),
    Exercise("warmup_cosine", draw_warmup, warmup_cosine, WARMUP_FORMS, LIBRARY, steps=("step", 0)),
)
