"""The references walk the same path as torch.optim's: optimizers × landscapes × dtypes × devices; then their uses."""

import copy
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch

from reference.landscapes import Rosenbrock, TwoValleys, ravine, spectrum
from reference.optimizers import (
    Adam,
    AdamW,
    GradientDescent,
    Momentum,
    Nesterov,
    RMSprop,
    adam_step,
    gradient_step,
    look_ahead_step,
    momentum_step,
    nesterov_step,
    rmsprop_step,
)
from reference.optimizers.base import ReferenceOptimizer
from reference.training import descend

ADAPTIVE = (RMSprop, Adam, AdamW)  # their lr is a distance, whatever the curvature
DECAY = {"weight_decay": 0.1}
ASCENT = {"maximize": True, "weight_decay": 0.1}
BETAS = {"betas": (0.8, 0.95), "eps": 1e-3}
OPTIMIZERS = [
    pytest.param(GradientDescent, {}, id="descent"),
    pytest.param(GradientDescent, DECAY, id="descent-decay"),
    pytest.param(GradientDescent, ASCENT, id="ascent-decay"),
    pytest.param(Momentum, {"momentum": 0.9}, id="momentum"),
    pytest.param(Momentum, {"momentum": 0.0}, id="momentum-0"),
    pytest.param(Momentum, {"momentum": 0.5, **DECAY}, id="momentum-decay"),
    pytest.param(Momentum, {"momentum": 0.9, **ASCENT}, id="momentum-ascent-decay"),
    pytest.param(Nesterov, {"momentum": 0.9}, id="nesterov"),
    pytest.param(Nesterov, {"momentum": 0.5, **DECAY}, id="nesterov-decay"),
    pytest.param(Nesterov, {"momentum": 0.9, **ASCENT}, id="nesterov-ascent-decay"),
    pytest.param(RMSprop, {}, id="rmsprop"),
    pytest.param(RMSprop, {"alpha": 0.8, "eps": 1e-3, **DECAY}, id="rmsprop-decay"),
    pytest.param(RMSprop, ASCENT, id="rmsprop-ascent-decay"),
    pytest.param(Adam, {}, id="adam"),
    pytest.param(Adam, {**BETAS, **DECAY}, id="adam-decay"),
    pytest.param(Adam, {**BETAS, **ASCENT}, id="adam-ascent-decay"),
    pytest.param(AdamW, {}, id="adamw"),
    pytest.param(AdamW, {**BETAS, "weight_decay": 0.3}, id="adamw-decay"),
    pytest.param(AdamW, {**BETAS, **ASCENT}, id="adamw-ascent-decay"),
]
TORCHS: dict[Any, Any] = {  # each reference's counterpart in PyTorch
    GradientDescent: torch.optim.SGD,
    Momentum: torch.optim.SGD,
    Nesterov: partial(torch.optim.SGD, nesterov=True),
    RMSprop: torch.optim.RMSprop,
    Adam: torch.optim.Adam,
    AdamW: torch.optim.AdamW,
}
LANDSCAPES = {
    "ravine": (ravine(50.0), 0.1),
    "spectrum": (spectrum(100.0), 0.1),
    "rosenbrock": (Rosenbrock(), 1e-4),
    "valleys": (TwoValleys(), 1e-3),
}
# torch rounds lr·g and the difference at once, p - lr * g each for itself: an ulp a step, which the path carries on
TOLERANCES = {torch.float64: 1e-12, torch.float32: 1e-4, torch.bfloat16: 5e-2}
DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=[
            pytest.mark.cuda,
            pytest.mark.skipif(
                not torch.cuda.is_available(),
                reason="torch sees no CUDA device; on a machine with one, run: pytest -m cuda tests/reference",
            ),
        ],
    ),
]
EVERY = pytest.mark.parametrize("optimizer_class", TORCHS)


