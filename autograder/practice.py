"""`check` as a student uses it: the same probe, oracle and words as the grader's, judged on the spot."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import hashlib
import os
import sys
from dataclasses import replace
from textwrap import wrap
from typing import Any

from autograder.cells import Cell, parse
from autograder.feedback import pictures, words
from autograder.judge import judge
from autograder.oracles import find_exercise
from autograder.scan import find_shortcut
from autograder.sections import section_of
from autograder.student.check import gather
from autograder.verdict import Verdict

__all__ = ["CheckFailed", "NotJudged", "check"]
WIDTH = 110  # characters: a notebook would break a longer line in the middle of a word
IDLE = 0.2  # seconds after the cell that imports `check`: its answer is out, and the student reads


class _OnlyWords(Exception):
    """An error that a notebook shows as its message alone."""

    def _render_traceback_(self) -> list[str]:
        return [part for line in str(self).splitlines() for part in wrap(line, WIDTH, break_long_words=False) or [""]]


class CheckFailed(_OnlyWords):
    """The exercise does not have all its points yet; the message is the verdict in words."""


class NotJudged(_OnlyWords):
    """The notebook runs under a grader that nobody outside will judge, so nothing can be earned."""


def check(exercise: str, attempt: Any) -> None:
    """Judge an exercise on the spot and show the verdict.

    Args:
        exercise: the exercise's name, for example `"momentum_step"`.
        attempt: your function or class.

    Raises:
        CheckFailed: if there is something left to mend; the message says what.
        NotJudged: under nbgrader without Downhill's preprocessors.
        LookupError: if there is no such exercise.
    """
    if os.environ.get("NBGRADER_EXECUTION") == "autograde":
        raise NotJudged(
            "Not judged: nbgrader ran this cell without Downhill's preprocessors, so no points are given.\n"
            "Add `from autograder.pipeline import configure; configure(c)` to the course's nbgrader_config.py "
            "and autograde again."
        )
    verdict = judged(exercise, attempt)
    _show(verdict)
    if verdict.fraction < 1:
        raise CheckFailed(words.text(verdict))


def judged(exercise: str, attempt: Any) -> Verdict:
    """The verdict on an attempt, with the public seed."""
    known = find_exercise(exercise)
    shortcut = find_shortcut(_cells(), exercise, known.does_the_work)
    if shortcut:
        return Verdict(exercise, "flagged", 0.0, detail=shortcut)
    seed = public_seed(exercise)
    verdict = judge(exercise, gather(exercise, attempt, known.problem(seed)), seed)
    return replace(verdict, section=section_of(exercise))


def public_seed(exercise: str) -> int:
    """The seed of practice, the same on every machine."""
    return int.from_bytes(hashlib.sha256(exercise.encode()).digest()[:6], "big")


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def _cells() -> list[Cell]:
    """What was run, without what was written anew since: a cell that is run again stands in `In` once more."""
    shell = _shell()
    run = [Cell(f"In [{n}]", source) for n, source in enumerate(shell.user_ns.get("In", [])) if n] if shell else []
    kept: list[Cell] = []
    written: set[str] = set()
    for cell in reversed(run):
        names = {node.name for node in parse(cell).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        if not names or not names <= written:
            kept.append(cell)
        written |= names
    return kept[::-1]


def _show(verdict: Verdict) -> None:
    shell = _shell()
    if shell is None:
        if verdict.fraction == 1:
            print(words.text(verdict))
        return
    from IPython.display import clear_output, publish_display_data

    if hasattr(shell, "kernel"):
        # a library's warnings past our capture would fail the cell under Validate
        sys.stdout.flush()
        sys.stderr.flush()
        clear_output()
    if verdict.fraction == 1:
        publish_display_data({"text/plain": words.text(verdict), "text/html": words.html(verdict)})
    elif picture := pictures.draw(verdict):
        data, metadata = picture.bundle()
        publish_display_data(data, metadata)


def _prepare() -> None:
    """In a notebook, load what pictures need once the kernel is idle, so that no wrong answer waits for it."""
    if hasattr(_shell(), "kernel"):
        with contextlib.suppress(RuntimeError):  # no loop where a kernel runs its cells in threads
            asyncio.get_running_loop().call_later(IDLE, pictures.prepare)


_prepare()
