"""Lesson 02: which way is down, and how far a step goes."""

import torch
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from .style import (
    INK,
    Landscape,
    as_path,
    box_around,
    draw_contours,
    finite,
    heights,
    new_figure,
    not_written,
    series,
    told_or,
    until_gone,
)


def arrows_against_gradient(landscape: Landscape, point: Tensor, points: Tensor | None = None) -> Figure:
    """Arrows against the gradient on a grid, and at `point` also the way to the minimum.

    Args:
        landscape: a loss of two parameters.
        point: `[2]`, the place where the two directions are compared.
        points: `[k, 2]`, where the other arrows stand; a grid around the minimum when left out.
    """
    minimum, point = landscape.minimum.to(torch.float64), point.detach().to(torch.float64)
    reach = 1.25 * float((point - minimum).abs().max())
    if points is None:
        ticks = torch.linspace(-0.95 * reach, 0.95 * reach, 8, dtype=torch.float64)
        points = minimum + torch.cartesian_prod(ticks, ticks)
    (left, bottom), (right, top) = (minimum - reach).tolist(), (minimum + reach).tolist()
    figure = new_figure(6.6, 5.2)
    axes = figure.subplots()
    draw_contours(axes, landscape, (left, right, bottom, top))
    down = -landscape.gradient(points.to(torch.float64)).detach()
    scale = {"angles": "xy", "scale_units": "xy"}
    longest = float(down.norm(dim=1).max())
    axes.quiver(*points.T, *down.T, **scale, scale=longest / (0.26 * reach), color="#0072B2", width=0.004)
    here = -landscape.gradient(point).detach()
    for index, (name, way) in enumerate((("straight downhill", here), ("to the minimum", minimum - point))):
        look = series(2 * index + 1)
        tip = point + 0.55 * reach * way / way.norm()
        arrow = {
            "arrowstyle": "-|>",
            "color": look["color"],
            "linestyle": look["linestyle"],
            "linewidth": 2.2,
        }
        axes.annotate("", xy=tip.tolist(), xytext=point.tolist(), arrowprops=arrow, zorder=6)
        axes.plot([], [], color=look["color"], linestyle=look["linestyle"], linewidth=2.2, label=name)
    axes.plot(*point.tolist(), "o", color=INK, markersize=8, zorder=7)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    axes.set_title("every arrow crosses its contour line at a right angle")
    figure.set_label(
        "Contour lines of a loss over two parameters with arrows against the gradient. Each arrow is perpendicular "
        "to its contour line; at the marked point it doesn't point at the minimum."
    )
    return figure


def step_by_step(landscape: Landscape, path: Tensor | None, step: int) -> Figure:
    """The first `step` updates of a path, over contour lines and over the surface.

    Args:
        landscape: a loss of two parameters.
        path: `[steps + 1, 2]`, the start included; None (not written yet) leaves the bare landscape.
        step: how many updates to draw.
    """
    figure = new_figure(10, 4.4)
    grid = figure.add_gridspec(1, 2, width_ratios=(1, 1.25))
    flat = figure.add_subplot(grid[0])
    solid = figure.add_subplot(grid[1], projection="3d", computed_zorder=False)
    whole = [] if path is None else [as_path(path, 2)]
    box = box_around(landscape, whole)
    draw_contours(flat, landscape, box)
    first, second, loss = heights(landscape, box, 61)
    solid.plot_surface(first.numpy(), second.numpy(), loss.numpy(), cmap="Greys_r", alpha=0.75, linewidth=0)
    flat.set_title("from above")
    solid.set_title("from the side")
    solid.set(xlabel="parameter w₀ (no unit)", ylabel="parameter w₁ (no unit)", zlabel="loss (no unit)")
    for axis, pad in ((solid.xaxis, 8), (solid.yaxis, 10), (solid.zaxis, 6)):
        axis.set_major_locator(MaxNLocator(4))
        axis.labelpad = pad
    solid.set_box_aspect((1, 1, 0.7), zoom=0.95)
    solid.view_init(elev=40, azim=-55)
    told = "No path is drawn yet."
    if path is None:
        not_written(flat, "yours")
        flat.legend()
    else:
        shown = whole[0][: step + 1]
        inside = until_gone(shown, box)
        outside = (inside[:, 0] < box[0]) | (inside[:, 0] > box[1]) | (inside[:, 1] < box[2]) | (inside[:, 1] > box[3])
        flat.plot(*inside.T, **series(0), markersize=5)
        inside[outside] = torch.nan
        height = finite(landscape.value(inside))
        solid.plot(*inside.T.numpy(), height.numpy(), **series(0), markersize=4, zorder=5)
        told = f"The path stands at ({shown[-1, 0]:.3g}, {shown[-1, 1]:.3g}) after {len(shown) - 1} updates."
    figure.set_label(f"The same path over contour lines and over the surface of the loss. {told}")
    return figure


def bowls(curvatures: list[float], paths: list[Tensor | None], lr: float) -> Figure:
    """One learning rate in several one-dimensional bowls, loss ½·λ·w².

    Args:
        curvatures: λ of each bowl.
        paths: one `[steps + 1]` or `[steps + 1, 1]` for each bowl; None (not written yet) leaves it empty.
        lr: the learning rate, for the title.
    """
    figure = new_figure(3.5 * len(curvatures), 3.5)
    told = []
    for axes, curvature, path in zip(figure.subplots(1, len(curvatures)), curvatures, paths, strict=True):
        reach = 1.2
        if path is not None:
            path = torch.as_tensor(path).detach().to(torch.float64).reshape(-1)
            reach = max(reach, 1.15 * float(path[torch.isfinite(path)].abs().max()))
            told.append(f"curvature {curvature:g}: w goes " + ", ".join(f"{w:.3g}" for w in path.tolist()))
        w = torch.linspace(-reach, reach, 201, dtype=torch.float64)
        axes.plot(w, curvature * w**2 / 2, color="#B0B0B0")
        if path is not None:
            height = finite(curvature * path**2 / 2)
            axes.plot(finite(path), height, **series(0), markersize=5)
            begin, arrow = (path[0], height[0]), {"arrowstyle": "->", "color": INK, "shrinkB": 5}
            axes.annotate("start", begin, xytext=(0.76, 0.06), textcoords="axes fraction", arrowprops=arrow)
        else:
            not_written(axes, "yours")
            axes.legend()
        axes.set(title=f"curvature λ = {curvature:g}, lr = {lr:g}", xlabel="parameter w (no unit)")
        axes.set_ylabel("loss (no unit)")
    figure.set_label(
        "Gradient descent in bowls of different curvature at one learning rate. "
        + told_or(told, "No path is drawn yet")
    )
    return figure
