"""A verdict as plain text and as HTML. Both say the same; the HTML is escaped here and nowhere else."""

from __future__ import annotations

import re
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
    "processes": "started more processes than the limit",
    "files": "wrote more to files than the limit",
    "output": "printed more than the limit",
    "no_evidence": "nothing to judge",
    "flagged": "a person will look at this",
}
QUESTIONS = {  # where the mistake has no question of its own
    "mistake": "Work out this place by hand: which term differs?",
    "unknown": "Work out this place by hand: which term differs?",
    "property": "Which of your lines is there to make it hold?",  # of an unknown mistake where no step is meant
    "unwritten": "Which line of the exercise's rule can you write down first?",
    "unusable": "What does the exercise say comes in, and what goes out?",
    "raised": "What do the variables of that line hold? Print their shapes in a cell above the check.",
    "time": "Which loop may never end, or does far more work than is asked for?",
    "memory": "Which tensor grows at every step?",
    "processes": "Which line starts a process or a thread, and who ends it?",
    "files": "Which line writes inside a loop?",
    "output": "Which line prints inside a loop?",
    "no_evidence": "Restart the kernel and run all cells: does the check cell still run?",
    "flagged": "Until then it earns nothing. Can you write it with the arithmetic of tensors alone?",
}
CLAIMS = {  # where nothing more is known
    "unknown": "It matches no mistake we know.",
    "memory": "It asked for more memory than a submission may have.",
}
QUESTION = re.compile(r"^(.*[.!?]) +([^.!?][^!?]*?\?)$", re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
MAX_PRINTED = 400


def text(verdict: Verdict) -> str:
    """The verdict in words, for a terminal, a traceback or the Validate button.

    Example:
        >>> print(text(Verdict("gradient_step", "unwritten", 0.0)))
        gradient_step: not written yet.
        To think about: Which line of the exercise's rule can you write down first?
    """
    return "\n".join(line for _, line in _told(verdict))


def html(verdict: Verdict) -> str:
    """The same as a block of escaped HTML, readable on a light and on a dark page.

    The tags are those that nbconvert's sanitizer lets through; where it drops the style, the page's own sheet
    stands in by the classes.
    """
    colour = {1.0: "#1a7f37", 0.0: "#b35900"}.get(verdict.fraction, "#0969da")
    state = {1.0: "right", 0.0: "wrong"}.get(verdict.fraction, "part")
    (_, first), *rest = _told(verdict)
    body = "".join(_block(role, line) for role, line in rest)
    return (
        f"<div class='dh-verdict dh-{state}' style='border-left:4px solid {colour};padding:0.2em 0.8em'>"
        f"<strong>{sign(verdict)} {escape(first)}</strong>{body}</div>"
    )


def sign(verdict: Verdict) -> str:
    """One sign for a verdict, so that nothing stands in colour alone."""
    return {1.0: "✓", 0.0: "✗"}.get(verdict.fraction, "≈")


def example(verdict: Verdict) -> tuple[str, ...]:
    """The lines that tell others what went wrong: the cause, the place and the question."""
    return tuple(line for role, line in _told(verdict) if role in ("cause", "claim", "place", "question"))


def look_first(verdict: Verdict) -> str:
    """The one sentence to start from, for a summary."""
    told = dict(reversed(_told(verdict)))
    return next((told[role] for role in ("cause", "claim", "place", "question") if role in told), told["headline"])


def with_code(line: str) -> str:
    """A line as HTML: escaped, with what stands in backticks as code."""
    return CODE.sub(r"<code>\1</code>", escape(line, quote=False))


def _block(role: str, line: str) -> str:
    if role == "trace":
        return f"<pre class='dh-{role}'>{escape(line)}</pre>"
    marked = with_code(line)
    label, colon, rest = marked.partition(": ")
    if role in ("cause", "question", "again", "checked", "printed") and colon:
        marked = f"<strong>{label}:</strong> {rest}"
    return f"<div class='dh-{role}' style='margin:0.35em 0'>{marked}</div>"


def _told(verdict: Verdict) -> list[tuple[str, str]]:
    """The lines with their roles, in the order in which they are read."""
    kind, where = verdict.kind, verdict.where
    head = f"{verdict.exercise}: {HEADLINES[kind]}."
    if 0 < verdict.fraction < 1:
        head += f" It earns {verdict.fraction:.0%} of the points."
    lines = [("headline", head)]
    split = QUESTION.match(verdict.detail) if kind in ("mistake", "convention") else None
    asked = "property" if kind == "unknown" and where and where.step == 0 else kind
    detail, question = split.groups() if split else (verdict.detail, QUESTIONS.get(asked, ""))
    if verdict.name:
        lines.append(("cause", f"{verdict.name.replace('_', ' ').capitalize()}: {detail}"))
    elif detail and kind == "raised":
        lines.append(("claim", detail))
    elif detail:
        lines.append(("claim", f"{detail[0].upper()}{detail[1:]}{'' if detail[-1] in '.!?' else '.'}"))
    elif kind in CLAIMS:
        lines.append(("claim", CLAIMS[kind]))
    if where and kind in ("mistake", "convention", "unknown", "unusable", "raised"):
        lines.append(("place", _place(where, kind)))
    if verdict.failed and verdict.fraction > 0:
        head = "These differ" if "path" in verdict.failed else "The path is right. These uses are not"
        lines.append(("place", f"{head}: {', '.join(verdict.failed)}."))
    if verdict.lines:
        lines.append(("trace", "\n".join(f"  {line}" for line in verdict.lines)))
    if question and verdict.fraction < 1:
        lines.append(("question", f"To think about: {question}"))
    if verdict.section and verdict.fraction < 1:
        lines.append(("again", f"Read again: “{verdict.section}”."))
    if where and where.inputs and kind in ("mistake", "convention", "unknown", "raised"):
        lines.append(("checked", f"Checked with: {where.inputs}"))
    if verdict.printed.strip():
        lines.append(("printed", f"Your code printed: {verdict.printed.strip()[:MAX_PRINTED]}"))
    return lines


def _place(where: Where, kind: str) -> str:
    problem = f"problem “{where.case}”"
    if where.step == 0:
        claim = f", where this should hold: {where.expected}" if where.expected and kind != "unknown" else ""
        return f"It shows in {problem}{claim}."
    step = where.at or (f"step {where.step}" if not where.part and not where.given else "")
    place = ", ".join(part for part in (step, where.part if kind != "raised" else "", problem) if part)
    if kind == "raised":
        return f"It happened at {place}." if step else f"It happened in {problem}."
    if kind == "unusable":
        return f"It shows at {place}."
    amount = "" if where.deviation is None or where.given else f", by up to {where.deviation:.3g}"
    numbers = f": {where.given} came out; expected {where.expected}" if where.given else ""
    before = " All before that is right." if where.step > 1 and where.at and kind != "convention" else ""
    return f"It first differs at {place}{amount}{numbers}.{before}"
