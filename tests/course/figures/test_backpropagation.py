"""Every figure in the prose of lesson 03 is the one that its own code gives."""

import math
from types import SimpleNamespace

import pytest
import torch
from walk import measured, walk_through

pytestmark = pytest.mark.slow  # it walks through the whole lesson


@pytest.fixture(scope="module")
def lesson() -> SimpleNamespace:
    return walk_through("03_backpropagation")


def test_example_of_forward(lesson: SimpleNamespace) -> None:
    params = {
        "W1": torch.tensor([[2.0]]),
        "b1": torch.tensor([-1.0]),
        "W2": torch.tensor([[3.0, -3.0]]),
        "b2": torch.tensor([0.5, 0.0]),
    }
    found = lesson.forward(params, torch.tensor([[0.5]]))
    assert {name: value.tolist() for name, value in found.items()} == {
        "z1": [[0.0]],
        "a1": [[0.0]],
        "logits": [[0.5, 0.0]],
    }
    text = lesson.prose["exercise-forward"]
    assert "`W1 = [[2.]]`, `b1 = [-1.]`, `W2 = [[3., -3.]]`, `b2 = [0.5, 0.]` and `x = [[0.5]]`" in text
    assert "give `z1 = [[0.]]`, `a1 = [[0.]]`, `logits = [[0.5, 0.]]`" in text


def test_example_of_backward(lesson: SimpleNamespace) -> None:
    one, zeros = torch.ones(1, 1), torch.zeros(1, 2)
    params = {"W1": one, "b1": torch.zeros(1), "W2": zeros, "b2": zeros[0]}
    grads = lesson.backward(params, one, torch.tensor([1]), lesson.forward(params, one))
    assert grads["b2"].tolist() == [0.5, -0.5]
    assert [round(slope, 4) for slope in grads["W2"][0].tolist()] == [0.3808, -0.3808]
    assert (grads["W1"].tolist(), grads["b1"].tolist()) == ([[0.0]], [0.0])
    text = lesson.prose["exercise-backward"]
    assert "`[0.5, -0.5]` for `b2`, `[[0.3808, -0.3808]]` for `W2`, and zeros for `W1` and `b1`" in text


def test_logits_near_800_need_care(lesson: SimpleNamespace) -> None:
    assert "Logits may be near 800, where a bare exponential is infinite" in lesson.prose["exercise-backward"]
    assert torch.tensor(800.0, dtype=torch.float64).exp().isinf()
    params = {**lesson.begin, "b2": lesson.begin["b2"] + 800}
    activations = lesson.forward(params, lesson.points)
    grads = lesson.backward(params, lesson.points, lesson.labels, activations)
    assert all(torch.allclose(grads[name], lesson.by_hand[name], atol=1e-12) for name in grads)


def test_example_of_update(lesson: SimpleNamespace) -> None:
    moved = lesson.update({"b": torch.tensor([1.0])}, {"b": torch.tensor([5.0])}, 0.1)
    assert str(moved).replace("'", '"') in lesson.prose["exercise-update"]


def test_examples_of_value(lesson: SimpleNamespace) -> None:
    a = lesson.Value(3.0)
    y = a * a + 2.0 * a
    y.backward()
    assert (y.data, a.grad) == (15.0, 8.0)
    assert "`y.data` is 15.0 and `a.grad` is 8.0" in lesson.prose["exercise-value"]
    assert (0.5 + a).data == 3.5
    b, c = lesson.Value(3.0), lesson.Value(1.0)
    (b * 2.0).backward()
    (b + 1.0).backward()
    assert (b.grad, c.grad) == (3.0, 0.0), "`.grad` is the sum of both slopes, and 0 where nothing arrives"


def test_the_data(lesson: SimpleNamespace) -> None:
    assert lesson.labels.bincount().tolist() == [100, 100]
    assert "100 for each class" in lesson.prose["moons-text"]
    assert lesson.points.device.type == lesson.device
    assert f"The network runs on: {lesson.device}" in lesson.printed["experiment-moons"]


def test_slopes_at_the_logits(lesson: SimpleNamespace) -> None:
    assert measured(lesson.printed["experiment-slopes"]) == ["0.70", "-0.70"]
    assert "The two slopes have the same size" in lesson.prose["gradient-check-text"]
    assert "0.7 and −0.7" in lesson.prose["measured-against-predicted"]


def test_two_other_ways_to_the_gradient(lesson: SimpleNamespace) -> None:
    text = lesson.prose["after-gradient-check"]
    assert "Against autograd, less than 1e-14" in text
    assert max(lesson.apart["autograd"].values()) < 1e-14
    assert "Against central differences less than 1e-8" in text
    assert 1e-14 < max(lesson.apart["central differences"].values()) < 1e-8


def test_the_price_of_differences(lesson: SimpleNamespace) -> None:
    count = sum(p.numel() for p in lesson.begin.values())
    assert (count, lesson.passes) == (82, 2 * 82)
    told = f"The network has {count} parameters, so the differences took {lesson.passes} forward passes"
    assert told in lesson.prose["after-gradient-check"]
    assert "two inputs, 16 hidden units and two classes" in lesson.prose["predict-passes-text"]
    assert tuple(lesson.begin["W1"].shape) == (2, 16)
    told = f"{count} parameters cost {lesson.passes} forward passes without a way back"
    assert told in lesson.prose["measured-against-predicted"]
    answer = lesson.prose["answer-backpropagation"]
    assert f"each of the {count} parameters, {lesson.passes} in all" in answer
    assert f"{lesson.passes} for {count}" in answer


