"""What `downhill bench step` found: one row for each rule, regime and contestant, and what they were measured on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figures:
    """One row: one rule, one regime, run by one contestant.

    Attributes:
        optimizer: the rule.
        regime: "large" (few large tensors) or "small" (many small ones).
        by: "ours" or "torch".
        way: how it ran.
        ms: median milliseconds of a step.
        gb_s: the rule's least traffic over that time, in 10⁹ bytes a second.
        of_copy: that as a share of what a copy reached in the same rounds.
        to_best: the median, over the rounds, of this time over that of torch's fastest way in the same round.
        error: the largest difference to a float64 path after three steps, over the largest parameter.
        peak_mb: parameters, gradients, state and what a step needs beside them, at its highest, in 10⁶ bytes.
        compile_s: seconds of the first step where it compiled; None where nothing was compiled.
    """

    optimizer: str
    regime: str
    by: str
    way: str
    ms: float
    gb_s: float
    of_copy: float
    to_best: float
    error: float | None
    peak_mb: float
    compile_s: float | None


@dataclass(frozen=True)
class Measured:
    """What `bench_step` found, and on what.

    Attributes:
        device: "cpu" or "cuda".
        chip: the processor's name.
        cores: threads that torch uses on a CPU, multiprocessors on a GPU.
        torch: its version.
        tensors: for each regime, how many and of how many elements.
        copy_gb_s: for each regime, the median bandwidth of a copy of the large regime's size, reading and writing.
        rows: the figures.
    """

    device: str
    chip: str
    cores: int
    torch: str
    tensors: dict[str, tuple[int, int]]
    copy_gb_s: dict[str, float]
    rows: tuple[Figures, ...]

    @property
    def machine(self) -> str:
        """Chip, cores and version, as they stand under a figure."""
        return f"{self.chip}, {self.cores} {'threads' if self.device == 'cpu' else 'SMs'}, torch {self.torch}"

    def to_json(self) -> dict[str, Any]:
        """As the line of `--json`."""
        return asdict(self)

    def text(self) -> str:
        """As a person reads it."""
        lines = [self.machine]
        for regime, (count, elements) in self.tensors.items():
            lines += ["", f"{count} tensors of {elements} elements; a copy moves {self.copy_gb_s[regime]:.1f} GB/s"]
            lines.append(
                f"{'optimizer':<10}{'':<7}{'':<17}{'ms':>9}{'GB/s':>8}{'of copy':>9}"
                f"{'× best':>8}{'error':>9}{'MB':>8}{'compile s':>11}"
            )
            lines += [_line(row) for row in self.rows if row.regime == regime]
        return "\n".join(lines)


def _line(row: Figures) -> str:
    error = "" if row.error is None else f"{row.error:.1e}"
    compiled = "" if row.compile_s is None else f"{row.compile_s:.1f}"
    return (
        f"{row.optimizer:<10}{row.by:<7}{row.way:<17}{row.ms:>9.3f}{row.gb_s:>8.1f}{row.of_copy:>9.0%}"
        f"{row.to_best:>8.2f}{error:>9}{row.peak_mb:>8.0f}{compiled:>11}"
    )
