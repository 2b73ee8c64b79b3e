"""Lesson 01: a loss as a landscape over two parameters, and what moves over one."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from .losses import Line, draw_errors
from .style import FAINT, INK, Landscape, as_path, finite, new_figure, not_written, series, told_or

PARAMETERS = ("slope (points per h)", "intercept (points)")


def landscapes(first: Tensor, second: Tensor, grids: dict[str, Tensor | None], marks: dict[str, Line]) -> Figure:
    """Losses over slope and intercept, each as a surface above and as contour lines below.

    Args:
        first: `[A]`, the slopes.
        second: `[B]`, the intercepts.
        grids: name of the loss, with its unit in brackets → `[A, B]`; None (not written yet) leaves its place empty.
        marks: name → (slope, intercept), marked on the maps.
    """
    rows = 2 if any(grid is not None for grid in grids.values()) else 1
    figure = new_figure(5 * len(grids), 4.3 * rows)
    told = []
    for column, (name, grid) in enumerate(grids.items()):
        flat = figure.add_subplot(rows, len(grids), (rows - 1) * len(grids) + column + 1)
        title = name.partition(" (")[0]
        if grid is None:
            draw_empty_map(flat, first, second)
            flat.set_title(title)
            continue
        grid = as_grid(grid, first, second)
        solid = figure.add_subplot(rows, len(grids), column + 1, projection="3d", computed_zorder=False)
        unit = name.partition(" (")[2].rstrip(")")
        solid.set(xlabel=PARAMETERS[0], ylabel=PARAMETERS[1], zlabel=f"loss ({unit})")
        solid.yaxis.labelpad = solid.zaxis.labelpad = 8
        for axis in (solid.xaxis, solid.yaxis, solid.zaxis):
            axis.set_major_locator(MaxNLocator(4))
        solid.set_box_aspect((1, 1, 0.75), zoom=0.84)
        solid.view_init(elev=40, azim=-60)
        across, along = torch.meshgrid(first, second, indexing="ij")
        # NaN in a surface warns; a student's loss may hold some
        height = grid.nan_to_num(0.0)
        solid.plot_surface(across.numpy(), along.numpy(), height.numpy(), cmap="cividis", alpha=0.9, linewidth=0)
        lowest = draw_map(flat, first, second, grid)
        for index, (mark, place) in enumerate(marks.items()):
            flat.plot(*place, "s^"[index % 2], color="white", markeredgecolor=INK, markeredgewidth=1.6, markersize=9)
            flat.annotate(mark, place, xytext=(8, 5), textcoords="offset points", fontsize=10)
        solid.set_title(title)
        told.append(f"{title}: lowest on the grid at slope {lowest[0]:.2f}, intercept {lowest[1]:.2f}")
    figure.set_label("Each loss as a surface and as contour lines. " + told_or(told, "No landscape is drawn yet"))
    return figure


def walk_by_hand(
    x: Tensor, y: Tensor, line: Line, loss: float | None, first: Tensor, second: Tensor, grid: Tensor | None
) -> Figure:
    """A line through its points, and the same line as one point of the landscape.

    Args:
        x: `[N]`.
        y: `[N]`.
        line: (slope, intercept).
        loss: its loss; None (not written yet) is left out.
        first: `[A]`, the slopes of the map.
        second: `[B]`, its intercepts.
        grid: `[A, B]`, its losses; None (not written yet) leaves the map empty.
    """
    figure = new_figure(10, 4.2)
    points, flat = figure.subplots(1, 2)
    draw_errors(points, x, y, line, 0, "your line")
    points.set(ylim=(-5, float(finite(y).max()) + 2), title=f"slope {line[0]:.2f}, intercept {line[1]:.2f}")
    told = "No landscape is drawn yet."
    if grid is None:
        draw_empty_map(flat, first, second)
    else:
        lowest = draw_map(flat, first, second, as_grid(grid, first, second))
        flat.plot(*line, "o", color=series(3)["color"], markeredgecolor=INK, markersize=10, zorder=6, clip_on=False)
        told = f"The lowest point of the landscape is at slope {lowest[0]:.2f}, intercept {lowest[1]:.2f}."
    flat.set_title("loss: not written yet" if loss is None else f"loss here: {loss:.3g}")
    here = "" if loss is None else f", loss {loss:.3g}"
    figure.set_label(
        f"A line of slope {line[0]:.2f} and intercept {line[1]:.2f}{here}, and its place on the map. {told}"
    )
    return figure


def as_grid(grid: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """The heights as float64 `[A, B]`; a wrong shape is refused in words.

    Raises:
        ValueError: if the shape isn't `[A, B]`.
    """
    grid, wanted = finite(grid), [len(first), len(second)]
    if list(grid.shape) != wanted:
        raise ValueError(f"this landscape has the shape {wanted}; the grid has {list(grid.shape)}")
    return grid


def draw_empty_map(axes: Axes, first: Tensor, second: Tensor) -> None:
    """The place of a map whose heights aren't there yet."""
    not_written(axes, "your loss_grid")
    axes.legend()
    axes.set(xlabel=PARAMETERS[0], ylabel=PARAMETERS[1], xlim=ends(first), ylim=ends(second))