def parameter(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", TOLERANCES, ids=str)
@pytest.mark.parametrize("landscape", LANDSCAPES)
@pytest.mark.parametrize(("optimizer_class", "options"), OPTIMIZERS)
def test_the_path_is_torchs(
    optimizer_class: Any, options: dict[str, Any], landscape: str, dtype: torch.dtype, device: str
) -> None:
    surface, lr = LANDSCAPES[landscape]
    lr = 0.02 if optimizer_class in ADAPTIVE else lr
    start = torch.linspace(0.5, 1.2, len(surface.minimum), dtype=dtype, device=device)
    ours = descend(lambda params: optimizer_class(params, lr=lr, **options), surface, start, 25)
    torchs = descend(lambda params: TORCHS[optimizer_class](params, lr=lr, **options), surface, start, 25)
    assert ours.dtype == dtype
    assert ours.device == start.device
    tolerance = TOLERANCES[dtype]
    torch.testing.assert_close(ours, torchs, rtol=tolerance, atol=tolerance * float(torchs.abs().max()))
    assert float((torchs[-1] - torchs[0]).norm()) > 0.01 * float(torchs[0].norm())  # or agreeing would be no feat


def uses(optimizer_class: Any, options: dict[str, Any], interrupted: bool = False) -> list[torch.Tensor]:
    """Two groups, one with its own lr, whose parameter gets gradients from step 2 on only; lr drops on the way."""
    early, late = parameter(1.0, -2.0), parameter(0.5, 1.0, 1.5)

    def make() -> Any:
        optimizer = optimizer_class([{"params": [early]}, {"params": [late], "lr": 0.02}], lr=0.1, **options)
        return optimizer, torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.3)

    optimizer, scheduler = make()
    path = []
    for t in range(8):
        if interrupted and t == 4:
            states = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
            optimizer, scheduler = make()
            optimizer.load_state_dict(states[0])
            scheduler.load_state_dict(states[1])
        optimizer.zero_grad()
        ((early**2).sum() + ((late**4).sum() if t >= 2 else 0)).backward()
        optimizer.step()
        scheduler.step()
        path.append(torch.cat([early, late]).detach())
    return path


@pytest.mark.parametrize("interrupted", [False, True])
@pytest.mark.parametrize(
    ("optimizer_class", "options"),
    [
        (GradientDescent, {}),
        (Momentum, {"momentum": 0.8}),
        (Nesterov, {"momentum": 0.8}),
        (RMSprop, {"alpha": 0.8}),
        (Adam, BETAS),
        (AdamW, BETAS),
    ],
)
def test_groups_a_late_parameter_a_scheduler_and_a_saved_state_as_in_torch(
    optimizer_class: Any, options: dict[str, Any], interrupted: bool
) -> None:
    torchs = uses(TORCHS[optimizer_class], options)
    torch.testing.assert_close(uses(optimizer_class, options, interrupted), torchs, rtol=1e-12, atol=0)
    assert torchs[1][2:].tolist() == [0.5, 1.0, 1.5]
    assert torchs[2][2:].tolist() != [0.5, 1.0, 1.5]


@EVERY
def test_the_parameter_stays_the_same_tensor_and_its_gradient_untouched(optimizer_class: Any) -> None:
    w, unused = parameter(1.0, 2.0), parameter(3.0)
    memory, grad = w.data_ptr(), torch.tensor([0.5, -0.5], dtype=torch.float64)
    w.grad = grad
    optimizer = optimizer_class([w, unused], lr=0.1, weight_decay=0.5, maximize=True)
    for _ in range(3):
        optimizer.step()
    assert optimizer.param_groups[0]["params"][0] is w
    assert w.data_ptr() == memory
    assert w.is_leaf
    assert w.tolist() != [1.0, 2.0]
    assert w.grad is grad
    assert grad.tolist() == [0.5, -0.5]
    assert unused.tolist() == [3.0]
    assert not optimizer.state.get(unused)


@EVERY
def test_a_closure_is_called_once_with_gradients_on_and_its_loss_returned(optimizer_class: Any) -> None:
    w = parameter(2.0)
    optimizer = optimizer_class([w], lr=0.25)
    calls = []

    def closure() -> torch.Tensor:
        calls.append(torch.is_grad_enabled())
        optimizer.zero_grad()
        loss = (w**2).sum()
        loss.backward()
        return loss

    assert float(optimizer.step(closure).detach()) == 4.0
    assert calls == [True]
    assert w.tolist() != [2.0]
    assert optimizer.step() is None


@EVERY
def test_what_is_remembered_is_never_the_gradients_own_memory(optimizer_class: Any) -> None:
    w = parameter(1.0)
    optimizer = optimizer_class([w], lr=0.1)
    w.grad = torch.ones_like(w)
    optimizer.step()
    before = copy.deepcopy(optimizer.state_dict()["state"])
    w.grad.fill_(100.0)
    assert optimizer.state_dict()["state"] == before


def test_adam_counts_the_steps_of_each_parameter() -> None:
    early, late = parameter(1.0), parameter(1.0)
    optimizer = Adam([early, late], lr=0.5, eps=0.0)
    for _ in range(3):
        early.grad = torch.full_like(early, 3.0)
        optimizer.step()
    late.grad = torch.full_like(late, -7.0)
    optimizer.step()
    assert [optimizer.state[p]["step"] for p in (early, late)] == [4, 1]
    assert late.item() == pytest.approx(1.5)


