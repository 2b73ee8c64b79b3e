"""Lesson 07: the two arrows of an update, the jump and the gradient's, with and without looking ahead."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from .style import INK, Landscape, draw_contours, new_figure, not_written, series, told_or


def two_arrows(
    landscape: Landscape,
    point: Tensor,
    velocity: Tensor,
    lr: float,
    momentum: float,
    landings: dict[str, Tensor | None],
) -> Figure:
    """One update from the same point and velocity, its gradient measured before the jump and after it.

    Args:
        landscape: a loss of two parameters.
        point: `[2]`, where the update begins.
        velocity: `[2]`, the old velocity as a displacement.
        lr: the learning rate.
        momentum: the part of the old velocity that is the jump.
        landings: name → `[2]`, where a function of the lesson lands: first for momentum, then for the look-ahead.
            None (not written yet) is left out.
    """
    point, velocity = (torch.as_tensor(v).detach().to(torch.float64) for v in (point, velocity))
    landed = point + momentum * velocity
    figure = new_figure(10, 5.3)
    told = []
    titles = ("momentum: measure, then jump", "look-ahead: jump, then measure")
    panels = figure.subplots(1, 2)
    corrections = [-lr * landscape.gradient(place).detach() for place in (point, landed)]
    box = _box([point, landed, *(landed + c for c in corrections), landscape.minimum.to(torch.float64)])
    for axes, title, measured, correction, (name, landing) in zip(
        panels, titles, (point, landed), corrections, landings.items(), strict=True
    ):
        draw_contours(axes, landscape, box)
        axes.set_title(title)
        _arrow(axes, point, landed, 0, "the jump, momentum · v")
        _arrow(axes, landed, landed + correction, 1, "− lr · gradient")
        if not measured.equal(landed):
            axes.plot(*torch.stack([measured, measured + correction]).T, color="#E69F00", linewidth=1.2, linestyle=":")
        axes.plot(*measured, "o", color="white", markeredgecolor=INK, markersize=13, label="gradient measured here")
        axes.plot(*point, ".", color=INK, markersize=7, zorder=7)
        if landing is None:
            not_written(axes, name)
        else:
            landing = torch.as_tensor(landing).detach().to(torch.float64)
            axes.plot(*landing, "D", color=series(3)["color"], markersize=7, zorder=8, label=f"{name} lands here")
            told.append(f"{name} lands at ({landing[0]:.3g}, {landing[1]:.3g})")
        axes.legend(loc="upper right", fontsize=8.5)
    figure.set_label(
        "The two arrows of one update over contour lines, the jump and the gradient's. Left the gradient is measured "
        "where the update begins, right where the jump ends. " + told_or(told, "Nothing has landed yet")
    )
    return figure


def _box(points: list[Tensor]) -> tuple[float, float, float, float]:
    low, high = torch.stack(points).amin(dim=0), torch.stack(points).amax(dim=0)
    centre, half = (low + high) / 2, 0.68 * float((high - low).max().clamp(min=1e-3))
    (left, bottom), (right, top) = (centre - half).tolist(), (centre + half).tolist()
    return left, right, bottom, top


def _arrow(axes: Axes, start: Tensor, end: Tensor, index: int, name: str) -> None:
    look = series(index)
    arrow = {"arrowstyle": "-|>", "mutation_scale": 16, "shrinkA": 0, "shrinkB": 0, "linewidth": 2.4}
    arrow |= {"color": look["color"], "linestyle": look["linestyle"]}
    axes.annotate("", xy=end.tolist(), xytext=start.tolist(), arrowprops=arrow, zorder=6)
    axes.plot([], [], color=look["color"], linestyle=look["linestyle"], linewidth=2.4, label=name)
