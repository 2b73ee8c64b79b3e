"""Every figure in the prose of lesson 07 is the one that its own code gives."""

import math
from types import SimpleNamespace

import pytest
import torch
from walk import measured, walk_through

pytestmark = pytest.mark.slow  # it walks through the whole lesson


@pytest.fixture(scope="module")
def nesterov() -> SimpleNamespace:
    return walk_through("07_nesterov")


def one(*values: float) -> list[torch.Tensor]:
    return [torch.tensor(values, dtype=torch.float64)]


def test_example_of_look_ahead_step(nesterov: SimpleNamespace) -> None:
    asked = []

    def gradient(points: list[torch.Tensor]) -> list[torch.Tensor]:
        asked.append(points[0].item())
        return points

    params, velocities = nesterov.look_ahead_step(one(4.0), one(-2.0), gradient, 0.5, 0.5)
    text = nesterov.prose["exercise-look-ahead-step"]
    assert f"the jump ends at {asked[0]:g}" in text
    assert f"the new velocity is `[{velocities[0].item()}]` and the parameter `[{params[0].item()}]`" in text


def test_example_of_nesterov_step(nesterov: SimpleNamespace) -> None:
    params, velocities = nesterov.nesterov_step(one(1.0), one(0.0), one(2.0), 0.1, 0.5)
    text = nesterov.prose["exercise-nesterov-step"]
    assert f"gives the velocity `[{velocities[0].item()}]` and the parameter `[{params[0].item():.2g}]`" in text
    params, velocities = nesterov.nesterov_step(params, velocities, one(1.0), 0.1, 0.5)
    assert f"the gradient `[1.0]` gives `[{velocities[0].item()}]` and `[{params[0].item():.2g}]`" in text


def test_the_two_arrows(nesterov: SimpleNamespace) -> None:
    plain, ahead = (value.replace("-", "−") for value in measured(nesterov.printed["experiment-arrows"]))
    text = nesterov.prose["after-arrows"]
    assert f"Plain momentum lands at {plain}, the look-ahead at {ahead}." in text
    jump = nesterov.here + 0.9 * nesterov.before
    assert f"across the floor, to {jump[1]:.2f}".replace("-", "−") in text
    assert nesterov.here.tolist() == [-2.0, 0.55]
    assert nesterov.before.tolist() == [1.3, -1.1]


def test_the_drop(nesterov: SimpleNamespace) -> None:
    book, torchs = measured(nesterov.printed["experiment-drop"])
    text, answer = nesterov.prose["after-drop"], nesterov.prose["answer-nesterov"]
    assert f"is {book} of the step before in exercise 1, and {torchs} in exercise 2" in text
    assert f"was {torchs} of the one before" in answer
    assert f"old displacement: {book}" in answer
    assert float(nesterov.gap[:21].max()) < 2e-16
    assert f"up to {nesterov.gap[21:].max():.2f} apart" in text
    assert "The coordinate across is gone after two updates" in text
    assert all(path[2:, 1].abs().max() < 1e-15 < path[1, 1].abs() for path in nesterov.two_forms.values())


def test_between_which_momenta_they_land_on_different_sides(nesterov: SimpleNamespace) -> None:
    sides = {m: [bool(end[1] > 0) for end in nesterov.landings(momentum=m).values()] for m in (0.1, 0.35, 0.9)}
    assert [len(set(pair)) for pair in sides.values()] == [1, 2, 1]


def test_training(nesterov: SimpleNamespace) -> None:
    plain, yours = measured(nesterov.printed["experiment-training"])
    text = nesterov.prose["after-training"]
    assert f"The loss rises in {plain} of the updates with plain momentum, and in {yours} with the look-ahead" in text
    ends = [f"{nesterov.curves[name][1][-1]:.4f}" for name in ("momentum", "yours")]
    assert f"they are at {ends[0]} and {ends[1]}" in text
    assert f"rose in {yours} of 300 updates instead of {plain}" in nesterov.prose["answer-nesterov"]
    assert torch.allclose(nesterov.curves["yours"][1], nesterov.curves["PyTorch's Nesterov"][1], rtol=1e-4)


def test_at_a_usual_momentum_the_curves_are_hard_to_tell_apart(nesterov: SimpleNamespace) -> None:
    _, plain = nesterov.train(lambda params: torch.optim.SGD(params, lr=0.1, momentum=0.9))
    _, ahead = nesterov.train(lambda params: nesterov.Nesterov(params, lr=0.1))
    assert float((plain.log() - ahead.log()).abs().max()) < 0.2


def test_the_edge(nesterov: SimpleNamespace) -> None:
    for momentum in (0.0, 0.5, 0.9):
        edge = (2 + 2 * momentum) / (1 + 2 * momentum)
        assert nesterov.roll(0.99 * edge, momentum, 2000)[-1, 1].abs() < 1e-3
        assert nesterov.roll(1.01 * edge, momentum, 2000)[-1, 1].abs() > 1e3


def test_updates_by_condition_number(nesterov: SimpleNamespace) -> None:
    small, large = measured(nesterov.printed["experiment-counts"])
    text, asked = nesterov.prose["after-counts"], nesterov.prose["predict-counts-text"]
    ball = {k: f"{n:.0f}" for k, n in zip(nesterov.kappas.tolist(), nesterov.ball.tolist(), strict=True)}
    assert f"{small} updates at κ = 100, and {large} at κ = 10 000" in text
    assert f"{ball[100.0]} updates to a millionth of the distance at κ = 100, and {ball[10000.0]} at" in asked
    assert f"the tuned heavy ball wins, {ball[100.0]} to {small}" in text
    assert f"took {small} updates where the tuned heavy ball takes {ball[100.0]}" in nesterov.prose["answer-nesterov"]
    assert nesterov.yours[3] / nesterov.yours[1] == pytest.approx(10, rel=0.1)


def test_gradient_descents_counts_are_lesson_06s(nesterov: SimpleNamespace) -> None:
    for kappa, count in ((100, 634), (10_000, 63_322)):
        rate = (kappa - 1) / (kappa + 1)
        assert count == pytest.approx(math.log(1e-6) / math.log(rate), rel=0.1)
        assert f"{count:,}".replace(",", " ") in nesterov.prose["predict-counts-text"]


def test_the_cycle(nesterov: SimpleNamespace) -> None:
    text = nesterov.prose["after-cycle"]
    ball, yours = nesterov.ends.values()
    turn = [round(w, 2) for w in ball[-3:, 0].tolist()]
    begin = turn.index(-1.8)
    turn = turn[begin:] + turn[:begin]
    assert "{:.2f}, {:.2f} and {:.2f}".format(*turn).replace("-", "−") in text
    assert ball[-3:].equal(ball[-6:-3]) or torch.allclose(ball[-3:], ball[-6:-3], rtol=1e-12)
    assert yours[2:].abs().max() < 1e-12
    assert yours[1].abs() > 0.5
    careful = nesterov.momentum_descent(nesterov.kinked.gradient, nesterov.begin, 1 / 25, 2 / 3, 300)
    assert careful[-1].abs() < 1e-6, "the heavy ball comes to rest at the careful pair"
    assert nesterov.look_ahead_run(1 / 9, 4 / 9, 100)[-1].abs() > 1e6, "at the heavy ball's pair yours diverges"
    assert 25 / 9 > (2 + 2 * 4 / 9) / (1 + 2 * 4 / 9)
