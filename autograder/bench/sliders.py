"""How long a picture takes to follow its slider."""

from __future__ import annotations

import ast
import contextlib
import io
import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch
from nbformat import NotebookNode

from autograder.needed import has_sliders, needed
from autograder.oracles import exercises_of, lessons
from autograder.pipeline.standalone import source_notebook
from course.visuals.sliders import Explorer

THREADS = 2  # of torch, as on the machine that the figures are told for
LIMIT = 150  # milliseconds that a picture may take


@dataclass(frozen=True)
class Moved:
    """The figures of one picture.

    Attributes:
        lesson: where it stands.
        cell: the id of its cell.
        median_ms: from a slider's new value to the new picture in place, over all moves of all its sliders.
        cpu_ms: the same in processor time, for a machine that is busy with other things.
        worst_ms: the longest move.
        moves: how many there were.
    """

    lesson: str
    cell: str
    median_ms: float
    cpu_ms: float
    worst_ms: float
    moves: int


@dataclass(frozen=True)
class Slid:
    """What `bench_sliders` found."""

    pictures: tuple[Moved, ...]

    @property
    def slowest(self) -> Moved:
        """The picture with the longest median."""
        return max(self.pictures, key=lambda of: of.median_ms)

    def to_json(self) -> dict[str, Any]:
        """As the line of `--json`."""
        return {
            "pictures": [asdict(of) for of in self.pictures],
            "slowest_ms": self.slowest.median_ms,
            "worst_move_ms": max(of.worst_ms for of in self.pictures),
        }

    def text(self) -> str:
        """As a person reads it."""
        lines = [f"{'milliseconds from slider to picture':<46}{'median':>8}{'cpu':>8}{'worst':>8}{'moves':>7}"]
        for of in self.pictures:
            lines.append(
                f"{of.lesson + ' ' + of.cell:<46}{of.median_ms:>8.0f}{of.cpu_ms:>8.0f}{of.worst_ms:>8.0f}{of.moves:>7}"
            )
        late = sum(of.median_ms > LIMIT for of in self.pictures)
        lines.append(
            f"slowest: {self.slowest.lesson} {self.slowest.cell}, {self.slowest.median_ms:.0f} ms; "
            f"{late} of {len(self.pictures)} take more than {LIMIT} ms"
        )
        return "\n".join(lines)


def bench_sliders(names: tuple[str, ...] = (), moves: int = 5) -> Slid:
    """Run each lesson as solved as far as its sliders need it, in this process, and move every slider.

    Args:
        names: the lessons; default: every lesson there is.
        moves: how often each slider is moved, over its whole range.

    Raises:
        LookupError: for a lesson that there is not; the message lists what there is.
    """
    for name in names:
        exercises_of(name)
    threads = torch.get_num_threads()
    torch.set_num_threads(min(THREADS, threads))
    try:
        return Slid(
            tuple(
                _measure(lesson, cell, explorer, moves)
                for lesson in names or sorted(lessons())
                for cell, explorer in explorers(source_notebook(lesson))
            )
        )
    finally:
        torch.set_num_threads(threads)


def explorers(notebook: NotebookNode) -> Iterator[tuple[str, Explorer]]:
    """The pictures under sliders of a lesson of ours: the cell's id and the picture, its sliders at their defaults."""
    names: dict[str, Any] = {"__name__": "lesson"}
    for cell in needed(notebook, has_sliders).cells:
        *body, last = ast.parse(cell.source).body
        value = None
        with contextlib.redirect_stdout(io.StringIO()):
            if isinstance(last, ast.Expr):
                exec(compile(ast.Module(body, []), cell.id, "exec"), names)
                value = eval(compile(ast.Expression(last.value), cell.id, "eval"), names)
            else:
                exec(compile(cell.source, cell.id, "exec"), names)
        if isinstance(value, Explorer):
            yield cell.id, value


def places(least: float, greatest: float, step: float, moves: int) -> list[float]:
    """Values of a slider from its one end to the other and back to the middle, no two alike in a row."""
    count = round((greatest - least) / step)
    stops = [round(count * k / max(1, moves - 2)) for k in range(moves - 1)] + [count // 2]
    return [least + step * stop for stop in stops]


def _measure(lesson: str, cell: str, explorer: Explorer, moves: int) -> Moved:
    took, cpu = [], []
    for control in explorer.controls.values():
        first = control.value
        for value in places(control.min, control.max, control.step, moves):
            before = explorer.picture.value
            used, began = time.thread_time(), time.perf_counter()
            control.value = value
            ended = time.perf_counter()
            if explorer.picture.value != before:
                took.append(1e3 * (ended - began))
                cpu.append(1e3 * (time.thread_time() - used))
        control.value = first
    return Moved(lesson, cell, statistics.median(took), statistics.median(cpu), max(took), len(took))
