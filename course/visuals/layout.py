"""Where the axes of a picture go, found once and used again while sliders move it.

Finding it takes matplotlib longer than drawing the picture: it draws everything several times to see how much room
the labels need.
"""

from matplotlib.figure import Figure
from matplotlib.ticker import AutoLocator
from matplotlib.transforms import Bbox

from .canvas import KeepingCanvas
from .display import png
from .stamps import stamped

NUMBERS = 6  # spaces between numbers along an axis, at most
Shape = tuple[object, ...]


class Layouts:
    """The places of the axes in pictures that are alike but for their numbers.

    Example:
        >>> from course.visuals.style import new_figure
        >>> def drawn(top):
        ...     figure = new_figure(4, 3)
        ...     figure.subplots().set(ylabel="loss (no unit)", ylim=(0, top))
        ...     return figure
        >>> layouts = Layouts()
        >>> slow, fast = layouts.png(drawn(1.0)), layouts.png(drawn(2.0))
    """

    def __init__(self) -> None:
        self._places: dict[Shape, list[Bbox]] = {}
        self._canvas = KeepingCanvas()

    def png(self, figure: Figure, compression: int = 6) -> bytes:
        """The figure as a PNG file, laid out as the last one of its shape was, or anew where its labels don't fit."""
        _thin_out(figure)
        shape, engine = _shape(figure), figure.get_layout_engine()
        if shape in self._places:
            figure.set_layout_engine("none")
            for axes, place in zip(figure.axes, self._places[shape], strict=True):
                axes.set_position(place)
                axes.set_in_layout(True)  # the line above takes it out
            stamps = stamped(figure)
            data = png(figure, compression, self._canvas)
            if _fits(figure):
                return data
            for stamp in stamps:
                stamp.remove()
            figure.set_layout_engine(engine)
        data = png(figure, compression, self._canvas)
        found = [axes.get_position(original=True) for axes in figure.axes]
        # what two pictures have in common leaves room for the labels of both: a slider that goes to and fro finds it
        before = self._places.get(shape, found)
        shared = [Bbox.intersection(one, other) for one, other in zip(before, found, strict=True)]
        self._places[shape] = [one or other for one, other in zip(shared, found, strict=True)]
        return data


def _thin_out(figure: Figure) -> None:
    """Fewer numbers along the axes where matplotlib chooses how many."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if isinstance(axis.get_major_locator(), AutoLocator):
                axis.get_major_locator().set_params(nbins=NUMBERS)


def _shape(figure: Figure) -> Shape:
    """What is the same in two figures of which one's layout may do for the other."""
    panels = [spec and spec.get_geometry() for spec in (axes.get_subplotspec() for axes in figure.axes)]
    return (*figure.get_size_inches(), *panels, *(len(legend.get_texts()) for legend in figure.legends))


def _fits(figure: Figure) -> bool:
    """Whether the names of the axes, which make way for their numbers, are still in the picture and on no other axes.

    The labels of a surface stand at a fixed distance.
    """
    whole = figure.bbox
    panels = {axes: axes.get_window_extent() for axes in figure.axes}
    for axes in figure.axes:
        if axes.name == "3d":
            continue
        for axis in (axes.xaxis, axes.yaxis):
            if axis.label.get_text():
                name = axis.label.get_window_extent()
                out = name.y0 < 0 if axis is axes.xaxis else name.x0 < 0 or name.x1 > whole.x1
                if out or any(name.overlaps(panel) for other, panel in panels.items() if other is not axes):
                    return False
    return True
