"""The probe of every optimizer class: a path, then the uses that a training script makes of it."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor

from autograder.student.recorder import CaseRecorder, Recorder, Unusable, call, describe

EXERCISES: dict[str, Any] = {}  # used by the lessons' probes, no exercise of its own


def optimizer_uses(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """Cases: path, groups, late parameter, saved and loaded, scheduler, gradient untouched, same parameters.

    `problem`: `params` (tensors of unequal shape), `grads` (one list a step), `lrs` (one a step, for groups
    and scheduler), and `options`, passed on to the class beside `lr`.
    """
    with recorder.case("path") as case:
        params = fresh(problem)
        optimizer = make(attempt, params, problem)
        for grads in problem["grads"]:
            step(optimizer, params, grads)
            case.record(params)

    with recorder.case("groups") as case:
        params = fresh(problem)
        groups = [{"params": params[:1]}, {"params": params[1:], "lr": problem["lrs"][-1]}]
        run(make(attempt, groups, problem), params, problem, case)

    with recorder.case("late parameter") as case:
        params = fresh(problem)
        optimizer = make(attempt, params, problem)
        for index, grads in enumerate(problem["grads"]):
            step(optimizer, params, [grads[0] if index >= 2 else None, *grads[1:]])
            case.record(params)

    with recorder.case("saved and loaded") as case:
        params = fresh(problem)
        optimizer = make(attempt, params, problem)
        for index, grads in enumerate(problem["grads"]):
            if index == 3:
                saved = copy.deepcopy(optimizer.state_dict())
                params = [p.detach().clone().requires_grad_() for p in params]
                optimizer = make(attempt, params, problem)
                optimizer.load_state_dict(saved)
            step(optimizer, params, grads)
            case.record(params)

    with recorder.case("scheduler") as case:
        params = fresh(problem)
        optimizer = make(attempt, params, problem)
        factors = [lr / problem["lrs"][0] for lr in problem["lrs"]]
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: factors[min(t, len(factors) - 1)])
        for grads in problem["grads"]:
            step(optimizer, params, grads)
            scheduler.step()
            case.record(params)

    with recorder.case("gradient untouched") as case:
        params = fresh(problem)
        optimizer = make(attempt, params, problem)
        for grads in problem["grads"]:
            step(optimizer, params, grads)
            case.record(p.grad for p in params)

    with recorder.case("same parameters") as case:
        params = fresh(problem)
        optimizer = make(attempt, params, problem)
        step(optimizer, params, problem["grads"][0])
        held = [p for group in optimizer.param_groups for p in group["params"]]
        case.record(
            float(kept is given and kept.is_leaf and kept.requires_grad)
            for kept, given in zip(held, params, strict=True)
        )


def fresh(problem: Any) -> list[Tensor]:
    """Leaf parameters with the problem's values."""
    return [p.clone().requires_grad_() for p in problem["params"]]


def make(attempt: Any, params: Any, problem: Any) -> torch.optim.Optimizer:
    """Construct the student's optimizer.

    Raises:
        Unusable: if it is no `torch.optim.Optimizer`.
    """
    if not (isinstance(attempt, type) and issubclass(attempt, torch.optim.Optimizer)):
        given = f"the class {attempt.__name__}" if isinstance(attempt, type) else describe(attempt)
        raise Unusable(f"it is {given}; expected a subclass of torch.optim.Optimizer")
    optimizer: torch.optim.Optimizer = call(attempt, params, lr=problem["lrs"][0], **problem["options"])
    return optimizer


def run(optimizer: torch.optim.Optimizer, params: list[Tensor], problem: Any, case: CaseRecorder) -> None:
    """Every step of the problem, recorded."""
    for grads in problem["grads"]:
        step(optimizer, params, grads)
        case.record(params)


def step(optimizer: torch.optim.Optimizer, params: list[Tensor], grads: list[Tensor | None]) -> None:
    """One step as a training loop makes it: gradients are written into buffers that live on."""
    with torch.no_grad():
        for p, g in zip(params, grads, strict=True):
            if g is None:
                p.grad = None
            elif p.grad is None:
                p.grad = g.clone()
            else:
                p.grad.copy_(g)
    optimizer.step()
