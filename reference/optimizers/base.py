"""What the optimizer classes share: the walk over groups and gradients, weight decay, refused hyper-parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT

from reference.optimizers.ways import WAYS, Rule, Way, run_in


class ReferenceOptimizer(torch.optim.Optimizer):
    """A `torch.optim.Optimizer` whose subclass says only its `rule`, what that remembers and takes.

    Args:
        params: tensors or parameter groups; a group may bring hyper-parameters of its own.
        way: how the rule runs: "loop", tensor by tensor; "foreach", an operation at a time for all tensors;
            "compiled", all operations in one pass over memory (the first step takes seconds to compile).
        hyperparameters: what groups have by default; `lr`, `weight_decay` and `maximize` among them.

    Raises:
        ValueError: for a hyper-parameter out of range or a way that there is not.
    """

    remembers: ClassVar[tuple[str, ...]] = ()
    takes: ClassVar[tuple[str, ...]] = ("lr",)
    counts_steps: ClassVar[bool] = False

    def __init__(self, params: ParamsT, way: Way = "loop", **hyperparameters: Any) -> None:
        if way not in WAYS:
            raise ValueError(f"way is {way!r}; expected one of {', '.join(map(repr, WAYS))}")
        self.way = way
        self.check(hyperparameters)
        super().__init__(params, hyperparameters)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "way": self.way}  # torch names what it keeps, and knows nothing of ours

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Take in one more group, once its hyper-parameters are seen to be in range."""
        self.check({**self.defaults, **param_group})
        super().add_param_group(param_group)

    def check(self, group: dict[str, Any]) -> None:
        """Refuse hyper-parameters out of range; a subclass with more of them asks for more."""
        check_range("lr", group["lr"])
        check_range("weight_decay", group["weight_decay"])

    def rule(self) -> Callable[..., Any]:
        """The equation: from (params, *memories, grads, *numbers), lists of tensors, to (params, *memories)."""
        raise NotImplementedError(f"{type(self).__name__} does not say where parameters go; it needs a `rule`")

    def numbers(self, group: dict[str, Any], step: int) -> list[Any]:
        """What the rule takes besides tensors, in its order; `step` is counted from 1 if `counts_steps`."""
        return [group[name] for name in self.takes]

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient, in place; `p.grad` stays as it is.

        Args:
            closure: evaluates the model again and returns the loss, as everywhere in PyTorch.

        Returns:
            What the closure returned, or None.

        Raises:
            ValueError: for a sparse gradient, before anything has moved.
            RuntimeError: for way="compiled" where there is no compiler.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        moving = [(group, [p for p in group["params"] if p.grad is not None]) for group in self.param_groups]
        for _, params in moving:
            self.refuse_sparse(params)
        for group, params in moving:
            rule = Rule(self.rule(), bool(group["maximize"]), self.decays(group))
            for (_, _, step), alike in self.alike(params).items():
                self.move(rule, alike, [group["weight_decay"], *self.numbers(group, step)])
        return loss

    def decays(self, group: dict[str, Any]) -> bool:
        """Whether weight_decay·θ enters the gradient."""
        return bool(group["weight_decay"])

    def alike(self, params: list[Tensor]) -> dict[tuple[torch.device, torch.dtype, int], list[Tensor]]:
        """The parameters that one call can move: of one device and dtype and, where it matters, at the same step."""
        alike: dict[tuple[torch.device, torch.dtype, int], list[Tensor]] = {}
        for p in params:
            step = self.state[p].get("step", 0) + 1 if self.counts_steps else 1
            alike.setdefault((p.device, p.dtype, step), []).append(p)
        return alike

    def move(self, rule: Rule, params: list[Tensor], numbers: list[Any]) -> None:
        """Run the rule in this optimizer's way and remember what it remembers, where `state_dict` finds it."""
        memories = [[self.recall(name, p) for p in params] for name in self.remembers]
        grads = [p.grad for p in params if p.grad is not None]
        memories = run_in(self.way)(rule, params, memories, grads, numbers)
        for name, values in zip(self.remembers, memories, strict=True):
            for p, value in zip(params, values, strict=True):
                self.state[p][name] = value
        if self.counts_steps:
            for p in params:
                self.state[p]["step"] = self.state[p].get("step", 0) + 1

    def recall(self, name: str, p: Tensor) -> Tensor:
        """What is remembered of a parameter under this name; zeros like it before its first step."""
        remembered = self.state[p].get(name)
        return torch.zeros_like(p) if remembered is None else remembered

    def refuse_sparse(self, params: list[Tensor]) -> None:
        """No rule here has a form for sparse gradients."""
        for p in params:
            if p.grad is not None and p.grad.layout is not torch.strided:
                raise ValueError(
                    f"{type(self).__name__} has no rule for sparse gradients, and a parameter of shape "
                    f"{list(p.shape)} has one; expected a dense gradient, as from nn.Embedding(..., sparse=False)"
                )


def check_range(name: str, value: Any, below: float = float("inf")) -> None:
    """Refuse, by name and value, what is no number from 0 to below `below`; NaN is none."""
    if not isinstance(value, int | float | Tensor) or not 0 <= value < below:
        room = "at least 0 and finite" if below == float("inf") else f"from 0 to below {below:g}"
        raise ValueError(f"{name} is {value!r}; expected a number {room}")
