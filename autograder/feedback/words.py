"""A verdict as plain text and as HTML. Both say the same; the HTML is escaped here and nowhere else."""

from __future__ import annotations

from html import escape

from autograder.verdict import Verdict, Where

HEADLINES = {
    "correct": "right",
    "convention": "right, in another convention",
    "mistake": "not right yet, and we know why",
    "unknown": "not right yet",
    "unwritten": "not written yet",
    "raised": "your code raised an error",
    "unusable": "this cannot be checked as it is",
    "time": "ran out of time",
    "memory": "ran out of memory",
    "output": "printed more than the limit",
    "no_evidence": "nothing to judge",
    "flagged": "a person will look at this",
}


def text(verdict: Verdict) -> str:
    """The verdict in words, for a terminal, a traceback or the Validate button.

    Example:
        >>> print(text(Verdict("gradient_step", "unwritten", 0.0)))
        gradient_step: not written yet.
    """
    return "\n".join(_sentences(verdict))


def html(verdict: Verdict) -> str:
    """The verdict in words, as a block of escaped HTML that reads on a light and on a dark page.

    Only `div` and `strong`: nbconvert's sanitizer shows other tags as text, and drops the styles.
    """
    colour = "#1a7f37" if verdict.fraction == 1 else "#b35900"
    first, *rest = _sentences(verdict)
    body = "".join(f"<div style='margin:0.3em 0'>{escape(line)}</div>" for line in rest)
    return (
        f"<div style='border-left:4px solid {colour};padding:0.2em 0.8em'>"
        f"<strong>{'✓' if verdict.fraction == 1 else '✗'} {escape(first)}</strong>{body}</div>"
    )


def _sentences(verdict: Verdict) -> list[str]:
    lines = [f"{verdict.exercise}: {HEADLINES[verdict.kind]}."]
    if 0 < verdict.fraction < 1:
        lines[0] += f" It earns {verdict.fraction:.0%} of the points."
    if verdict.where and verdict.kind in ("mistake", "convention", "unknown", "unusable", "raised"):
        lines.append(_place(verdict.where, verdict.kind))
    if verdict.name:
        lines.append(f"{verdict.name.replace('_', ' ').capitalize()}: {verdict.detail}")
    elif verdict.detail:
        lines.append(f"{verdict.detail[0].upper()}{verdict.detail[1:]}")
    if verdict.kind == "unknown" and not verdict.detail:
        lines.append("It matches no mistake we know. Work out this step by hand: which term differs?")
    if verdict.failed and verdict.fraction > 0:
        lines.append(f"The path is right. These uses are not: {', '.join(verdict.failed)}.")
    lines += verdict.lines
    if verdict.printed.strip():
        lines.append(f"Your code printed: {verdict.printed.strip()[:400]}")
    return lines


def _place(where: Where, kind: str) -> str:
    if where.step == 0:
        return f"It shows in problem “{where.case}”."
    place = f"in problem “{where.case}”, step {where.step}"
    if kind == "raised":
        return f"It happened {place}."
    if kind == "unusable":
        return f"It shows {place}, tensor {where.tensor}."
    amount = "" if where.deviation is None else f" (by up to {where.deviation:.3g})"
    return f"The first difference{amount} is {place}, tensor {where.tensor}."
