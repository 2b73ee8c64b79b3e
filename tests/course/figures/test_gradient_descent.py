"""Every figure in the prose of lesson 02 is the one that its own code gives."""

import math
import re
from types import SimpleNamespace

import pytest
import torch
from walk import measured, walk_through

pytestmark = pytest.mark.slow  # it walks through the whole lesson


@pytest.fixture(scope="module")
def descent() -> SimpleNamespace:
    return walk_through("02_gradient_descent")


def test_example_of_numerical_gradient(descent: SimpleNamespace) -> None:
    w = torch.tensor([1.0, 3.0], dtype=torch.float64)
    slopes = descent.numerical_gradient(lambda w: w[0] ** 3 + 2 * w[1], w, 0.1)
    assert [round(slope, 6) for slope in slopes.tolist()] == [3.01, 2.0]
    assert "the result is `[3.01, 2.0]`" in descent.prose["exercise-numerical-gradient"]


def test_example_of_gradient_step(descent: SimpleNamespace) -> None:
    (result,) = descent.gradient_step([torch.tensor([1.0, 2.0])], [torch.tensor([10.0, -10.0])], 0.1)
    assert result.tolist() == [0.0, 3.0]
    assert "is `[tensor([0., 3.])]`" in descent.prose["exercise-gradient-step"]


def test_example_of_gradient_descent(descent: SimpleNamespace) -> None:
    path = descent.gradient_descent(lambda w: w, torch.tensor([8.0]), 0.5, 3)
    assert path.tolist() == [[8.0], [4.0], [2.0], [1.0]]
    assert "`[[8.], [4.], [2.], [1.]]`" in descent.prose["exercise-gradient-descent"]


def test_example_of_fit_linear(descent: SimpleNamespace) -> None:
    w, b = descent.fit_linear(torch.tensor([[1.0]]), torch.tensor([1.0]), 0.25, 1)
    assert (w.tolist(), b.item()) == ([0.5], 0.5)
    assert "give `w = [0.5]`, `b = 0.5`" in descent.prose["exercise-fit-linear"]


def test_example_of_autograd(descent: SimpleNamespace) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", descent.prose["exercise-fit-linear"], re.DOTALL)
    *lines, last = code.splitlines()
    exec("\n".join(lines), names := {"torch": torch})
    expression, told = last.split("#")
    assert repr(eval(expression, names)) == told.strip() == "tensor([6., 5.])"


def test_the_angle_at_the_dot(descent: SimpleNamespace) -> None:
    (angle,) = measured(descent.printed["experiment-angle"])
    told = f"*downhill* and *to the minimum* are {float(angle.removesuffix(' degrees')):.0f}° apart"
    assert told in descent.prose["measured-against-predicted"]


def test_the_best_h(descent: SimpleNamespace) -> None:
    text = descent.prose["after-difference-errors"]
    assert "near $10^{-5}$ in float64 and near $10^{-2}$ in float32" in text
    for name, power in (("yours, float64", -5), ("yours, float32", -2)):
        best = descent.hs[descent.errors[name].argmin()].item()
        assert abs(math.log10(best) - power) < 1


def test_three_bowls(descent: SimpleNamespace) -> None:
    assert measured(descent.printed["experiment-bowls"]) == ["0.5", "0.0", "-2.0"]
    assert descent.bowls[3.0].tolist()[:3] == [1, -2, 4]
    assert "diverged (1, −2, 4, …)" in descent.prose["answer-gradient-descent"]


def test_updates_by_condition_number(descent: SimpleNamespace) -> None:
    text = descent.prose["after-rate"]
    ten, hundred, thousand = (f"{count:.0f}" for count in descent.counts.tolist())
    assert f"{ten} steps at κ = 10, {hundred} at κ = 100 and {thousand} at κ = 1000" in text
    ten, hundred, thousand = (str(math.ceil(count)) for count in descent.by_rate.tolist())
    assert f"predicts {ten}, {hundred} and {thousand}" in text
    assert "to within a tenth" in descent.prose["measured-against-predicted"]
    assert torch.allclose(descent.counts.double(), descent.by_rate, rtol=0.1)


def test_the_data(descent: SimpleNamespace) -> None:
    assert descent.diabetes.data.shape == (442, 10)
    assert descent.wine.data.shape == (178, 13)
    assert "442 patients, 10 features" in descent.prose["real-data"]
    assert "178 wines, 13 features" in descent.prose["real-data"]
    proline, hue = (descent.wine.data[:, descent.wine.feature_names.index(n)] for n in ("proline", "hue"))
    assert 100 < proline.mean() < 1000
    assert 0.5 < hue.mean() < 1.5


def test_condition_numbers(descent: SimpleNamespace) -> None:
    text = descent.prose["after-fit-wine"]
    kappa = {name: high / low for name, x in descent.features.items() for low, high in [descent.curvature_range(x)]}
    assert f"about {kappa['wine, raw']:.1e} for the raw wines".replace("e+0", "e") in text
    assert f"and {kappa['wine, standardized']:.0f} for the standardized ones" in text
    assert f"about {kappa['diabetes, standardized']:.0f} even after" in text
    assert "made κ ten million times as large" in descent.prose["measured-against-predicted"]
    assert kappa["wine, raw"] / kappa["wine, standardized"] == pytest.approx(1e7, rel=0.05)
    billions = kappa["wine, raw"] / 2 * math.log(1e6) / 1e9
    assert "some three billion steps" in text
    assert 2.5 < billions < 3.5
    assert "the standardized ones a few hundred" in text
    assert 200 < kappa["wine, standardized"] / 2 * math.log(1e6) < 400


def test_both_wines_have_the_same_least_loss(descent: SimpleNamespace) -> None:
    raw = descent.least_loss(descent.features["wine, raw"], descent.first_cultivar)
    assert raw == pytest.approx(descent.floor, rel=1e-6)
    assert descent.runs["wine, standardized"][1][-1].item() == pytest.approx(descent.floor, rel=1e-3)
    assert descent.runs["wine, raw"][1][-1].item() > 5 * descent.floor


def test_what_is_missing_after_a_hundred_steps(descent: SimpleNamespace) -> None:
    loss, weights, loss_fast, weights_fast = measured(descent.printed["experiment-fit-diabetes"])
    text = descent.prose["after-fit-diabetes"]
    assert f"With 1/L, {loss} of the loss and {weights} of the weights" in text
    assert f"with 2/(L + μ), {loss_fast} of the loss and {weights_fast} of the weights" in text
