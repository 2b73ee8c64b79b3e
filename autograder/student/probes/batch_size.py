"""Probes of lesson 04."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.student.recorder import Recorder, Unusable, call, describe

MAX_BATCHES = 200
INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)


def batch_indices(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """Every call is a step, its batches the values: as many epochs as asked for, then the first again with the same
    seed, then one with another."""
    for name, case in problem.items():
        with recorder.case(name) as recording:
            generator = torch.Generator().manual_seed(case["seed"])
            for _ in range(case["epochs"]):
                recording.record(batches(call(attempt, case["n"], case["batch_size"], generator)))
            for seed in (case["seed"], case["seed"] + 1):
                generator = torch.Generator().manual_seed(seed)
                recording.record(batches(call(attempt, case["n"], case["batch_size"], generator)))


def batches(result: Any) -> list[Tensor]:
    """What `batch_indices` returned as a list of int64 tensors `[k]`.

    Raises:
        Unusable: for anything but a sequence of one-dimensional tensors of indices.
    """
    if isinstance(result, Tensor):
        raise Unusable(
            f"returned one tensor of shape {list(result.shape)}; expected a list with a tensor for each batch"
        )
    try:
        found = [batch for _, batch in zip(range(MAX_BATCHES), result, strict=False)]
    except TypeError:
        raise Unusable(f"returned {describe(result)}; expected a list of tensors") from None
    for number, batch in enumerate(found, 1):
        if not isinstance(batch, Tensor):
            raise Unusable(f"batch {number} is {describe(batch)}; expected a tensor of indices")
        if batch.dim() != 1:
            raise Unusable(f"batch {number} has shape {list(batch.shape)}; expected one dimension, [B]")
        if batch.dtype not in INTEGERS:
            raise Unusable(f"batch {number} holds numbers of {batch.dtype}; expected indices, torch.int64")
    return [batch.to(torch.int64) for batch in found]


def batch_gradient(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """One step a case: the gradient."""
    for name, case in problem.items():
        with recorder.case(name) as recording:
            recording.record([call(attempt, *(case[key].clone() for key in ("w", "x", "y", "indices")))])


def gradient_noise(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """One step a case: what all calls gave `[calls]`, and what the first seed gave once more `[]`."""
    for name, case in problem.items():
        with recorder.case(name) as recording:
            seeds = [case["seed"] + k for k in range(case["calls"])]
            found = [measure(attempt, case, seed) for seed in [*seeds, seeds[0]]]
            recording.record([torch.stack(found[:-1]), found[-1]])


def measure(attempt: Any, case: Any, seed: int) -> Tensor:
    """One call of `gradient_noise`, as a float64 tensor `[]`.

    Raises:
        Unusable: if it gives anything but one number.
    """
    w, x, y = (case[key].clone() for key in ("w", "x", "y"))
    generator = torch.Generator().manual_seed(seed)
    result = call(attempt, w, x, y, case["batch_size"], case["draws"], generator)
    if isinstance(result, int | float):
        return torch.tensor(float(result), dtype=torch.float64)
    if not isinstance(result, Tensor):
        raise Unusable(f"returned {describe(result)}; expected one number, a tensor of shape []")
    if result.dim() or result.is_complex():
        raise Unusable(f"returned a tensor of shape {list(result.shape)}; expected one number, of shape []")
    return result.detach().double()


def train_epochs(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """One step a case and run: the path, then `w` as the function left it."""
    for name, case in problem.items():
        for run, seed in case["runs"].items():
            with recorder.case(run or name) as recording:
                w, x, y = (case[key].clone() for key in ("w", "x", "y"))
                generator = torch.Generator().manual_seed(seed)
                path = call(attempt, w, x, y, case["lr"], case["batch_size"], case["epochs"], generator)
                if not isinstance(path, Tensor) or path.dim() != 2:
                    raise Unusable(f"returned {describe(path)}; expected one tensor of shape [updates + 1, {len(w)}]")
                if path.shape[1] != len(w):
                    size = f"[updates + 1, {len(w)}], a row for every update"
                    raise Unusable(f"returned a tensor of shape {list(path.shape)}; expected {size}")
                recording.record([path, w])


EXERCISES = {
    "batch_indices": batch_indices,
    "batch_gradient": batch_gradient,
    "gradient_noise": gradient_noise,
    "train_epochs": train_epochs,
}
