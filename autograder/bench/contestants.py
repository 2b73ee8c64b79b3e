"""Who runs in `downhill bench step`: every update rule in our three ways beside `torch.optim`'s."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor

from reference.optimizers import Adam, GradientDescent, Momentum, Nesterov, RMSprop
from reference.optimizers.ways import WAYS

LR = 1e-3


@dataclass(frozen=True)
class Race:
    """One update rule, and what a step of it has to move.

    Attributes:
        ours: our class, its hyper-parameters but lr given.
        torchs: torch's class, likewise.
        least: bytes per float32 parameter that have to move at least: every array the rule needs is read once, every
            one that it changes written once.
        by_operation: bytes per parameter that torch's foreach moves, counted operation by operation.
        fused: whether torch has a fused kernel for it.
        capturable: whether torch's class has to be told that it will be recorded in a CUDA graph.
    """

    ours: Callable[..., torch.optim.Optimizer]
    torchs: Callable[..., torch.optim.Optimizer]
    least: int
    by_operation: int
    fused: bool = True
    capturable: bool = False


RACES = {
    "SGD": Race(GradientDescent, torch.optim.SGD, 12, 12),
    "momentum": Race(partial(Momentum, momentum=0.9), partial(torch.optim.SGD, momentum=0.9), 20, 32),
    "Nesterov": Race(partial(Nesterov, momentum=0.9), partial(torch.optim.SGD, momentum=0.9, nesterov=True), 20, 44),
    "RMSprop": Race(RMSprop, torch.optim.RMSprop, 20, 52, fused=False, capturable=True),
    "Adam": Race(Adam, torch.optim.Adam, 28, 72, capturable=True),
}


@dataclass
class Contestant:
    """An optimizer with its parameters, and what was measured of it.

    Attributes:
        by: "ours" or "torch".
        way: how it runs.
        optimizer: the optimizer.
        params: its parameters, with gradients.
        step: what is timed: the optimizer's step, or a recording of it.
        seconds: of one step, round by round.
    """

    by: str
    way: str
    optimizer: torch.optim.Optimizer
    params: list[Tensor]
    step: Callable[[], Any]
    seconds: list[float] = field(default_factory=list)
    error: float | None = None
    peak_bytes: int = 0
    compile_seconds: float | None = None

    @property
    def held_bytes(self) -> int:
        """What parameters, gradients and state take up."""
        state = [t for kept in self.optimizer.state.values() for t in kept.values() if isinstance(t, Tensor)]
        grads = [p.grad for p in self.params if p.grad is not None]
        return sum(t.numel() * t.element_size() for t in [*self.params, *grads, *state])

    def kept(self, p: Tensor) -> dict[str, Tensor]:
        """What is kept of a parameter in its own shape; whatever the names, in one order for all who run a rule."""
        return {name: t for name, t in self.optimizer.state[p].items() if isinstance(t, Tensor) and t.shape == p.shape}

    def move_in(self, host: Contestant) -> None:
        """Work where the host does: on its parameters, gradients and state, until a step makes state of its own."""
        for p, theirs in zip(self.params, host.params, strict=True):
            p.data, p.grad = theirs.data, theirs.grad
            self.optimizer.state[p].update(zip(self.kept(p), host.kept(theirs).values(), strict=True))


def contestants(race: Race, start: list[Tensor], grads: list[Tensor]) -> Iterator[Contestant]:
    """Everyone who can run a rule, one after the other, each with copies of its own.

    Args:
        race: the rule.
        start: the parameters' values.
        grads: their gradients.
    """
    everyone: list[tuple[str, str, Callable[..., torch.optim.Optimizer]]] = [
        *(("ours", way, partial(race.ours, way=way)) for way in WAYS),
        ("torch", "loop", partial(race.torchs, foreach=False)),
        ("torch", "foreach", partial(race.torchs, foreach=True)),
    ]
    if race.fused:
        everyone.append(("torch", "fused", partial(race.torchs, fused=True)))
    for by, way, make in everyone:
        params = copies(start, grads)
        optimizer = make(params, lr=LR)
        yield Contestant(by, way, optimizer, params, optimizer.step)


def recorded(race: Race, start: list[Tensor], grads: list[Tensor]) -> Iterator[Contestant]:
    """On a CUDA device: our compiled way and torch's best candidates recorded once, replayed as one launch.

    A recording repeats the numbers it was made with, Adam's count of steps among ours: it is here for its time alone.
    """
    capturable = {"capturable": True} if race.capturable else {}
    everyone: list[tuple[str, str, Callable[..., torch.optim.Optimizer]]] = [
        ("ours", "compiled", partial(race.ours, way="compiled")),
        ("torch", "foreach", partial(race.torchs, foreach=True, **capturable)),
    ]
    if race.fused:
        everyone.append(("torch", "fused", partial(race.torchs, fused=True, **capturable)))
    for by, way, make in everyone:
        params = copies(start, grads)
        optimizer = make(params, lr=LR)
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                optimizer.step()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            optimizer.step()
        yield Contestant(by, f"{way}, graph", optimizer, params, graph.replay)


def copies(start: list[Tensor], grads: list[Tensor]) -> list[Tensor]:
    """Parameters of one's own, each with a gradient of its own: torch's foreach Nesterov writes into it."""
    params = [p.clone().requires_grad_() for p in start]
    for p, g in zip(params, grads, strict=True):
        p.grad = g.clone()
    return params
