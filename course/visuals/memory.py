"""Lesson 06: runs with and without memory."""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from .style import INK, Landscape, as_path, draw_contours, finite, new_figure, not_written, series, told_or


def two_runs(landscape: Landscape, paths: dict[str, Tensor | None]) -> Figure:
    """Each run through the ravine on a map of its own, one above the other.

    Args:
        landscape: a loss of two parameters, long in the first.
        paths: name → `[steps + 1, 2]`; None (not written yet) shows the bare map.
    """
    drawn = [as_path(path, 2) for path in paths.values() if path is not None]
    minimum = landscape.minimum.to(torch.float64)
    reach = torch.ones(2, dtype=torch.float64)
    if drawn:
        reach = 1.25 * torch.stack([(path[0] - minimum).abs() for path in drawn]).max(dim=0).values.clamp(min=0.1)
    (left, bottom), (right, top) = (minimum - reach).tolist(), (minimum + reach).tolist()
    figure = new_figure(8.6, 2.7 * len(paths))
    told = []
    for index, (axes, (name, path)) in enumerate(zip(figure.subplots(len(paths), 1), paths.items(), strict=True)):
        draw_contours(axes, landscape, (left, right, bottom, top))
        axes.set_aspect("auto")
        axes.set_title(f"{name}: not written yet" if path is None else f"{name}, {len(path) - 1} updates")
        if path is not None:
            path = as_path(path, 2)
            axes.plot(*finite(path).T, **series(index), markersize=4, linewidth=1.3)
            distance = float((path[-1] - minimum).norm() / (path[0] - minimum).norm())
            told.append(f"{name} keeps {distance:.2g} of the first distance")
    figure.set_label("Runs through a ravine, one map for each. " + told_or(told, "No run is drawn yet"))
    return figure


def phase_diagram(lrs: Tensor, momenta: Tensor, rates: Tensor, marks: dict[str, tuple[float, float] | None]) -> Figure:
    """The part of the error that each update leaves, for every pair of learning rate and momentum.

    Args:
        lrs: `[A]`.
        momenta: `[B]`.
        rates: `[B, A]`, the rate of the slowest mode; 1 or more doesn't converge and is hatched.
        marks: name → (lr, momentum); None (not written yet) is left out.
    """
    figure = new_figure(7.4, 4.8)
    axes = figure.subplots()
    rates, lrs, momenta = finite(rates), lrs.numpy(), momenta.numpy()
    stable = torch.where(rates < 1, rates, torch.nan).numpy()
    mesh = axes.pcolormesh(lrs, momenta, stable, cmap="cividis", vmin=float(rates.min()), vmax=1, shading="nearest")
    levels = [level for level in (0.84, 0.88, 0.92, 0.95, 0.98) if level > float(rates.min())]
    # the rates jump at the edge, and lines drawn across the jump would run along it
    lines = axes.contour(lrs, momenta, stable, levels=levels, colors="white", linewidths=0.8)
    axes.clabel(lines, fmt="%.2f", fontsize=8)
    axes.contourf(lrs, momenta, rates.numpy(), levels=[1, 1e9], colors="none", hatches=["///"])
    axes.contour(lrs, momenta, rates.numpy(), levels=[1], colors=INK, linewidths=1.6)
    told = []
    for index, (name, mark) in enumerate(marks.items()):
        if mark is None:
            not_written(axes, name)
            continue
        look = series(index + 1)
        axes.plot(
            *mark,
            look["marker"],
            color="white",
            markeredgecolor="black",
            markeredgewidth=1.4,
            markersize=10,
            label=name,
            linestyle="none",
            clip_on=False,
            zorder=6,
        )
        told.append(f"{name} at lr {mark[0]:.3g}, momentum {mark[1]:.3g}")
    axes.set(xlim=(float(lrs.min()), float(lrs.max())), ylim=(float(momenta.min()), float(momenta.max())))
    axes.set(xlabel="learning rate lr (1 / curvature)", ylabel="momentum (no unit)")
    axes.set_title("hatched: the error grows")
    figure.colorbar(mesh, ax=axes, label="part of the error left after an update (no unit)")
    if marks:
        figure.legend(loc="outside lower center", ncols=len(marks), frameon=False)
    figure.set_label(
        "The part of the error left by an update, by learning rate and momentum; hatched where the run diverges. "
        + told_or(told, "No pair is marked yet")
    )
    return figure


def valley_runs(landscape: Landscape, runs: dict[str, Tensor | None], low: float, high: float) -> Figure:
    """Runs over a one-dimensional landscape: where each is at every update, and the profile it moves over.

    Args:
        landscape: a loss of one parameter.
        runs: name → `[steps + 1, 1]`; None (not written yet) is left out.
        low: the left end of the profile.
        high: the right end of the profile.
    """
    figure = new_figure(9, 4)
    profile, place = figure.subplots(1, 2)
    w = torch.linspace(low, high, 401, dtype=torch.float64)
    profile.plot(w, landscape.value(w[:, None]).detach(), color="#888888")
    told = []
    for index, (name, run) in enumerate(runs.items()):
        if run is None:
            not_written(place, name)
            continue
        run, look = as_path(run, 1), series(index)
        every = max(1, len(run) // 20)
        place.plot(range(len(run)), finite(run[:, 0]), **look, markevery=every, markersize=4, label=name)
        end = finite(run[-1:])
        profile.plot(end[:, 0], finite(landscape.value(end)), look["marker"], color=look["color"], markersize=9)
        told.append(f"{name} ends at w = {float(run[-1, 0]):.3g}")
    if told:
        begin = as_path(next(run for run in runs.values() if run is not None), 1)[:1]
        profile.plot(begin[:, 0], landscape.value(begin), "x", color=INK, markersize=9, markeredgewidth=2)
    figure.legend(*place.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    profile.set(title="× start, markers: end", xlabel="parameter w (no unit)", ylabel="loss (no unit)")
    place.set(title="where the run is", xlabel="update (count)", ylabel="parameter w (no unit)", ylim=(low, high))
    figure.set_label(
        "A loss over one parameter, and where each run is at every update. " + told_or(told, "No run is drawn yet")
    )
    return figure
