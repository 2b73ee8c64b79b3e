"""Lesson 08: a step size for every parameter, and runs side by side."""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from .style import finite, new_figure, not_written, series, told_or


def step_sizes(scales: Tensor, steps: dict[str, Tensor | None]) -> Figure:
    """How far each weight moves in an update, against the spread of the feature that it multiplies.

    Args:
        scales: `[d]`, the spread of each feature.
        steps: name → `[d]`, the typical length of a step of each weight; None (not written yet) is left out.
    """
    figure = new_figure(7, 4.4)
    axes = figure.subplots()
    scales, order = torch.as_tensor(scales).sort()
    told = []
    for index, (name, lengths) in enumerate(steps.items()):
        if lengths is None:
            not_written(axes, name)
            continue
        lengths = finite(lengths)[order]
        shown = torch.where(lengths > 0, lengths, torch.nan)
        axes.plot(scales, shown, **series(index), markersize=6, linewidth=1, label=name)
        moved = shown[~shown.isnan()]
        if len(moved):
            told.append(f"{name}: the longest steps are {float(moved.max() / moved.min()):.4g} times the shortest")
    axes.set(xscale="log", yscale="log", xlabel="spread of the feature (its unit)")
    axes.set_ylabel("mean step of its weights (1 / its unit)")
    axes.grid(color="#E5E5E5")
    if not told:
        axes.set_ylim(1e-6, 1)
        axes.set_xlim(float(scales.min()) / 2, 2 * float(scales.max()))
    axes.legend()
    figure.set_label("Length of a step of each weight against its feature's spread. " + told_or(told, "None drawn yet"))
    return figure


def loss_panels(panels: dict[str, dict[str, Tensor | None]], ylabel: str) -> Figure:
    """Losses by update, one panel for each pair of runs, all on one logarithmic axis.

    Args:
        panels: title → name → losses `[k]`; None (not written yet) is left out. A loss that is no number any more
            isn't drawn, and a cross stands where it last was one.
        ylabel: the name and unit of the loss.
    """
    figure = new_figure(3.1 * len(panels), 3.7)
    told = []
    for axes, (title, runs) in zip(
        figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0], panels.items(), strict=True
    ):
        for index, (name, losses) in enumerate(runs.items()):
            if losses is None:
                not_written(axes, name)
                continue
            losses, look = finite(losses), series(index)
            every = max(1, len(losses) // 10)
            axes.plot(range(len(losses)), losses, **look, markersize=4, markevery=every, label=name)
            numbers = (~losses.isnan()).nonzero().flatten()
            if len(numbers) and len(numbers) < len(losses):
                last = int(numbers[-1])
                cross = {"color": look["color"], "linestyle": "", "markersize": 11, "markeredgewidth": 3}
                axes.plot(last, losses[last], marker="x", **cross, label="from here on not a number")
                told.append(f"{title}, {name}: not a number after update {last}")
            elif len(numbers):
                told.append(f"{title}, {name}: ends at {losses[-1]:.3g}")
        axes.set(title=title, xlabel="update (count)", yscale="log", ylabel=ylabel)
        axes.grid(color="#E5E5E5")
        axes.legend(fontsize=9)
    figure.set_label("Loss by update, broken and right updates side by side. " + told_or(told, "No curve is drawn yet"))
    return figure
