"""Probes of lesson 09."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from autograder.student.probes.optimizer import make, step
from autograder.student.recorder import CaseRecorder, Recorder, Unusable, call, describe, snapshot

MAX_NUMBERS = 10_000


def my_optimizer(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """Every use beside the run that it must agree with: the optimizer's own, whatever its rule is.

    `problem`: `params`, `grads` (one list a step), `lrs` (two), `bowl` (curvatures, start, lrs, steps) and `digits`.
    """
    first, second = problem["lrs"]
    grads, late = problem["grads"], problem["late"]
    everything = range(len(problem["params"]))

    def optimizer(params: Any, lr: float = first) -> torch.optim.Optimizer:
        return make(attempt, params, {"lrs": [lr], "options": {}})

    def fresh(which: Any = everything) -> list[Tensor]:
        return [problem["params"][k].clone().requires_grad_() for k in which]

    def walk(case: CaseRecorder, rule: torch.optim.Optimizer, params: list[Tensor], steps: list[Any]) -> None:
        for gradient in steps:
            step(rule, params, gradient)
            case.record(params)

    def moved(case: CaseRecorder, params: list[Tensor], rule: torch.optim.Optimizer, lr: float) -> None:
        """The second half of the steps, after saving, loading into a new optimizer, and setting lr there."""
        saved = copy.deepcopy(rule.state_dict())
        for group in saved["param_groups"]:
            group["lr"] = lr
        params = [p.detach().clone().requires_grad_() for p in params]
        rule = optimizer(params, lr)
        rule.load_state_dict(saved)
        walk(case, rule, params, grads[3:])

    with recorder.case("plain") as case:
        params = fresh()
        walk(case, optimizer(params), params, grads)
    with recorder.case("another first gradient") as case:
        params = fresh()
        walk(case, optimizer(params), params, [problem["other"], *grads[1:2]])
    with recorder.case("second lr") as case:
        params = fresh()
        walk(case, optimizer(params, second), params, grads)
    with recorder.case("bowl") as case:
        roll(optimizer, problem["bowl"], case)
    with recorder.case("digits") as case:
        for lr in problem["digits"]["lrs"]:
            learn(lambda params, lr=lr: optimizer(params, lr), problem["digits"], case)
    with recorder.case("groups") as case:
        params = fresh()
        walk(case, optimizer([{"params": params[:1]}, {"params": params[1:], "lr": second}]), params, grads)
    with recorder.case("late parameter") as case:
        params = fresh()
        late_grads = [[None if t < late else g[0], *g[1:]] for t, g in enumerate(grads)]
        walk(case, optimizer(params), params, late_grads)
    with recorder.case("late parameter alone") as case:
        params = fresh(everything[:1])
        walk(case, optimizer(params), params, [g[:1] for g in grads[late:]])
    with recorder.case("saved and loaded") as case:
        params = fresh()
        rule = optimizer(params)
        walk(case, rule, params, grads[:3])
        moved(case, params, rule, first)
    with recorder.case("begun anew") as case:
        params = fresh()
        walk(case, optimizer(params), params, grads[:3])
        params = [p.detach().clone().requires_grad_() for p in params]
        walk(case, optimizer(params), params, grads[3:])
    with recorder.case("scheduler") as case:
        params = fresh()
        rule = optimizer(params)
        scheduler = torch.optim.lr_scheduler.LambdaLR(rule, lambda t: 1.0 if t < 3 else second / first)
        for gradient in grads:
            walk(case, rule, params, [gradient])
            scheduler.step()
    with recorder.case("lr set by hand") as case:
        params = fresh()
        rule = optimizer(params)
        walk(case, rule, params, grads[:3])
        moved(case, params, rule, second)
    with recorder.case("gradient untouched") as case:
        params = fresh()
        rule = optimizer(params)
        for gradient in grads:
            step(rule, params, gradient)
            case.record(p.grad for p in params)
    with recorder.case("same parameters") as case:
        params = fresh()
        rule = optimizer(params)
        step(rule, params, grads[0])
        held = [p for group in rule.param_groups for p in group["params"]]
        case.record(float(k is p and k.is_leaf and k.requires_grad) for k, p in zip(held, params, strict=True))


def roll(optimizer: Callable[..., torch.optim.Optimizer], bowl: Any, case: CaseRecorder) -> None:
    """Where the optimizer ends on ½ Σ λw² from every start (the rows), one step for each learning rate."""
    for lr in bowl["lrs"]:
        w = bowl["start"].clone().requires_grad_()
        rule = optimizer([w], lr)
        for _ in range(bowl["steps"]):
            step(rule, [w], [bowl["curvatures"] * w.detach()])
        case.record([w])


def learn(optimizer: Callable[..., torch.optim.Optimizer], digits: Any, case: CaseRecorder) -> None:
    """Train the network in a loop of ours and record its weights."""
    model = network(digits["weights"])
    rule = optimizer(list(model.parameters()))
    order = torch.Generator().manual_seed(digits["seed"])
    for _ in range(digits["epochs"]):
        for batch in torch.split(torch.randperm(len(digits["x"]), generator=order), digits["batch_size"]):
            rule.zero_grad()
            cross_entropy(model(digits["x"][batch]), digits["y"][batch]).backward()  # type: ignore[no-untyped-call]
            rule.step()
    case.record(model.parameters())


def network(weights: list[Tensor]) -> torch.nn.Sequential:
    """x → tanh(x W₁ᵀ + b₁) W₂ᵀ + b₂, with these weights, `[h, d]`, `[h]`, `[C, h]` and `[C]`."""
    hidden, inputs = weights[0].shape
    model = torch.nn.Sequential(
        torch.nn.Linear(inputs, hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, len(weights[3]))
    )
    with torch.no_grad():
        for p, value in zip(model.parameters(), weights, strict=True):
            p.copy_(value)
    return model


class Scores(torch.nn.Module):
    """A table of scores for one-hot samples, `[N, C]`; in evaluation mode a shift is added, so that the mode shows."""

    def __init__(self, table: Tensor, shift: Tensor) -> None:
        super().__init__()
        self.table = torch.nn.Parameter(table.clone())
        self.shift = shift.clone()

    def forward(self, x: Tensor) -> Tensor:
        return x @ (self.table if self.training else self.table + self.shift)


class Descent(torch.optim.Optimizer):
    """u ← μu + g, w ← w − ηu; torch's own imports its compiler at the first step, which takes 2 s."""

    def __init__(self, params: Any, lr: float, momentum: float = 0.0) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})

    def step(self, closure: Any = None) -> Any:
        loss = closure() if closure else None
        with torch.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        velocity = self.state[p].setdefault("velocity", torch.zeros_like(p))
                        velocity.mul_(group["momentum"]).add_(p.grad)
                        p.sub_(velocity, alpha=group["lr"])
        return loss


