"""Right ways to write the exercises of lesson 07: every style earns all points."""

from __future__ import annotations

from typing import Any

import torch


def ahead_in_place(params: Any, velocities: Any, gradient: Any, lr: float, momentum: float) -> Any:
    for p, v in zip(params, velocities, strict=True):
        v.mul_(momentum)
        p.add_(v)
    for p, v, g in zip(params, velocities, gradient(params), strict=True):
        v.sub_(lr * g)
        p.sub_(lr * g)
    return params, velocities


def ahead_and_back(params: Any, velocities: Any, gradient: Any, lr: float, momentum: float) -> Any:
    for p, v in zip(params, velocities, strict=True):
        p += momentum * v
    grads = gradient(params)
    for p, v, g in zip(params, velocities, grads, strict=True):
        p -= momentum * v
        v *= momentum
        v -= lr * g
        p += v
    return params, velocities


def ahead_tuples(params: Any, velocities: Any, gradient: Any, lr: float, momentum: float) -> Any:
    grads = gradient(tuple(p + momentum * v for p, v in zip(params, velocities, strict=True)))
    new = tuple(momentum * v - lr * g for v, g in zip(velocities, grads, strict=True))
    return tuple(p + v for p, v in zip(params, new, strict=True)), new


def ahead_foreach(params: Any, velocities: Any, gradient: Any, lr: float, momentum: float) -> Any:
    jumps = torch._foreach_mul(velocities, momentum)
    landed = torch._foreach_add(params, jumps)
    corrections = torch._foreach_mul(gradient(landed), lr)
    return torch._foreach_sub(landed, corrections), torch._foreach_sub(jumps, corrections)


def ahead_generator(params: Any, velocities: Any, gradient: Any, lr: float, momentum: float) -> Any:
    grads = gradient(p + momentum * v for p, v in zip(params, velocities, strict=True))
    velocities = [momentum * v - lr * g for v, g in zip(velocities, grads, strict=True)]
    return (p + v for p, v in zip(params, velocities, strict=True)), velocities


def ahead_negative(params: Any, velocities: Any, gradient: Any, lr: float, momentum: float) -> Any:
    grads = gradient([p - momentum * v for p, v in zip(params, velocities, strict=True)])
    velocities = [momentum * v + lr * g for v, g in zip(velocities, grads, strict=True)]
    return [p - v for p, v in zip(params, velocities, strict=True)], velocities


def ahead_numpy(params: Any, velocities: Any, gradient: Any, lr: float, momentum: float) -> Any:
    jumps = [momentum * v.numpy() for v in velocities]
    grads = gradient([torch.as_tensor(p.numpy() + j) for p, j in zip(params, jumps, strict=True)])
    new = [torch.as_tensor(j - lr * g.numpy()) for j, g in zip(jumps, grads, strict=True)]
    return [p + v for p, v in zip(params, new, strict=True)], new


def asks_twice(params: Any, velocities: Any, gradient: Any, lr: float, momentum: float) -> Any:
    """One question for each parameter, all at the same point."""
    landed = [p + momentum * v for p, v in zip(params, velocities, strict=True)]
    moved, new = [], []
    for k, (p, v) in enumerate(zip(params, velocities, strict=True)):
        new.append(momentum * v - lr * gradient(landed)[k])
        moved.append(p + new[-1])
    return moved, new


