"""Every figure in the prose of lesson 08 is the one that its own code gives."""

import math
from types import SimpleNamespace

import pytest
import torch
from walk import measured, walk_through

from autograder.judge import judge
from autograder.oracles import find_exercise
from autograder.student.check import gather

pytestmark = pytest.mark.slow  # it walks through the whole lesson


@pytest.fixture(scope="module")
def adaptive() -> SimpleNamespace:
    return walk_through("08_adaptive")


def one(*values: float) -> list[torch.Tensor]:
    return [torch.tensor(values, dtype=torch.float64)]


def test_example_of_rmsprop_step(adaptive: SimpleNamespace) -> None:
    [w], [s] = adaptive.rmsprop_step(one(1.0), one(0.0), one(4.0), 0.1, 0.75, 0.0)
    text = adaptive.prose["exercise-rmsprop-step"]
    assert f"the gradient `[4.0]` gives the square `[{s.item()}]` and the parameter `[{w.item():.2g}]`" in text


def test_example_of_adam_step(adaptive: SimpleNamespace) -> None:
    [w], [m], [s] = adaptive.adam_step(one(1.0), one(0.0), one(0.0), one(4.0), 1, 0.1, (0.5, 0.75), 0.0)
    text = adaptive.prose["exercise-adam-step"]
    assert f"the mean `[{m.item()}]`, the square `[{s.item()}]` and the parameter `[{w.item():.2g}]`" in text
    assert "a thousandth after the first step and still only a tenth after a hundred" in text
    assert f"{1 - 0.999**100:.1f}" == "0.1"


def test_first_steps(adaptive: SimpleNamespace) -> None:
    found = [[float(v) for v in line.split(", ")] for line in measured(adaptive.printed["experiment-first-step"])]
    assert found == [[1e-5, 10.0], [0.1, 0.1], [0.01, 0.01]]
    text = adaptive.prose["after-first-step"]
    assert "by 0.00001 and 10. RMSprop moves both by 0.1, Adam both by 0.01" in text
    assert f"{0.1 / math.sqrt(0.001):.1f}$ times lr" in text


def test_the_wines(adaptive: SimpleNamespace) -> None:
    text, answer = adaptive.prose["after-wine"], adaptive.prose["answer-adaptive"]
    descent, rms, adam = measured(adaptive.printed["experiment-wine"])
    assert f"gradient descent {descent}, RMSprop {rms}, Adam {adam}." in text
    assert f"the losses were {descent} and {adam}" in answer
    factors = [f"{float(factor):g}" for factor in measured(adaptive.printed["experiment-step-sizes"])]
    assert "{} times the shortest with gradient descent, {} times with RMSprop, and {} times".format(*factors) in text
    assert f"{factors[0]} times the shortest with gradient descent" in answer
    names = adaptive.wine.feature_names
    lengths = {name: run[1] for name, run in adaptive.wine_runs.items()}
    assert names[int(lengths["gradient descent"].argmax())] == "proline"
    assert names[int(lengths["Adam"].argmin())] == "proline"
    assert f"leaps up to {adaptive.wine_runs['RMSprop'][0].max():.0f}" in text
    assert int(adaptive.wine_runs["RMSprop"][0].argmax()) == 1


def test_it_is_the_first_mean_that_spares_proline(adaptive: SimpleNamespace) -> None:
    _, lengths = adaptive.fit(lambda params: adaptive.Adam(params, lr=0.003, betas=(0.0, 0.999)))
    assert f"With $\\beta_1 = 0$ Adam's factor is {lengths.max() / lengths.min():.1f}" in adaptive.prose["after-wine"]


def test_the_wines_scaled(adaptive: SimpleNamespace) -> None:
    scaled = (adaptive.raw - adaptive.raw.mean(dim=0)) / adaptive.raw.std(dim=0)
    losses, _ = adaptive.fit(lambda params: torch.optim.SGD(params, lr=1.0), scaled)
    assert f"with lr = 1 reaches {losses[-1]:.3f} in the same 500 updates" in adaptive.prose["after-wine"]
    assert f"came down to {losses[-1]:.3f} in as many updates" in adaptive.prose["answer-adaptive"]


def test_three_times_the_learning_rate_leaps_about(adaptive: SimpleNamespace) -> None:
    calm, _ = adaptive.fit(lambda params: torch.optim.SGD(params, lr=1e-5))
    wild, _ = adaptive.fit(lambda params: torch.optim.SGD(params, lr=3e-5))
    assert float(calm[200:].diff().max()) < 1e-2
    assert float(wild[200:].diff().max()) > 0.5


def test_what_the_lesson_says_of_the_measurements(adaptive: SimpleNamespace) -> None:
    spreads = adaptive.raw.std(dim=0)
    text = adaptive.prose["question-scales"]
    assert adaptive.raw.shape == (178, 13)
    assert (
        f"Proline spreads by {spreads[-1]:.0f} from wine to wine, another of the properties by {spreads.min():.2f}"
        in text
    )
    assert spreads.max() / spreads.min() == pytest.approx(2500, rel=0.02)
    assert "a factor of 2500" in adaptive.prose["title"]


