"""`train`: judged by what every update shows of the loop, and by digits that the student's kernel never sees.

On the small set every sample is a row of the identity, so the update of a step shows which samples were in its
batch, with what weight and at which parameters. Nothing is assumed of how the generator is used.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.oracles.exercise import Draw, Exercise
from autograder.oracles.experiment.digits import (
    BATCH_SIZE,
    EPOCHS,
    THRESHOLD,
    TRAINED_ON,
    draw_digits,
    held_out_accuracy,
    training_accuracy,
)
from autograder.oracles.experiment.run import Run, reading
from autograder.oracles.experiment.wrong_loops import FORMS
from autograder.student.evidence import Case, Evidence, Trouble
from autograder.student.recorder import Unusable
from reference.experiment import train

SAMPLES, CLASSES = 17, 4  # a prime number of samples: no share of a batch is a share of all
SMALL_BATCH, SMALL_EPOCHS = 5, 4
SEEDS = ("small set", "the same again", "another generator")

CLAIMS = (
    "every update follows the mean gradient of the cross-entropy over one batch, at the parameters before it",
    "in every epoch each sample is used exactly once, the last short batch included",
    "the order is shuffled, and new in every epoch",
    "the order comes from the generator: the same one gives the same run, another one another",
    "`loss` holds one number an update: the mean cross-entropy of its batch, before the update",
    "`accuracy` holds one number an epoch: the share of all samples that are right after it, in evaluation mode",
    "`loss` and `accuracy` fit the digits' run: one loss an update, and the last accuracy is that of the final weights",
    f"trained on {TRAINED_ON} digits for {EPOCHS} epochs, the network gets at least {THRESHOLD:.0%} of others right",
)


def draw_train(seed: int) -> dict[str, Any]:
    """The problem of `probes.experiment.train`."""
    draw = Draw(seed)
    labels = torch.tensor([int(draw.uniform(0, CLASSES)) for _ in range(SAMPLES)])
    table, shift = 0.3 * draw.normal(SAMPLES, CLASSES), torch.zeros(SAMPLES, CLASSES, dtype=torch.float64)
    own = torch.linspace(1.0, -5.0, SAMPLES, dtype=torch.float64)  # one sample after the other comes right
    own[:3] = torch.tensor([-15.0, 6.0, 6.0])  # but the first stays wrong, and two are right from the start,
    table[torch.arange(SAMPLES), labels] += own
    shift[2, labels[2]] = -40.0  # one of them in training mode only
    first = int(draw.uniform(0, 2**30))
    return {
        "small set": {
            "table": table,
            "shift": shift,
            "labels": labels,
            "lr": 4.0,
            "batch_size": SMALL_BATCH,
            "epochs": SMALL_EPOCHS,
            "seeds": dict(zip(SEEDS, (first, first, first + 1), strict=True)),
        },
        "digits": {**draw_digits(seed), "lr": 0.1, "momentum": 0.9},
    }


def view(seed: int, evidence: Evidence) -> Evidence:
    """Every claim as one number: 0 where it holds, else which way it fails; the digits' claims last."""
    if "call" in evidence.cases:  # nothing could be run at all
        return evidence
    troubles = {name: case.trouble for name, case in evidence.cases.items() if case.trouble}
    missing = {name for name in (*SEEDS, "digits") if name not in evidence.cases}
    if troubles or missing:
        name, trouble = next(iter(troubles.items()), ("", Trouble("unusable", "a run is missing", 1)))
        place = "digits" if name == "digits" else "small set"
        return Evidence(evidence.exercise, {place: Case(trouble=trouble)}, evidence.printed)
    small = draw_train(seed)["small set"]
    try:
        runs = [Run(small, evidence.cases[name].steps) for name in SEEDS]
    except Unusable as error:
        cases = {"small set": Case(trouble=Trouble("unusable", str(error), 1))}
        return Evidence(evidence.exercise, cases, evidence.printed)
    found = reading(*runs)
    found += [0, 0] if any(found) else _digits(seed, evidence.cases["digits"])
    cases = {"small set": Case([[torch.tensor(float(value))] for value in found])}
    return Evidence(evidence.exercise, cases, evidence.printed)


def _digits(seed: int, case: Case) -> list[int]:
    values = [value for step in case.steps for value in step]
    if len(values) < 2 or not all(isinstance(value, Tensor) for value in values):
        return [1, 1]
    losses, accuracies, *weights = values
    updates = EPOCHS * -(-TRAINED_ON // BATCH_SIZE)
    counted = losses.shape == (updates,) and accuracies.shape == (EPOCHS,) and bool(losses.isfinite().all())
    near = counted and abs(float(accuracies[-1]) - training_accuracy(seed, weights)) <= 2 / TRAINED_ON
    return [int(not near), int(held_out_accuracy(seed, weights) < THRESHOLD)]


TRAIN = Exercise(
    "train",
    draw_train,
    train,
    FORMS,
    ("reference",),
    view=view,
    claims=CLAIMS,
    steady=True,
)
