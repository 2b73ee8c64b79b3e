"""The mistakes of use, the same for every optimizer class: its rule is right, what a training script needs is not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch

from autograder.oracles.optimizer import FromStep


class LrReadOnce(FromStep):
    def __init__(self, params: Any, lr: float = 1e-3, **options: Any) -> None:
        super().__init__(params, lr, **options)
        self.first_lr = lr

    def learning_rate(self, group: dict[str, Any]) -> float:
        return self.first_lr


class LrOfFirstGroup(FromStep):
    def learning_rate(self, group: dict[str, Any]) -> float:
        return float(self.param_groups[0]["lr"])


class FirstGroupOnly(FromStep):
    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        group = self.param_groups[0]
        self.update(group, [p for p in group["params"] if p.grad is not None])


class StateOutside(FromStep):
    def __init__(self, params: Any, lr: float = 1e-3, **options: Any) -> None:
        super().__init__(params, lr, **options)
        self.outside: dict[Any, Any] = defaultdict(dict)

    def memory(self, p: Any, place: int) -> dict[str, Any]:
        return self.outside[p]  # type: ignore[no-any-return]


class StateByPlace(FromStep):
    def memory(self, p: Any, place: int) -> dict[str, Any]:
        return self.state[place]  # type: ignore[index,no-any-return]


class NoneNotSkipped(FromStep):
    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            self.update(group, group["params"])


class StopsAtNone(FromStep):
    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            count = next((k for k, p in enumerate(group["params"]) if p.grad is None), len(group["params"]))
            self.update(group, group["params"][:count])


class GradientChanged(FromStep):
    def keep(self, memory: dict[str, Any], p: Any, values: list[Any]) -> None:
        super().keep(memory, p, values)
        p.grad.copy_(values[0])


class GradientCleared(FromStep):
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        super().step()
        self.zero_grad()


class GradientAliased(FromStep):
    """The first buffer begins as the gradient's own memory, which the next backward pass overwrites."""

    def keep(self, memory: dict[str, Any], p: Any, values: list[Any]) -> None:
        begins = self.family.buffers[0] not in memory
        super().keep(memory, p, [p.grad, *values[1:]] if begins else values)


class ParametersReplaced(FromStep):
    def write(self, group: dict[str, Any], params: list[Any], new: Iterable[Any]) -> None:
        group["params"] = [value.detach().clone().requires_grad_() for _, value in zip(params, new, strict=True)]


class NotMoved(FromStep):
    def write(self, group: dict[str, Any], params: list[Any], new: Iterable[Any]) -> None:
        pass


class OneCount(FromStep):
    """One count for the whole group, in the group, where `state_dict` finds it."""

    def update(self, group: dict[str, Any], params: list[Any]) -> None:
        group["step"] = group.get("step", 0) + 1
        super().update(group, params)

    def count(self, memory: dict[str, Any], group: dict[str, Any]) -> int:
        return int(group["step"])


class OneCountOutside(FromStep):
    """One count for all, an attribute of the optimizer."""

    def __init__(self, params: Any, lr: float = 1e-3, **options: Any) -> None:
        super().__init__(params, lr, **options)
        self.steps = 0

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        self.steps += 1
        super().step()

    def count(self, memory: dict[str, Any], group: dict[str, Any]) -> int:
        return self.steps


class CountOutside(FromStep):
    """A count for each parameter, but outside of the state."""

    def __init__(self, params: Any, lr: float = 1e-3, **options: Any) -> None:
        super().__init__(params, lr, **options)
        self.counts: dict[int, int] = defaultdict(int)

    def count(self, memory: dict[str, Any], group: dict[str, Any]) -> int:
        self.counts[id(memory)] += 1
        return self.counts[id(memory)]


class ParametersCounted(OneCountOutside):
    """The count goes up with every parameter instead of every step."""

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        FromStep.step(self)

    def count(self, memory: dict[str, Any], group: dict[str, Any]) -> int:
        self.steps += 1
        return self.steps


Uses = dict[type[FromStep], tuple[str, str]]

USES: Uses = {
    LrReadOnce: (
        "lr_read_once",
        "lr is read once, when the optimizer is made: a scheduler's changes never arrive. "
        "Where does a scheduler write the new lr?",
    ),
    LrOfFirstGroup: (
        "lr_of_first_group",
        "every group moves with the lr of the first one. Whose lr does the group at hand bring along?",
    ),
    FirstGroupOnly: (
        "groups_ignored",
        "only the first parameter group moves. What does `self.param_groups` hold?",
    ),
    StateOutside: (
        "state_lost_on_load",
        "what the optimizer remembers is lost when it is saved and loaded: `state_dict` only knows `self.state`. "
        "Where do you keep it?",
    ),
    StateByPlace: (
        "state_by_place",
        "what is remembered hangs on a parameter's number instead of the parameter: two groups share it, and loading "
        "loses it. What can be the key of `self.state`?",
    ),
    NoneNotSkipped: (
        "none_not_skipped",
        "a parameter without a gradient is not skipped. What is `p.grad` before the first backward pass?",
    ),
    StopsAtNone: (
        "stops_at_none",
        "where a parameter has no gradient, the ones after it do not move either. "
        "What is the difference between leaving a loop and going on with its next turn?",
    ),
    GradientChanged: (
        "gradient_changed",
        "`p.grad` is changed by the step. Who else may still want to read it?",
    ),
    GradientCleared: (
        "gradient_cleared",
        "the step clears `p.grad`. Whose business is that in a training loop, and who may still want to read it?",
    ),
    GradientAliased: (
        "gradient_aliased",
        "what is remembered after the first step is the gradient's own tensor, and the next backward pass overwrites "
        "it. What would a `clone()` change?",
    ),
    ParametersReplaced: (
        "parameters_replaced",
        "the parameters are replaced by new tensors; the model still holds the old ones. "
        "How do you change a tensor in place?",
    ),
    NotMoved: (
        "not_moved",
        "the parameters never move. After `p = p - …`, is it the model's tensor that has changed, or what the name "
        "`p` stands for?",
    ),
}

COUNTED_USES: Uses = {
    OneCount: (
        "one_step_count",
        "one count of steps serves all parameters (or a missing gradient counts as a step with gradient zero): one "
        "that joins late is corrected as if it had been there from the start. How many gradients has *it* seen?",
    ),
    OneCountOutside: (
        "one_step_count_outside",
        "one count of steps serves all parameters, and it is lost when the optimizer is saved and loaded. "
        "Where would each parameter's own count be saved along?",
    ),
    CountOutside: (
        "step_count_lost_on_load",
        "the count of steps is lost when the optimizer is saved and loaded. What else belongs into `self.state[p]`?",
    ),
    ParametersCounted: (
        "parameters_counted",
        "the count of steps goes up with every parameter. "
        "After one `step()` with two of them, where should each stand?",
    ),
}
