"""Oracle of lesson 02: differences, steps, paths and fits, and how they go wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.oracles.exercise import Draw, Exercise, Form
from reference.optimizers import gradient_step
from reference.training import fit_linear, gradient_descent, numerical_gradient

LESSON = "02_gradient_descent"


# numerical_gradient


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
        "all_at_once",
        all_at_once,
        "all weights are moved at once, which gives one slope along the diagonal. Which weight does entry i move?",
    ),
)


# gradient_step


def draw_steps(seed: int) -> dict[str, Any]:
    """Four steps over two parameters of unequal shape; lr changes on the way."""
    draw = Draw(seed)
    shapes = [(3,), (2, 3)]
    return {
        "two parameters": {
            "params": [draw.normal(*shape) for shape in shapes],
            "grads": [[draw.normal(*shape) for shape in shapes] for _ in range(4)],
            "lrs": draw.lrs(4),
        }
    }


def each(rule: Callable[[Any, Any, float], Any]) -> Callable[..., list[Any]]:
    """A step over all parameters from one parameter's rule (p, g, lr)."""
    return lambda params, grads, lr: [rule(p, g, lr) for p, g in zip(params, grads, strict=True)]


STEP_FORMS = (
    Form(
        "uphill",
        each(lambda p, g, lr: p + lr * g),
        "the step goes along the gradient, uphill. Which way does a gradient point?",
    ),
    Form("no_lr", each(lambda p, g, lr: p - g), "lr is never used. How long is your step when lr is 0?"),
    Form(
        "in_place",
        each(lambda p, g, lr: p.sub_(lr * g)),
        "the values are right, but the parameters that went in are changed too; this exercise asks for new "
        "tensors. What does your caller find in the old ones?",
    ),
    Form(
        "step_returned",
        each(lambda p, g, lr: -lr * g),
        "what comes back is only the step. Where does a step start from?",
    ),
    Form(
        "gradient_normalised",
        each(lambda p, g, lr: p - lr * g / g.norm()),
        "every step has length lr, however steep the slope. How long is lr · gradient?",
    ),
    Form(
        "sign_only",
        each(lambda p, g, lr: p - lr * g.sign()),
        "only the gradient's sign is used. What should happen where the slope is gentle?",
    ),
    Form(
        "divided_by_lr",
        each(lambda p, g, lr: p - g / lr),
        "the gradient is divided by lr. Should a smaller lr make the step longer?",
    ),
    Form(
        "first_gradient_for_all",
        lambda params, grads, lr: [p - lr * grads[0] for p in params],
        "every parameter moves by the first one's gradient. Which gradient belongs to which parameter?",
    ),
    Form(
        "one_skipped",
        lambda params, grads, lr: [*gradient_step(params[:-1], grads[:-1], lr), params[-1]],
        "the last parameter never moves. Does your loop reach all of them?",
    ),
    Form(
        "not_moved",
        each(lambda p, g, lr: p.clone()),
        "the parameters come back as they went in. Where is the step?",
    ),
)


# gradient_descent


def draw_bowls(seed: int) -> dict[str, Any]:
    """A quadratic, one that is none, and no step at all."""
    draw = Draw(seed)
    cases = {}
    for name, n, steps, bend in [("a bowl", 3, 6, 0.0), ("a bent bowl", 2, 5, 0.1), ("no step", 2, 0, 0.0)]:
        root = draw.normal(n, n)
        cases[name] = {
            "matrix": root @ root.T / n + torch.eye(n, dtype=torch.float64),
            "centre": draw.normal(n),
            "bend": bend,
            "start": draw.normal(n) + 1.0,
            "lr": draw.uniform(0.05, 0.15),
            "steps": steps,
        }
    return cases


def path(rule: Callable[..., Any]) -> Callable[..., Tensor]:
    """A path from a rule (w, gradient, lr, start) -> next w."""

    def form(gradient: Any, start: Tensor, lr: float, steps: int) -> Tensor:
        points = [start.clone()]
        for _ in range(steps):
            points.append(rule(points[-1], gradient, lr, start))
        return torch.stack(points)

    return form


def same_tensor(gradient: Any, start: Tensor, lr: float, steps: int) -> Tensor:
    w = start
    points = [w]
    for _ in range(steps):
        w -= lr * gradient(w)
        points.append(w)
    return torch.stack(points)


def same_copy(gradient: Any, start: Tensor, lr: float, steps: int) -> Tensor:
    return same_tensor(gradient, start.clone(), lr, steps)


def start_overwritten(gradient: Any, start: Tensor, lr: float, steps: int) -> Tensor:
    points = [start.clone()]
    for _ in range(steps):
        start -= lr * gradient(start)
        points.append(start.clone())
    return torch.stack(points)


