"""From a function's result to something a notebook shows."""

import base64
import io
from collections.abc import Callable
from html import escape
from typing import TypeVar

import numpy as np
from ipywidgets import Widget
from matplotlib.figure import Figure
from PIL import Image

from .canvas import KeepingCanvas

DPI = 100
Result = TypeVar("Result")


def png(figure: Figure, compression: int = 6, canvas: KeepingCanvas | None = None) -> bytes:
    """The figure as the bytes of a PNG file.

    Args:
        figure: what to draw.
        compression: 0 to 9; the less, the sooner it is there.
        canvas: one that has drawn figures like this one is quicker.
    """
    figure.set_dpi(DPI)
    canvas = canvas or KeepingCanvas()
    canvas.take(figure)
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba()))
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, format="png", compress_level=compression)
    return buffer.getvalue()


def image_tag(data: bytes, alt: str) -> str:
    """An HTML image that carries its own data and its alt text."""
    source = base64.b64encode(data).decode("ascii")
    return f'<img alt="{escape(alt)}" style="max-width: 100%; margin-top: 8px" src="data:image/png;base64,{source}">'


class Still:
    """A picture that stands by itself: an image with alt text on a page, a plain PNG in a PDF.

    Args:
        figure: the picture; its label is the alt text.
        to_png: how it becomes a file.
        caption: what stands below it on a page.
    """

    def __init__(self, figure: Figure, to_png: Callable[[Figure], bytes] = png, caption: str = "") -> None:
        self.caption = caption
        self.alt = str(figure.get_label())
        self.data = to_png(figure)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {
            "text/html": image_tag(self.data, self.alt) + (f"<p>{escape(self.caption)}</p>" if self.caption else ""),
            "image/png": base64.b64encode(self.data).decode("ascii"),
            "text/plain": self.alt,
        }


def view(box: Widget) -> dict[str, object]:
    """What shows a widget in a notebook, the same for ipywidgets 7, as on Colab, and 8."""
    kind = "application/vnd.jupyter.widget-view+json"
    return {kind: {"version_major": 2, "version_minor": 0, "model_id": box.model_id}}


def show(figure: Figure) -> Still:
    """The figure as the value of a cell; its label becomes the alt text."""
    return Still(figure)


def path_or_none(run: Callable[[], Result]) -> Result | None:
    """What `run` returns, or None while your function in it isn't written yet.

    The pictures say "not written yet" where they are given None. A `NameError` gives None, too, and is printed,
    because it may mean that a cell hasn't been run; every other error is your function's own and is raised.
    """
    try:
        return run()
    except NotImplementedError:
        pass
    except NameError as error:
        print(f"Left out: {error}. Has the cell that defines it been run?")
    return None


def beside(what: str, predicted: object, measured: object, unit: str = "") -> None:
    """Print a prediction and a measurement one above the other."""
    guess = "none yet: fill in the cell above and run both again" if predicted is None else f"{predicted} {unit}"
    found = "not yet: your function isn't written" if measured is None else f"{measured} {unit}"
    print(f"{what}\n  predicted: {guess.strip()}\n  measured:  {found.strip()}")
