"""Lesson 03: how exact a gradient is, and what a network has learned so far."""

from dataclasses import dataclass

import torch
from matplotlib.figure import Figure
from torch import Tensor

from .style import FAINT, INK, as_path, by_decades, finite, new_figure, not_written, series, told_or

EXACT = 1e-18  # stands for no difference at all on a logarithmic axis


def gradient_errors(errors: dict[str, dict[str, float] | None]) -> Figure:
    """How far gradients lie apart, for each param, on a logarithmic axis.

    Args:
        errors: what is compared → param → relative difference; None (not written yet) is left out.
    """
    figure = new_figure(7, 3.8)
    axes = figure.subplots()
    told = []
    for index, (name, by_param) in enumerate(errors.items()):
        if by_param is None:
            not_written(axes, name)
            continue
        look = series(index) | {"linestyle": "none"}
        values = finite(torch.tensor(list(by_param.values()), dtype=torch.float64)).clamp(min=EXACT)
        # where two lie on each other, both are seen
        axes.plot(list(by_param), values, **look, markersize=max(4, 12 - 5 * index), label=name)
        told.append(f"{name}: at most {values.max():.1g}")
    axes.set(yscale="log", ylim=(EXACT / 3, 1e3), xlabel="param (name)", ylabel="relative difference (no unit)")
    axes.grid(axis="y", color="#E5E5E5")
    if not told:
        axes.set_xticks([])
    axes.axhline(1, color=FAINT, linewidth=1)
    axes.annotate("as large as the gradient itself", (0.99, 4), xycoords=("axes fraction", "data"), ha="right")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    figure.set_label("Relative differences between gradients, by param. " + told_or(told, "Nothing is compared yet"))
    return figure


@dataclass(frozen=True)
class Learned:
    """What a network with two classes says over the plane after some updates, and the losses on the way.

    Attributes:
        share: the probability of class 1 on the grid, `[k, k]`.
        losses: `[updates + 1]`, the whole run's.
    """

    share: Tensor
    losses: Tensor


def class_map(
    points: Tensor, labels: Tensor, plane: tuple[Tensor, Tensor], learned: Learned | None, update: int
) -> Figure:
    """What a network makes of the plane, and where on its loss curve it stands.

    Args:
        points: `[N, 2]`.
        labels: `[N]`, 0 or 1.
        plane: the grid (first, second), `[k, k]` each.
        learned: what the network says there; None (not written yet) leaves the bare points.
        update: how many updates have been made.
    """
    points, labels = as_path(points.cpu(), 2), labels.cpu()
    figure = new_figure(10.4, 4.2)
    flat, curve = figure.subplots(1, 2)
    told, heading = "Nothing is learned yet.", "not written yet"
    if learned is not None:
        share, losses = finite(learned.share.cpu()), finite(learned.losses.cpu())
        grid = [part.cpu().numpy() for part in plane]
        levels = torch.linspace(0, 1, 11).tolist()
        shades = flat.contourf(*grid, share.numpy(), levels=levels, cmap="cividis", alpha=0.55)
        if share.min() < 0.5 < share.max():
            flat.contour(*grid, share.numpy(), levels=[0.5], colors=INK, linewidths=1.8)
        figure.colorbar(shades, ax=flat, label="probability of class 1 (no unit)")
        curve.plot(range(len(losses)), losses, color=series(0)["color"], label="yours")
        update = min(update, len(losses) - 1)
        curve.plot(update, losses[update], "o", color=INK, markersize=9, label="the map's update")
        told = f"After {update} updates the loss is {losses[update]:.3g}; it was {losses[0]:.3g} at the start."
        heading = f"after {update} updates"
        curve.set_yscale("log")
        by_decades(curve.yaxis)
    else:
        not_written(curve, "yours")
    for kind, (marker, colour) in enumerate((("o", "#0072B2"), ("^", "#E69F00"))):
        look = {"color": colour, "markeredgecolor": INK, "markeredgewidth": 0.6, "markersize": 5.5}
        flat.plot(*points[labels == kind].T, marker, **look, label=f"class {kind}")
    flat.set(xlabel="feature 1 (no unit)", ylabel="feature 2 (no unit)", title=heading)
    flat.legend(loc="upper right")
    curve.set(xlabel="update (count)", ylabel="cross-entropy (nats)", title="loss")
    curve.grid(color="#E5E5E5")
    curve.legend()
    figure.set_label(f"Points of two classes over what the network says of the plane, and its loss by update. {told}")
    return figure
