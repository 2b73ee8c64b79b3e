"""Evidence and a seed in, a verdict out: a pure function, run where no student's code can reach it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any

import torch

from autograder.compare import compare
from autograder.oracles import Exercise, Form, find_exercise
from autograder.place import told
from autograder.student.check import gather
from autograder.student.evidence import Case, Evidence, Odd, Values
from autograder.student.recorder import CaseRecorder, Recorder
from autograder.verdict import Compared, Verdict, Where

ROUNDING = 1e-9  # of the reference's largest value: far above float64's rounding, far below any mistake
FLOAT32 = 2e-5  # what is left when somewhere inside float32 was used


def judge(exercise_name: str, evidence: Evidence, seed: int, likely: str = "") -> Verdict:
    """Judge what came out of one exercise.

    Args:
        exercise_name: which exercise was asked for.
        evidence: what the probe recorded in the student's kernel.
        seed: the seed that the problem was drawn from.
        likely: a form to try first, as one who judges again knows it; it saves time and changes nothing.

    Returns:
        The verdict. It depends on nothing but exercise, evidence and seed.
    """
    exercise = find_exercise(exercise_name)
    if evidence.exercise != exercise_name:
        return Verdict(exercise_name, "no_evidence", 0.0, detail="the evidence is of another exercise")
    raw = evidence
    evidence, right = _viewed(exercise, evidence, seed), run_form(exercise_name, None, seed)
    failed = tuple(name for name in right.cases if not same_case(evidence.cases.get(name), right.cases[name]))
    if not failed and evidence.cases.keys() == right.cases.keys():
        return Verdict(exercise_name, "correct", 1.0, printed=evidence.printed)
    fraction = 0.5 if exercise.half and exercise.half not in failed else 0.0
    found = _explain(exercise, evidence, right, seed, likely)
    return replace(
        found,
        fraction=max(found.fraction, fraction),
        where=found.where and told(exercise, seed, evidence, right, found.where),
        failed=failed if exercise.half else (),
        printed=evidence.printed,
        compared=_shown(exercise, seed, raw, right, found),
    )


def run_form(exercise_name: str, form_name: str | None, seed: int) -> Evidence:
    """What is compared of the reference (`None`) or of a named form on the problem of this seed."""
    return _run_form(exercise_name, form_name, 0 if find_exercise(exercise_name).steady else seed)


@lru_cache(maxsize=256)
def _run_form(exercise_name: str, form_name: str | None, seed: int) -> Evidence:
    return _viewed(find_exercise(exercise_name), gather_form(exercise_name, form_name, seed), seed)


def gather_form(exercise_name: str, form_name: str | None, seed: int, recorder: Recorder | None = None) -> Evidence:
    """The evidence that the reference (`None`) or a named form gives on the problem of this seed."""
    exercise = find_exercise(exercise_name)
    functions = {None: exercise.reference} | {form.name: form.function for form in exercise.forms}
    return gather(exercise_name, functions[form_name], exercise.problem(seed), recorder)


def matching_form(exercise: Exercise, evidence: Evidence, seed: int, likely: str = "") -> Form | None:
    """The form whose outputs these are, to rounding; `None` where none fits, or where nothing came out."""
    if not any(case.steps for case in evidence.cases.values()):
        return None
    scales = {name: _scale(case.steps) for name, case in evidence.cases.items()}
    for form in sorted(exercise.forms, key=lambda form: form.name != likely):
        if _matches(exercise, form, evidence, scales, seed):
            return form
    return None


def _matches(exercise: Exercise, form: Form, evidence: Evidence, scales: dict[str, float], seed: int) -> bool:
    """Whether a form gives this evidence; it is run no further than to the first step in which it does not."""
    if exercise.view or exercise.steady:
        ours = run_form(exercise.name, form.name, seed)
        same = all(same_case(evidence.cases.get(name), case) for name, case in ours.cases.items())
        return same and ours.cases.keys() == evidence.cases.keys()
    recorder = _Comparing(evidence, scales)
    try:
        gather_form(exercise.name, form.name, seed, recorder)
    except _Differs:
        return False
    return recorder.cases.keys() == evidence.cases.keys()


class _Differs(BaseException):
    """What came out is not the evidence; no form's own trouble, so it passes by what records that."""