def test_a_step_of_adam_is_counted_from_one() -> None:
    one = [torch.ones(1)]
    with pytest.raises(ValueError, match=r"step is 0; expected a count from 1"):
        adam_step(one, one, one, one, 0, 0.1, (0.9, 0.999), 1e-8)


def look_ahead_path(gradient: Any, start: torch.Tensor, lrs: list[float], momentum: float) -> list[torch.Tensor]:
    """Where the textbook's form is about to measure, after each step."""
    params, velocities, path = [start], [torch.zeros_like(start)], []
    for lr in lrs:
        params, velocities = look_ahead_step(params, velocities, lambda points: map(gradient, points), lr, momentum)
        path.append(params[0] + momentum * velocities[0])
    return path


def nesterov_path(gradient: Any, start: torch.Tensor, lrs: list[float], momentum: float) -> list[torch.Tensor]:
    params, velocities, path = [start], [torch.zeros_like(start)], []
    for lr in lrs:
        params, velocities = nesterov_step(params, velocities, map(gradient, params), lr, momentum)
        path.append(params[0])
    return path


def test_the_two_forms_of_nesterov_walk_together_until_lr_changes() -> None:
    gradient, start = Rosenbrock().gradient, torch.tensor([-1.0, 0.5], dtype=torch.float64)
    lrs = [1e-3] * 10 + [1e-4] * 3
    there = look_ahead_path(gradient, start, lrs, 0.9)
    here = nesterov_path(gradient, start, lrs, 0.9)
    torch.testing.assert_close(here[:10], there[:10], rtol=1e-12, atol=0)
    assert float((here[10] - there[10]).norm()) > 1e-3


def test_a_gradient_is_asked_for_where_the_jump_ends() -> None:
    asked: list[list[torch.Tensor]] = []

    def gradient(params: list[torch.Tensor]) -> list[torch.Tensor]:
        asked.append(params)
        return [torch.ones_like(p) for p in params]

    params, velocities = look_ahead_step([torch.tensor([4.0])], (torch.tensor([-2.0]),), gradient, 0.25, 0.5)
    assert [[p.tolist() for p in params] for params in asked] == [[[3.0]]]
    assert (params[0].tolist(), velocities[0].tolist()) == ([2.75], [-1.25])


@EVERY
def test_with_a_constant_gradient_an_adaptive_step_has_no_units(optimizer_class: Any) -> None:
    moved = []
    for scale in (1.0, 1000.0):
        w = parameter(1.0)
        optimizer = optimizer_class([w], lr=0.01, weight_decay=0.0)
        for _ in range(5):
            w.grad = scale * torch.ones_like(w)
            optimizer.step()
        moved.append(1.0 - w.item())
    assert moved[0] > 0
    assert moved[1] == pytest.approx(moved[0] if optimizer_class in ADAPTIVE else 1000 * moved[0], rel=1e-6)


def test_the_rules_leave_their_inputs_alone_and_take_any_iterable() -> None:
    p, v, g = torch.tensor([1.0]), torch.tensor([2.0]), torch.tensor([4.0])
    (new,) = gradient_step(iter([p]), (g,), lr=0.5)
    assert new.tolist() == [-1.0]
    (new,), (velocity,) = momentum_step(iter([p]), (v,), iter([g]), lr=0.5, momentum=0.25)
    assert new.tolist() == [-1.25]
    assert velocity.tolist() == [4.5]
    (new,), (velocity,) = nesterov_step(iter([p]), (v,), iter([g]), lr=0.5, momentum=0.25)
    assert (new.tolist(), velocity.tolist()) == ([-1.5625], [4.5])
    (new,), (square,) = rmsprop_step(iter([p]), (v,), iter([g]), lr=0.5, alpha=0.5, eps=1.0)
    assert (new.tolist(), square.tolist()) == ([0.5], [9.0])
    (new,), (mean,), (square,) = adam_step(iter([p]), (v,), iter([g]), iter([g]), 1, 0.5, (0.5, 0.0), 1.0)
    assert (new.tolist(), mean.tolist(), square.tolist()) == ([pytest.approx(0.4)], [3.0], [16.0])
    assert (p.tolist(), v.tolist(), g.tolist()) == ([1.0], [2.0], [4.0])
    (same,) = gradient_step([p], [g], lr=0.0)
    assert same.data_ptr() != p.data_ptr()


