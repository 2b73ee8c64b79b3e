"""The picture of every lesson from the second on: one run seen in three ways."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import Tensor

from .style import (
    INK,
    Landscape,
    as_path,
    box_around,
    by_decades,
    draw_contours,
    finite,
    new_figure,
    not_written,
    series,
    told_or,
    until_gone,
    without_numbers,
)

SMALLEST = 1e-16
MANY = 80  # points from which on a path over the contour lines is drawn finer
CROWDED = 250  # points from which on its curves are drawn by stretches
STRETCHES = 50  # at most


def three_views(landscape: Landscape, paths: dict[str, Tensor | None], samples: dict[str, int] | None = None) -> Figure:
    """Path over contour lines, loss by update, and the error in each direction by update, side by side.

    The directions are the landscape's own where it is turned, else the coordinates. Of a path of hundreds of updates
    the curves show means over stretches, and the shade goes from the least loss of a stretch to its greatest.

    Args:
        landscape: a loss of two parameters, with `rotation` if its axes are not the coordinates'.
        paths: name → `[steps + 1, 2]`, the start included; None (not written yet) is left out.
        samples: name → how many samples an update uses; with it, loss and error stand over samples, not updates.

    Returns:
        A figure whose label is its alt text.
    """
    drawn = {name: as_path(path, 2) for name, path in paths.items() if path is not None}
    figure = new_figure(12, 3.9)
    contours, loss, modes = figure.subplots(1, 3)
    box = box_around(landscape, list(drawn.values()))
    draw_contours(contours, landscape, box)
    lines, told = [], []
    turn = getattr(landscape, "rotation", None)
    for index, (name, path) in enumerate(paths.items()):
        if path is None:
            lines.append(not_written(contours, name))
            continue
        look, path = series(index), drawn[name]
        every = max(1, len(path) // 12)
        pace = 1 if samples is None else samples[name]
        # the first path, the student's, lies on top
        sizes = {"markersize": 4, "linewidth": 1.4, "zorder": 4 - index}
        if len(path) > MANY:
            sizes |= {"markersize": 2.5, "linewidth": 0.8, "alpha": 0.7}
        if len(path) > CROWDED:
            sizes |= {"markersize": 4, "markevery": every, "linewidth": 0.7, "alpha": 0.6}
        (line,) = contours.plot(*until_gone(path, box).T, **look, **sizes, label=name)
        lines.append(line)
        above = landscape.value(path) - landscape.value(landscape.minimum.to(path))
        _log_curve(loss, above, look, pace, shade=True)
        error = path - landscape.minimum.to(path)
        for along, style in zip((error if turn is None else error @ turn.to(path)).abs().T, ("-", "--"), strict=True):
            _log_curve(modes, along, {**look, "linestyle": style}, pace)
        told.append(f"{name}: {_ending(path, landscape)}")
    contours.set_title("path over contour lines")
    passing = "update (count)" if samples is None else "samples seen (count)"
    loss.set(title="loss", xlabel=passing, ylabel="loss above the minimum (no unit)", yscale="log")
    modes.set(xlabel=passing, yscale="log")
    modes.set_title("error, coordinate by coordinate" if turn is None else "error, direction by direction")
    modes.set_ylabel("distance to the minimum (no unit)")
    for axes in (loss, modes):
        _limit(axes)
        by_decades(axes.yaxis)
        if not drawn:
            without_numbers(axes)
    for name, style in zip(_directions(landscape), ("-", "--"), strict=True):
        lines.append(Line2D([], [], color=INK, linestyle=style, label=f"right: {name}"))
    figure.legend(handles=lines, loc="outside lower center", ncols=len(lines), frameon=False)
    figure.set_label(
        f"Three panels: path over contour lines, loss by {passing.split(' (')[0]}, error in each direction by "
        f"{passing.split(' (')[0]}. " + told_or(told, "No path is drawn yet")
    )
    return figure


def _log_curve(axes: Axes, values: Tensor, look: dict[str, str], pace: int, shade: bool = False) -> None:
    """A curve for a logarithmic axis: zeros and infinities are left out."""
    shown = finite(values)
    shown, places = torch.where(shown > SMALLEST, shown, torch.nan), torch.arange(0.0, len(shown))
    if len(shown) > CROWDED:
        size = -(-(len(shown) - 1) // STRETCHES)
        padded = torch.nn.functional.pad(shown[1:], (0, -(len(shown) - 1) % size), value=torch.nan)
        stretches = padded.reshape(-1, size)
        middles = torch.arange(len(stretches)) * size + (size + 1) / 2
        if shade:
            least = stretches.nan_to_num(torch.inf).amin(dim=1)
            greatest = stretches.nan_to_num(-torch.inf).amax(dim=1)
            grey = {"color": look["color"], "alpha": 0.2, "linewidth": 0}
            axes.fill_between(pace * middles, finite(least), finite(greatest), **grey)
        shown, places = torch.cat([shown[:1], stretches.nanmean(dim=1)]), torch.cat([places[:1], middles])
    every = max(1, len(shown) // 12)
    axes.plot(pace * places, shown, **look, markevery=every, markersize=4, linewidth=1.4)


def _limit(axes: Axes) -> None:
    """Keep a diverging run from squeezing the others into one line."""
    curves = [torch.as_tensor(line.get_ydata()) for line in axes.lines]
    values = torch.cat([*curves, torch.empty(0)])
    values = values[torch.isfinite(values)]
    if len(values) == 0:
        axes.set_ylim(1e-3, 1)
        return
    firsts = [float(curve[0]) for curve in curves if curve[0].isfinite()]
    top = min(float(values.max()), 1e3 * max(firsts)) if firsts else float(values.max())
    bottom = max(float(values.min()), SMALLEST)
    axes.set_ylim(bottom / 3, 3 * max(top, 3 * bottom))


def _directions(landscape: Landscape) -> list[str]:
    curvatures = getattr(landscape, "curvatures", None)
    if curvatures is None:
        return ["w₀", "w₁"]
    if getattr(landscape, "rotation", None) is not None:
        return [f"direction of curvature {float(value):.3g}" for value in curvatures]
    return [f"{name}, curvature {float(value):.3g}" for name, value in zip(("w₀", "w₁"), curvatures, strict=True)]


def _ending(path: Tensor, landscape: Landscape) -> str:
    distance = float((path[-1] - landscape.minimum.to(path)).norm())
    first = float((path[0] - landscape.minimum.to(path)).norm())
    if distance != distance or distance > 10 * first:
        return f"diverges within {len(path) - 1} updates"
    return f"{distance:.2g} from the minimum after {len(path) - 1} updates, {first:.2g} at the start"
