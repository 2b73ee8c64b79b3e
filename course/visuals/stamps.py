"""The numbers along an axis, drawn with one tick for all of them, and the legend, drawn once for all pictures.

For every number matplotlib makes a tick of five parts, and asks each tick three times where it stands. Under a slider
that takes longer than the curves.
"""

import math
from collections.abc import Callable, Iterable

from matplotlib.artist import Artist
from matplotlib.axis import Axis, Tick
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox

from .canvas import KeepingRenderer

POINTS = 72  # in an inch
SLACK = 1e-10  # of an axis: how far beyond its end matplotlib still takes a number to be on it
SIDES = {"x": "bottom", "y": "left"}


class Stamp(Artist):
    """Draws an axis as matplotlib would, and takes its place: marks, numbers, grid lines and name."""

    def __init__(self, axis: Axis) -> None:
        super().__init__()
        self.axis = axis
        self.set_zorder(axis.get_zorder())
        axis.axes.add_artist(self)
        self.set_clip_on(False)
        axis.set_visible(False)

    def remove(self) -> None:
        """Give the axis its place back."""
        self.axis.set_visible(True)
        super().remove()

    def draw(self, renderer: RendererBase) -> None:
        """Stamp one tick on every place, then the name where there is room beside the numbers."""
        axis = self.axis
        major, minor = axis.get_majorticklocs(), axis.get_minorticklocs()
        words = axis.get_major_formatter().format_ticks(major)
        if axis.get_major_formatter().get_offset():
            axis.set_visible(True)
            axis.draw(renderer)
            axis.set_visible(False)
            return
        taken = self._stamp(axis.get_major_ticks, major, words, renderer)
        words = axis.get_minor_formatter().format_ticks(minor)
        taken += self._stamp(axis.get_minor_ticks, minor, words, renderer)
        whole = Bbox.union([*taken, self._spine()])
        x, y = axis.label.get_position()
        gap = axis.labelpad * self._unit()
        axis.label.set_position((x, whole.y0 - gap) if axis.axis_name == "x" else (whole.x0 - gap, y))
        axis.label.draw(renderer)

    def _stamp(
        self, ticks: Callable[[int], list[Tick]], places: Iterable[float], words: list[str], renderer: RendererBase
    ) -> list[Bbox]:
        """What the numbers and marks take up."""
        transform = self.axis.get_transform()
        low, high = sorted(transform.transform(self.axis.get_view_interval()))
        slack, seen = SLACK * (high - low), []
        for place, number in zip(places, words, strict=True):
            if low - slack <= transform.transform(place) <= high + slack:
                seen.append((place, number))
        if not seen:
            return []
        (tick,), lengthwise = ticks(1), self.axis.axis_name == "x"
        along = [place for place, _ in seen]
        for line, across in ((tick.tick1line, 0.0), (tick.tick2line, 1.0)):
            line.set_data(*_turned(along, [across] * len(along), lengthwise))
        # all grid lines as one with gaps
        thrice = [place for place in along for _ in range(3)]
        tick.gridline.set_data(*_turned(thrice, [0.0, 1.0, math.nan] * len(along), lengthwise))
        for line in (tick.gridline, tick.tick1line, tick.tick2line):
            line.draw(renderer)
        taken = []
        if tick.tick1line.get_visible():
            taken.append(self._spine().padded(tick.get_tick_padding() * self._unit()))
        if tick.label1.get_visible():
            for place, number in seen:
                (tick.label1.set_x if lengthwise else tick.label1.set_y)(place)
                tick.label1.set_text(number)
                taken.append(tick.label1.get_window_extent(renderer))
                tick.label1.draw(renderer)
        return taken

    def _spine(self) -> Bbox:
        return self.axis.axes.spines[SIDES[self.axis.axis_name]].get_window_extent()

    def _unit(self) -> float:
        """Pixels in a point."""
        return self.axis.get_figure(root=True).dpi / POINTS


def _turned(along: list[float], across: list[float], lengthwise: bool) -> tuple[list[float], list[float]]:
    """Both as x and y."""
    return (along, across) if lengthwise else (across, along)


class KeptLegend(Artist):
    """Draws a figure's legend once for all figures whose legend looks like it."""

    def __init__(self, legend: Legend) -> None:
        super().__init__()
        self.legend = legend
        self.set_zorder(legend.get_zorder())
        figure = legend.get_figure(root=True)
        figure.add_artist(self)
        self.set_clip_on(False)
        self._key = (type(self), *figure.bbox.size, *(text.get_text() for text in legend.get_texts()))
        for line in legend.legend_handles:
            look = line.get_color(), line.get_linestyle(), line.get_marker(), line.get_linewidth(), line.get_alpha()
            self._key += (*look, line.get_markersize())
        legend.set_visible(False)

    def remove(self) -> None:
        """Give the legend its place back."""
        self.legend.set_visible(True)
        super().remove()

    def draw(self, renderer: KeepingRenderer) -> None:
        """The legend, or what it looked like."""
        self.legend.set_visible(True)
        renderer.draw_kept(self._key, self.legend)
        self.legend.set_visible(False)


def stamped(figure: Figure) -> list[Stamp | KeptLegend]:
    """Stamps for all axes of the figure that stand below or to the left of a flat panel, and for its one legend."""
    legends = figure.legends if len(figure.legends) == 1 else []
    lines_only = [all(isinstance(handle, Line2D) for handle in legend.legend_handles) for legend in legends]
    kept = [KeptLegend(legend) for legend, plain in zip(legends, lines_only, strict=True) if plain]
    return kept + [
        Stamp(axis)
        for axes in figure.axes
        if axes.name != "3d" and axes.axison
        for axis in (axes.xaxis, axes.yaxis)
        if axis.get_visible() and axis.get_label_position() == SIDES[axis.axis_name]
    ]