def in_place_on_clones(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    params, velocities = [p.clone() for p in params], [v.clone() for v in velocities]
    for p, v, g in zip(params, velocities, grads, strict=True):
        v.mul_(momentum).add_(g)
        p.sub_(lr * (g + momentum * v))
    return params, velocities


def in_place_on_what_came(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    for p, v, g in zip(params, velocities, grads, strict=True):
        v.mul_(momentum).add_(g)
        p.add_(g, alpha=-lr).add_(v, alpha=-lr * momentum)
    return params, velocities


def gradients_overwritten(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    for p, v, g in zip(params, velocities, grads, strict=True):
        v.mul_(momentum).add_(g)
        g.add_(v, alpha=momentum)
        p.sub_(g, alpha=lr)
    return params, velocities


def tuples(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    new = tuple(momentum * v + g for v, g in zip(velocities, grads, strict=True))
    return tuple(p - lr * (g + momentum * v) for p, v, g in zip(params, new, grads, strict=True)), new


def foreach(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    velocities = torch._foreach_add(torch._foreach_mul(velocities, momentum), grads)
    steps = torch._foreach_add(grads, torch._foreach_mul(velocities, momentum))
    return torch._foreach_sub(params, torch._foreach_mul(steps, lr)), velocities


def numpy_detour(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    new = [momentum * v.numpy() + g.numpy() for v, g in zip(velocities, grads, strict=True)]
    moved = [p.numpy() - lr * (g.numpy() + momentum * v) for p, v, g in zip(params, new, grads, strict=True)]
    return [torch.as_tensor(p) for p in moved], [torch.as_tensor(v) for v in new]


def generators(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    velocities = [momentum * v + g for v, g in zip(velocities, grads, strict=True)]
    return (p - lr * (g + momentum * v) for p, v, g in zip(params, velocities, grads, strict=True)), velocities


def multiplied_out(params: Any, velocities: Any, grads: Any, lr: float, momentum: float) -> Any:
    moved = [p - lr * ((1 + momentum) * g + momentum**2 * v) for p, v, g in zip(params, velocities, grads, strict=True)]
    return moved, [momentum * v + g for v, g in zip(velocities, grads, strict=True)]


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
                p.sub_(group["lr"] * (p.grad + group["momentum"] * state["buffer"]))


class ZeroStart(FirstGradient):
    """The velocity begins at zero."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in [p for p in group["params"] if p.grad is not None]:
                v = self.state[p].setdefault("v", torch.zeros_like(p))
                v.copy_(group["momentum"] * v + p.grad)
                p -= group["lr"] * (p.grad + group["momentum"] * v)


class OverData(FirstGradient):
    """Old style, through `.data`."""

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    v = self.state[p].get("v", 0) * group["momentum"] + p.grad.data
                    self.state[p]["v"] = v
                    p.data = p.data - group["lr"] * (p.grad.data + group["momentum"] * v)


class ZerosForNone(FirstGradient):
    """A missing gradient is taken for zero, which from rest is the same."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            lr, momentum = group["lr"], group["momentum"]
            for p in group["params"]:
                g = torch.zeros_like(p) if p.grad is None else p.grad
                v = self.state[p].get("v", torch.zeros_like(p))
                moved, new = in_place_on_clones([p], [v], [g], lr, momentum)
                self.state[p]["v"] = new[0]
                p.copy_(moved[0])


class ForeachOverAll(FirstGradient):
    """All parameters of a group at once."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            for p in params:
                self.state[p].setdefault("v", torch.zeros_like(p))
            velocities, grads = [self.state[p]["v"] for p in params], [p.grad for p in params]
            torch._foreach_mul_(velocities, group["momentum"])
            torch._foreach_add_(velocities, grads)
            torch._foreach_add_(params, grads, alpha=-group["lr"])
            torch._foreach_add_(params, velocities, alpha=-group["lr"] * group["momentum"])


RIGHT: dict[str, list[Any]] = {
    "look_ahead_step": [
        ahead_in_place,
        ahead_and_back,
        ahead_tuples,
        ahead_foreach,
        ahead_generator,
        ahead_negative,
        ahead_numpy,
        asks_twice,
    ],
    "nesterov_step": [
        in_place_on_clones,
        in_place_on_what_came,
        gradients_overwritten,
        tuples,
        foreach,
        numpy_detour,
        generators,
        multiplied_out,
    ],
    "Nesterov": [FirstGradient, ZeroStart, OverData, ZerosForNone, ForeachOverAll],
}
