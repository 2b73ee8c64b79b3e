"""Probes of lesson 03."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from autograder.student.recorder import Recorder, Unusable, call, describe

PARAMS = ("W1", "b1", "W2", "b2")
ACTIVATIONS = ("z1", "a1", "logits")


def forward(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """One step a case: the activations, then the params and samples as the function left them."""
    for name, case in problem.items():
        with recorder.case(name) as recording:
            params, x = copy(case["params"]), case["x"].clone()
            result = call(attempt, params, x)
            recording.record([*entries(result, ACTIVATIONS), *entries(params, PARAMS), x])


def backward(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """One step a case: the gradients, then the params and activations as the function left them."""
    for name, case in problem.items():
        with recorder.case(name) as recording:
            params, activations = copy(case["params"]), copy(case["activations"])
            result = call(attempt, params, case["x"].clone(), case["labels"].clone(), activations)
            left = [*entries(params, PARAMS), *entries(activations, ACTIVATIONS)]
            recording.record([*entries(result, PARAMS), *left])


def update(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """Every step: the new params, then the params and gradients that went in."""
    for name, case in problem.items():
        with recorder.case(name) as recording:
            params = copy(case["params"])
            for grads, lr in zip(case["grads"], case["lrs"], strict=True):
                grads = copy(grads)
                result = entries(call(attempt, params, grads, lr), PARAMS)
                recording.record([*result, *entries(params, PARAMS), *entries(grads, PARAMS)])
                params = copy(dict(zip(PARAMS, result, strict=True)))


def value(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """One step a case: the results' `.data`, then every leaf's `.grad` after `backward()` on each result."""
    for name, case in problem.items():
        with recorder.case(name) as recording:
            leaves = {letter: made(attempt, number) for letter, number in case["values"].items()}
            results = [computed(program, leaves) for program in case["programs"]]
            for result in results:
                result.backward()
            recording.record([*(r.data for r in results), *(leaf.grad for leaf in leaves.values())])


def made(attempt: Any, number: float) -> Any:
    """A leaf.

    Raises:
        Unusable: if what the class makes is no value.
    """
    leaf = call(attempt, number) if isinstance(attempt, type) else None
    if not (hasattr(leaf, "data") and hasattr(leaf, "grad")):
        what = f"`Value({number:.3g})` is {describe(leaf)}" if isinstance(attempt, type) else "it is no class"
        raise Unusable(f"{what}; expected a class whose objects have `.data` and `.grad`")
    return leaf


def computed(program: Sequence[Sequence[Any]], leaves: dict[str, Any]) -> Any:
    """The result of a program: rows of a new name, an operation, and the names or floats it is applied to.

    Raises:
        Unusable: if an operation gives something that is no value.
    """
    names = dict(leaves)
    for name, operation, *operands in program:
        left, *right = [names[o] if isinstance(o, str) else o for o in operands]
        result = left + right[0] if operation == "+" else left * right[0] if operation == "*" else left.tanh()
        if not hasattr(result, "data") or not hasattr(result, "backward"):
            raise Unusable(f"`{operation}` gave {describe(result)}; expected a `Value`")
        names[name] = result
    return names[program[-1][0]] if program else next(iter(leaves.values()))


def copy(tensors: dict[str, Any]) -> dict[str, Any]:
    """Private copies under the same names."""
    return {k: v.detach().clone() if isinstance(v, torch.Tensor) else v for k, v in tensors.items()}


def entries(result: Any, names: Sequence[str]) -> list[Any]:
    """The values under these names.

    Raises:
        Unusable: if `result` is no dict, or lacks one.
    """
    wanted = ", ".join(names)
    if not isinstance(result, dict):
        raise Unusable(f"returned {describe(result)}; expected a dict with the keys {wanted}")
    missing = [name for name in names if name not in result]
    if missing:
        raise Unusable(f"the dict lacks {', '.join(missing)}; expected the keys {wanted}")
    return [result[name] for name in names]


EXERCISES = {"forward": forward, "backward": backward, "update": update, "Value": value}
