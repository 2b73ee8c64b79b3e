"""Lesson 05: how long a stride is, which strides are safe, and strides that change on the way."""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from .style import FAINT, INK, finite, new_figure, not_written, series, told_or, without_numbers


def strides(curvature: float, lr: float, path: Tensor | None) -> Figure:
    """One learning rate in the valley ½·λ·w²: the path on the curve, and where it stands after every step.

    Args:
        curvature: λ.
        lr: the learning rate, for the title.
        path: `[steps + 1]` or `[steps + 1, 1]`, the start included; None (not written yet) leaves the valley bare.
    """
    figure = new_figure(10, 3.8)
    valley, standing = figure.subplots(1, 2)
    factor = 1 - lr * curvature
    reach, told = 1.25, "No path is drawn yet."
    if path is not None:
        path = finite(torch.as_tensor(path).reshape(-1))
        seen = path[: int((path.abs() > 4).nonzero()[0]) + 1] if bool((path.abs() > 4).any()) else path
        seen = seen[seen.isfinite()]
        reach = max(reach, 1.1 * min(float(seen.abs().max()), 4.5))
        valley.plot(seen, curvature * seen**2 / 2, **series(0), markersize=5, zorder=4)
        standing.plot(range(len(seen)), seen, **series(0), markersize=5)
        told = f"w goes {', '.join(f'{w:.3g}' for w in seen[:6].tolist())}" + (", …" if len(seen) > 6 else "") + "."
    else:
        not_written(valley, "yours")
        valley.legend()
    w = torch.linspace(-reach, reach, 201, dtype=torch.float64)
    valley.plot(w, curvature * w**2 / 2, color="#B0B0B0")
    valley.plot(0, 0, "*", color=INK, markersize=11, zorder=3)
    valley.set(title=f"curvature λ = {curvature:g}, learning rate = {lr:.3g}", xlabel="parameter w (no unit)")
    valley.set_ylabel("loss (no unit)")
    standing.axhline(0, color=FAINT, linewidth=1)
    standing.set(xlabel="step (count)", ylabel="parameter w (no unit)")
    standing.xaxis.get_major_locator().set_params(integer=True)
    standing.set_title(f"× {factor:.3g} each step: {_manner(factor)}".replace("-", "−"))
    figure.set_label(
        f"Gradient descent in a valley of curvature {curvature:g} with learning rate {lr:.3g}: each step multiplies "
        f"the distance by {factor:.3g}, it {_manner(factor)}. {told}"
    )
    return figure


def _manner(factor: float) -> str:
    """What a factor per step looks like."""
    if abs(abs(factor) - 1) < 1e-9:
        return "never comes closer"
    if abs(factor) < 1e-9:
        return "arrives in one step"
    if factor < -1:
        return "jumps farther away"
    return "jumps across and comes closer" if factor < 0 else "comes closer from one side"


def factors_against_lr(curvatures: Tensor, marks: dict[str, float | None], widest: float) -> Figure:
    """|1 − lr·λ| of every direction against the learning rate; above 1 a direction grows.

    Args:
        curvatures: `[k]`, k at most 4.
        marks: name → a learning rate to mark; None (not written yet) is left out.
        widest: the largest learning rate drawn.
    """
    figure = new_figure(9, 4)
    axes = figure.subplots()
    lrs = torch.linspace(0, widest, 400, dtype=torch.float64)
    for index, curvature in enumerate(sorted(curvatures.tolist())):
        look = series(index)
        look.pop("marker")
        axes.plot(lrs, (1 - lrs * curvature).abs(), **look, label=f"curvature {curvature:g}")
    axes.axhspan(1, 1.6, color="#D55E00", alpha=0.12)
    axes.text(0.01 * widest, 1.54, "grows: the run diverges", va="top", fontsize=10, color=INK)
    told = []
    for index, (name, lr) in enumerate(marks.items()):
        if lr is None:
            not_written(axes, name)
            continue
        told.append(f"{name} at {lr:.3g}")
        if 0 <= lr <= widest:
            axes.axvline(lr, color=INK, linewidth=1, marker="^v"[index % 2], label=f"{name}: {lr:.3g}")
    axes.set(xlim=(0, widest), ylim=(0, 1.6), xlabel="learning rate (1/curvature)")
    axes.set_ylabel("factor per step |1 − lr·λ| (no unit)")
    figure.legend(loc="outside right upper", frameon=False)
    figure.set_label(
        "The factor by which each direction shrinks in a step, against the learning rate. The steepest direction is "
        "the first to exceed 1. " + told_or(told, "No learning rate is marked yet")
    )
    return figure


def schedules(curves: dict[str, Tensor | None]) -> Figure:
    """Learning rates by step.

    Args:
        curves: name → `[steps]`; None (not written yet) is left out.
    """
    figure = new_figure(7, 3.6)
    axes = figure.subplots()
    told = []
    for index, (name, values) in enumerate(curves.items()):
        if values is None:
            not_written(axes, name)
            continue
        values = finite(values)
        every = max(1, len(values) // 12)
        axes.plot(values, **series(index), markersize=4, markevery=(index * every // 3, every), label=name)
        told.append(f"{name}: from {values[0]:.3g} over at most {values.max():.3g} to {values[-1]:.3g}")
    axes.set(xlabel="step (count)", ylabel="learning rate (1/curvature)", ylim=(0, None))
    axes.grid(color="#E5E5E5")
    if not told:
        without_numbers(axes)
    axes.legend()
    figure.set_label("Learning rate by step. " + told_or(told, "No schedule is drawn yet"))
    return figure


def range_test(lrs: Tensor, losses: Tensor, marks: dict[str, float | None]) -> Figure:
    """The loss while the learning rate grows from step to step, on a logarithmic axis.

    Args:
        lrs: `[steps]`, growing.
        losses: `[steps]`, the loss at each step.
        marks: name → a learning rate to mark; None is left out.
    """
    figure = new_figure(7, 4)
    axes = figure.subplots()
    losses = finite(losses)
    look = series(0)
    look.pop("marker")
    axes.plot(lrs, losses, **look)
    first = float(losses[0])
    told = [f"it begins at {first:.3g} and is lowest near {float(lrs[losses.nan_to_num(torch.inf).argmin()]):.2g}"]
    for index, (name, lr) in enumerate(marks.items()):
        if lr is not None:
            axes.axvline(
                lr, color=INK, linewidth=1.2, linestyle=("--", ":", "-.")[index % 3], label=f"{name}: {lr:.2g}"
            )
            told.append(f"{name} at {lr:.2g}")
    axes.set(xscale="log", ylim=(0, 2 * first), xlabel="learning rate, growing with every step (1/curvature)")
    axes.set_ylabel("loss of the batch (nats)")
    axes.grid(color="#E5E5E5")
    if len(told) > 1:
        axes.legend(loc="upper left")
    figure.set_label("Loss while the learning rate grows: " + told_or(told, "nothing yet"))
    return figure
