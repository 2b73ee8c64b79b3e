"""Step functions over several parameters: their problem, and forms made from one parameter's rule.

A rule takes one parameter, its buffers and its gradient, then the numbers, (p, *buffers, g, …) → (p, *buffers); a step
function takes the same as lists. `lists` is how many of its arguments are lists.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.oracles.exercise import Draw, Form

STEPS = 6

Rule = Callable[..., tuple[Any, ...]]
Step = Callable[..., tuple[list[Any], ...]]


def draw_cases(seed: int, options: Callable[[Draw], dict[str, Any]]) -> dict[str, Any]:
    """Six steps, unequal shapes, gradients and lr that change; each case has options of its own."""
    draw = Draw(seed)
    cases = {}
    for name, shapes in {"two parameters": [(3,), (2, 3)], "three parameters": [(), (4,), (2, 2)]}.items():
        params = [draw.normal(*shape) for shape in shapes]
        grads = [[draw.normal(*shape) for shape in shapes] for _ in range(STEPS)]
        cases[name] = {"params": params, "grads": grads, "lrs": draw.lrs(STEPS), **options(draw)}
    return cases


def each(rule: Rule, lists: int = 3) -> Step:
    """The step over all parameters from one parameter's rule."""

    def step(*arguments: Any) -> tuple[list[Any], ...]:
        moved = [rule(*own, *arguments[lists:]) for own in zip(*arguments[:lists], strict=True)]
        return tuple(list(part) for part in zip(*moved, strict=True))

    return step


def one_buffer(rule: Rule, lists: int = 3) -> Step:
    """All parameters share the buffers of the first."""

    def step(*arguments: Any) -> tuple[list[Any], ...]:
        memory = [buffers[0] for buffers in arguments[1 : lists - 1]]
        moved = []
        for p, g in zip(arguments[0], arguments[lists - 1], strict=True):
            p, *memory = rule(p, *memory, g, *arguments[lists:])
            moved.append(p)
        return moved, *([value] * len(moved) for value in memory)

    return step


def one_skipped(rule: Rule, lists: int = 3) -> Step:
    """The last parameter is left out."""

    def step(*arguments: Any) -> tuple[list[Any], ...]:
        moved = each(rule, lists)(*(values[:-1] for values in arguments[:lists]), *arguments[lists:])
        return tuple([*part, values[-1]] for part, values in zip(moved, arguments[: lists - 1], strict=True))

    return step


def not_moved(rule: Rule) -> Rule:
    """The buffers move on, the parameter does not."""
    return lambda p, *rest: (p, *rule(p, *rest)[1:])


def step_returned(rule: Rule) -> Rule:
    """The difference comes back in place of the parameter."""

    def only_the_step(p: Any, *rest: Any) -> tuple[Any, ...]:
        moved, *buffers = rule(p, *rest)
        return moved - p, *buffers

    return only_the_step


def uphill(rule: Rule) -> Rule:
    """The whole step is turned round."""

    def turned(p: Any, *rest: Any) -> tuple[Any, ...]:
        moved, *buffers = rule(p, *rest)
        return 2 * p - moved, *buffers

    return turned


def slips(rule: Rule, remembered: str, lists: int = 3) -> tuple[Form, ...]:
    """The mistakes that any step over several parameters can make, from the right rule.

    Args:
        rule: the right rule of one parameter.
        remembered: the lesson's word for its buffers, in the singular.
        lists: how many arguments of the step function are lists.
    """
    return (
        Form(
            "one_buffer",
            one_buffer(rule, lists),
            f"all parameters share one {remembered}. Whose gradient does the second parameter remember?",
        ),
        Form(
            "one_skipped",
            one_skipped(rule, lists),
            "the last parameter never moves. Does your loop reach all of them?",
        ),
        Form(
            "not_moved",
            each(not_moved(rule), lists),
            f"the parameters come back as they went in. What do you do with the new {remembered}?",
        ),
        Form(
            "step_returned",
            each(step_returned(rule), lists),
            "what comes back as parameters is only the step. Where does a step start from?",
        ),
    )
