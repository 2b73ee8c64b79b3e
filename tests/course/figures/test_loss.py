"""Every figure in the prose of lesson 01 is the one that its own code gives."""

import math
import re
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from walk import measured, walk_through

pytestmark = pytest.mark.slow  # it walks through the whole lesson

BOTH = {"mean_absolute_error": "2.0", "mean_squared_error": "5.0"}


@pytest.fixture(scope="module")
def loss() -> SimpleNamespace:
    return walk_through("01_loss")


def test_first_lines_on_tensors(loss: SimpleNamespace) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", loss.prose["how-it-works"], re.DOTALL)
    first, *lines = code.splitlines()
    exec(first, names := {"torch": torch})
    assert len(lines) == 6
    for line in lines:
        expression, told = line.split("#")
        assert repr(eval(expression, names)) == told.strip()


@pytest.mark.parametrize("name", BOTH)
def test_example_of_the_two_errors(loss: SimpleNamespace, name: str) -> None:
    value = getattr(loss, name)(torch.tensor([1.0, 5.0]), torch.tensor([4.0, 4.0]))
    assert str(value.item()) == BOTH[name]
    assert f"the loss is `{BOTH[name]}`" in loss.prose["exercise-" + name.replace("_", "-")]


def test_example_of_cross_entropy(loss: SimpleNamespace) -> None:
    logits, labels = torch.tensor([[0.0, 0.0], [0.0, 1000.0]], dtype=torch.float64), torch.tensor([1, 0])
    text = loss.prose["exercise-cross-entropy"]
    assert f"the mean is `{loss.cross_entropy(logits, labels):.4f}`" in text
    each = [loss.cross_entropy(logits[[i]], labels[[i]]).item() for i in range(2)]
    assert rf"the two losses are $\ln 2 \approx {each[0]:.3f}$ and {each[1]:.0f}" in text


def test_example_of_loss_grid(loss: SimpleNamespace) -> None:
    grid = loss.loss_grid(lambda w: w[0] + 10 * w[1], torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0, 5.0]))
    assert grid.tolist() == [[31, 41, 51], [32, 42, 52]]
    assert "`[[31., 41., 51.], [32., 42., 52.]]`" in loss.prose["exercise-loss-grid"]


def test_each_loss_prefers_another_line(loss: SimpleNamespace) -> None:
    assert [told[0] for told in measured(loss.printed["experiment-compare-lines"])] == ["A", "B"]
    text = loss.prose["after-compare-lines"]
    assert "The mean absolute error prefers line A, which fits nine students well" in text
    missed = {name: (s * loss.hours + i - loss.scores).abs() for name, (s, i) in loss.lines.items()}
    assert (missed["line A"] < 0.5).sum() == 9
    assert (missed["line B"] > missed["line A"]).sum() > 5
    assert missed["line B"][8] < missed["line A"][8]


def test_the_line_of_the_absolute_error_stays(loss: SimpleNamespace) -> None:
    assert "whether the odd score is 8 or 40, its line stays where it is" in loss.prose["after-outlier"]
    for name, stays in (("least absolute error, yours", True), ("least squared error, yours", False)):
        low, high = (torch.tensor(loss.best_lines(odd)[1][name]) for odd in (8, 40))
        assert torch.allclose(low, high, atol=0.02) == stays


def test_median_and_mean(loss: SimpleNamespace) -> None:
    text = loss.prose["after-outlier"]
    assert f"{len(loss.progress)} patients" in text
    assert f"between {loss.progress.min():.0f} and {loss.progress.max():.0f}" in text
    assert f"The first patient has a score of {loss.progress[0]:.0f}" in text
    assert f"typed {loss.mistyped[0]:.0f}" in text
    absolute, absolute_typed, squared, squared_typed = measured(loss.printed["experiment-constants"])
    explained = loss.prose["after-constants"]
    assert absolute == absolute_typed
    middle = loss.progress.sort().values[220:222].tolist()
    assert "Between {:.0f} and {:.0f}, the two scores in the middle".format(*middle) in explained
    assert middle == loss.mistyped.sort().values[220:222].tolist()
    assert middle[0] <= float(absolute) <= middle[1] < loss.progress[0]
    assert f"from {float(squared):.0f} to {float(squared_typed):.0f} under the squared error" in explained
    assert float(squared) == pytest.approx(loss.progress.mean().item(), abs=0.25)
    assert float(squared_typed) == pytest.approx(loss.mistyped.mean().item(), abs=0.25)


def test_where_numbers_end(loss: SimpleNamespace) -> None:
    text = loss.prose["overflow-text"]
    for dtype, told in ((torch.float64, r"1.8 \cdot 10^{308}"), (torch.float32, r"3.4 \cdot 10^{38}")):
        digits, power = f"{torch.finfo(dtype).max:.1e}".split("e+")
        assert told == rf"{digits} \cdot 10^{{{power}}}"
        assert told in text
    overflow = measured(loss.printed["experiment-overflow"])
    assert overflow == [str(math.ceil(math.log(torch.finfo(d).max))) for d in (torch.float32, torch.float64)]


