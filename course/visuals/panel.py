"""The panel of lesson 09: choose, run, stop, compare, keep."""

import asyncio
import time
from collections.abc import Callable, Generator
from html import escape
from pathlib import Path

import ipywidgets as widgets
import torch

from .display import Still, image_tag, view
from .layout import Layouts
from .run_table import table_csv, table_html, told_ending
from .runs import LOSSES, MINE, OPTIMIZERS, Run, Settings, Split, device_name, run_curves, training

DRAWN = 4  # runs at once: as many as can be told apart without colour
REDRAW = 1.0  # seconds
STILL = "A still. Its panel works in JupyterLab, once this cell has run there; if none is seen, ask downhill doctor."


class Panel:
    """Runs under controls. While one trains, the kernel still answers: it trains as a task of an event loop.

    JupyterLab may hand a click to another thread than the one that trains, so Stop only raises a flag.

    Two runs are made at once and stand as a still where no kernel answers.
    """

    def __init__(self, data: Split, mine: Callable[..., torch.optim.Optimizer] | None = None) -> None:
        self.data, self.mine, self.layouts = data, mine, Layouts()
        self.runs: list[Run] = []
        self.task: asyncio.Task[None] | None = None
        self._running: Generator[Run] | None = None
        self._stopping = False
        self._make_controls()
        for optimizer in ("SGD", "Adam"):
            *_, whole = training(Settings(optimizer=optimizer), data)
            self._take_in(whole)
        self.still = Still(run_curves(self.drawn(), self._ticked()), self.layouts.png, STILL)
        self._show()
        self._tell(f"Runs train on {device_name()}. Choose and press Run.")

    def _make_controls(self) -> None:
        default = Settings()
        names = [*OPTIMIZERS, *([MINE] if self.mine else [])]

        def wide(kind: type[widgets.Widget], name: str, value: object, **more: object) -> widgets.Widget:
            return kind(description=name, value=value, style={"description_width": "6.5em"}, **more)

        self.controls = {
            "loss": wide(widgets.Dropdown, "loss", default.loss, options=list(LOSSES)),
            "optimizer": wide(widgets.Dropdown, "optimizer", default.optimizer, options=names),
            "batch_size": wide(widgets.BoundedIntText, "batch size", default.batch_size, min=1, max=len(self.data.x)),
            "lr": wide(widgets.BoundedFloatText, "learning rate", default.lr, min=0, max=1000),
            "momentum": wide(widgets.BoundedFloatText, "momentum", default.momentum, min=0, max=0.999),
            "epochs": wide(widgets.BoundedIntText, "epochs", default.epochs, min=1, max=500),
        }
        self.run_button = widgets.Button(description="Run", button_style="primary", icon="play")
        self.stop_button = widgets.Button(description="Stop", icon="stop", disabled=True)
        self.save_button = widgets.Button(description="Save table", icon="save")
        self.clear_button = widgets.Button(description="Clear", icon="trash")
        for button, act in (
            (self.run_button, self.run),
            (self.stop_button, self.stop),
            (self.save_button, self.save),
            (self.clear_button, self.clear),
        ):
            button.on_click(act)
        self.progress = widgets.FloatProgress(value=0, min=0, max=1, layout={"width": "100%"})
        self.status, self.picture, self.table = (widgets.HTML() for _ in range(3))
        self.choice = widgets.HBox(layout={"flex_flow": "row wrap"})
        buttons = widgets.HBox([self.run_button, self.stop_button, self.save_button, self.clear_button])
        parts = list(self.controls.values())
        columns = [widgets.VBox(parts[:3], layout={"margin": "0 1em 0 0"}), widgets.VBox(parts[3:])]
        above = [widgets.HBox(columns, layout={"flex_flow": "row wrap"}), buttons, self.progress, self.status]
        self.box = widgets.VBox([*above, self.picture, self.choice, self.table])

    def settings(self) -> Settings:
        """What the controls say."""
        return Settings(**{name: control.value for name, control in self.controls.items()})

    def drawn(self) -> dict[str, Run]:
        """The runs that are ticked, by the name they have in the picture."""
        return {f"{n}: {self.runs[n - 1].settings}": self.runs[n - 1] for n in self._ticked()}

    def _ticked(self) -> list[int]:
        return [n for n, box in enumerate(self.choice.children, 1) if box.value][-DRAWN:]

    def run(self, _button: object = None) -> None:
        """Train with what the controls say: in the background where a kernel's event loop runs, else to the end."""
        if self._running is not None:
            return
        self._running = training(self.settings(), self.data, self.mine)
        self._stopping = False
        self.run_button.disabled, self.stop_button.disabled = True, False
        try:
            self.task = asyncio.get_running_loop().create_task(self._train())
        except RuntimeError:
            asyncio.run(self._train())

    def stop(self, _button: object = None) -> None:
        """End the run that trains now; what it measured stays."""
        self._stopping = True

    async def _train(self) -> None:
        current, drawn_at = None, time.monotonic()
        try:
            for current in self._running or ():
                self.progress.value = current.done / max(current.updates, 1)
                self._tell(f"Update {current.done} of {current.updates} on {current.device} …")
                if current.loss["training"] and all(current is not run for run in self.runs):
                    self._take_in(current)
                if time.monotonic() - drawn_at > REDRAW:
                    self._show()
                    drawn_at = time.monotonic()
                if self._stopping:
                    self._running.close()
                await asyncio.sleep(0.005)  # here the kernel reads its messages, Stop among them
        finally:
            self._running = None
            self.run_button.disabled, self.stop_button.disabled = False, True
            if current is not None:
                self._show()
                self._tell(told_ending(current))

    def save(self, _button: object = None) -> None:
        """Write the table to `runs.csv`, beside the notebook."""
        try:
            Path("runs.csv").write_text(table_csv(self.runs), encoding="utf-8")
        except OSError as error:
            self._tell(f"runs.csv could not be written: {error}. Is the folder yours to write in?")
        else:
            self._tell("The table is saved as runs.csv, beside the notebook.")

    def clear(self, _button: object = None) -> None:
        """Forget all runs but the one that trains now."""
        if self._running is None:
            self.runs, self.choice.children = [], ()
            self._show()

    def _take_in(self, run: Run) -> None:
        box = widgets.Checkbox(value=True, indent=False, description=f"{len(self.runs) + 1}", layout={"width": "4em"})
        earlier = [other for other in self.choice.children if other.value]
        self.runs.append(run)
        self.choice.children = (*self.choice.children, box)
        for other in earlier[: max(0, len(earlier) - DRAWN + 1)]:
            other.value = False
        box.observe(lambda _change: self._show(), names="value")

    def _show(self) -> None:
        still = Still(run_curves(self.drawn(), self._ticked()), self.layouts.png)
        self.picture.value = image_tag(still.data, still.alt)
        self.table.value = table_html(self.runs)

    def _tell(self, words: str) -> None:
        self.status.value = f"<span role='status'>{escape(words)}</span>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        return {**view(self.box), **self.still._repr_mimebundle_()}


def panel(data: Split, mine: Callable[..., torch.optim.Optimizer] | None = None) -> Panel:
    """The panel over a data set.

    Args:
        data: samples to train on and to validate on.
        mine: your optimizer class; it can be chosen as "mine".
    """
    return Panel(data, mine)
