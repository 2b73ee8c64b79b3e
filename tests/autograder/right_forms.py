"""Right ways to write the exercises of lessons 02 and 06: every style earns all points."""

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


def loop_difference(f: Any, w: Any, h: float) -> Any:
    gradient = torch.zeros_like(w)
    for i in range(len(w)):
        up, down = w.clone(), w.clone()
        up[i] += h
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    return gradient


def put_back(f: Any, w: Any, h: float) -> Any:
    gradient = []
    for i in range(len(w)):
        old = w[i].item()
        w[i] = old + h
        up = f(w).item()
        w[i] = old - h
        down = f(w).item()
        w[i] = old
        gradient.append((up - down) / (2 * h))
    return torch.tensor(gradient, dtype=w.dtype)


def mapped(f: Any, w: Any, h: float) -> Any:
    axes = torch.eye(len(w), dtype=w.dtype) * h
    return (torch.func.vmap(f)(w + axes) - torch.func.vmap(f)(w - axes)) / (2 * h)


def filled_path(gradient: Any, start: Any, lr: float, steps: int) -> Any:
    path = torch.empty(steps + 1, len(start), dtype=start.dtype)
    path[0] = start
    for t in range(steps):
        path[t + 1] = path[t] - lr * gradient(path[t])
    return path


def cloned_path(gradient: Any, start: Any, lr: float, steps: int) -> Any:
    w = start.clone()
    points = [w.clone()]
    for _ in range(steps):
        w -= lr * gradient(w)
        points.append(w.clone())
    return torch.stack(points)


def backward_fit(x: Any, y: Any, lr: float, steps: int) -> Any:
    w = torch.zeros(x.shape[1], dtype=x.dtype, requires_grad=True)
    b = torch.zeros((), dtype=x.dtype, requires_grad=True)
    for _ in range(steps):
        w.grad = b.grad = None
        torch.nn.functional.mse_loss(x @ w + b, y).backward()
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
    return w.detach(), b.detach()


def fit_by_hand(x: Any, y: Any, lr: float, steps: int) -> Any:
    w, b = torch.zeros(x.shape[1], dtype=x.dtype), torch.tensor(0.0, dtype=x.dtype)
    for _ in range(steps):
        residual = x @ w + b - y
        w, b = w - lr * 2 * x.T @ residual / len(y), b - lr * 2 * residual.mean()
    return [w, b]


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
    "numerical_gradient": [loop_difference, put_back, mapped],
    "gradient_step": [
        lambda params, grads, lr: [p - lr * g for p, g in zip(params, grads, strict=True)],
        lambda params, grads, lr: tuple(torch.sub(p, g, alpha=lr) for p, g in zip(params, grads, strict=True)),
        lambda params, grads, lr: torch._foreach_sub(params, torch._foreach_mul(grads, lr)),
    ],
    "gradient_descent": [filled_path, cloned_path],
    "fit_linear": [backward_fit, fit_by_hand],
}
