"""A thin shell of sliders over a picture."""

import gc
import inspect
from collections.abc import Callable
from functools import cache
from html import escape

import ipywidgets as widgets
from matplotlib import rc_context
from matplotlib.figure import Figure

from .display import Still, image_tag, view
from .layout import Layouts

STILL = "A still. Its sliders move in JupyterLab, once this cell has run there; if none are seen, ask downhill doctor."


@cache
def _settle() -> None:
    """Look no more for garbage in what is there by now, torch above all: half a second, in the middle of a move."""
    gc.collect()
    gc.freeze()


class Explorer:
    """A picture under sliders; where no kernel answers, the picture of the default values stands as a still."""

    def __init__(self, draw: Callable[..., Figure], controls: dict[str, widgets.Widget]) -> None:
        self.draw = draw
        self.controls = controls
        self.layouts = Layouts()
        self.still = Still(self._figure(), self.layouts.png, STILL)
        self.picture = widgets.HTML(image_tag(self.still.data, self.still.alt))
        self.box = widgets.VBox([*controls.values(), self.picture])
        for control in controls.values():
            control.observe(self._redraw, names="value")
        _settle()

    def values(self) -> dict[str, float]:
        """Where the sliders stand."""
        return {name: control.value for name, control in self.controls.items()}

    def _figure(self) -> Figure:
        with rc_context({"axes.titley": 1.0}):  # else all numbers along an axis are measured to find the title's height
            return self.draw(**self.values())

    def _redraw(self, _change: object) -> None:
        collecting = gc.isenabled()
        gc.disable()  # no pause for garbage before the picture stands
        try:
            figure = self._figure()
            self.picture.value = image_tag(self.layouts.png(figure, compression=1), str(figure.get_label()))
        except Exception as error:  # an error in a widget's callback would otherwise vanish from the notebook
            self.picture.value = f"<pre>{escape(type(error).__name__)}: {escape(str(error))}</pre>"
        finally:
            if collecting:
                gc.enable()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        return {**view(self.box), **self.still._repr_mimebundle_()}


def explore(draw: Callable[..., Figure], **ranges: tuple[float, float, float]) -> Explorer:
    """Sliders over `draw`, one for each range, starting from the defaults in `draw`'s signature.

    Args:
        draw: keyword arguments → figure, with a default for each.
        ranges: argument → (least, greatest, step); whole numbers give a whole-number slider.
    """
    controls = {}
    for name, (least, greatest, step) in ranges.items():
        whole = all(isinstance(value, int) for value in (least, greatest, step))
        kind = widgets.IntSlider if whole else widgets.FloatSlider
        controls[name] = kind(
            value=inspect.signature(draw).parameters[name].default,
            min=least,
            max=greatest,
            step=step,
            description=name,
            continuous_update=False,
            layout=widgets.Layout(width="min(100%, 36em)"),
            **({} if whole else {"readout_format": ".3g"}),
        )
    return Explorer(draw, controls)
