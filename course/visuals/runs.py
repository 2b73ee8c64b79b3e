"""Training runs to compare: the settings, the loop in small steps, what it measured, and the curves."""

import inspect
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional

from .style import SERIES, finite, new_figure, series, told_or

MINE = "mine"
SLICE = 0.05  # seconds of training between two chances to stop


class Split(NamedTuple):
    """Samples `[N, d]` with labels `[N]` to train on, and others to look at only."""

    x: Tensor
    y: Tensor
    x_validation: Tensor
    y_validation: Tensor

    def to(self, device: str) -> "Split":
        """The same on another device."""
        return Split(*(part.to(device) for part in self))


def _one_hot(labels: Tensor, scores: Tensor) -> Tensor:
    return functional.one_hot(labels, scores.shape[1]).to(scores.dtype)


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross-entropy": functional.cross_entropy,
    "mean squared error": lambda scores, labels: functional.mse_loss(scores, _one_hot(labels, scores)),
    "mean absolute error": lambda scores, labels: functional.l1_loss(scores, _one_hot(labels, scores)),
}
OPTIMIZERS: dict[str, Callable[[list[Tensor], float, float], torch.optim.Optimizer]] = {
    "SGD": lambda params, lr, momentum: torch.optim.SGD(params, lr=lr),
    "momentum": lambda params, lr, momentum: torch.optim.SGD(params, lr=lr, momentum=momentum),
    "Nesterov": lambda params, lr, momentum: torch.optim.SGD(params, lr=lr, momentum=momentum, nesterov=momentum > 0),
    "RMSprop": lambda params, lr, momentum: torch.optim.RMSprop(params, lr=lr),
    "Adam": lambda params, lr, momentum: torch.optim.Adam(params, lr=lr),
}


@dataclass(frozen=True)
class Settings:
    """What a run is made with; `momentum` counts for momentum, Nesterov, and yours if it takes one."""

    loss: str = "cross-entropy"
    optimizer: str = "SGD"
    batch_size: int = 32
    lr: float = 0.001
    momentum: float = 0.9
    epochs: int = 10

    def __str__(self) -> str:
        heavy = f" {self.momentum:g}" if self.optimizer in ("momentum", "Nesterov") else ""
        loss = "" if self.loss == "cross-entropy" else f", {self.loss}"
        return f"{self.optimizer}{heavy}, lr {self.lr:g}, batch {self.batch_size}{loss}"


@dataclass
class Run:
    """A run and what it measured, before the first epoch and after each.

    `ending` is "running", "finished", "stopped", or what went wrong.
    """

    settings: Settings
    device: str
    updates: int
    done: int = 0
    seconds: float = 0.0
    ending: str = "running"
    loss: dict[str, list[float]] = field(default_factory=lambda: {"training": [], "validation": []})
    accuracy: dict[str, list[float]] = field(default_factory=lambda: {"training": [], "validation": []})


def device_name() -> str:
    """Where runs happen: `cuda` if there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def network(inputs: int, classes: int, hidden: int = 64, seed: int = 0) -> torch.nn.Module:
    """inputs → hidden tanh units → classes, the same weights for the same seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return torch.nn.Sequential(torch.nn.Linear(inputs, hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, classes))


def make_optimizer(
    settings: Settings, params: list[Tensor], mine: Callable[..., torch.optim.Optimizer] | None
) -> torch.optim.Optimizer:
    """The optimizer of these settings; yours gets the momentum if it has an argument of that name."""
    if settings.optimizer != MINE:
        return OPTIMIZERS[settings.optimizer](params, settings.lr, settings.momentum)
    if mine is None:
        raise NotImplementedError
    takes = "momentum" in inspect.signature(mine).parameters
    return mine(params, lr=settings.lr, **({"momentum": settings.momentum} if takes else {}))


