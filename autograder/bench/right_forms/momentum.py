"""Right ways to write the exercises of lesson 06: every style earns all points."""

from __future__ import annotations

from typing import Any

import torch


def in_place_on_clones(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    params, velocities = [p.clone() for p in params], [v.clone() for v in velocities]
    for p, v, g in zip(params, velocities, grads, strict=True):
        v.mul_(momentum).add_(g)
        p.sub_(lr * v)
    return params, velocities


def in_place_on_what_came(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    for p, v, g in zip(params, velocities, grads, strict=True):
        v.mul_(momentum).add_(g)
        p.add_(v, alpha=-lr)
    return params, velocities


def gradients_overwritten(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    for p, v, g in zip(params, velocities, grads, strict=True):
        g.add_(v, alpha=momentum)
        p.add_(g, alpha=-lr)
    return params, grads


def tuples(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    new = tuple(momentum * v + g for v, g in zip(velocities, grads, strict=True))
    return tuple(p - lr * v for p, v in zip(params, new, strict=True)), new


def foreach(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    velocities = torch._foreach_add(torch._foreach_mul(velocities, momentum), grads)
    return torch._foreach_sub(params, torch._foreach_mul(velocities, lr)), velocities


def numpy_detour(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    new = [momentum * v.numpy() + g.numpy() for v, g in zip(velocities, grads, strict=True)]
    moved = [p.numpy() - lr * v for p, v in zip(params, new, strict=True)]
    return [torch.as_tensor(p) for p in moved], [torch.as_tensor(v) for v in new]


def generators(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    velocities = [momentum * v + g for v, g in zip(velocities, grads, strict=True)]
    return (p - lr * v for p, v in zip(params, velocities, strict=True)), velocities


def negative_velocity(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    velocities = [momentum * v - g for v, g in zip(velocities, grads, strict=True)]
    return [p + lr * v for p, v in zip(params, velocities, strict=True)], velocities


def noisy(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    import sys
    import warnings

    print("step")
    print("careful", file=sys.stderr)
    warnings.warn("careful", stacklevel=1)
    return in_place_on_clones(params, velocities, grads, lr, momentum)


class FirstGradient(torch.optim.Optimizer):
    """PyTorch's first step: the velocity begins as a copy of the gradient."""

    def __init__(self, params: Any, lr: float, momentum: float = 0.9) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if "buffer" not in state:
                    state["buffer"] = p.grad.clone()
                else:
                    state["buffer"].mul_(group["momentum"]).add_(p.grad)
                p.sub_(group["lr"] * state["buffer"])


class ZeroStart(FirstGradient):
    """The velocity begins at zero."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in [p for p in group["params"] if p.grad is not None]:
                v = self.state[p].setdefault("v", torch.zeros_like(p))
                v.copy_(group["momentum"] * v + p.grad)
                p -= group["lr"] * v


class OverData(FirstGradient):
    """Old style, through `.data`."""

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    v = self.state[p].get("v", 0) * group["momentum"] + p.grad.data
                    self.state[p]["v"] = v
                    p.data = p.data - group["lr"] * v


RIGHT: dict[str, list[Any]] = {
    "momentum_step": [
        in_place_on_clones,
        in_place_on_what_came,
        gradients_overwritten,
        tuples,
        foreach,
        numpy_detour,
        generators,
        negative_velocity,
        noisy,
    ],
    "Momentum": [FirstGradient, ZeroStart, OverData],
    "fastest_momentum": [
        lambda small, large: (
            4 / (small**0.5 + large**0.5) ** 2,
            (1 - 2 / ((large / small) ** 0.5 + 1)) ** 2,
        ),
        lambda small, large: torch.tensor(
            [
                4 / (small**0.5 + large**0.5) ** 2,
                ((large**0.5 - small**0.5) / (large**0.5 + small**0.5)) ** 2,
            ],
            dtype=torch.float64,
        ),
    ],
}
