"""Right ways to write the exercises of lesson 05: every style earns all points."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch


def edge_by_search(curvatures: Any) -> float:
    steepest = curvatures[0].item()
    for curvature in curvatures:
        if curvature > steepest:
            steepest = curvature.item()
    return 2.0 / steepest


def decay_by_loop(step: int, lr: float, drop: float, every: int) -> float:
    for passed in range(1, step + 1):
        if passed % every == 0:
            lr *= drop
    return lr


def decay_by_recursion(step: int, lr: float, drop: float, every: int) -> float:
    return lr if step < every else drop * decay_by_recursion(step - every, lr, drop, every)


def warmup_with_min(step: int, total: int, warmup: int, peak: float, floor: float) -> float:
    done = min(max((step - warmup) / (total - warmup), 0.0), 1.0)
    falling = floor + 0.5 * (peak - floor) * (1.0 + math.cos(math.pi * done))
    return falling * min(1.0, (step + 1) / warmup) if warmup else falling


def warmup_as_tensor(step: int, total: int, warmup: int, peak: float, floor: float) -> Any:
    if step < warmup:
        return torch.tensor(peak * (step + 1) / warmup, dtype=torch.float64)
    done = torch.tensor((step - warmup) / (total - warmup), dtype=torch.float64).clamp(max=1)
    return floor + (peak - floor) * (1 + torch.cos(torch.pi * done)) / 2


def warmup_half_angle(step: int, total: int, warmup: int, peak: float, floor: float) -> float:
    if step < warmup:
        return (step + 1) * (peak / warmup)
    if step >= total:
        return floor
    half = math.cos(math.pi * (step - warmup) / (total - warmup) / 2) ** 2  # (1 + cos x)/2 = cos²(x/2)
    return peak * half + floor * (1 - half)


def filled(gradient: Any, start: Any, schedule: Any, steps: int) -> Any:
    path = start.new_empty(steps + 1, *start.shape)
    path[0] = start
    for t in range(steps):
        path[t + 1] = path[t] - schedule(t) * gradient(path[t])
    return path


def in_place(gradient: Any, start: Any, schedule: Any, steps: int) -> Any:
    w, path = start.clone(), [start.clone()]
    for t in range(steps):
        w.sub_(gradient(w), alpha=schedule(t))
        path.append(w.clone())
    return torch.stack(path)


def schedule_asked_first(gradient: Any, start: Any, schedule: Any, steps: int) -> Any:
    places = [start]
    for lr in [schedule(t) for t in range(steps)]:
        places = [*places, places[-1] - lr * gradient(places[-1])]
    return torch.stack(places)


def numpy_rows(gradient: Any, start: Any, schedule: Any, steps: int) -> Any:
    rows = [start.numpy().copy()]
    for t in range(steps):
        rows.append(rows[-1] - schedule(t) * gradient(torch.from_numpy(rows[-1])).numpy())
    return torch.from_numpy(np.stack(rows))


RIGHT: dict[str, list[Any]] = {
    "largest_stable_lr": [
        lambda curvatures: 2 / curvatures.max(),
        lambda curvatures: 2 / max(curvatures.tolist()),
        lambda curvatures: float((2 / curvatures).min()),
        lambda curvatures: 2 / np.max(curvatures.numpy()),
        lambda curvatures: 2 / sorted(curvatures)[-1].item(),
        edge_by_search,
    ],
    "fastest_lr": [
        lambda curvatures: 2 / (curvatures.min() + curvatures.max()),
        lambda curvatures: 2.0 / (min(curvatures.tolist()) + max(curvatures.tolist())),
        lambda curvatures: 1 / float(torch.stack(torch.aminmax(curvatures)).mean()),
        lambda curvatures: 2 / sum(torch.aminmax(curvatures)),
        lambda curvatures: (2 / curvatures.sort().values[[0, -1]].sum()).item(),
    ],
    "step_decay": [
        decay_by_loop,
        decay_by_recursion,
        lambda step, lr, drop, every: lr * drop ** math.floor(step / every),
        lambda step, lr, drop, every: lr * math.exp(math.log(drop) * (step // every)),
        lambda step, lr, drop, every: lr * math.prod([drop] * (step // every)),
        lambda step, lr, drop, every: torch.tensor(lr, dtype=torch.float64) * drop ** divmod(step, every)[0],
    ],
    "warmup_cosine": [warmup_with_min, warmup_as_tensor, warmup_half_angle],
    "descend_with_schedule": [filled, in_place, schedule_asked_first, numpy_rows],
}
