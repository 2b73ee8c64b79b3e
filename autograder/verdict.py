"""What the judge says of one exercise: a frozen dataclass of plain values."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Where:
    """The first place at which the student's outputs leave the reference's.

    `step` and `tensor` count from 1, and are 0 where properties are judged and no step is meant; `deviation` is
    the largest absolute difference there, in the tensor's units.
    """

    case: str
    step: int
    tensor: int
    deviation: float | None = None


@dataclass(frozen=True)
class Verdict:
    """One exercise judged.

    Attributes:
        kind: one of `KINDS`.
        fraction: share of the exercise's points, from 0 to 1.
        name: the mistake's or convention's name, where there is one.
        where: the first difference, where there is one.
        detail: what was found: the cause of a mistake, an exception's text, the line that was flagged.
        lines: the student's own lines of a traceback.
        failed: the cases that differ, of an exercise judged in several.

    Example:
        >>> Verdict("momentum_step", "mistake", 0.0, "velocity_overwritten").label
        'mistake: velocity_overwritten'
    """

    exercise: str
    kind: str
    fraction: float
    name: str = ""
    where: Where | None = None
    detail: str = ""
    lines: tuple[str, ...] = field(default=())
    failed: tuple[str, ...] = field(default=())
    printed: str = ""

    KINDS = (
        "correct",
        "convention",
        "mistake",
        "unknown",
        "unwritten",
        "raised",
        "unusable",
        "time",
        "memory",
        "output",
        "no_evidence",
        "flagged",
    )

    @property
    def label(self) -> str:
        """The kind, with the name where there is one."""
        return f"{self.kind}: {self.name}" if self.name else self.kind
