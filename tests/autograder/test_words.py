"""What a student is told, for every known form of every exercise: read the files in `words/` in review.

They are written by `downhill bench words --out tests/autograder/words`.
"""

from __future__ import annotations

import html
import re
from functools import cache
from pathlib import Path

import nbformat
import pytest

import course
from autograder.bench.words import form_verdict, kind_words, lesson_words
from autograder.feedback import pictures, words
from autograder.oracles import exercises_of, lessons
from autograder.verdict import Compared, Verdict, Where

ROOT = Path(__file__).parents[2]
SNAPSHOTS = Path(__file__).parent / "words"
WRITE = "run `downhill bench words --out tests/autograder/words` and read the difference"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> & `<b>`"


@cache
def code_lines() -> set[str]:
    """Lines of code that only an answer holds: the references', the oracles' and the lessons' solutions."""
    found: set[str] = set()
    for part in ("reference", "autograder/oracles"):
        for path in (ROOT / part).rglob("*.py"):
            found |= {line.strip() for line in path.read_text().splitlines()}
    for path in Path(course.__file__).parent.rglob("source/*/*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                found |= {line.strip() for line in cell.source.splitlines()}
    return {line for line in found if re.search(r"[=(\[]", line) and len(line) > 18}


@pytest.mark.parametrize(
    "lesson",
    [pytest.param(name, marks=[pytest.mark.slow] * (name[:2] in ("04", "08", "09"))) for name in lessons()],
)
def test_every_message_is_as_reviewed_and_gives_nothing_away(lesson: str) -> None:
    path = SNAPSHOTS / f"{lesson}.txt"
    assert path.is_file(), f"{path} is missing: {WRITE}"
    told = lesson_words(lesson)
    assert told == path.read_text(encoding="utf-8"), WRITE
    assert [line for line in code_lines() if line in told] == []
    assert not re.search(r"Traceback|/home|site-packages|\bseed\b", told)
    for exercise in exercises_of(lesson):
        for form in exercise.forms:
            verdict = form_verdict(exercise.name, form.name)
            assert verdict.name == form.name
            check_message(verdict)


def test_every_kind_of_verdict_has_words_as_reviewed() -> None:
    told = kind_words()
    assert told == (SNAPSHOTS / "kinds.txt").read_text(encoding="utf-8"), WRITE
    assert {line.removeprefix("── ") for line in told.splitlines() if line.startswith("── ")} == set(Verdict.KINDS)
    assert not re.search(r"Traceback|/home|site-packages|\bseed\b|autograder/", told)
    for message in told.split("\n── ")[1:]:
        assert message.count("To think about: ") == 1, message


def check_message(verdict: Verdict) -> None:
    """It names the mistake, says where, asks one question and sends back to a section."""
    told = words.text(verdict)
    assert verdict.name.replace("_", " ").capitalize() in told
    assert verdict.fraction == 1 or told.count("To think about: ") == 1
    assert verdict.fraction == 1 or "Read again: “" in told
    assert verdict.where is not None
    assert f"problem “{verdict.where.case}”" in told
    assert verdict.where.step == 0 or verdict.where.at in told


def as_text(block: str) -> str:
    """What a browser shows of a block of words."""
    block = re.sub(r"</(div|pre)>|(?=<div|<pre)", "\n", block)
    return html.unescape(re.sub(r"<[^>]*>", "", block))


@pytest.mark.parametrize("kind", Verdict.KINDS)
def test_html_says_what_the_text_says(kind: str) -> None:
    where = Where("a problem", 2, 1, 0.5, "step 2", "tensor 1", "[1, 2]", "[1, 3]", "lr = 0.1")
    fraction = 1.0 if kind == "correct" else 0.0
    verdict = Verdict(
        "momentum_step", kind, fraction, "", where, "it is so. Why?", ("line 3, in f: 1 / 0",), printed="x"
    )
    shown = [line.strip() for line in as_text(words.html(verdict)).splitlines() if line.strip()]
    assert [line.lstrip("✓✗≈ ") for line in shown] == [line.strip() for line in words.text(verdict).splitlines()]


def test_whatever_a_student_writes_is_text() -> None:
    where = Where(HOSTILE, 2, 1, None, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    for kind in Verdict.KINDS:
        verdict = Verdict(HOSTILE, kind, 0.0, HOSTILE, where, HOSTILE, (HOSTILE,), (HOSTILE,), HOSTILE, None, HOSTILE)
        tags = set(re.findall(r"<[^>]*>", re.sub(r" (class|style)='[^']*'", "", words.html(verdict))))
        assert tags <= {"<div>", "</div>", "<strong>", "</strong>", "<code>", "</code>", "<pre>", "</pre>"}


@pytest.mark.parametrize("kind", Compared.KINDS)
def test_pictures_are_small_and_say_what_they_show(kind: str) -> None:
    point = [tuple(float((3 * n + k) % 7) for k in range(2 if kind == "path" else 40)) for n in range(12)]
    values = (
        tuple(point) if kind in ("path", "grid") else tuple((p[0],) for p in point) if kind == "curve" else (point[0],)
    )
    right = tuple(tuple(v + 1.0 for v in row) for row in values)
    labels = ("entry 0", "entry 1") if kind in ("path", "curve") else tuple(str(n) for n in range(40))
    shown = Compared(kind, "a problem", values, right, labels, 0, tuple([1.0] * 12), window=(0.0, 8.0, 0.0, 8.0))
    picture = pictures.draw(Verdict("momentum_step", "mistake", 0.0, compared=shown))
    assert picture is not None
    assert picture.png.startswith(b"\x89PNG")
    assert len(picture.png) < 60_000
    assert "momentum_step, problem “a problem”. " in picture.alt
    assert pictures.draw(Verdict("momentum_step", "correct", 1.0, compared=shown)) is None


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1e300])
def test_a_picture_of_numbers_that_run_away(value: float) -> None:
    path = ((0.0, 0.0), (value, 1.0))
    shown = Compared("path", "a problem", path[:1], ((0.0, 0.0), (1.0, 1.0)), ("x", "y"), 1, (0.0, value))
    for compared in (shown, Compared("entries", "a problem", ((value, 1.0),), ((1.0, 2.0),), ("0", "1"), 0)):
        assert pictures.draw(Verdict("momentum_step", "unknown", 0.0, compared=compared))


def test_a_value_out_of_sight_has_an_arrow_on_its_side() -> None:
    shown = Compared("entries", "four samples", ((90.0, 2.0, -90.0),), ((1.0, 2.0, 3.0),), ("a", "b", "c"), 0)
    above = pictures.KINDS["entries"][0](shown).axes[0]
    arrows = {line.get_marker(): list(line.get_xdata()) for line in above.lines if line.get_marker() in "^v"}
    assert arrows == {"^": [0], "v": [2]}
    assert [text.get_text() for text in above.get_legend().get_texts()].count("yours, out of sight") == 1


def test_where_a_claim_is_broken_the_question_is_about_the_claim() -> None:
    where = Where("small set", 0, 0, expected="every sample is used once")
    told = words.text(Verdict("train", "unknown", 0.0, where=where, detail="this does not hold: every sample once"))
    assert "To think about: Which of your lines is there to make it hold?" in told


def test_inputs_are_told_by_the_names_of_the_exercise() -> None:
    assert "Checked with: lr = " in words.text(form_verdict("step_decay", "falls_smoothly"))
    assert "bend" not in words.text(form_verdict("look_ahead_step", "jump_without_momentum"))
