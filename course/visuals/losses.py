"""Lesson 01: errors of a line, the line and the constant that a loss likes best, and the price of a probability."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from .style import FAINT, INK, finite, new_figure, not_written, series, told_or

Line = tuple[float, float]


def errors_of_lines(x: Tensor, y: Tensor, lines: dict[str, Line]) -> Figure:
    """Every line through the same points in a panel of its own, its errors as vertical bars.

    Args:
        x: `[N]`.
        y: `[N]`.
        lines: name → (slope, intercept).
    """
    figure = new_figure(4.6 * len(lines), 3.8)
    panels = figure.subplots(1, len(lines), sharey=True, squeeze=False)[0]
    for index, (axes, (name, line)) in enumerate(zip(panels, lines.items(), strict=True)):
        draw_errors(axes, x, y, line, index, name)
        axes.set_title(name)
    figure.set_label(
        f"The same {len(x)} points with {' and '.join(lines)}; a bar from each point to the line is its error."
    )
    return figure


def draw_errors(axes: Axes, x: Tensor, y: Tensor, line: Line, index: int, name: str) -> None:
    """Points, a line, and a bar from each point to the line."""
    x, y = finite(x), finite(y)
    fitted = line[0] * x + line[1]
    axes.vlines(x, torch.minimum(fitted, y), torch.maximum(fitted, y), color=FAINT, linewidth=2.5)
    _draw_points(axes, x, y)
    axes.plot(x, fitted, **{**series(index), "marker": ""}, linewidth=2, label=name)
    axes.set(xlabel="hours of practice (h)", ylabel="score (points)")


def pulled_lines(x: Tensor, y: Tensor, lines: dict[str, Line | None]) -> Figure:
    """The lines that different losses like best, through the same points.

    Args:
        x: `[N]`.
        y: `[N]`.
        lines: name → (slope, intercept); None (not written yet) is left out.
    """
    figure = new_figure(7, 4.2)
    axes = figure.subplots()
    _draw_points(axes, finite(x), finite(y))
    told = []
    for index, (name, line) in enumerate(lines.items()):
        if line is None:
            not_written(axes, name)
            continue
        axes.plot(x, finite(line[0] * x + line[1]), **{**series(index), "marker": ""}, linewidth=2, label=name)
        told.append(f"{name}: {line[1]:.2f} points and {line[0]:.2f} more an hour")
    axes.set(xlabel="hours of practice (h)", ylabel="score (points)")
    axes.set_ylim(min(-1.0, float(finite(y).min()) - 1), max(8.0, float(finite(y).max()) + 1))
    axes.legend(loc="upper left")
    figure.set_label(f"{len(x)} points and the line of smallest loss. " + told_or(told, "No line is drawn yet"))
    return figure


def loss_of_constants(constants: Tensor, panels: dict[str, dict[str, Tensor | None]], unit: str) -> Figure:
    """What it costs to predict one number for everybody, against that number; the lowest point of each curve marked.

    Args:
        constants: `[k]`, the predictions tried.
        panels: name of the loss, with its unit in brackets → name of the data → `[k]`, the loss of each constant;
            None (not written yet) is left out.
        unit: the unit of the constants.
    """
    figure = new_figure(5 * len(panels), 4)
    told = []
    shown = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (loss, curves) in zip(shown, panels.items(), strict=True):
        for index, (name, values) in enumerate(curves.items()):
            if values is None:
                not_written(axes, name)
                continue
            values, look = finite(values), series(index)
            above = values - values.nan_to_num(torch.inf).min()
            axes.plot(constants, above, **{**look, "marker": ""}, linewidth=2)
            best = int(values.nan_to_num(torch.inf).argmin())
            axes.plot(constants[best], above[best], color=look["color"], marker=look["marker"], markersize=9)
            axes.plot([], [], **look, label=f"{name}: lowest at {float(constants[best]):.1f}")
            told.append(f"{loss.partition(' (')[0]}, {name}: lowest at {float(constants[best]):.1f}")
        axes.set(xlabel=f"one prediction for everybody ({unit})", ylabel=f"above the least {loss}")
        axes.set_xlim(float(constants[0]), float(constants[-1]))
        axes.grid(color="#E5E5E5")
        axes.legend(loc="upper center", fontsize=9)
    figure.set_label("The loss of one prediction for everybody, against it. " + told_or(told, "No curve is drawn yet"))
    return figure


def price_of_probability(probabilities: Tensor, curves: dict[str, Tensor | None]) -> Figure:
    """The loss of one sample against the probability that its right class was given.

    Args:
        probabilities: `[k]`, above 0.
        curves: name → `[k]`; None (not written yet) is left out.
    """
    figure = new_figure(7, 4)
    axes = figure.subplots()
    told = []
    for index, (name, values) in enumerate(curves.items()):
        if values is None:
            not_written(axes, name)
            continue
        values = finite(values)
        every = max(1, len(values) // 12)
        axes.plot(
            probabilities, values, **series(index), markersize=4, markevery=(index * every // 2, every), label=name
        )
        told.append(f"{name}: {values[0]:.3g} at probability {float(probabilities[0]):.3g}, {values[-1]:.3g} at 1")
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set(
        xlabel="probability given to the right class (no unit)",
        ylabel="loss of one sample (nats or no unit)",
        xlim=(0, 1),
    )
    axes.grid(color="#E5E5E5")
    axes.legend()
    figure.set_label("What a probability costs. " + told_or(told, "No curve is drawn yet"))
    return figure


def _draw_points(axes: Axes, x: Tensor, y: Tensor) -> None:
    axes.plot(x, y, "o", color=INK, markersize=6, zorder=4)
