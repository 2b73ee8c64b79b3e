"""Every figure in the prose of lesson 06 is the one that its own code gives."""

import math
from types import SimpleNamespace

import pytest
import torch
from walk import measured, source_of, walk_through

pytestmark = pytest.mark.slow  # it walks through the whole lesson


@pytest.fixture(scope="module")
def momentum() -> SimpleNamespace:
    return walk_through("06_momentum")


def test_example_of_momentum_step(momentum: SimpleNamespace) -> None:
    params, velocities = [torch.tensor([1.0], dtype=torch.float64)], [torch.zeros(1, dtype=torch.float64)]
    seen = []
    for slope in (2.0, 1.0):
        grads = [torch.tensor([slope], dtype=torch.float64)]
        params, velocities = momentum.momentum_step(params, velocities, grads, 0.1, 0.9)
        seen.append(f"`[{params[0].item():.3g}]` {velocities[0].item():.2g}")
    assert seen == ["`[0.8]` 2", "`[0.52]` 2.8"]
    text = momentum.prose["exercise-momentum-step"]
    assert "the parameter `[0.8]` and the velocity `[2.0]`" in text
    assert "gives `[0.52]` and `[2.8]`" in text


def test_what_is_left_in_the_first_ravine(momentum: SimpleNamespace) -> None:
    plain, with_memory = measured(momentum.printed["experiment-ravine"])
    text = momentum.prose["what-memory-adds-up-to"]
    assert f"{plain} of the first distance is left without memory, {with_memory} with" in text
    again = momentum.roll(momentum.canyon.gradient, momentum.rim, 1.0, 0.7, 40)
    assert again.equal(momentum.with_memory)
    assert "its learning rate is 1, and it will keep 0.7 of its velocity" in momentum.prose["question-ravine"]


def test_the_edge_on_the_map(momentum: SimpleNamespace) -> None:
    assert r"\text{lr} \cdot L = 2 + 2 \cdot \text{momentum}" in momentum.prose["predict-counts-text"]
    for share in (0.0, 0.5, 0.95):
        lrs = (2 + 2 * share) * torch.tensor([0.99, 1.01], dtype=torch.float64)
        inside, outside = momentum.heavy_ball_rate(lrs, share, momentum.extremes)
        assert inside < 1 < outside
    lr, best = momentum.fastest_momentum(0.01, 1.0)
    above = torch.linspace(best + 0.01, 0.98, 5, dtype=torch.float64)
    assert torch.allclose(momentum.heavy_ball_rate(lr, above, momentum.extremes), above.sqrt())
    assert momentum.heavy_ball_rate(lr, best - 0.01, momentum.extremes) > math.sqrt(best)


def test_examples_of_fastest_momentum(momentum: SimpleNamespace) -> None:
    text = momentum.prose["exercise-fastest-momentum"]
    for smallest, largest in ((1.0, 9.0), (2.0, 2.0)):
        lr, share = momentum.fastest_momentum(smallest, largest)
        assert f"`fastest_momentum({smallest}, {largest})` is `({lr:.3g}, {share:.2f}".rstrip("0") in text


def test_the_pair_solves_the_two_equations(momentum: SimpleNamespace) -> None:
    lr, share = momentum.fastest_momentum(0.01, 1.0)
    assert lr * 0.01 == pytest.approx((1 - math.sqrt(share)) ** 2)
    assert lr * 1.0 == pytest.approx((1 + math.sqrt(share)) ** 2)
    rate = momentum.heavy_ball_rate(*(torch.tensor(v, dtype=torch.float64) for v in (lr, share)), momentum.extremes)
    # nothing on the map is darker than the pair
    assert float(rate) < float(momentum.rates.min()) + 1e-6


def test_speed(momentum: SimpleNamespace) -> None:
    same, turning = map(float, measured(momentum.printed["experiment-speed"]))
    assert same == pytest.approx(1 / (1 - 0.9), abs=1e-3)
    assert turning == pytest.approx(1 / (1 + 0.9), abs=1e-3)
    assert "counts ten times and the back-and-forth about half" in momentum.prose["after-speed"]


def test_training(momentum: SimpleNamespace) -> None:
    plain, with_memory, long_stride = measured(momentum.printed["experiment-training"])
    text = momentum.prose["after-training"]
    assert f"{plain} without memory, {with_memory} with momentum 0.9, and {long_stride} without" in text
    assert "0.81 at the start" in next(iter(source_of("06_momentum", "predict-training")))
    yours, theirs = (momentum.curves[f"{who}, lr 0.1, momentum 0.9"][1] for who in ("yours", "PyTorch"))
    assert f"{theirs[0]:.2f}" == "0.81"
    assert torch.allclose(yours, theirs, rtol=1e-4)


def test_updates_by_condition_number(momentum: SimpleNamespace) -> None:
    text = momentum.prose["after-counts"]
    plain = {int(k): f"{n:.0f}" for k, n in zip(momentum.kappas.tolist(), momentum.plain.tolist(), strict=True)}
    yours = {int(k): f"{n:.0f}" for k, n in zip(momentum.kappas.tolist(), momentum.yours.tolist(), strict=True)}
    assert f"At κ = 100: {plain[100]} updates without memory, {yours[100]} with" in text
    spaced = f"{int(plain[10_000]):,}".replace(",", " ")
    assert f"At κ = 10 000: {spaced} against {yours[10_000]}" in text
    by_rate = [math.ceil(momentum.by_theory["yours"][i].item()) for i in (1, 3)]
    assert f"predicts {by_rate[0]} and {by_rate[1]}" in text
    excess = [int(yours[k]) / n - 1 for k, n in zip((100, 10_000), by_rate, strict=True)]
    assert "a quarter to nearly a half more" in text
    assert 0.2 < excess[0] < 0.3
    assert 0.4 < excess[1] < 0.5
    answer = momentum.prose["answer-momentum"]
    assert f"{plain[100]} updates against {yours[100]} at κ = 100 and {spaced} against {yours[10_000]}" in answer


def test_cost_grows_with_the_root(momentum: SimpleNamespace) -> None:
    assert momentum.plain[3] / momentum.plain[1] == pytest.approx(100, rel=0.02)
    assert momentum.yours[3] / momentum.yours[1] == pytest.approx(10, rel=0.2)


def test_dents(momentum: SimpleNamespace) -> None:
    text = momentum.prose["after-dents"]
    shallow, middle, deep = measured(momentum.printed["experiment-dents"])
    assert (shallow, deep) == ("0.00", "0.00")
    assert f"At depth 0.4 momentum 0.8 stays too, at {middle}" in text
    assert f"without memory the run stays at {momentum.ending(0.3, 0.0)}" in text
    bottom = momentum.ending(0.6, 0.0)
    assert f"although the dent at {bottom} was the lower of the two" in text
    loss = momentum.Dented(0.6)
    assert loss.value(torch.tensor([float(bottom)])) < loss.value(torch.zeros(1))


def test_the_small_dents_are_not_the_lowest_place(momentum: SimpleNamespace) -> None:
    for depth, where in ((0.3, 2.74), (0.4, 2.81)):
        loss = momentum.Dented(depth)
        assert loss.value(torch.tensor([where])) > loss.value(torch.zeros(1))


def test_another_learning_rate_ends_elsewhere(momentum: SimpleNamespace) -> None:
    ends = [
        momentum.roll(momentum.Dented(0.3).gradient, momentum.uphill, lr, 0.95, 600)[-1].item() for lr in (0.1, 0.2)
    ]
    assert [round(end) for end in ends] == [0, 3]
