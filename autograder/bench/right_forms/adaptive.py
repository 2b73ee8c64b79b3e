"""Right ways to write the exercises of lesson 08: every style earns all points."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from autograder.bench.right_forms import momentum as heavy_ball


def rms_in_place_on_clones(params: Any, squares: Any, grads: Any, lr: float, alpha: float, eps: float) -> Any:
    params, squares = [p.clone() for p in params], [s.clone() for s in squares]
    for p, s, g in zip(params, squares, grads, strict=True):
        s.mul_(alpha).addcmul_(g, g, value=1 - alpha)
        p.addcdiv_(g, s.sqrt().add_(eps), value=-lr)
    return params, squares


def rms_in_place_on_what_came(params: Any, squares: Any, grads: Any, lr: float, alpha: float, eps: float) -> Any:
    for p, s, g in zip(params, squares, grads, strict=True):
        s += (1 - alpha) * (g * g - s)
        p -= lr * g / (s**0.5 + eps)
    return params, squares


def rms_tuples(params: Any, squares: Any, grads: Any, lr: float, alpha: float, eps: float) -> Any:
    new = tuple(alpha * s + (1 - alpha) * g.square() for s, g in zip(squares, grads, strict=True))
    return tuple(p - lr / (s.sqrt() + eps) * g for p, s, g in zip(params, new, grads, strict=True)), new


def rms_foreach(params: Any, squares: Any, grads: Any, lr: float, alpha: float, eps: float) -> Any:
    squares = torch._foreach_mul(squares, alpha)
    torch._foreach_addcmul_(squares, grads, grads, 1 - alpha)
    below = torch._foreach_add(torch._foreach_sqrt(squares), eps)
    return torch._foreach_addcdiv(params, grads, below, -lr), squares


def rms_numpy(params: Any, squares: Any, grads: Any, lr: float, alpha: float, eps: float) -> Any:
    new = [alpha * s.numpy() + (1 - alpha) * g.numpy() ** 2 for s, g in zip(squares, grads, strict=True)]
    moved = [p.numpy() - lr * g.numpy() / (np.sqrt(s) + eps) for p, s, g in zip(params, new, grads, strict=True)]
    return [torch.as_tensor(p) for p in moved], [torch.as_tensor(s) for s in new]


def rms_generators(params: Any, squares: Any, grads: Any, lr: float, alpha: float, eps: float) -> Any:
    squares = [torch.lerp(g**2, s, alpha) for s, g in zip(squares, grads, strict=True)]
    return (p - lr * g / (s.sqrt() + eps) for p, s, g in zip(params, squares, grads, strict=True)), squares


def rms_one_by_one(params: Any, squares: Any, grads: Any, lr: float, alpha: float, eps: float) -> Any:
    """Entry by entry, in plain Python floats."""
    moved, kept = [], []
    for p, s, g in zip(params, squares, grads, strict=True):
        flat = [
            alpha * a + (1 - alpha) * b * b for a, b in zip(s.flatten().tolist(), g.flatten().tolist(), strict=True)
        ]
        places = zip(p.flatten().tolist(), flat, g.flatten().tolist(), strict=True)
        new = [x - lr * b / (math.sqrt(a) + eps) for x, a, b in places]
        moved.append(torch.tensor(new, dtype=p.dtype).reshape(p.shape))
        kept.append(torch.tensor(flat, dtype=p.dtype).reshape(p.shape))
    return moved, kept


def in_place_on_clones(
    params: Any, means: Any, squares: Any, grads: Any, step: int, lr: float, betas: Any, eps: float
) -> Any:
    params, means, squares = ([v.clone() for v in values] for values in (params, means, squares))
    for p, m, s, g in zip(params, means, squares, grads, strict=True):
        m.mul_(betas[0]).add_(g, alpha=1 - betas[0])
        s.mul_(betas[1]).addcmul_(g, g, value=1 - betas[1])
        below = (s / (1 - betas[1] ** step)).sqrt_().add_(eps)
        p.addcdiv_(m, below, value=-lr / (1 - betas[0] ** step))
    return params, means, squares


def in_place_on_what_came(
    params: Any, means: Any, squares: Any, grads: Any, step: int, lr: float, betas: Any, eps: float
) -> Any:
    """PyTorch's own order: the correction of the squares as a root."""
    beta1, beta2 = betas
    for p, m, s, g in zip(params, means, squares, grads, strict=True):
        m.lerp_(g, 1 - beta1)
        s.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        p.addcdiv_(m, (s.sqrt() / math.sqrt(1 - beta2**step)).add_(eps), value=-lr / (1 - beta1**step))
    return params, means, squares


def eps_scaled(params: Any, means: Any, squares: Any, grads: Any, step: int, lr: float, betas: Any, eps: float) -> Any:
    """The corrections in lr, and eps scaled so that it comes out the same."""
    (beta1, beta2), root = betas, math.sqrt(1 - betas[1] ** step)
    means = [beta1 * m + (1 - beta1) * g for m, g in zip(means, grads, strict=True)]
    squares = [beta2 * s + (1 - beta2) * g * g for s, g in zip(squares, grads, strict=True)]
    rate = lr * root / (1 - beta1**step)
    moved = [p - rate * m / (s.sqrt() + root * eps) for p, m, s in zip(params, means, squares, strict=True)]
    return moved, means, squares


