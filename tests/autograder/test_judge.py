"""Every known mistake is caught and named, no right form is accused, and the verdict is the same every time."""

import pytest
import torch

from autograder.bench.right_forms import RIGHT
from autograder.judge import ROUNDING, gather_form, judge
from autograder.oracles import Exercise, Form, lessons
from autograder.student.check import gather
from autograder.student.evidence import Case, Evidence, Trouble

SEED = 1  # test_words judges every form with another seed
TRAIN = ("MyOptimizer", "train", "gradient_noise", "Adam")  # their probes train or draw for long
LONG = ("04_batch_size", "08_adaptive")  # among the quick tests, test_words judges the forms of the shorter lessons
EXERCISES = [e for exercises in lessons().values() for e in exercises]


def slow(name: str, *others: bool) -> list[pytest.MarkDecorator]:
    return [pytest.mark.slow] * (name in TRAIN or any(others))


FORMS = [
    pytest.param(e, f, id=f"{e.name}-{f.name}", marks=slow(e.name, lesson not in LONG))
    for lesson, exercises in lessons().items()
    for e in exercises
    for f in e.forms
]


@pytest.mark.parametrize(("exercise", "form"), FORMS)
def test_a_form_is_caught_and_named(exercise: Exercise, form: Form) -> None:
    verdict = judge(exercise.name, gather_form(exercise.name, form.name, SEED), SEED)
    assert verdict.name == form.name
    assert verdict.fraction < 1
    if form.fraction:
        assert (verdict.kind, verdict.fraction) == ("convention", form.fraction)
    else:
        assert verdict.kind == "mistake"
        assert verdict.fraction <= (0.5 if exercise.half else 0)


@pytest.mark.parametrize("seed", [SEED, pytest.param(2026, marks=pytest.mark.slow)])
@pytest.mark.parametrize("exercise", [pytest.param(e, id=e.name, marks=slow(e.name)) for e in EXERCISES])
def test_the_reference_is_right(exercise: Exercise, seed: int) -> None:
    assert judge(exercise.name, gather_form(exercise.name, None, seed), seed).kind == "correct"


@pytest.mark.parametrize(
    ("exercise", "form"), [pytest.param(e, f, marks=slow(e)) for e, forms in RIGHT.items() for f in forms]
)
def test_no_right_form_is_accused(exercise: str, form: object) -> None:
    seed = 7
    draw = next(e.draw for e in EXERCISES if e.name == exercise)
    verdict = judge(exercise, gather(exercise, form, draw(seed)), seed)
    assert verdict.label == "correct", verdict


def test_evidence_of_another_exercise_earns_nothing() -> None:
    assert judge("gradient_step", gather_form("momentum_step", None, 1), 1).kind == "no_evidence"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e300])
def test_numbers_that_are_no_answer_earn_nothing(value: float) -> None:
    evidence = gather_form("gradient_step", None, 1)
    steps = [[torch.full_like(v, value) for v in step] for step in evidence.cases["two parameters"].steps]
    forged = Evidence("gradient_step", {"two parameters": Case(steps)})
    assert judge("gradient_step", forged, 1).fraction == 0


def test_evidence_without_cases_earns_nothing() -> None:
    assert judge("momentum_step", Evidence("momentum_step", {}), 1).fraction == 0


def test_right_numbers_for_another_seed_earn_nothing() -> None:
    assert judge("momentum_step", gather_form("momentum_step", None, 1), 2).fraction == 0


@pytest.mark.parametrize(("away", "name"), [(0.9, "running_mean"), (1.5, "")])
@pytest.mark.parametrize("step", [0, 5])
def test_a_mistake_is_named_where_it_fits_to_rounding_and_no_further(step: int, away: float, name: str) -> None:
    evidence = gather_form("momentum_step", "running_mean", SEED)
    case = evidence.cases["two parameters"]
    case.steps[step][0][0] += away * ROUNDING * max(float(v.abs().max()) for values in case.steps for v in values)
    assert judge("momentum_step", evidence, SEED).name == name


def test_a_problem_may_be_changed_by_whoever_has_it() -> None:
    momentum = next(e for e in EXERCISES if e.name == "momentum_step")
    before = momentum.draw(SEED)["two parameters"]["params"][0]
    momentum.problem(SEED)["two parameters"]["params"][0].zero_()
    assert torch.equal(momentum.problem(SEED)["two parameters"]["params"][0], before)


@pytest.mark.parametrize("dtype", [torch.complex128, torch.float8_e5m2, torch.bfloat16, torch.int64, torch.bool])
def test_numbers_of_any_kind_are_judged(dtype: torch.dtype) -> None:
    evidence = gather_form("momentum_step", "uphill", SEED)
    evidence.cases["three parameters"].steps[-1][0] = torch.zeros((), dtype=dtype)
    verdict = judge("momentum_step", evidence, SEED)
    assert (verdict.kind, verdict.fraction) == ("unknown" if dtype.is_floating_point else "unusable", 0)


def test_trouble_is_told_with_its_step() -> None:
    case = Case([], Trouble("raised", "ValueError: no", 1, ("line 3, in f: raise ValueError('no')",)))
    verdict = judge("gradient_step", Evidence("gradient_step", {"two parameters": case}), 1)
    assert (verdict.kind, verdict.where and verdict.where.step) == ("raised", 1)


def test_float32_inside_is_named() -> None:
    def step(params, grads, lr):  # type: ignore[no-untyped-def]
        return [(p.float() - lr * g.float()).double() for p, g in zip(params, grads, strict=True)]

    draw = next(e.draw for e in EXERCISES if e.name == "gradient_step")
    assert judge("gradient_step", gather("gradient_step", step, draw(1)), 1).name == "float32_inside"


@pytest.mark.parametrize(
    ("attempt", "kind", "words"),
    [
        (3, "unusable", "expected a function"),
        (lambda params, grads: params, "unusable", "does not fit the call"),
        (lambda params, grads, lr: None, "unusable", "is a `return` missing?"),
        (lambda params, grads, lr: params[:1], "unusable", "returned 1 tensors; expected 2"),
        (lambda params, grads, lr: [p.flatten() for p in params], "unusable", "shape [6]; expected [2, 3]"),
        (lambda params, grads, lr: [p.long() for p in params], "unusable", "int64"),
        (lambda params, grads, lr: ["a", "b"], "unusable", "str; expected a tensor"),
    ],
)
def test_what_cannot_be_checked_is_told(attempt: object, kind: str, words: str) -> None:
    draw = next(e.draw for e in EXERCISES if e.name == "gradient_step")
    verdict = judge("gradient_step", gather("gradient_step", attempt, draw(1)), 1)
    assert (verdict.kind, verdict.fraction) == (kind, 0)
    assert words in verdict.detail