class _Comparing(Recorder):
    """Breaks off at the first step, or after the first case, that differs from the evidence."""

    def __init__(self, evidence: Evidence, scales: dict[str, float]) -> None:
        super().__init__()
        self._evidence, self._scales = evidence, scales

    @contextmanager
    def case(self, name: str) -> Iterator[CaseRecorder]:
        """As a recorder's.

        Raises:
            _Differs: as soon as it differs.
        """
        given = self._evidence.cases.get(name)
        if given is None:
            raise _Differs
        with super().case(name):
            yield _ComparingCase(self.cases[name], given, self._scales[name])
        if not same_case(given, self.cases[name]):
            raise _Differs


class _ComparingCase(CaseRecorder):
    """A case that breaks off at the first step that differs from the given case's beyond doubt."""

    def __init__(self, case: Case, given: Case, scale: float) -> None:
        super().__init__(case)
        # a form's own scale is known at its end only, but that of one that agrees is the given one's to rounding
        self._given, self._scale = given, scale

    def record(self, values: Iterable[Any]) -> None:
        """As any case's.

        Raises:
            _Differs: if this step differs.
        """
        super().record(values)
        place = len(self._case.steps)
        step = self._given.steps[place - 1 : place]
        if not _agree(step, self._case.steps[place - 1 :], 2 * ROUNDING, self._scale):
            raise _Differs


def same_case(given: Case | None, expected: Case, tolerance: float = ROUNDING) -> bool:
    """Whether two cases hold the same numbers to rounding and ended the same way."""
    if given is None or (given.trouble and given.trouble.kind) != (expected.trouble and expected.trouble.kind):
        return False
    return _agree(given.steps, expected.steps, tolerance)


def _agree(given: list[Values], expected: list[Values], tolerance: float, scale: float = 0.0) -> bool:
    """Whether there are no `differences`: seen of all numbers at once where that can be, as it mostly can."""
    if [len(step) for step in given] != [len(step) for step in expected]:
        return False
    pairs = [pair for steps in zip(given, expected, strict=True) for pair in zip(*steps, strict=True)]
    if not pairs:
        return True
    if not all(_alike(value, right) for value, right in pairs):
        return next(differences(given, expected, tolerance, scale), None) is None
    theirs, ours = map(_flat, zip(*pairs, strict=True))
    return _close(theirs, ours, tolerance * (scale or _scale([[ours]])))


def _alike(value: torch.Tensor | Odd, right: torch.Tensor | Odd) -> bool:
    if isinstance(value, Odd) or isinstance(right, Odd):
        return False
    return value.shape == right.shape and value.is_floating_point() and right.is_floating_point()


def _flat(values: Iterable[torch.Tensor]) -> torch.Tensor:
    return torch.cat([value.reshape(-1).double() for value in values])


def _close(value: torch.Tensor, right: torch.Tensor, atol: float) -> bool:
    return torch.allclose(value.double(), right.double(), rtol=0.0, atol=atol, equal_nan=True)


def _scale(steps: Iterable[Values]) -> float:
    """What differences are measured by: the largest finite number in these steps, and never zero."""
    tensors = [v for step in steps for v in step if isinstance(v, torch.Tensor) and v.numel() and not v.is_complex()]
    largest = _flat(tensors).abs().nan_to_num(0.0, 0.0, 0.0).max() if tensors else 0.0
    return max(float(largest), 1e-30)


