"""The references walk the same path as torch.optim: optimizers × landscapes × dtypes."""

from typing import Any

import pytest
import torch

from reference.landscapes import LessardCycle, Quadratic, TwoValleys, ravine, spectrum
from reference.optimizers import GradientDescent, Momentum

OPTIMIZERS = [
    pytest.param(GradientDescent, {}, id="descent"),
    pytest.param(GradientDescent, {"weight_decay": 0.1}, id="descent-decay"),
    pytest.param(GradientDescent, {"maximize": True}, id="ascent"),
    pytest.param(Momentum, {"momentum": 0.9}, id="momentum"),
    pytest.param(Momentum, {"momentum": 0.5, "weight_decay": 0.1}, id="momentum-decay"),
    pytest.param(Momentum, {"momentum": 0.9, "maximize": True}, id="momentum-ascent"),
]
LANDSCAPES = {"ravine": (ravine(50), 2), "spectrum": (spectrum(100), 20), "valleys": (TwoValleys(), 1)}
DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=[
            pytest.mark.cuda,
            pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device: run on a machine with a GPU"),
        ],
    ),
]


def walk(optimizer_class: Any, landscape: Any, start: torch.Tensor, options: dict[str, Any]) -> torch.Tensor:
    w = start.clone().requires_grad_()
    optimizer = optimizer_class([w], lr=0.01, **options)
    path = []
    for _ in range(25):
        optimizer.zero_grad()
        landscape.value(w).backward()
        optimizer.step()
        path.append(w.detach().clone())
    return torch.stack(path)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("landscape", LANDSCAPES)
@pytest.mark.parametrize(("optimizer", "options"), OPTIMIZERS)
def test_the_path_is_torchs(optimizer: Any, options: dict[str, Any], landscape: str, dtype: Any, device: str) -> None:
    surface, n = LANDSCAPES[landscape]
    if isinstance(surface, Quadratic):
        surface = Quadratic(surface.curvatures.to(device, dtype))
    start = torch.linspace(0.5, 1.2, n, dtype=dtype, device=device)
    ours = walk(optimizer, surface, start, options)
    torchs = walk(torch.optim.SGD, surface, start, options)
    torch.testing.assert_close(ours, torchs, rtol=1e-4 if dtype == torch.float32 else 1e-12, atol=1e-6)


def test_groups_late_parameters_and_a_scheduler_as_torch() -> None:
    def run(optimizer_class: Any) -> list[torch.Tensor]:
        a, b = torch.ones(2, dtype=torch.float64, requires_grad=True), torch.ones(3, dtype=torch.float64)
        b.requires_grad_()
        optimizer = optimizer_class([{"params": [a]}, {"params": [b], "lr": 0.02}], lr=0.1, momentum=0.8)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.3)
        for t in range(6):
            optimizer.zero_grad()
            (a**2).sum().backward()
            if t >= 2:
                (b**4).sum().backward()
            if t == 3:
                state = optimizer.state_dict()
                optimizer.load_state_dict(state)
            optimizer.step()
            scheduler.step()
        return [a.detach(), b.detach()]

    torch.testing.assert_close(run(Momentum), run(torch.optim.SGD), rtol=1e-12, atol=0)


def test_the_gradient_stays_as_it_was() -> None:
    w = torch.ones(2, requires_grad=True)
    w.grad = torch.ones(2)
    Momentum([w], lr=0.1, weight_decay=0.5, maximize=True).step()
    assert w.grad.equal(torch.ones(2))


@pytest.mark.parametrize(
    ("optimizer", "options", "words"),
    [
        (GradientDescent, {"lr": -1.0}, "lr is -1.0; expected"),
        (Momentum, {"lr": 0.1, "momentum": 1.0}, "momentum is 1.0; expected"),
        (Momentum, {"lr": 0.1, "weight_decay": -0.1}, "weight_decay is -0.1; expected"),
    ],
)
def test_bad_hyperparameters_are_refused_by_name(optimizer: Any, options: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        optimizer([torch.ones(1, requires_grad=True)], **options)


def test_a_sparse_gradient_is_refused() -> None:
    w = torch.ones(2, requires_grad=True)
    w.grad = torch.ones(2).to_sparse()
    with pytest.raises(ValueError, match="sparse gradient"):
        GradientDescent([w], lr=0.1).step()


def test_heavy_ball_cycles_for_ever() -> None:
    cycle = LessardCycle()
    w, v = torch.tensor([3.3], dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    seen = []
    for _ in range(600):
        v = 4 / 9 * v + cycle.gradient(w)
        w = w - v / 9
        seen.append(round(float(w), 2))
    assert sorted(seen[-3:]) == [-1.80, 0.65, 2.12]
    assert seen[-3:] == seen[-6:-3]
