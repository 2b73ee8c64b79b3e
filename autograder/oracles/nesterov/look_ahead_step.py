"""Jump, measure, correct: v ← μ·v − lr·∇(θ + μ·v); θ ← θ + v (the textbook's form), and how it goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.oracles.exercise import Draw, Exercise, Form
from autograder.oracles.steps import draw_cases
from reference.optimizers import look_ahead_step

# Where the gradient is measured, and what one parameter does with it: (p, v, lr, m) → point; (p, v, g, lr, m) → (p, v)
Place = Callable[[Any, Any, float, float], Any]
Correction = Callable[[Any, Any, Any, float, float], tuple[Any, Any]]


def ahead(p: Any, v: Any, lr: float, m: float) -> Any:
    return p + m * v


def textbook(p: Any, v: Any, g: Any, lr: float, m: float) -> tuple[Any, Any]:
    v = m * v - lr * g
    return p + v, v


def corrected_by(velocity: Callable[..., Any]) -> Correction:
    """θ ← θ + v with another velocity."""

    def correction(p: Any, v: Any, g: Any, lr: float, m: float) -> tuple[Any, Any]:
        new = velocity(v, g, lr, m)
        return p + new, new

    return correction


def moved_to(place: Callable[..., Any]) -> Correction:
    """The right velocity, but another point: (p, old v, new v, lr, m) → p."""

    def correction(p: Any, v: Any, g: Any, lr: float, m: float) -> tuple[Any, Any]:
        new = m * v - lr * g
        return place(p, v, new, lr, m), new

    return correction


def lr_outside(p: Any, v: Any, g: Any, lr: float, m: float) -> tuple[Any, Any]:
    v = m * v + g
    return p - lr * v, v


def form(measured: Place = ahead, correction: Correction = textbook) -> Callable[..., Any]:
    """The step that measures at one place and corrects in one way."""

    def step(params: Any, velocities: Any, gradient: Any, lr: float, momentum: float) -> Any:
        points = [measured(p, v, lr, momentum) for p, v in zip(params, velocities, strict=True)]
        moved = [
            correction(p, v, g, lr, momentum) for p, v, g in zip(params, velocities, gradient(points), strict=True)
        ]
        return [p for p, _ in moved], [v for _, v in moved]

    return step


def one_buffer(params: Any, velocities: Any, gradient: Any, lr: float, momentum: float) -> Any:
    v, moved = velocities[0], []
    grads = gradient([p + momentum * v for p, v in zip(params, velocities, strict=True)])
    for p, g in zip(params, grads, strict=True):
        p, v = textbook(p, v, g, lr, momentum)
        moved.append(p)
    return moved, [v] * len(moved)


def one_skipped(params: Any, velocities: Any, gradient: Any, lr: float, momentum: float) -> Any:
    moved, new = look_ahead_step(params, velocities, gradient, lr, momentum)
    return [*moved[:-1], params[-1]], [*new[:-1], velocities[-1]]


def jump_by_jump(params: Any, velocities: Any, gradient: Any, lr: float, momentum: float) -> Any:
    """One parameter after the other: each gradient sees the earlier parameters corrected already."""
    params, velocities = list(params), list(velocities)
    for k in range(len(params)):
        g = gradient([p + momentum * v for p, v in zip(params, velocities, strict=True)])[k]
        params[k], velocities[k] = textbook(params[k], velocities[k], g, lr, momentum)
    return params, velocities


def one_jump_each(params: Any, velocities: Any, gradient: Any, lr: float, momentum: float) -> Any:
    """Each gradient is measured where only its own parameter has jumped."""
    stepped = []
    for k, (p, v) in enumerate(zip(params, velocities, strict=True)):
        points = list(params)
        points[k] = p + momentum * v
        stepped.append(textbook(p, v, gradient(points)[k], lr, momentum))
    return [p for p, _ in stepped], [v for _, v in stepped]


FORMS = (
    Form(
        "lr_outside_velocity",
        form(lambda p, v, lr, m: p - lr * m * v, lr_outside),
        "lr stands outside your velocity, which then is a sum of gradients: the same path while lr is constant, "
        "another once it changes. Here the velocity is a displacement, with lr inside. After lr drops, how long "
        "is your jump?",
        0.5,
    ),
    Form(
        "running_mean",
        form(correction=corrected_by(lambda v, g, lr, m: m * v - (1 - m) * lr * g)),
        "your velocity is a running mean, with (1 − momentum) before the gradient: the same rule at another lr. "
        "This exercise asks for the whole gradient. Which lr would make the two agree?",
        0.5,
    ),
    Form(
        "jumped_point_kept",
        form(lambda p, v, lr, m: p, moved_to(lambda p, v, new, lr, m: p - m * v + (1 + m) * new)),
        "you keep the point after the next jump, θ + momentum·v, as exercise 2 does. This exercise keeps θ, the point "
        "before the jump. Where does the gradient have to be asked for then?",
        0.5,
    ),
    Form(
        "pytorchs_form",
        form(lambda p, v, lr, m: p, lambda p, v, g, lr, m: (p - lr * (g + m * (m * v + g)), m * v + g)),
        "this is PyTorch's form, exercise 2: lr outside the velocity, and the point after the next jump is kept. This "
        "exercise keeps the point before it. Where does the gradient have to be asked for then?",
        0.5,
    ),
    Form(
        "no_look_ahead",
        form(measured=lambda p, v, lr, m: p),
        "the gradient is measured where you stand: that is plain momentum. Where will the jump have carried you?",
    ),
    Form(
        "looks_back",
        form(measured=lambda p, v, lr, m: p - m * v),
        "the gradient is measured where you came from. Does the jump go along the velocity or against it?",
    ),
    Form(
        "jump_without_momentum",
        form(measured=lambda p, v, lr, m: p + v),
        "the jump is the whole old velocity. How much of it will the new velocity keep?",
    ),
    Form(
        "jump_with_lr",
        form(measured=lambda p, v, lr, m: p + lr * m * v),
        "lr shortens the jump, but this velocity holds lr already. What is the unit of your velocity?",
    ),
    Form(
        "velocity_of_gradients",
        form(measured=lambda p, v, lr, m: p - m * v, correction=lr_outside),
        "the velocity is a sum of gradients, and the jump takes it whole, without lr. What is the unit of momentum·v "
        "in your code, and of θ?",
    ),
    Form(
        "jumps_uphill",
        form(correction=lr_outside),
        "the velocity is a sum of gradients, so it points uphill, and the jump follows it. "
        "Which way should momentum·v carry you, and how far?",
    ),
    Form(
        "jumps_twice",
        form(correction=moved_to(lambda p, v, new, lr, m: p + m * v + new)),
        "you correct from the point after the jump with a velocity that holds the jump already: it is taken twice. "
        "From which point does θ + v start?",
    ),
    Form(
        "not_corrected",
        form(correction=moved_to(lambda p, v, new, lr, m: p + m * v)),
        "the parameters stay where the jump landed: the gradient measured there never moves them in this step. "
        "What is the third part of jump, measure, correct?",
    ),
    Form(
        "jump_taken_back",
        form(correction=moved_to(lambda p, v, new, lr, m: p - (m * v - new))),
        "the parameters move by the correction alone; the jump is taken back. What is θ after jump *and* correction?",
    ),
    Form(
        "old_velocity",
        form(correction=moved_to(lambda p, v, new, lr, m: p + v)),
        "each step moves by the velocity from before this gradient. Which comes first, the new velocity or the move?",
    ),
    Form(
        "velocity_not_kept",
        form(correction=lambda p, v, g, lr, m: (p + m * v - lr * g, v)),
        "the velocity comes back as it went in: zero for ever, which is plain gradient descent. What is the second "
        "thing to return?",
    ),
    Form(
        "velocity_overwritten",
        form(correction=corrected_by(lambda v, g, lr, m: -lr * g)),
        "the new velocity is the correction alone. What is left of the old velocity?",
    ),
    Form(
        "momentum_forgotten",
        form(correction=corrected_by(lambda v, g, lr, m: v - lr * g)),
        "the old velocity is kept whole: nothing ever slows the ball. Where should `momentum` shrink it?",
    ),
    Form(
        "gradient_scaled_too",
        form(correction=corrected_by(lambda v, g, lr, m: m * (v - lr * g))),
        "momentum multiplies the gradient as well as the old velocity. Which of the two should fade?",
    ),
    Form(
        "uphill",
        form(correction=corrected_by(lambda v, g, lr, m: m * v + lr * g)),
        "the correction goes along the gradient, uphill. Which sign does it carry?",
    ),
    Form(
        "against_velocity",
        form(correction=moved_to(lambda p, v, new, lr, m: p - new)),
        "the velocity points downhill and is subtracted. In this form it is a displacement: which sign moves θ along "
        "it?",
    ),
    Form(
        "no_lr",
        form(correction=corrected_by(lambda v, g, lr, m: m * v - g)),
        "the learning rate is never used. How long is the correction when lr is 0?",
    ),
    Form(
        "lr_twice",
        form(correction=moved_to(lambda p, v, new, lr, m: p + lr * new)),
        "lr is applied twice, once inside the velocity and once to the move. Where does it stand in the rule?",
    ),
    Form(
        "coefficients_swapped",
        form(lambda p, v, lr, m: p + lr * v, corrected_by(lambda v, g, lr, m: lr * v - m * g)),
        "lr and momentum stand in each other's place. Which of them shrinks the old velocity?",
    ),
    Form(
        "jump_by_jump",
        jump_by_jump,
        "the gradient is asked for once per parameter, when the earlier ones have been corrected already. "
        "At how many different points should one step measure?",
    ),
    Form(
        "one_jump_each",
        one_jump_each,
        "each gradient is measured where only its own parameter has jumped, and the others still stand. "
        "At how many different points should one step measure?",
    ),
    Form(
        "one_buffer",
        one_buffer,
        "all parameters share one velocity. Whose gradient does the second parameter remember?",
    ),
    Form("one_skipped", one_skipped, "the last parameter never moves. Does your loop reach all of them?"),
    Form(
        "not_moved",
        form(correction=moved_to(lambda p, v, new, lr, m: p)),
        "the parameters come back as they went in. What do you do with the new velocity?",
    ),
    Form(
        "step_returned",
        form(correction=moved_to(lambda p, v, new, lr, m: new)),
        "what comes back as parameters is only the velocity. Where does a step start from?",
    ),
)


def valleys(seed: int) -> dict[str, Any]:
    """Six steps down a bent valley that is pushed differently at every step."""
    cases = draw_cases(seed, lambda draw: {"momentum": draw.uniform(0.6, 0.8), "bend": draw.uniform(0.1, 0.3)})
    draw = Draw(seed + 1)
    for case in cases.values():
        case["coupling"] = draw.uniform(0.2, 0.4)
        case["curvatures"] = [0.5 + draw.normal(*p.shape).abs() for p in case["params"]]
    return cases


EXERCISE = Exercise(
    "look_ahead_step",
    valleys,
    look_ahead_step,
    FORMS,
    ("torch.optim", "reference"),
    untold=("bend", "coupling", "curvatures"),
)
