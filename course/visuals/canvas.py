"""A canvas that remembers what its words look like.

Under a slider the same words are drawn again and again, and letters are what matplotlib draws slowest.
"""

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

KEPT = 500  # pieces of text
Piece = tuple[np.ndarray[Any, Any], int, int]


class KeepingRenderer(RendererAgg):
    """Draws a piece of text once, and from then on its picture."""

    def __init__(self, width: float, height: float, dpi: float, pieces: dict[object, Piece]) -> None:
        super().__init__(width, height, dpi)
        self._pieces = pieces

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: bool | str = False,
        mtext: Any = None,
    ) -> None:
        key = (s, hash(prop), angle, ismath, gc.get_rgb(), self.dpi)
        if key not in self._pieces:
            if len(self._pieces) >= KEPT:
                self._pieces.clear()
            self._pieces[key] = self._piece(gc, s, prop, angle, ismath, mtext)
        image, left, below = self._pieces[key]
        # y is told from above, an image stands on its lower left corner
        self.draw_image(gc, round(x) + left, self.height - round(y) - below, image)

    def _piece(
        self, gc: GraphicsContextBase, s: str, prop: FontProperties, angle: float, ismath: bool | str, mtext: Any
    ) -> Piece:
        """The text as rows of RGBA from below, and where it lies beside and below its anchor."""
        reach = int(sum(self.get_text_width_height_descent(s, prop, ismath))) + 10
        apart = RendererAgg(2 * reach, 2 * reach, self.dpi)
        colour = apart.new_gc()
        colour.set_foreground(gc.get_rgb(), isRGBA=True)
        apart.draw_text(colour, reach, reach, s, prop, angle, ismath, mtext)
        image, left, bottom = _inked(apart)
        return image, left - reach, bottom - reach

    def draw_kept(self, key: object, artist: Artist) -> None:
        """An artist that looks the same, in the same place, whenever its key is the same."""
        if key not in self._pieces:
            apart = KeepingRenderer(self.width, self.height, self.dpi, self._pieces)
            artist.draw(apart)
            self._pieces[key] = _inked(apart)
        image, left, bottom = self._pieces[key]
        self.draw_image(self.new_gc(), left, self.height - bottom, image)


def _inked(drawn: RendererAgg) -> Piece:
    """What isn't empty: rows of RGBA from below, where it begins from the left, and where it ends from above."""
    pixels = np.asarray(drawn.buffer_rgba())
    rows, columns = pixels[..., 3].any(axis=1).nonzero()[0], pixels[..., 3].any(axis=0).nonzero()[0]
    if not len(rows):
        return np.zeros((1, 1, 4), np.uint8), 0, 0
    bottom, left = int(rows[-1]) + 1, int(columns[0])
    return np.ascontiguousarray(pixels[rows[0] : bottom, left : columns[-1] + 1][::-1]), left, bottom


class KeepingCanvas(FigureCanvasAgg):
    """A canvas for one figure after another."""

    def __init__(self) -> None:
        super().__init__(Figure())
        self._pieces: dict[object, Piece] = {}
        self._renderers: dict[tuple[float, ...], KeepingRenderer] = {}

    def take(self, figure: Figure) -> None:
        """Draw this figure from now on."""
        self.figure = figure
        figure.set_canvas(self)

    def get_renderer(self) -> KeepingRenderer:
        """The renderer for figures of this size; it also remembers how wide its words are."""
        size = (*self.figure.bbox.size, self.figure.dpi)
        if size not in self._renderers:
            self._renderers = {size: KeepingRenderer(*size, self._pieces)}
        return self._renderers[size]
