"""What every optimizer class is judged by: the problem of its uses, and the mistakes of use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

from autograder.oracles.exercise import Draw, Form

SHAPES = [(3,), (2, 3)]
STEPS = 6


def optimizer_problem(draw: Draw, options: dict[str, float]) -> dict[str, Any]:
    """The problem of `probes.optimizer.optimizer_uses`."""
    return {
        "params": [draw.normal(*shape) for shape in SHAPES],
        "grads": [[draw.normal(*shape) for shape in SHAPES] for _ in range(STEPS)],
        "lrs": draw.lrs(STEPS),
        "options": options,
    }


class FromStep(torch.optim.Optimizer):
    """An optimizer class over a step function: right in every use, so that forms differ in one thing."""

    step_function: Callable[..., Any]

    def __init__(self, params: Any, lr: float, momentum: float = 0.9) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            self.update(group, [p for p in group["params"] if p.grad is not None])

    def update(self, group: dict[str, Any], params: list[Any]) -> None:
        """One group's step."""
        velocities = [self.velocity(p) for p in params]
        lr = self.learning_rate(group)
        new, kept = type(self).step_function(params, velocities, [p.grad for p in params], lr, group["momentum"])
        self.write(group, params, new)
        for p, v in zip(params, kept, strict=True):
            self.keep(p, v)

    def velocity(self, p: Any) -> Any:
        """The parameter's velocity, zero at first."""
        return self.state[p].get("velocity", torch.zeros_like(p))

    def keep(self, p: Any, v: Any) -> None:
        """Store the new velocity."""
        self.state[p]["velocity"] = v

    def learning_rate(self, group: dict[str, Any]) -> float:
        """The lr of this step."""
        return float(group["lr"])

    def write(self, group: dict[str, Any], params: list[Any], new: Iterable[Any]) -> None:
        """Move the parameters."""
        for p, value in zip(params, new, strict=True):
            p.copy_(value)


class LrReadOnce(FromStep):
    def __init__(self, params: Any, lr: float, momentum: float = 0.9) -> None:
        super().__init__(params, lr, momentum)
        self.first_lr = lr

    def learning_rate(self, group: dict[str, Any]) -> float:
        return self.first_lr


class FirstGroupOnly(FromStep):
    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        group = self.param_groups[0]
        self.update(group, [p for p in group["params"] if p.grad is not None])


class StateOutside(FromStep):
    def __init__(self, params: Any, lr: float, momentum: float = 0.9) -> None:
        super().__init__(params, lr, momentum)
        self.velocities: dict[Any, Any] = {}

    def velocity(self, p: Any) -> Any:
        return self.velocities.get(p, torch.zeros_like(p))

    def keep(self, p: Any, v: Any) -> None:
        self.velocities[p] = v


class NoneNotSkipped(FromStep):
    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            self.update(group, group["params"])


class GradientChanged(FromStep):
    def keep(self, p: Any, v: Any) -> None:
        self.state[p]["velocity"] = v
        p.grad.copy_(v)


class GradientAliased(FromStep):
    """The first velocity is the gradient's own buffer, which the next backward pass overwrites."""

    def keep(self, p: Any, v: Any) -> None:
        self.state[p]["velocity"] = v if "velocity" in self.state[p] else p.grad


class ParametersReplaced(FromStep):
    def write(self, group: dict[str, Any], params: list[Any], new: Iterable[Any]) -> None:
        group["params"] = [value.detach().clone().requires_grad_() for _, value in zip(params, new, strict=True)]


USES: dict[type[FromStep], tuple[str, str]] = {
    LrReadOnce: (
        "lr_read_once",
        "lr is read once, when the optimizer is made: a scheduler's changes never arrive. "
        "Where does a scheduler write the new lr?",
    ),
    FirstGroupOnly: (
        "groups_ignored",
        "only the first parameter group moves. What does `self.param_groups` hold?",
    ),
    StateOutside: (
        "state_lost_on_load",
        "the velocity is lost when the optimizer is saved and loaded: `state_dict` only knows `self.state`. "
        "Where do you keep it?",
    ),
    NoneNotSkipped: (
        "none_not_skipped",
        "a parameter without a gradient is not skipped. What is `p.grad` before the first backward pass?",
    ),
    GradientChanged: (
        "gradient_changed",
        "`p.grad` is changed by the step. Who else may still want to read it?",
    ),
    GradientAliased: (
        "gradient_aliased",
        "the first velocity is the gradient's own buffer, and the next backward pass overwrites it. "
        "What would a `clone()` change?",
    ),
    ParametersReplaced: (
        "parameters_replaced",
        "the parameters are replaced by new tensors; the model still holds the old ones. "
        "How do you change a tensor in place?",
    ),
}


def class_forms(steps: dict[str, Form]) -> tuple[Form, ...]:
    """The forms of an optimizer class: each wrong step as a class, then each mistake of use.

    Args:
        steps: the forms of the step function, by name; those that work on one parameter list alone.
    """
    from reference.optimizers import momentum_step

    wrong_steps = [
        Form(
            name,
            type(name, (FromStep,), {"step_function": staticmethod(form.function)}),
            form.words,
            form.fraction,
        )
        for name, form in steps.items()
        if name not in ("one_buffer", "one_skipped", "step_returned")
    ]
    wrong_uses = [
        Form(name, type(name, (use,), {"step_function": staticmethod(momentum_step)}), words)
        for use, (name, words) in USES.items()
    ]
    return (*wrong_steps, *wrong_uses)
