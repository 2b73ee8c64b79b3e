"""Probes of steps: whatever a student's function does, it ends in evidence that says so."""

from typing import Any

import pytest
import torch

from autograder.judge import judge
from autograder.oracles import find_exercise
from autograder.student.check import gather
from autograder.verdict import Verdict

SEED = 5


def verdict_on(exercise: str, attempt: Any) -> Verdict:
    return judge(exercise, gather(exercise, attempt, find_exercise(exercise).draw(SEED)), SEED)


def asking(question: Any) -> Any:
    """A look-ahead that asks for the gradient in its own way."""

    def look_ahead_step(params, velocities, gradient, lr, momentum):  # type: ignore[no-untyped-def]
        landed = [p + momentum * v for p, v in zip(params, velocities, strict=True)]
        grads = question(gradient, landed)
        velocities = [momentum * v - lr * g for v, g in zip(velocities, grads, strict=True)]
        return [p + v for p, v in zip(params, velocities, strict=True)], velocities

    return look_ahead_step


@pytest.mark.parametrize(
    ("question", "given"),
    [
        (lambda gradient, landed: [gradient(p) for p in landed], "a tensor of shape (3,)"),
        (lambda gradient, landed: gradient(landed[:1]), "a list of 1"),
        (lambda gradient, landed: gradient(None), "None"),
        (lambda gradient, landed: gradient([p.flatten() for p in landed]), "a list of 2"),
        (lambda gradient, landed: gradient([p.tolist() for p in landed]), "a list of 2"),
    ],
)
def test_a_gradient_asked_for_in_a_wrong_way_is_told(question: Any, given: str) -> None:
    verdict = verdict_on("look_ahead_step", asking(question))
    assert (verdict.kind, verdict.fraction) == ("unusable", 0.0)
    assert verdict.detail.startswith(f"it calls gradient with {given}")
    assert "expected a list of 2 tensors with the shapes of the params" in verdict.detail


def test_a_gradient_may_be_asked_for_in_any_right_way() -> None:
    for question in (
        lambda gradient, landed: gradient(landed),
        lambda gradient, landed: gradient(tuple(landed)),
        lambda gradient, landed: gradient(p for p in landed),
        lambda gradient, landed: gradient([p.requires_grad_() for p in landed]),
    ):
        assert verdict_on("look_ahead_step", asking(question)).kind == "correct"


@pytest.mark.parametrize(
    ("exercise", "result", "words"),
    [
        ("nesterov_step", lambda p, *rest: p, "the first of them a tensor; expected a pair (params, velocities)"),
        ("look_ahead_step", lambda p, *rest: p, "the first of them a tensor; expected a pair (params, velocities)"),
        ("adam_step", lambda p, m, *rest: (p, m), "a tuple of 2; expected a tuple (params, means, squares)"),
        ("adam_step", lambda p, m, s, *rest: (p, m, s, 1), "a tuple of 4; expected a tuple (params, means, squares)"),
        ("rmsprop_step", lambda *rest: None, "None (is a `return` missing?); expected a pair (params, squares)"),
        ("rmsprop_step", lambda p, s, *rest: (p[:1], s), "returned 1 tensors; expected 2"),
    ],
)
def test_what_comes_back_in_a_wrong_form_is_told(exercise: str, result: Any, words: str) -> None:
    verdict = verdict_on(exercise, result)
    assert (verdict.kind, verdict.fraction) == ("unusable", 0.0)
    assert words in verdict.detail


def test_an_endless_result_ends() -> None:
    def forever(*arguments: Any) -> Any:
        while True:
            yield torch.ones(1)

    assert verdict_on("adam_step", forever).kind == "unusable"


def test_betas_come_as_a_pair_and_steps_count_from_one() -> None:
    seen: list[Any] = []

    def adam_step(params, means, squares, grads, step, lr, betas, eps):  # type: ignore[no-untyped-def]
        seen.append((step, type(betas), len(betas)))
        return params, means, squares

    verdict_on("adam_step", adam_step)
    assert seen[:6] == [(t, tuple, 2) for t in range(1, 7)]


def test_a_group_brings_its_own_lr_and_the_first_parameter_may_join_late() -> None:
    seen: list[Any] = []

    class Watching(find_exercise("Nesterov").reference):  # type: ignore[misc]
        def step(self, closure: Any = None) -> Any:
            seen.append(([g["lr"] for g in self.param_groups], [p.grad is None for p in self.first_two()]))
            return super().step(closure)

        def first_two(self) -> list[Any]:
            return [p for group in self.param_groups for p in group["params"]][:2]

    assert verdict_on("Nesterov", Watching).kind == "correct"
    assert any(len(lrs) == 2 and lrs[0] != lrs[1] for lrs, _ in seen)
    assert any(missing == [True, False] for _, missing in seen)