def test_the_turned_ravine(adaptive: SimpleNamespace) -> None:
    along, across = measured(adaptive.printed["experiment-turned"])
    text = adaptive.prose["after-turned"]
    left = []
    for angle in (0, 45):
        landscape, start = adaptive.turned(angle)
        path = adaptive.gradient_descent(landscape.gradient, start, 2 / 1.01, 100)
        left.append(f"{path[-1].norm() / path[0].norm():.3f}")
    assert left[0] == left[1]
    assert f"{along} along the axis, and {across} at 45°. Gradient descent at its best has {left[0]} left" in text
    assert (
        f"{across} of the distance left, in the same ravine along the axes {along}; gradient descent had {left[0]}"
        in (adaptive.prose["answer-adaptive"])
    )


def test_along_the_axes_adam_does_not_notice_the_condition_number(adaptive: SimpleNamespace) -> None:
    along, _ = measured(adaptive.printed["experiment-turned"])
    steeper = adaptive.ravine(1000.0)
    params, means, squares = one(1.0, 0.8), one(0.0, 0.0), one(0.0, 0.0)
    for t in range(1, 101):
        grads = [steeper.gradient(params[0])]
        params, means, squares = adaptive.adam_step(params, means, squares, grads, t, 0.1, (0.9, 0.999), 1e-8)
    assert f"{params[0].norm() / math.hypot(1.0, 0.8):.3f}" == along
    assert f"at κ = 1000 the same {along} is left" in adaptive.prose["after-turned"]


def test_what_the_broken_updates_do(adaptive: SimpleNamespace) -> None:
    """These runs are float32 and long: their last digit may be another one on another machine."""
    runs, text = adaptive.digit_runs, adaptive.prose["after-broken"]
    ends = {name: {who: float(run[-1]) for who, run in pair.items()} for name, pair in runs.items()}
    small, large = ends["momentum, lr 0.1"], ends["momentum, lr 0.3"]
    assert small["broken"] == pytest.approx(0.0482, rel=0.05)
    assert small["reference"] == pytest.approx(0.0488, rel=0.05)
    assert "ends at 0.0482 broken and 0.0488 right, after a wobble on the way" in text
    pair = runs["momentum, lr 0.1"]
    assert float((pair["broken"] / pair["reference"])[100:200].max()) > 1.3
    assert large["broken"] > 2 * 2.3
    assert f"{runs['momentum, lr 0.3']['broken'][0]:.1f} of the start" in text
    assert large["reference"] == pytest.approx(0.0118, rel=0.05)
    assert "the right one reaches 0.0118" in text
    assert runs["RMSprop"]["broken"].isnan().tolist() == [False] + 300 * [True]
    stuck = runs["Adam"]["broken"]
    assert "stops learning at 2.21" in text
    assert torch.allclose(stuck[10:], torch.tensor(2.21), atol=0.01)
    assert ends["Adam"]["yours"] == pytest.approx(0.00783, rel=0.05)
    assert "reaches 0.00783" in text


def test_some_pixels_are_blank_in_every_picture(adaptive: SimpleNamespace) -> None:
    assert int((adaptive.pixels == 0).all(dim=0).sum()) > 0


def test_example_of_the_broken_adam(adaptive: SimpleNamespace) -> None:
    kept = {}
    for name in ("repaired_adam_step", "broken_adam_step"):
        params, means, squares, kept[name] = one(1.0), one(0.0), one(0.0), []
        for t in (1, 2):
            step = getattr(adaptive, name)
            params, means, squares = step(params, means, squares, one(1.0), t, 0.1, (0.5, 0.75), 1e-8)
            kept[name].append(means[0].item())
    text = adaptive.prose["exercise-repaired-adam-step"]
    assert "the mean is `[{}]` and then `[{}]`".format(*kept["repaired_adam_step"]) in text
    assert f"The broken one gives `[{kept['broken_adam_step'][0]}]` and then more than 1" in text
    assert kept["broken_adam_step"][1] > 1


def test_examples_of_the_other_broken_updates(adaptive: SimpleNamespace) -> None:
    [w], _ = adaptive.repaired_rmsprop_step(one(1.0), one(0.0), one(0.0), 0.1, 0.9, 1e-8)
    assert w.item() == 1.0
    [w], _ = adaptive.broken_rmsprop_step(one(1.0), one(0.0), one(0.0), 0.1, 0.9, 1e-8)
    assert math.isnan(w.item())
    [w], _ = adaptive.repaired_momentum_step(one(1.0), one(0.0), one(2.0), 0.1, 0.9)
    assert w.item() == pytest.approx(0.8)
    [w], _ = adaptive.broken_momentum_step(one(1.0), one(0.0), one(2.0), 0.1, 0.9)
    assert w.item() == 1.0


@pytest.mark.parametrize("rule", ["adam", "rmsprop", "momentum"])
def test_handing_in_the_broken_update_is_named(adaptive: SimpleNamespace, rule: str) -> None:
    exercise = find_exercise(f"repaired_{rule}_step")
    evidence = gather(exercise.name, getattr(adaptive, f"broken_{rule}_step"), exercise.draw(11))
    verdict = judge(exercise.name, evidence, 11)
    assert (verdict.name, verdict.fraction) == ("unrepaired", 0.0)
