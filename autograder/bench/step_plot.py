"""The figures of `downhill bench step` as a picture: who takes how long, and what the memory allows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograder.bench.contestants import RACES
from autograder.bench.step_figures import Figures, Measured
from autograder.errors import DownhillError

COLOURS = {"loop": "#d55e00", "foreach": "#0072b2", "one pass": "#009e73"}  # told apart by the colour-blind
MARKS = {"ours": "o", "torch": "s"}
APART = 0.13  # of the distance between two rules


def save_plot(measured: Measured, path: Path) -> None:
    """Draw the figures into a PNG.

    Args:
        measured: what `bench_step` found.
        path: the file; its folder must be there.

    Raises:
        DownhillError: if the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter

    figure = Figure(figsize=(10, 5), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    rules = [name for name in RACES if any(row.optimizer == name for row in measured.rows)]
    for axes, (regime, (count, elements)) in zip(figure.subplots(1, 2), measured.tensors.items(), strict=True):
        rows = [row for row in measured.rows if row.regime == regime]
        for place, name in enumerate(rules):
            _draw_rule(axes, place, [row for row in rows if row.optimizer == name])
            floor = 1e3 * RACES[name].least * count * elements / (measured.copy_gb_s[regime] * 1e9)
            if regime == "large":
                axes.plot([floor, floor], [place - 0.42, place + 0.42], color="black", linewidth=1.5)
        axes.set(xscale="log", ylim=(len(rules) - 0.5, -0.5), xlabel="time of one step / ms")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_yticks(range(len(rules)), rules)
        axes.set_title(f"{count:,} tensors of {elements:,} elements".replace(",", " "), fontsize=11)
        axes.grid(axis="x", which="both", color="0.9", linewidth=0.6)
        axes.set_axisbelow(True)
    figure.legend(handles=_legend(), loc="outside upper center", ncols=7, frameon=False, fontsize=9.5)
    figure.supxlabel(measured.machine, fontsize=9, color="0.3")
    try:
        figure.savefig(path, format="png")
    except OSError as error:
        raise DownhillError(f"the plot cannot be written to {path}: {error.strerror}") from error


def _draw_rule(axes: Any, place: int, rows: list[Figures]) -> None:
    for rank, row in enumerate(rows):
        y = place + APART * (rank - (len(rows) - 1) / 2)
        colour = COLOURS[_kind(row.way)]
        filled = colour if row.by == "ours" else "white"
        axes.plot(row.ms, y, MARKS[row.by], color=colour, markerfacecolor=filled, markersize=6, markeredgewidth=1.5)


def _kind(way: str) -> str:
    return way if way in COLOURS else "one pass"


def _legend() -> list[Any]:
    from matplotlib.lines import Line2D

    ways = [Line2D([], [], color=colour, linewidth=4, label=name) for name, colour in COLOURS.items()]
    mark: dict[str, Any] = {"linestyle": "", "color": "0.3", "markersize": 6, "markeredgewidth": 1.5}
    who = [
        Line2D([], [], marker=MARKS["ours"], label="reference", **mark),
        Line2D([], [], marker=MARKS["torch"], markerfacecolor="white", label="torch.optim", **mark),
    ]
    floor = Line2D([], [], color="black", linewidth=1.5, label="least traffic at a copy's speed")
    return [*ways, *who, floor]
