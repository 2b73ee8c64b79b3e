"""How long one step of an optimizer takes, against `torch.optim` and against the memory's own speed.

A step does a few operations on each number it fetches, so where tensors are large the memory sets the pace: the
yardstick is the least traffic of a rule over the bandwidth of a plain copy, measured in the same rounds. Where
tensors are small and many, what counts is how many calls a step is made of.

All who run a rule take turns on the same memory, as where tensors lie decides up to a tenth of the time: torch's fused
took 0.95 to 1.12 times as long as itself on copies of its own, 0.96 to 1.02 times on the same ones.
"""

from __future__ import annotations

import os
import platform
import random
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import torch
from torch import Tensor

from autograder.bench import PREFIX
from autograder.bench.contestants import LR, RACES, Contestant, Race, contestants, copies, recorded
from autograder.bench.step_figures import Figures, Measured
from autograder.errors import DownhillError
from reference.optimizers.compiled import compile_rule

LARGE = {"cpu": [2**22] * 4, "cuda": [2**24] * 6}  # 16.8 and 100.7 million parameters
SMALL = [2**10] * 1000
QUICK = {"large": [2**17] * 2, "small": [2**8] * 20}
ROUNDS, QUICK_ROUNDS = 9, 3
COMPARED = 3  # steps, with gradients that differ, before the error is taken; they warm up as well
AT_LEAST = 2e-3  # seconds a measurement lasts; shorter steps are repeated


def bench_step(
    optimizers: Iterable[str] = (), device: str = "cpu", quick: bool = False, rounds: int | None = None
) -> Measured:
    """Time a step of each rule in both regimes, every contestant once a round, in an order that changes.

    Args:
        optimizers: names out of `RACES`, in any case; default: all.
        device: "cpu" or "cuda".
        quick: tiny tensors and few rounds, to see that it runs; its figures mean nothing.
        rounds: how many; the default gives steady medians.

    Raises:
        DownhillError: for an optimizer or a device that there is not.
    """
    races = [_known(name) for name in optimizers] or list(RACES)
    if device not in LARGE or (device == "cuda" and not torch.cuda.is_available()):
        raise DownhillError(f"device is {device!r}; expected 'cpu', or 'cuda' where torch sees a CUDA device")
    sizes = QUICK if quick else {"large": LARGE[device], "small": SMALL}
    rounds = rounds or (QUICK_ROUNDS if quick else ROUNDS)
    rows, copy_gb_s = [], {}
    with _nothing_compiled_yet(device):
        for regime, of_regime in sizes.items():
            found, copied = [], []
            for name in races:
                measured, bandwidth = _race(name, regime, of_regime, sum(sizes["large"]), device, rounds)
                found += measured
                copied += bandwidth
            rows += found
            copy_gb_s[regime] = statistics.median(copied)
    tensors = {regime: (len(of_regime), of_regime[0]) for regime, of_regime in sizes.items()}
    return Measured(device, *_chip(device), torch.__version__, tensors, copy_gb_s, tuple(rows))


def _race(
    name: str, regime: str, sizes: list[int], copied: int, device: str, rounds: int
) -> tuple[list[Figures], list[float]]:
    """The rows of one rule in one regime, and the bandwidth of a copy in each round."""
    race = RACES[name]
    generator = torch.Generator(device).manual_seed(7)
    start = [torch.rand(n, generator=generator, device=device) + 0.5 for n in sizes]
    grads = [torch.randn(n, generator=generator, device=device) for n in sizes]
    right = _float64_path(race, start, grads)
    running: list[Contestant] = []
    for contestant in contestants(race, start, grads):
        _first_steps(contestant, grads, right)
        if running:
            contestant.move_in(running[0])
        running.append(contestant)
    if device == "cuda" and regime == "small":
        running += recorded(race, start, grads)  # each where it was recorded
    for contestant in running:
        contestant.peak_bytes = contestant.held_bytes + _extra_bytes(contestant.step, device)
    source, target = (torch.rand(copied, device=device) for _ in range(2))
    copy = Contestant("", "copy", running[0].optimizer, [], lambda: target.copy_(source))
    _rounds([*running, copy], grads, device, rounds)
    best = min((c for c in running if c.by == "torch"), key=lambda c: statistics.median(c.seconds))
    bandwidth = [8 * copied / s / 1e9 for s in copy.seconds]
    rows = [_figures(name, regime, c, best, race.least * sum(sizes), statistics.median(bandwidth)) for c in running]
    return rows, bandwidth