def ends(values: Tensor) -> tuple[float, float]:
    return float(values[0]), float(values[-1])


def draw_map(axes: Axes, first: Tensor, second: Tensor, grid: Tensor) -> Line:
    """Contour lines of `grid` `[A, B]` with a star at its lowest entry, which is returned as (slope, intercept)."""
    low, high = grid.nan_to_num(torch.inf).min(), grid.nan_to_num(-torch.inf).max()
    if low < high:
        levels = low + (high - low) * torch.linspace(0.08, 1, 15, dtype=torch.float64) ** 2
        axes.contour(first, second, grid.T, levels=levels.tolist(), colors="#909090", linewidths=0.8)
    place = int(grid.nan_to_num(torch.inf).argmin())
    lowest = (float(first[place // len(second)]), float(second[place % len(second)]))
    axes.plot(*lowest, "*", color=INK, markersize=12, zorder=5)
    axes.set(xlabel=PARAMETERS[0], ylabel=PARAMETERS[1])
    return lowest


def ball_in_landscape(landscape: Landscape, paths: dict[str, Tensor], step: int, low: float, high: float) -> Figure:
    """Figure 1: what moves through a landscape with a shallow and a deep valley, seen from the side and as a profile.

    Args:
        landscape: a loss of two parameters, with the valleys along the first.
        paths: name → `[steps + 1, 2]`.
        step: how many updates to draw.
        low: the left end of the first parameter.
        high: the right end.
    """
    figure = new_figure(10.4, 4.4)
    grid = figure.add_gridspec(1, 2, width_ratios=(1.15, 1))
    solid = figure.add_subplot(grid[0], projection="3d", computed_zorder=False)
    profile = figure.add_subplot(grid[1])
    first, second = torch.meshgrid(
        torch.linspace(low, high, 81, dtype=torch.float64),
        torch.linspace(-1, 1, 31, dtype=torch.float64),
        indexing="ij",
    )
    heights = landscape.value(torch.stack([first, second], dim=-1)).detach()
    solid.plot_surface(first.numpy(), second.numpy(), heights.numpy(), cmap="Greys_r", alpha=0.7, linewidth=0)
    profile.plot(first[:, 0], landscape.value(on_floor(first[:, 0])), color=FAINT)
    told = []
    for index, (name, path) in enumerate(paths.items()):
        shown, look = finite(as_path(path, 2)[: step + 1]), series(index)
        height = finite(landscape.value(shown))
        every = max(1, len(shown) // 12)
        solid.plot(*shown.T.numpy(), height.numpy(), **{**look, "marker": ""}, linewidth=1.6, zorder=5)
        solid.plot(
            *shown[-1:].T.numpy(), height[-1:].numpy(), look["marker"], color=look["color"], markersize=9, zorder=6
        )
        side = finite(landscape.value(on_floor(shown[:, 0])))
        profile.plot(shown[:, 0], side, **look, markersize=3, markevery=every, linewidth=1.2, label=name)
        profile.plot(shown[-1, 0], side[-1], look["marker"], color=look["color"], markeredgecolor=INK, markersize=11)
        told.append(f"{name} is at w₀ = {float(shown[-1, 0]):.2f} after {len(shown) - 1} updates")
    solid.set(xlabel="parameter w₀ (no unit)", ylabel="parameter w₁ (no unit)", zlabel="loss (no unit)")
    for axis in (solid.xaxis, solid.yaxis, solid.zaxis):
        axis.set_major_locator(MaxNLocator(4))
    solid.set_box_aspect((1.5, 1, 0.8), zoom=0.92)
    solid.view_init(elev=38, azim=-68)
    profile.set(title="from the side, along w₁ = 0", xlabel="parameter w₀ (no unit)", ylabel="loss (no unit)")
    profile.legend(loc="upper center")
    figure.set_label("A landscape with a shallow valley and a deep one. " + told_or(told, "Nothing moves in it yet"))
    return figure


def on_floor(w: Tensor) -> Tensor:
    """Points `[k, 2]` with the first parameter `w` `[k]` and the second 0."""
    return torch.stack([w, torch.zeros_like(w)], dim=-1)