def test_training(lesson: SimpleNamespace) -> None:
    text = lesson.prose["after-training"]
    assert "The loss falls from 1.332 to 0.0245" in text
    assert lesson.losses[0].item() == pytest.approx(1.332, abs=5e-4)
    assert lesson.losses[-1].item() == pytest.approx(0.0245, rel=0.02)
    assert "rises from 0.29 to 0.995" in text
    # a share of 0.005 is one point
    assert lesson.accuracy_at(lesson.begin).item() == pytest.approx(0.29, abs=0.006)
    assert lesson.accuracy_at(lesson.history[-1]).item() == pytest.approx(0.995, abs=0.006)
    assert "1000 updates at the learning rate 1" in lesson.prose["training-text"]
    assert len(lesson.history) == 1001


def test_the_line_is_nearly_straight_at_first(lesson: SimpleNamespace) -> None:
    assert "After 10 updates it is nearly straight" in lesson.prose["after-training"]

    def misfit(params: dict[str, torch.Tensor]) -> float:
        """How far the network's line lies from the straight one through it, as a part of the moons' height."""
        logits = lesson.forward(params, lesson.everywhere.view(-1, 2))["logits"]
        margin = (logits[:, 1] - logits[:, 0]).view(lesson.plane[0].shape)
        columns = [i for i in range(margin.shape[1]) if -1 < lesson.plane[0][0, i] < 2]
        crossings = [int((margin[:, i] > 0).double().diff().abs().argmax()) for i in columns]
        first = torch.stack([lesson.plane[0][0, i] for i in columns])
        second = torch.stack([lesson.plane[1][row, 0] for row in crossings])
        design = torch.stack([first, torch.ones_like(first)], dim=1)
        straight = design @ torch.linalg.lstsq(design, second[:, None]).solution[:, 0]
        return ((second - straight).square().mean().sqrt() / lesson.points[:, 1].std().cpu()).item()

    assert misfit(lesson.history[10]) < 0.2
    assert misfit(lesson.history[1000]) > 0.5


def test_what_happens_if_the_last_layer_moves_first(lesson: SimpleNamespace) -> None:
    text, answer = lesson.prose["after-order"], lesson.prose["answer-backpropagation"]
    large, small, late = map(float, measured(lesson.printed["experiment-order"]))
    assert large == pytest.approx(1.03, abs=0.01)
    assert small == pytest.approx(0.103, abs=0.001)
    assert late == pytest.approx(0.0003, abs=0.0001)
    assert "off by 1.03 of its own length, and with lr = 0.1 by 0.103" in text
    assert "it is off by only 0.0003" in text
    assert "off by 1.03 of its own length at lr = 1" in answer
    assert "by 0.103 at lr = 0.1" in answer
    assert "it was 0.0003" in answer
    assert "near 1.03 at lr = 1 or near 0.103 at lr = 0.1" in answer
    assert lesson.off_by(lesson.begin, 0.01) == pytest.approx(large / 100, rel=0.01), "in proportion to lr"


def test_the_error_is_as_told(lesson: SimpleNamespace) -> None:
    grads, mixed = lesson.grads_if_w2_moves_first(lesson.begin, 1.0)
    activations = lesson.forward(lesson.begin, lesson.points)
    right = torch.nn.functional.one_hot(lesson.labels)
    at_logits = (activations["logits"].softmax(dim=1) - right) / len(lesson.points)
    on = -1.0 * at_logits @ grads["W2"].T * (1 - activations["a1"] ** 2)
    assert torch.allclose(mixed["W1"] - grads["W1"], lesson.points.T @ on, atol=1e-12)
    for name, ours in lesson.compared["W2 moves first"].items():
        assert (ours > 0.1) == (name in ("W1", "b1"))


def test_such_a_program_may_learn(lesson: SimpleNamespace) -> None:
    assert "such a program may well learn" in lesson.prose["after-order"]
    params = lesson.begin
    for _ in range(300):
        params = lesson.update(params, lesson.grads_if_w2_moves_first(params, 1.0)[1], 1.0)
    assert lesson.loss_at(params) < 1.2 * lesson.losses[300]


def test_the_slopes_of_the_expression(lesson: SimpleNamespace) -> None:
    assert "Of $a$'s two shares, −1 and 1" in lesson.prose["measured-against-predicted"]
    assert measured(lesson.printed["experiment-value"]) == ["0.0", "2.0"]
    assert lesson.at_first["s = p + a"][0] == 0, "tanh stands at 0"
    assert "$b = -1$; the other through the sum, 1. Together they are 0" in lesson.prose["xor-text"]


def test_when_the_slopes_fade(lesson: SimpleNamespace) -> None:
    """The two questions under the graph have an answer within the sliders."""
    found = lesson.expression(0.5, -1.0)
    assert found["a"][1] == 0
    assert found["s = p + a"][1] == 1
    steep = lesson.expression(3.0, 3.0)
    assert max(abs(steep[name][1]) for name in ("a", "b")) < 1e-3


def test_exclusive_or(lesson: SimpleNamespace) -> None:
    errors = lesson.exclusive_or[1]
    assert "falls from 1.26 to 0.0016 in 300 updates" in lesson.prose["after-xor"]
    assert errors[0].item() == pytest.approx(1.26, abs=0.01)
    assert errors[-1].item() == pytest.approx(0.0016, rel=0.1)
    assert len(errors) == 301
    assert math.isfinite(errors.sum().item())