def _first_steps(contestant: Contestant, grads: list[Tensor], right: list[Tensor]) -> None:
    """Warm up on the way that was walked in float64 too, and see how far off it ends."""
    compiled_before = compile_rule.cache_info().misses
    for step in range(COMPARED):
        for p, g in zip(contestant.params, grads, strict=True):
            p.grad = _gradient(g, step)
        began = time.perf_counter()
        contestant.step()
        if step == 0 and compile_rule.cache_info().misses > compiled_before:
            contestant.compile_seconds = time.perf_counter() - began
    off = max(float((p.detach() - r).abs().max()) for p, r in zip(contestant.params, right, strict=True))
    contestant.error = off / max(float(r.abs().max()) for r in right)


def _float64_path(race: Race, start: list[Tensor], grads: list[Tensor]) -> list[Tensor]:
    params = copies([p.double() for p in start], [g.double() for g in grads])
    optimizer = race.torchs(params, lr=LR, foreach=False)
    for step in range(COMPARED):
        for p, g in zip(params, grads, strict=True):
            p.grad = _gradient(g, step).double()
        optimizer.step()
    return [p.detach() for p in params]


def _gradient(drawn: Tensor, step: int) -> Tensor:
    return drawn.cos() if step % 2 else drawn.clone()


def _rounds(running: list[Contestant], grads: list[Tensor], device: str, rounds: int) -> None:
    """Time everyone once a round: what disturbs the machine for a while disturbs all of them."""
    order, shuffled = list(running), random.Random(7)
    repeats = {id(c): max(1, round(AT_LEAST / _seconds(c.step, device, 1))) for c in running}
    for _ in range(rounds):
        shuffled.shuffle(order)
        for contestant in order:
            # gradients have just been written, as in training: they are as they were, though torch's foreach Nesterov
            # writes into them, and whoever's turn it is finds the same in the cache
            for p, g in zip(contestant.params, grads, strict=False):  # who copies has no parameters
                cast(Tensor, p.grad).copy_(g)
            contestant.seconds.append(_seconds(contestant.step, device, repeats[id(contestant)]))


def _seconds(step: Callable[[], Any], device: str, repeats: int) -> float:
    synchronize: Callable[[], Any] = torch.cuda.synchronize if device == "cuda" else lambda: None
    synchronize()
    began = time.perf_counter()
    for _ in range(repeats):
        step()
    synchronize()
    return (time.perf_counter() - began) / repeats


def _extra_bytes(step: Callable[[], Any], device: str) -> int:
    """What a step holds beside what stays, at its highest, as torch's allocator sees it."""
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        step()
        return torch.cuda.max_memory_allocated() - before
    cpu = [torch.profiler.ProfilerActivity.CPU]
    with _quiet(), torch.profiler.profile(activities=cpu, profile_memory=True) as profile:
        for _ in range(2):  # what the first one replaces was there before and goes uncounted; of the second, nothing
            step()
    held = highest = 0
    events = (e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]")
    for event in sorted(events, key=lambda e: e.start_ns()):
        held += event.nbytes()
        highest = max(highest, held)
    return highest - held


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what torch's profiler writes past Python to the standard error."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _figures(name: str, regime: str, contestant: Contestant, best: Contestant, least: int, copy_gb_s: float) -> Figures:
    seconds = statistics.median(contestant.seconds)
    pairs = zip(contestant.seconds, best.seconds, strict=True)
    gb_s = least / seconds / 1e9
    return Figures(
        optimizer=name,
        regime=regime,
        by=contestant.by,
        way=contestant.way,
        ms=1e3 * seconds,
        gb_s=gb_s,
        of_copy=gb_s / copy_gb_s,
        to_best=statistics.median(mine / torchs for mine, torchs in pairs),
        error=contestant.error,
        peak_mb=contestant.peak_bytes / 1e6,
        compile_s=contestant.compile_seconds,
    )


@contextmanager
def _nothing_compiled_yet(device: str) -> Iterator[None]:
    """An empty cache for the compiler, and the compiler itself started, which takes seconds once a process."""
    with (
        tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as folder,
        patch.dict(os.environ, TORCHINDUCTOR_CACHE_DIR=folder),
        warnings.catch_warnings(action="ignore", category=DeprecationWarning),  # torch's own, when the compiler loads
    ):
        torch.compile(torch.add, dynamic=True)(torch.ones(64, device=device), 1)
        compile_rule.cache_clear()
        yield


def _chip(device: str) -> tuple[str, int]:
    if device == "cuda":
        there = torch.cuda.get_device_properties(torch.cuda.current_device())
        return there.name, there.multi_processor_count
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return (names or [platform.processor() or platform.machine()])[0], torch.get_num_threads()


def _known(name: str) -> str:
    for known in RACES:
        if known.lower() == name.strip().lower():
            return known
    raise DownhillError(f"there is no optimizer {name!r} here; there are: {', '.join(RACES)}")