def training(
    settings: Settings, data: Split, mine: Callable[..., torch.optim.Optimizer] | None = None, seed: int = 0
) -> Iterator[Run]:
    """Train in slices of a few hundredths of a second, and yield the run after each, so that it can be stopped.

    Args:
        settings: what to train with.
        data: what to train on, and what to look at only.
        mine: your optimizer class, for the settings' optimizer "mine".
        seed: of the first weights and of the order of the samples.
    """
    device = device_name()
    data = data.to(device)
    batches = -(-len(data.x) // settings.batch_size)
    run = Run(settings, device, updates=batches * settings.epochs)
    try:
        model = network(data.x.shape[1], int(data.y.max()) + 1, seed=seed).to(device)
        optimizer = make_optimizer(settings, list(model.parameters()), mine)
        order, loss_of = torch.Generator().manual_seed(seed), LOSSES[settings.loss]
        _measure(run, model, data, loss_of)
        since = time.perf_counter()
        for _ in range(settings.epochs):
            for batch in torch.randperm(len(data.x), generator=order).to(device).split(settings.batch_size):
                optimizer.zero_grad()
                loss_of(model(data.x[batch]), data.y[batch]).backward()
                optimizer.step()
                run.done += 1
                if time.perf_counter() - since > SLICE:
                    run.seconds += time.perf_counter() - since
                    yield run
                    since = time.perf_counter()
            _measure(run, model, data, loss_of)
        run.seconds += time.perf_counter() - since
        run.ending = "finished"
    except NotImplementedError:
        run.ending = "not written yet: MyOptimizer"
    except GeneratorExit:
        run.ending = "stopped"
        raise
    except Exception as error:  # yours may fail in any way; the panel tells it
        run.ending = f"{type(error).__name__}: {error}"
    yield run


def _measure(run: Run, model: torch.nn.Module, data: Split, loss_of: Callable[[Tensor, Tensor], Tensor]) -> None:
    with torch.no_grad():
        for part, x, y in (("training", data.x, data.y), ("validation", data.x_validation, data.y_validation)):
            scores = model(x)
            run.loss[part].append(float(loss_of(scores, y)))
            run.accuracy[part].append(float((scores.argmax(dim=1) == y).double().mean()))


def run_curves(runs: dict[str, Any], numbers: Sequence[int] = ()) -> Figure:
    """Loss and accuracy by epoch of up to four runs, on the training and on the validation samples.

    Args:
        runs: name → `Run`.
        numbers: the runs' numbers, from 1, so that a run keeps its look while others come and go.
    """
    looks: list[int] = []
    for number in numbers or range(1, len(runs) + 1):
        free = [look for look in range(len(SERIES)) if look not in looks]
        looks.append((number - 1) % len(SERIES) if (number - 1) % len(SERIES) in free or not free else free[0])
    figure = new_figure(9, 5.6)
    grid = figure.subplots(2, 2, sharex=True, sharey="row")
    told = []
    for look, (name, run) in zip(looks, runs.items(), strict=True):
        for column, part in enumerate(("training", "validation")):
            for row, values in enumerate((run.loss[part], run.accuracy[part])):
                shown = finite(torch.tensor(values, dtype=torch.float64))
                every = max(1, len(shown) // 10)
                grid[row][column].plot(
                    range(len(shown)), shown, **series(look), markersize=4, markevery=every, label=name
                )
        if run.accuracy["validation"]:
            told.append(f"{name} ends at a validation accuracy of {run.accuracy['validation'][-1]:.3f}")
    for axes, part in zip(grid[0], ("training", "validation"), strict=True):
        axes.set(title=part, yscale="log", ylabel="loss (the run's own unit)")
    for axes in grid[1]:
        axes.set(ylabel="accuracy (share)", ylim=(-0.02, 1.02))
    for axes in grid.flat:
        axes.grid(color="#E5E5E5")
        axes.set_xlabel("epoch (count)")
    if runs:
        figure.legend(*grid[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    figure.set_label("Loss and accuracy by epoch, training and validation. " + told_or(told, "No run is drawn yet"))
    return figure
