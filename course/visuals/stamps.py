"""The numbers along an axis, drawn with one tick for all of them.

For every number matplotlib makes a tick of five parts, and asks each tick three times where it stands. Under a slider
that takes longer than the curves.
"""

from matplotlib.artist import Artist
from matplotlib.axis import Axis, Tick
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

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
        axis, side = self.axis, SIDES[self.axis.axis_name]
        major, minor = axis.get_majorticklocs(), axis.get_minorticklocs()
        words = axis.get_major_formatter().format_ticks(major)
        if axis.get_major_formatter().get_offset():
            axis.set_visible(True)
            axis.draw(renderer)
            axis.set_visible(False)
            return
        taken = [axis.axes.spines[side].get_window_extent()]
        if len(major):
            taken += self._stamp(axis.get_major_ticks(1)[0], zip(major, words, strict=True), renderer)
        if len(minor):
            words = axis.get_minor_formatter().format_ticks(minor)
            taken += self._stamp(axis.get_minor_ticks(1)[0], zip(minor, words, strict=True), renderer)
        whole, gap = Bbox.union(taken), axis.labelpad * axis.get_figure(root=True).dpi / POINTS
        x, y = axis.label.get_position()
        axis.label.set_position((x, whole.y0 - gap) if side == "bottom" else (whole.x0 - gap, y))
        axis.label.draw(renderer)

    def _stamp(self, tick: Tick, places, renderer: RendererBase) -> list[Bbox]:
        """Where the numbers stand now."""
        transform = self.axis.get_transform()
        low, high = sorted(transform.transform(self.axis.get_view_interval()))
        slack, boxes = SLACK * (high - low), []
        for place, words in places:
            if low - slack <= transform.transform(place) <= high + slack:
                tick.update_position(place)
                tick.label1.set_text(words)
                boxes.append(tick.label1.get_window_extent(renderer))
                tick.draw(renderer)
        return boxes


def stamped(figure: Figure) -> list[Stamp]:
    """Stamps for all axes of the figure that stand below or to the left of a flat panel."""
    return [
        Stamp(axis)
        for axes in figure.axes
        if axes.name != "3d"
        for axis in (axes.xaxis, axes.yaxis)
        if axis.get_visible() and axis.get_label_position() == SIDES[axis.axis_name]
    ]
