"""Lesson 03: the four phases of training on one small network, and the expression that a `Value` remembers."""

from dataclasses import dataclass

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from .style import INK, new_figure, series, told_or

PHASES = ("phase 1: forward pass", "phase 2: loss", "phase 3: backward pass", "phase 4: update")
QUIET = "#CCCCCC"
FORWARD, BACKWARD, MOVED = "#0072B2", "#D55E00", "#000000"


@dataclass(frozen=True)
class Round:
    """One round of training on one sample, as it is drawn.

    Attributes:
        layers: the numbers of each layer, the input first, `[n]` each.
        slopes: the slope of the loss along the numbers of every layer but the first.
        weights: the matrix between each layer and the next, `[n, m]`.
        moves: by how much the update changes each of them.
        loss: the loss of the sample.
        label: its class.
    """

    layers: list[Tensor]
    slopes: list[Tensor]
    weights: list[Tensor]
    moves: list[Tensor]
    loss: float
    label: int


def four_phases(training: Round, phase: int) -> Figure:
    """A network with what happens to it in a phase lit up.

    Args:
        training: the network and the numbers in it.
        phase: 1 to 4 for one phase; 0 for all four side by side.
    """
    shown = [phase] if phase else [1, 2, 3, 4]
    figure = new_figure(*((5.6, 4.2) if phase else (11, 8)))
    grid = figure.subplots(*((1, 1) if phase else (2, 2)), squeeze=False)
    told = []
    for axes, number in zip(grid.flat, shown, strict=True):
        _network(axes, training, number)
        told.append(PHASES[number - 1])
    figure.set_label(
        "A small network with the numbers of one round of training. Forward pass: the numbers run from the input to "
        f"the logits. Loss: {training.loss:.3g} for class {training.label}. Backward pass: the slopes of the loss run "
        "from the logits back. Update: every weight moves. Shown: " + told_or(told, "nothing")
    )
    return figure


def _places(training: Round) -> list[list[tuple[float, float]]]:
    """Where each number of each layer stands; the first unit on top."""
    return [
        [(float(depth), (len(layer) - 1) / 2 - unit) for unit in range(len(layer))]
        for depth, layer in enumerate(training.layers)
    ]


def _network(axes: Axes, training: Round, phase: int) -> None:
    places = _places(training)
    for depth, (matrix, move) in enumerate(zip(training.weights, training.moves, strict=True)):
        for i, j in torch.cartesian_prod(torch.arange(matrix.shape[0]), torch.arange(matrix.shape[1])).tolist():
            ends = places[depth][i], places[depth + 1][j]
            _edge(axes, ends, float(move[i, j]), i, phase)
    for depth, layer in enumerate(training.layers):
        slopes = training.slopes[depth - 1] if depth else None
        for unit, place in enumerate(places[depth]):
            _unit(axes, place, float(layer[unit]), None if slopes is None else float(slopes[unit]), phase)
    end = places[-1][0][0]
    lit = {2: FORWARD, 3: BACKWARD}.get(phase, QUIET)
    for place in places[-1]:
        way = ((end + 0.75, 0.0), place) if phase == 3 else (place, (end + 0.75, 0.0))
        _arrow(axes, *way, lit, 1.6 if phase in (2, 3) else 0.8)
    words = f"loss\n{training.loss:.2f}" if phase >= 2 else "loss"
    colour = FORWARD if phase == 2 else INK if phase == 3 else "#777777"
    box = {"boxstyle": "square,pad=0.5", "facecolor": "white", "edgecolor": colour, "linewidth": 2 if phase == 2 else 1}
    axes.text(end + 0.95, 0.0, words, ha="center", va="center", fontsize=10, color=colour, bbox=box, zorder=6)
    highest = max(len(layer) for layer in training.layers) / 2
    axes.set(xlim=(-0.4, end + 1.35), ylim=(-highest - 0.25, highest + 0.25), yticks=[])
    axes.set_xticks(range(len(training.layers)), ["input x", "hidden a₁", "logits"][: len(training.layers)])
    axes.set(xlabel="layer (name)", ylabel="units (one circle each)", title=PHASES[phase - 1])
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _edge(
    axes: Axes,
    ends: tuple[tuple[float, float], tuple[float, float]],
    move: float,
    source: int,
    phase: int,
) -> None:
    (x0, y0), (x1, y1) = ends
    if phase == 1:
        _arrow(axes, *ends, FORWARD, 1.4)
    elif phase == 3:
        first = x0 == 0  # from the first hidden layer on the slopes reach weights only; nobody asks for the input's
        _arrow(axes, ends[1], ((x0 + x1) / 2, (y0 + y1) / 2) if first else ends[0], BACKWARD, 1.4, 2 if first else 20)
    else:
        axes.plot([x0, x1], [y0, y1], color=MOVED if phase == 4 else QUIET, linewidth=1.2 if phase == 4 else 0.8)
    if phase == 4:
        along = 0.62 if source % 2 else 0.36  # so that the labels of neighbouring units stand beside each other
        at = x0 + along * (x1 - x0), y0 + along * (y1 - y0)
        box = {"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none"}
        axes.text(*at, f"{move:+.2f}", fontsize=8, ha="center", va="center", bbox=box, zorder=7)


