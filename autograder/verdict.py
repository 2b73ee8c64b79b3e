"""What the judge says of one exercise: frozen dataclasses of plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Where:
    """The first place at which the student's outputs leave the reference's.

    `step` and `tensor` count from 1, and are 0 where properties are judged and no step is meant; `deviation` is
    the largest absolute difference there, in the tensor's units. The rest is for the words: `at` and `part` name
    step and tensor as the lesson does ("" where there is but one), `given` and `expected` are the numbers there
    (of a property, `expected` is the claim that does not hold), and `inputs` is what the function was called with,
    where these are short.
    """

    case: str
    step: int
    tensor: int
    deviation: float | None = None
    at: str = ""
    part: str = ""
    given: str = ""
    expected: str = ""
    inputs: str = ""


@dataclass(frozen=True)
class Compared:
    """What a picture of a difference is drawn from: the student's numbers beside the reference's.

    Attributes:
        kind: one of `KINDS`; it says what `given` and `expected` hold. *path*: a point (x, y) a step, in the two
            entries that differ most. *curve*: one number a step. *entries*: one number an entry, named in
            `labels`. *grid*: the rows of a matrix. *visits*: how often each sample was used.
        case: the problem.
        labels: the names of the axes (path: two; curve: x and y) or of the entries.
        apart: index of the first step or entry that differs.
        distance: of a path, the Euclidean distance over all tensors at each step.
        heights: of a path over a landscape, the loss on a square grid over `window`, row by row in y.
        window: of a path, what is shown: x from, x to, y from, y to.
        steps: of a path or curve, what a point of it is called, and the number of the first.
    """

    kind: str
    case: str
    given: tuple[tuple[float, ...], ...]
    expected: tuple[tuple[float, ...], ...]
    labels: tuple[str, ...]
    apart: int
    distance: tuple[float, ...] = ()
    heights: tuple[tuple[float, ...], ...] = ()
    window: tuple[float, float, float, float] = (0.0, 1.0, 0.0, 1.0)
    steps: tuple[str, int] = ("step", 1)

    KINDS = ("path", "curve", "entries", "grid", "visits")


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
        printed: what the student's code printed.
        compared: what a picture of the difference is drawn from, where there is one to draw.
        section: the lesson's section to read again.

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
    compared: Compared | None = None
    section: str = ""

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
        "processes",
        "files",
        "output",
        "no_evidence",
        "flagged",
    )

    @property
    def label(self) -> str:
        """The kind, with the name where there is one."""
        return f"{self.kind}: {self.name}" if self.name else self.kind


def recorded_verdict(plain: dict[str, Any]) -> Verdict:
    """A verdict as a record holds it, without its picture and without what the student's code printed."""
    values = {key: value for key, value in plain.items() if key in Verdict.__dataclass_fields__}
    where = Where(**values["where"]) if values.get("where") else None
    tuples = {key: tuple(values.get(key, ())) for key in ("lines", "failed")}
    return Verdict(**{**values, **tuples, "where": where, "compared": None, "printed": ""})