def test_prices(loss: SimpleNamespace) -> None:
    guess, right, wrong = (value.removesuffix(" nats") for value in measured(loss.printed["experiment-price"]))
    text = loss.prose["after-price"]
    assert rf"$\ln 10 \approx {guess}$ nats" in text
    assert f"costs {right}, the sure and wrong one {wrong}" in text


def test_what_the_worst_mistakes_teach(loss: SimpleNamespace) -> None:
    text = loss.prose["after-price"]
    assert "It is 0.81 at a probability of 0.1 already" in text
    assert "squared error along the logits is nearly zero" in text
    assert "its slope along the right logit is close to −1" in text

    def slope(of: Callable[[torch.Tensor], torch.Tensor], probability: float) -> float:
        logits = torch.tensor([[probability, 1 - probability]], dtype=torch.float64).log().requires_grad_()
        return torch.autograd.grad(of(logits), logits)[0][0, 0].item()

    def squared(logits: torch.Tensor) -> torch.Tensor:
        return (1 - logits.softmax(dim=1)[0, 0]) ** 2

    assert squared(torch.tensor([[0.1, 0.9]]).log()).item() == pytest.approx(0.81)
    assert abs(slope(squared, 0.01)) < 0.02 < abs(slope(squared, 0.3))
    assert slope(lambda logits: loss.cross_entropy(logits, torch.tensor([0])), 0.01) == pytest.approx(-0.99)


def test_the_lowest_places(loss: SimpleNamespace) -> None:
    text = loss.prose["after-landscapes"]
    assert "near line A for the absolute error, near line B for the squared one" in text
    stars = []
    for grid in loss.grids.values():
        row, column = divmod(int(grid.argmin()), len(loss.intercepts))
        stars.append(torch.stack([loss.slopes[row], loss.intercepts[column]]))
    a, b = (torch.tensor(line, dtype=torch.float64) for line in loss.lines.values())
    assert (stars[0] - a).norm() < (stars[0] - b).norm() / 2
    assert (stars[1] - b).norm() < (stars[1] - a).norm() / 2


def test_walker_and_ball(loss: SimpleNamespace) -> None:
    assert measured(loss.printed["experiment-ball"]) == ["-1.00", "1.00"]
    assert "Both start at $w_0 = -1.6$" in loss.prose["many-valleys"]
    assert "Now start at −1.4" in loss.prose["after-ball"]
    ends = [path[-1, 0].item() for path in loss.movers(-1.4).values()]
    assert ends == pytest.approx([-1, -1], abs=0.01)
    assert loss.Valleys().along.value(torch.tensor([[-1.0]])) > loss.Valleys().along.value(torch.tensor([[1.0]]))


def test_flat_places(loss: SimpleNamespace) -> None:
    text = loss.prose["after-saddles"]
    assert "Half of the flat places are valleys with one parameter, about one in seven with two" in text
    assert "one in forty with three" in text
    shares = loss.valley_shares
    assert shares[1] == pytest.approx(50, abs=2)
    assert shares[2] == pytest.approx(100 / 7, abs=1)
    assert shares[3] == pytest.approx(100 / 40, abs=0.5)
    assert shares[5] < 0.1


def test_a_loss_near_zero(loss: SimpleNamespace) -> None:
    training, held_out, best_step = measured(loss.printed["experiment-held-out"])
    printed, text = loss.printed["experiment-held-out"], loss.prose["after-held-out"]
    training, held_out = training.removesuffix(" nats"), held_out.removesuffix(" nats")
    assert f"the training loss is {training} and the held-out loss {held_out}" in text
    lowest = loss.run["held out"].min().item()
    assert f"lowest after {best_step} steps, at {lowest:.2f}" in text
    then, end = (f"{loss.run['read right'][at]:.0%}" for at in (loss.best, -1))
    assert f"{then} were read right" in printed
    assert f"at that time {then[:-1]} % of the held-out images were read right, and at the end {end[:-1]} %" in text


def test_the_task(loss: SimpleNamespace) -> None:
    text = loss.prose["held-out-text"]
    assert loss.pixels.shape[1] == 64
    assert "64 inputs, 64 hidden units, 10 classes" in text
    assert len(loss.training) == 100
    assert len(loss.held_out) == 500
    assert not set(loss.training.tolist()) & set(loss.held_out.tolist())
    assert (loss.taught != loss.names[loss.training]).sum() == 10
    assert "It gets 100 images, and ten of the hundred labels are wrong" in text
    assert loss.run["step"][-1] == 500