def _unit(axes: Axes, place: tuple[float, float], number: float, slope: float | None, phase: int) -> None:
    colour = {1: FORWARD, 3: BACKWARD if slope is not None else QUIET}.get(phase, "#777777")
    axes.scatter(*place, s=1500, color="white", edgecolor=colour, linewidth=1.8, zorder=5)
    behind = phase == 4 or (phase == 3 and slope is None)
    shown = number if slope is None or phase != 3 else slope
    colour = "#777777" if behind else INK
    axes.text(*place, f"{shown:.2f}", ha="center", va="center", fontsize=10, color=colour, zorder=6)


def _arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str, width: float, gap: float = 20
) -> None:
    look = {"arrowstyle": "-|>", "color": colour, "linewidth": width, "shrinkA": 20, "shrinkB": gap}
    axes.annotate("", xy=end, xytext=start, arrowprops=look, zorder=3)


def expression_graph(values: dict[str, tuple[float, float]] | None, made_from: dict[str, tuple[str, ...]]) -> Figure:
    """An expression as a graph: each value with its number and its slope, an arrow for every use.

    Args:
        values: name → (data, grad); None (not written yet) leaves the numbers out.
        made_from: name → the names it was made from, each behind its inputs; a name that stands there twice is used
            twice.
    """
    figure = new_figure(9, 3.6)
    axes = figure.subplots()
    places = _by_depth(made_from)
    for name, sources in made_from.items():
        for source in dict.fromkeys(sources):
            for use in range(sources.count(source)):
                look = {
                    "arrowstyle": "-|>",
                    "color": series(0)["color"],
                    "linewidth": 1.6,
                    "shrinkA": 42,
                    "shrinkB": 46,
                }
                look["connectionstyle"] = f"arc3,rad={0.15 * use}"
                axes.annotate("", xy=places[name], xytext=places[source], arrowprops=look)
    told = []
    for name, place in places.items():
        words = f"{name}\nnot written yet"
        if values is not None:
            data, grad = values[name]
            words = f"{name}\ndata {data:z.3g}\ngrad {grad:z.3g}"
            told.append(f"{name}: data {data:z.3g}, grad {grad:z.3g}")
        box = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": INK}
        axes.text(*place, words, ha="center", va="center", fontsize=10, bbox=box, zorder=4)
    deepest = max(x for x, _ in places.values())
    axes.set(xlim=(-0.5, deepest + 0.5), ylim=(-0.75, 1.75), yticks=[], xticks=range(int(deepest) + 1))
    axes.set(xlabel="operations from the inputs (count)", ylabel="values (one box each)")
    axes.spines[:].set_visible(False)
    axes.set_title("data was computed from left to right, grad from right to left")
    figure.set_label("An expression as a graph of its values. " + told_or(told, "No values are there yet"))
    return figure


def _by_depth(made_from: dict[str, tuple[str, ...]]) -> dict[str, tuple[float, float]]:
    """Each value stands one place behind the last of its inputs; values of one depth above each other."""
    depth: dict[str, int] = {}
    for name, sources in made_from.items():
        depth[name] = 1 + max((depth[source] for source in sources), default=-1)
    places = {}
    for level in set(depth.values()):
        names = [name for name in depth if depth[name] == level]
        for row, name in enumerate(names):
            places[name] = float(level), 0.5 if len(names) == 1 else 1.3 - 1.6 * row / (len(names) - 1)
    return places