class Watched(Descent):
    """Gradient descent that records the parameters before and after each step."""

    def __init__(self, params: list[Tensor], lr: float, case: CaseRecorder) -> None:
        super().__init__(params, lr)
        self.watched, self.case = params, case

    def step(self, closure: Any = None) -> Any:
        before = [p.detach().clone() for p in self.watched]
        result = super().step(closure)
        self.case.record([*before, *self.watched])
        return result


def train(attempt: Any, problem: Any, recorder: Recorder) -> None:
    """Cases: a run on the small set for each seed, every update a step, and one on the digits.

    The last step of a case is `loss`, `accuracy`, and the weights at the end.
    """
    small, digits = problem["small set"], problem["digits"]
    x = torch.eye(len(small["labels"]), dtype=small["table"].dtype)
    for name, seed in small["seeds"].items():
        with recorder.case(name) as case:
            model = Scores(small["table"], small["shift"])
            optimizer: torch.optim.Optimizer = Watched(list(model.parameters()), small["lr"], case)
            run_train(attempt, model, optimizer, x, small["labels"].clone(), small, seed, case)
    with recorder.case("digits") as case:
        net = network(digits["weights"])
        optimizer = Descent(net.parameters(), digits["lr"], digits["momentum"])
        run_train(attempt, net, optimizer, digits["x"].clone(), digits["y"].clone(), digits, digits["seed"], case)


def run_train(
    attempt: Any,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    x: Tensor,
    y: Tensor,
    how: Any,
    seed: int,
    case: CaseRecorder,
) -> None:
    """Call the student's `train` and record what it returned and left behind."""
    generator = torch.Generator().manual_seed(seed)
    result = call(attempt, model, optimizer, x, y, how["batch_size"], how["epochs"], generator)
    case.record([numbers(result, "loss"), numbers(result, "accuracy"), *model.parameters()])


def numbers(result: Any, key: str) -> Tensor:
    """The list under a key of the returned dict, as one float64 tensor `[k]`.

    Raises:
        Unusable: if there is no such list of numbers.
    """
    if not isinstance(result, dict):
        raise Unusable(f"returned {describe(result)}; expected a dict with the keys 'loss' and 'accuracy'")
    if key not in result:
        keys = ", ".join(repr(k) for k in list(result)[:10])
        raise Unusable(f"returned a dict with the keys {keys or '(none)'}; expected 'loss' and 'accuracy'")
    try:
        values = [snapshot(value) for _, value in zip(range(MAX_NUMBERS), result[key], strict=False)]
        real = [value for value in values if isinstance(value, Tensor) and not value.is_complex()]
        found = [value.double().reshape(()) for value in real]
        if len(found) < len(values):
            raise TypeError
        return torch.stack(found) if found else torch.empty(0, dtype=torch.float64)
    except (TypeError, RuntimeError):
        raise Unusable(f"{key!r} is {describe(result[key])}; expected a list of numbers") from None


EXERCISES = {"MyOptimizer": my_optimizer, "train": train}