def differences(
    given: list[Values], expected: list[Values], tolerance: float = ROUNDING, scale: float = 0.0
) -> Iterator[tuple[int, int, str, float]]:
    """Where the steps of two cases differ: step and tensor (from 1), what differs, and by how much.

    Numbers may differ by a share of the scale, by default the largest of those that are expected.
    """
    atol = tolerance * (scale or _scale(expected))
    for number, (ours, theirs) in enumerate(zip(expected, given, strict=False), start=1):
        if len(ours) != len(theirs):
            yield number, 1, f"{len(theirs)} values; expected {len(ours)}", math.nan
            return
        for k, (right, value) in enumerate(zip(ours, theirs, strict=True), start=1):
            if isinstance(value, Odd) or isinstance(right, Odd):
                if value != right:
                    yield number, k, f"it is {_name(value)}; expected {_name(right)}", math.nan
            elif value.shape != right.shape:
                yield number, k, f"it has shape {list(value.shape)}; expected {list(right.shape)}", math.nan
            elif not value.is_floating_point():
                words = f"it holds numbers of {value.dtype}; expected {right.dtype}, as the inputs have"
                yield number, k, words, math.nan
            elif not _close(value, right, atol):
                yield number, k, "", float((value.double() - right.double()).abs().max())


def _shown(exercise: Exercise, seed: int, raw: Evidence, right: Evidence, found: Verdict) -> Compared | None:
    """What a picture is drawn from. Where properties are judged, the reference's own outputs are drawn beside."""
    if found.where is None or found.kind not in ("mistake", "convention", "unknown"):
        return None
    return compare(exercise, seed, raw, gather_form(exercise.name, None, seed) if exercise.view else right, found.where)


def _viewed(exercise: Exercise, evidence: Evidence, seed: int) -> Evidence:
    return exercise.view(seed, evidence) if exercise.view else evidence


def _explain(exercise: Exercise, evidence: Evidence, right: Evidence, seed: int, likely: str) -> Verdict:
    name = exercise.name
    troubles = [case.trouble for case in evidence.cases.values() if case.trouble]
    if any(t.kind == "unwritten" for t in troubles):
        return Verdict(name, "unwritten", 0.0)
    form = matching_form(exercise, evidence, seed, likely)
    where, found = _first_difference(evidence, right)
    broken = ""
    if exercise.claims and where:
        claim = exercise.claim(where.case, where.step)
        broken = f"this does not hold: {claim}"
        where = Where(where.case, 0, 0, expected=claim)
    troubled = [Where(n, case.trouble.step, 1) for n, case in evidence.cases.items() if case.trouble]
    if form:
        kind = "convention" if form.fraction else "mistake"
        where = where or next(iter(troubled), None)
        return Verdict(name, kind, form.fraction, form.name, where, form.words)
    for case_name, case in evidence.cases.items():
        if where and where.case == case_name and found:
            break  # what came back before the trouble explains it
        if case.trouble:
            place = Where(case_name, case.trouble.step, 1)
            return Verdict(name, case.trouble.kind, 0.0, "", place, case.trouble.text, case.trouble.lines)
    if found:
        return Verdict(name, "unusable", 0.0, "", where, found)
    if all(same_case(evidence.cases.get(c), case, FLOAT32) for c, case in right.cases.items()):
        return Verdict(name, "mistake", 0.0, "float32_inside", where, FLOAT32_WORDS)
    return Verdict(name, "unknown", 0.0, "", where, broken)


FLOAT32_WORDS = (
    "the numbers agree to about seven digits and no further: somewhere inside, the computation is in float32. "
    "Which tensor or number did you make without taking over the dtype of the inputs?"
)


def _first_difference(evidence: Evidence, right: Evidence) -> tuple[Where | None, str]:
    """Where the evidence first differs; a difference in kind, which is told in words, goes before one in size."""
    first: Where | None = None
    for name, expected in right.cases.items():
        given = evidence.cases.get(name, Case())
        for step, k, found, deviation in differences(given.steps, expected.steps):
            where = Where(name, step, k, None if math.isnan(deviation) else deviation)
            if found:
                return where, found
            first = first or where
        if not given.trouble and len(given.steps) != len(expected.steps):
            rows = f"{len(given.steps)} steps recorded; expected {len(expected.steps)}"
            return first or Where(name, min(len(given.steps), len(expected.steps)) + 1, 1), rows
    return first, ""


def _name(value: torch.Tensor | Odd) -> str:
    if isinstance(value, Odd):
        return "None (is a `return` missing?)" if value.type_name == "NoneType" else f"a {value.type_name}"
    return f"a tensor of shape {list(value.shape)}"