PATH_FORMS = (
    Form(
        "every_row_the_same",
        same_copy,
        "every row of the path is the same point, the last one: the list holds one tensor many times. "
        "What would a `clone()` change?",
    ),
    Form(
        "every_row_the_same_and_start",
        same_tensor,
        "every row of the path is the same tensor, and it is `start` itself. What would a `clone()` change?",
    ),
    Form(
        "start_overwritten",
        start_overwritten,
        "the path is right, but `start` is moved along it. What does your caller find in it afterwards?",
    ),
    Form(
        "start_missing",
        lambda gradient, start, lr, steps: gradient_descent(gradient, start, lr, steps)[1:],
        "the start is missing from the path. How many points do `steps` steps visit?",
    ),
    Form(
        "start_missing_one_step_more",
        lambda gradient, start, lr, steps: gradient_descent(gradient, start, lr, steps + 1)[1:],
        "the path begins after the first step. Which point comes first?",
    ),
    Form(
        "one_step_less",
        lambda gradient, start, lr, steps: gradient_descent(gradient, start, lr, max(steps - 1, 0)),
        "one step is missing at the end. How many points do `steps` steps visit?",
    ),
    Form(
        "uphill",
        path(lambda w, gradient, lr, start: w + lr * gradient(w)),
        "the path climbs. Which way does a gradient point?",
    ),
    Form(
        "no_lr",
        path(lambda w, gradient, lr, start: w - gradient(w)),
        "lr is never used. How long is your step when lr is 0?",
    ),
    Form(
        "gradient_of_the_start",
        path(lambda w, gradient, lr, start: w - lr * gradient(start)),
        "every step uses the gradient at the start: the path is a straight line. Where do you stand now?",
    ),
    Form(
        "from_the_start",
        path(lambda w, gradient, lr, start: start - lr * gradient(w)),
        "every step begins at the start again. Where do you stand now?",
    ),
)


# fit_linear


def draw_line(seed: int) -> dict[str, Any]:
    """Seven samples of two features."""
    draw = Draw(seed)
    case = {"x": draw.normal(7, 2) + 0.3, "y": draw.normal(7) + 1.0, "lr": draw.uniform(0.03, 0.08)}
    return {"seven samples": {**case, "steps": [1, 2, 3, 8]}}


def fit(
    loss: Callable[[Tensor], Tensor],
    *,
    turn: float = -1.0,
    fresh: bool = True,
    bias: bool = True,
    more: int = 0,
) -> Callable[..., Any]:
    """A fit with another loss of the residuals, or with one thing about the loop changed."""

    def form(x: Tensor, y: Tensor, lr: float, steps: int) -> tuple[Tensor, Tensor]:
        w = torch.zeros(x.shape[1], dtype=x.dtype, requires_grad=True)
        b = torch.zeros((), dtype=x.dtype, requires_grad=True)
        for _ in range(steps + more):
            loss(x @ w + b - y).backward()  # type: ignore[no-untyped-call]
            with torch.no_grad():
                for p in (w, b) if bias else (w,):
                    assert p.grad is not None
                    p += turn * lr * p.grad
                    if fresh:
                        p.grad = None
        return w.detach(), b.detach()

    return form


def mean_squared(residual: Tensor) -> Tensor:
    return (residual**2).mean()


FIT_FORMS = (
    Form(
        "sum_for_mean",
        fit(lambda r: (r**2).sum()),
        "the errors are summed, not averaged: every step is N times as long. Does your loss grow with more samples?",
    ),
    Form(
        "half",
        fit(lambda r: (r**2).mean() / 2),
        "there is a ½ left in the loss, so every step is half as long. This exercise asks for it without.",
    ),
    Form(
        "absolute_error",
        fit(lambda r: r.abs().mean()),
        "this minimises the mean absolute error. Which loss does the exercise ask for?",
    ),
    Form(
        "gradient_not_cleared",
        fit(mean_squared, fresh=False),
        "gradients of earlier steps are still in `.grad`: `backward()` adds. When do you clear them?",
    ),
    Form("uphill", fit(mean_squared, turn=1.0), "the loss rises. Which way does a gradient point?"),
    Form(
        "bias_not_moved",
        fit(mean_squared, bias=False),
        "b stays at zero. Which parameters does your update reach?",
    ),
    Form(
        "one_step_more",
        fit(mean_squared, more=1),
        "there is one step too many. How often does your loop run?",
    ),
    Form(
        "one_step_less",
        fit(mean_squared, more=-1),
        "there is one step too few. How often does your loop run?",
    ),
    Form(
        "not_squared",
        fit(lambda r: r.mean()),
        "the loss is a mean of errors that are not squared. What does a negative error do to it?",
    ),
)

EXERCISES = (
    Exercise("numerical_gradient", draw_wave, numerical_gradient, NUMERICAL_FORMS, ("torch.autograd", "reference")),
    Exercise("gradient_step", draw_steps, gradient_step, STEP_FORMS, ("torch.optim", "reference")),
    Exercise("gradient_descent", draw_bowls, gradient_descent, PATH_FORMS, ("torch.optim", "reference")),
    Exercise("fit_linear", draw_line, fit_linear, FIT_FORMS, ("torch.optim", "sklearn", "reference")),
)