def tuples(params: Any, means: Any, squares: Any, grads: Any, step: int, lr: float, betas: Any, eps: float) -> Any:
    b1, b2 = betas
    new = tuple(b1 * m + (1 - b1) * g for m, g in zip(means, grads, strict=True))
    new_squares = tuple(b2 * s + (1 - b2) * g**2 for s, g in zip(squares, grads, strict=True))
    moved = tuple(
        p - lr * (m / (1 - b1**step)) / ((s / (1 - b2**step)) ** 0.5 + eps)
        for p, m, s in zip(params, new, new_squares, strict=True)
    )
    return moved, new, new_squares


def foreach(params: Any, means: Any, squares: Any, grads: Any, step: int, lr: float, betas: Any, eps: float) -> Any:
    means = torch._foreach_lerp(means, grads, 1 - betas[0])
    squares = torch._foreach_mul(squares, betas[1])
    torch._foreach_addcmul_(squares, grads, grads, 1 - betas[1])
    below = torch._foreach_sqrt(torch._foreach_div(squares, 1 - betas[1] ** step))
    torch._foreach_add_(below, eps)
    return torch._foreach_addcdiv(params, means, below, -lr / (1 - betas[0] ** step)), means, squares


def numpy_detour(
    params: Any, means: Any, squares: Any, grads: Any, step: int, lr: float, betas: Any, eps: float
) -> Any:
    moved, new_means, new_squares = [], [], []
    for tensors in zip(params, means, squares, grads, strict=True):
        p, m, s, g = (t.numpy() for t in tensors)
        m = betas[0] * m + (1 - betas[0]) * g
        s = betas[1] * s + (1 - betas[1]) * g**2
        moved.append(p - lr * m / (1 - betas[0] ** step) / (np.sqrt(s / (1 - betas[1] ** step)) + eps))
        new_means.append(m)
        new_squares.append(s)
    return tuple([torch.as_tensor(a) for a in arrays] for arrays in (moved, new_means, new_squares))


def as_a_list(params: Any, means: Any, squares: Any, grads: Any, step: int, lr: float, betas: Any, eps: float) -> Any:
    """A generator of params, and a list instead of a tuple."""
    moved, new, new_squares = tuples(params, means, squares, grads, step, lr, betas, eps)
    return [(p for p in moved), list(new), list(new_squares)]


class StepInState(torch.optim.Optimizer):
    """The count beside the means, a plain number."""

    def __init__(self, params: Any, lr: float = 1e-3, betas: Any = (0.9, 0.999), eps: float = 1e-8) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state.update(step=0, mean=torch.zeros_like(p), square=torch.zeros_like(p))
                state["step"] += 1
                [new], [state["mean"]], [state["square"]] = in_place_on_clones(
                    [p],
                    [state["mean"]],
                    [state["square"]],
                    [p.grad],
                    state["step"],
                    group["lr"],
                    group["betas"],
                    group["eps"],
                )
                p.copy_(new)


class StepAsTensor(StepInState):
    """PyTorch's way: the count is a tensor."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in [p for p in group["params"] if p.grad is not None]:
                state = self.state[p]
                t = state.setdefault("step", torch.tensor(0.0))
                m = state.setdefault("exp_avg", torch.zeros_like(p))
                s = state.setdefault("exp_avg_sq", torch.zeros_like(p))
                t += 1
                m.lerp_(p.grad, 1 - beta1)
                s.mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
                count = t.item()
                p.addcdiv_(m, (s / (1 - beta2**count)).sqrt() + group["eps"], value=-group["lr"] / (1 - beta1**count))


class PowersInState(StepInState):
    """No count: βᵗ itself is remembered."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                power1, power2 = state.get("power1", 1.0) * beta1, state.get("power2", 1.0) * beta2
                m = beta1 * state.get("m", 0.0) + (1 - beta1) * p.grad
                s = beta2 * state.get("s", 0.0) + (1 - beta2) * p.grad**2
                state.update(power1=power1, power2=power2, m=m, s=s)
                p -= group["lr"] * (m / (1 - power1)) / ((s / (1 - power2)).sqrt() + group["eps"])


class OverData(StepInState):
    """Old style, through `.data`."""

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is not None:
                    g, state = p.grad.data, self.state[p]
                    state["t"] = state.get("t", 0) + 1
                    state["m"] = beta1 * state.get("m", torch.zeros_like(g)) + (1 - beta1) * g
                    state["s"] = beta2 * state.get("s", torch.zeros_like(g)) + (1 - beta2) * g * g
                    size = (state["s"] / (1 - beta2 ** state["t"])).sqrt() + group["eps"]
                    p.data = p.data - group["lr"] * state["m"] / (1 - beta1 ** state["t"]) / size


RMSPROP_STEPS = [
    rms_in_place_on_clones,
    rms_in_place_on_what_came,
    rms_tuples,
    rms_foreach,
    rms_numpy,
    rms_generators,
    rms_one_by_one,
]
ADAM_STEPS = [
    in_place_on_clones,
    in_place_on_what_came,
    eps_scaled,
    tuples,
    foreach,
    numpy_detour,
    as_a_list,
]

RIGHT: dict[str, list[Any]] = {
    "rmsprop_step": RMSPROP_STEPS,
    "adam_step": ADAM_STEPS,
    "Adam": [StepInState, StepAsTensor, PowersInState, OverData],
    "repaired_rmsprop_step": RMSPROP_STEPS[:3],
    "repaired_adam_step": ADAM_STEPS[:3],
    "repaired_momentum_step": heavy_ball.RIGHT["momentum_step"][:3],
}
