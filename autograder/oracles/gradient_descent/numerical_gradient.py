"""Central differences on functions that are not quadratic, and how they go wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.oracles.exercise import Draw, Exercise, Form
from reference.training import numerical_gradient


def draw_wave(seed: int) -> dict[str, Any]:
    """Functions that are not quadratic, with h so large that an exact gradient shows."""
    draw = Draw(seed)
    return {
        name: {
            "amplitude": draw.normal(4) + 2.0,
            "frequency": draw.normal(4, n) + 0.5,
            "phase": draw.normal(4),
            "w": draw.normal(n),
            "h": h,
        }
        for name, n, h in [("four weights", 4, 0.05), ("one weight", 1, 0.1), ("three weights", 3, 0.02)]
    }


def differences(formula: Callable[..., Any]) -> Callable[..., Tensor]:
    """A difference formula (f, w, e, h) along each axis e, with |e| = h."""

    def form(f: Any, w: Tensor, h: float) -> Tensor:
        axes = torch.eye(len(w), dtype=w.dtype) * h
        return torch.stack([formula(f, w, axis, h) for axis in axes])

    return form


def exact(f: Any, w: Tensor, h: float) -> Tensor:
    w = w.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(f(w), w)
    return gradient


def not_put_back(f: Any, w: Tensor, h: float) -> Tensor:
    gradient = torch.zeros_like(w)
    for i in range(len(w)):
        w[i] += h
        up = f(w)
        w[i] -= 2 * h
        gradient[i] = (up - f(w)) / (2 * h)
    return gradient


def one_tensor_twice(f: Any, w: Tensor, h: float) -> Tensor:
    gradient = torch.zeros_like(w)
    for i in range(len(w)):
        above = below = w
        above[i] += h
        below[i] -= h
        gradient[i] = (f(above) - f(below)) / (2 * h)
    return gradient


def entry_kept_as_a_view(f: Any, w: Tensor, h: float) -> Tensor:
    gradient = torch.zeros_like(w)
    for i in range(len(w)):
        entry = w[i]
        w[i] = entry + h
        up = f(w)
        w[i] = entry - h
        gradient[i] = (up - f(w)) / (2 * h)
        w[i] = entry
    return gradient


def all_at_once(f: Any, w: Tensor, h: float) -> Tensor:
    slope: Tensor = (f(w + h) - f(w - h)) / (2 * h)
    return slope.expand(len(w)).clone()


NUMERICAL_FORMS = (
    Form(
        "one_sided",
        differences(lambda f, w, e, h: (f(w + e) - f(w)) / h),
        "the difference is one-sided: its error shrinks like h, a central one's like h². Where is the other side?",
    ),
    Form(
        "one_sided_back",
        differences(lambda f, w, e, h: (f(w) - f(w - e)) / h),
        "the difference is one-sided, looking back. How would you use both sides of w?",
    ),
    Form(
        "divided_by_h",
        differences(lambda f, w, e, h: (f(w + e) - f(w - e)) / h),
        "every entry is twice as large as it should be. How far apart are the two points?",
    ),
    Form(
        "not_divided",
        differences(lambda f, w, e, h: f(w + e) - f(w - e)),
        "the difference is not divided by the distance. What is the unit of a slope?",
    ),
    Form(
        "half_distance",
        differences(lambda f, w, e, h: (f(w + e / 2) - f(w - e / 2)) / h),
        "the two points lie h/2 from w; this exercise asks for w + h and w − h. How far does each side go?",
    ),
    Form(
        "sign",
        differences(lambda f, w, e, h: (f(w - e) - f(w + e)) / (2 * h)),
        "every entry has the wrong sign. Which of the two points do you subtract?",
    ),
    Form(
        "exact_gradient",
        exact,
        "this is the exact gradient, not a difference: it is too good. What does h do in your function?",
    ),
    Form(
        "not_put_back",
        not_put_back,
        "w is not put back after each entry, so the next entry is measured elsewhere. What is w when you return?",
    ),
    Form(
        "one_tensor_twice",
        one_tensor_twice,
        "both points are the same tensor under two names: each step moves both, and the difference is 0. "
        "What does `=` do with a tensor: does it copy?",
    ),
    Form(
        "entry_kept_as_a_view",
        entry_kept_as_a_view,
        "the entry that was put aside has moved along, because `w[i]` is a view into `w`: the second point is w "
        "itself. How would you keep the number, not the place?",
    ),
    Form(
        "all_at_once",
        all_at_once,
        "all weights are moved at once, which gives one slope along the diagonal. Which weight does entry i move?",
    ),
)

EXERCISE = Exercise(
    "numerical_gradient",
    draw_wave,
    numerical_gradient,
    NUMERICAL_FORMS,
    ("torch.autograd", "reference"),
    parts=("the gradient", "`w` as your function left it"),
    untold=("amplitude", "frequency", "phase"),
)