@pytest.mark.parametrize(
    "step",
    [
        lambda one, two: gradient_step(one, two, 0.1),
        lambda one, two: momentum_step(one, one, two, 0.1, 0.9),
        lambda one, two: momentum_step(two, one, one, 0.1, 0.9),
        lambda one, two: nesterov_step(one, one, two, 0.1, 0.9),
        lambda one, two: look_ahead_step(one, two, lambda params: params, 0.1, 0.9),
        lambda one, two: look_ahead_step(one, one, lambda params: two, 0.1, 0.9),
        lambda one, two: rmsprop_step(one, one, two, 0.1, 0.9, 1e-8),
        lambda one, two: adam_step(one, one, one, two, 1, 0.1, (0.9, 0.999), 1e-8),
    ],
)
def test_as_many_gradients_as_parameters(step: Callable[[Any, Any], Any]) -> None:
    with pytest.raises(ValueError, match="argument 2 is"):
        step([torch.ones(1)], [torch.ones(1), torch.ones(1)])


NUMBERS = [-1.0, math.nan, math.inf, "0.1", None]


@EVERY
@pytest.mark.parametrize("value", NUMBERS)
@pytest.mark.parametrize("name", ["lr", "weight_decay"])
def test_a_hyperparameter_out_of_range_is_refused_by_name_and_value(
    optimizer_class: Any, name: str, value: Any
) -> None:
    with pytest.raises(ValueError, match=f"^{name} is {value!r}; expected a number at least 0 and finite$"):
        optimizer_class([parameter(1.0)], **{"lr": 0.1, name: value})


@pytest.mark.parametrize("value", [*NUMBERS, 1.0])
@pytest.mark.parametrize(
    ("optimizer_class", "name"), [(Momentum, "momentum"), (Nesterov, "momentum"), (RMSprop, "alpha")]
)
def test_a_share_out_of_range_is_refused_by_name_and_value(optimizer_class: Any, name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} is {value!r}; expected a number from 0 to below 1$"):
        optimizer_class([parameter(1.0)], lr=0.1, **{name: value})


@pytest.mark.parametrize("optimizer_class", ADAPTIVE)
def test_an_eps_below_zero_is_refused(optimizer_class: Any) -> None:
    with pytest.raises(ValueError, match=r"^eps is -1e-08; expected a number at least 0 and finite$"):
        optimizer_class([parameter(1.0)], eps=-1e-8)


@pytest.mark.parametrize("optimizer_class", [Adam, AdamW])
@pytest.mark.parametrize(
    ("betas", "words"),
    [
        ((1.0, 0.5), r"betas\[0\] is 1\.0; expected a number from 0 to below 1"),
        ((0.9, math.nan), r"betas\[1\] is nan"),
        (0.9, r"betas is 0\.9; expected a pair"),
        ((0.9,), r"betas is \(0\.9,\); expected a pair"),
    ],
)
def test_betas_out_of_range_are_refused(optimizer_class: Any, betas: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        optimizer_class([parameter(1.0)], betas=betas)


def test_a_groups_own_hyperparameters_are_refused_too_and_the_group_is_not_taken_in() -> None:
    with pytest.raises(ValueError, match=r"lr is -2\.0; expected"):
        GradientDescent([{"params": [parameter(1.0)], "lr": -2.0}], lr=0.1)
    optimizer = Momentum([parameter(1.0)], lr=0.1)
    with pytest.raises(ValueError, match=r"momentum is 1\.5; expected"):
        optimizer.add_param_group({"params": [parameter(2.0)], "momentum": 1.5})
    assert len(optimizer.param_groups) == 1


@EVERY
def test_a_sparse_gradient_is_refused_before_anything_moves(optimizer_class: Any) -> None:
    dense = parameter(1.0)
    dense.grad = torch.ones_like(dense)
    embedding = torch.nn.Embedding(4, 2, sparse=True)
    embedding(torch.tensor([1])).sum().backward()
    optimizer = optimizer_class([{"params": [dense]}, {"params": embedding.parameters()}], lr=0.1)
    with pytest.raises(
        ValueError, match=rf"^{optimizer_class.__name__} has no rule for sparse gradients, .*shape \[4, 2\].*dense"
    ):
        optimizer.step()
    assert dense.tolist() == [1.0]


def test_an_lr_may_be_a_tensor_as_in_torch() -> None:
    w = parameter(1.0)
    w.grad = torch.ones_like(w)
    GradientDescent([w], lr=torch.tensor(0.5)).step()  # type: ignore[arg-type]  # at run time torch takes it too
    assert w.tolist() == [0.5]


def test_a_subclass_without_a_rule_says_what_is_missing() -> None:
    class Nowhere(ReferenceOptimizer):
        pass

    w = parameter(1.0)
    w.grad = torch.ones_like(w)
    with pytest.raises(NotImplementedError, match="Nowhere does not say where parameters go"):
        Nowhere([w], lr=0.1, weight_decay=0.0, maximize=False).step()
