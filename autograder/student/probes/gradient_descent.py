"""Probes of lesson 02."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.student.recorder import Recorder, Unusable, call, copies, describe, pair, tensors


def wave(problem: Any) -> Callable[[Tensor], Tensor]:
    """f(w) = Σₖ aₖ sin(bₖ·w + cₖ), smooth and far from quadratic. `w` is `[n]`, the result `[]`."""

    def f(w: Tensor) -> Tensor:
        value: Tensor = problem["amplitude"] @ torch.sin(problem["frequency"] @ w + problem["phase"])
        return value

    return f


def bowl(problem: Any) -> Callable[[Tensor], Tensor]:
    """∇L(w) = A (w − centre) + bend · (w − centre)³, both `[n]`."""

    def gradient(w: Tensor) -> Tensor:
        away = w.detach() - problem["centre"]
        slope: Tensor = problem["matrix"] @ away + problem["bend"] * away**3
        return slope

    return gradient


def numerical_gradient(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """One step a case: the gradient, then `w` as the function left it."""
    for name, case in problem.items():
        with recorder.case(name) as recording:
            w = case["w"].clone()
            result = call(attempt, wave(case), w, case["h"])
            recording.record([result, w])


def gradient_step(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """Every step: the new parameters, then the parameters and gradients that went in."""
    for name, case in problem.items():
        with recorder.case(name) as recording:
            params = [p.clone() for p in case["params"]]
            for grads, lr in zip(case["grads"], case["lrs"], strict=True):
                grads = copies(grads)
                result = tensors(call(attempt, params, grads, lr), len(params))
                recording.record([*result, *params, *grads])
                params = copies(result)


def gradient_descent(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """Every row of the path is a step; the last step is `start` as the function left it."""
    for name, case in problem.items():
        with recorder.case(name) as recording:
            start = case["start"].clone()
            path = call(attempt, bowl(case), start, case["lr"], case["steps"])
            if not isinstance(path, torch.Tensor) or path.dim() != 2:
                size = f"[{case['steps'] + 1}, {len(start)}]"
                raise Unusable(f"returned {describe(path)}; expected one tensor of shape {size}")
            for row in path[:100]:
                recording.record([row])
            recording.record([start])


def fit_linear(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """Every step is a fit of its own, with more and more steps: w, then b."""
    for name, case in problem.items():
        with recorder.case(name) as recording:
            for steps in case["steps"]:
                result = call(attempt, case["x"].clone(), case["y"].clone(), case["lr"], steps)
                recording.record(pair(result, "a pair (w, b)"))


EXERCISES = {
    "numerical_gradient": numerical_gradient,
    "gradient_step": gradient_step,
    "gradient_descent": gradient_descent,
    "fit_linear": fit_linear,
}
