"""Every figure in the lessons' prose is the one that the lesson's own code gives."""

import contextlib
import io
import math
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import torch

SOURCE = Path(__file__).parents[2] / "course" / "source"


def walk_through(lesson: str) -> SimpleNamespace:
    """Run the lesson's code but for its checks: what was printed by each cell, its prose, and its names."""
    notebook = nbformat.read(SOURCE / lesson / f"{lesson}.ipynb", as_version=4)
    names: dict[str, object] = {"__name__": lesson}
    printed: dict[str, str] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and not cell.source.startswith("check("):
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(cell.source, f"{lesson}:{cell.id}", "exec"), names)
            printed[cell.id] = out.getvalue()
    prose = {cell.id: cell.source for cell in notebook.cells if cell.cell_type == "markdown"}
    return SimpleNamespace(prose=prose, printed=printed, **names)


@pytest.fixture(scope="module")
def descent() -> SimpleNamespace:
    return walk_through("02_gradient_descent")


@pytest.fixture(scope="module")
def momentum() -> SimpleNamespace:
    return walk_through("06_momentum")


def measured(printed: str) -> list[str]:
    return [line.split(":", 1)[1].strip() for line in printed.splitlines() if line.startswith("  measured:")]


class TestGradientDescent:
    def test_example_of_numerical_gradient(self, descent: SimpleNamespace) -> None:
        w = torch.tensor([1.0, 3.0], dtype=torch.float64)
        slopes = descent.numerical_gradient(lambda w: w[0] ** 3 + 2 * w[1], w, 0.1)
        assert [round(slope, 6) for slope in slopes.tolist()] == [3.01, 2.0]
        assert "the result is `[3.01, 2.0]`" in descent.prose["exercise-numerical-gradient"]

    def test_example_of_gradient_step(self, descent: SimpleNamespace) -> None:
        (result,) = descent.gradient_step([torch.tensor([1.0, 2.0])], [torch.tensor([10.0, -10.0])], 0.1)
        assert result.tolist() == [0.0, 3.0]
        assert "is `[tensor([0., 3.])]`" in descent.prose["exercise-gradient-step"]

    def test_example_of_gradient_descent(self, descent: SimpleNamespace) -> None:
        path = descent.gradient_descent(lambda w: w, torch.tensor([8.0]), 0.5, 3)
        assert path.tolist() == [[8.0], [4.0], [2.0], [1.0]]
        assert "`[[8.], [4.], [2.], [1.]]`" in descent.prose["exercise-gradient-descent"]

    def test_example_of_fit_linear(self, descent: SimpleNamespace) -> None:
        w, b = descent.fit_linear(torch.tensor([[1.0]]), torch.tensor([1.0]), 0.25, 1)
        assert (w.tolist(), b.item()) == ([0.5], 0.5)
        assert "give `w = [0.5]`, `b = 0.5`" in descent.prose["exercise-fit-linear"]

    def test_the_best_h(self, descent: SimpleNamespace) -> None:
        text = descent.prose["after-difference-errors"]
        assert "near $10^{-5}$ in float64 and near $10^{-2}$ in float32" in text
        for name, power in (("yours, float64", -5), ("yours, float32", -2)):
            best = descent.hs[descent.errors[name].argmin()].item()
            assert abs(math.log10(best) - power) < 1

    def test_three_bowls(self, descent: SimpleNamespace) -> None:
        assert measured(descent.printed["experiment-bowls"]) == ["0.5", "0.0", "-2.0"]
        assert descent.bowls[3.0].tolist()[:3] == [1, -2, 4]
        assert "diverged (1, −2, 4, …)" in descent.prose["answer-gradient-descent"]

    def test_updates_by_condition_number(self, descent: SimpleNamespace) -> None:
        text = descent.prose["after-rate"]
        ten, hundred, thousand = (f"{count:.0f}" for count in descent.counts.tolist())
        assert f"{ten} steps at κ = 10, {hundred} at κ = 100 and {thousand} at κ = 1000" in text
        ten, hundred, thousand = (str(math.ceil(count)) for count in descent.by_rate.tolist())
        assert f"predicts {ten}, {hundred} and {thousand}" in text

    def test_the_data(self, descent: SimpleNamespace) -> None:
        assert descent.diabetes.data.shape == (442, 10)
        assert descent.wine.data.shape == (178, 13)
        assert "442 patients, 10 features" in descent.prose["real-data"]
        assert "178 wines, 13 features" in descent.prose["real-data"]
        proline, hue = (descent.wine.data[:, descent.wine.feature_names.index(n)] for n in ("proline", "hue"))
        assert 100 < proline.mean() < 1000
        assert 0.5 < hue.mean() < 1.5

    def test_condition_numbers(self, descent: SimpleNamespace) -> None:
        text = descent.prose["after-fit-wine"]
        kappa = {name: high / low for name, x in descent.features.items() for low, high in [descent.curvature_range(x)]}
        assert f"about {kappa['wine, raw']:.1e} for the raw wines".replace("e+0", "e") in text
        assert f"and {kappa['wine, standardized']:.0f} for the standardized ones" in text
        assert f"about {kappa['diabetes, standardized']:.0f} even after" in text
        billions = kappa["wine, raw"] / 2 * math.log(1e6) / 1e9
        assert "some three billion steps" in text
        assert 2.5 < billions < 3.5
        assert "the standardized ones a few hundred" in text
        assert 200 < kappa["wine, standardized"] / 2 * math.log(1e6) < 400

    def test_both_wines_have_the_same_least_loss(self, descent: SimpleNamespace) -> None:
        raw = descent.least_loss(descent.features["wine, raw"], descent.first_cultivar)
        assert raw == pytest.approx(descent.floor, rel=1e-6)
        assert descent.runs["wine, standardized"][1][-1].item() == pytest.approx(descent.floor, rel=1e-3)
        assert descent.runs["wine, raw"][1][-1].item() > 5 * descent.floor

    def test_what_is_missing_after_a_hundred_steps(self, descent: SimpleNamespace) -> None:
        loss, weights, loss_fast, weights_fast = measured(descent.printed["experiment-fit-diabetes"])
        text = descent.prose["after-fit-diabetes"]
        assert f"With 1/L, {loss} of the loss and {weights} of the weights" in text
        assert f"with 2/(L + μ), {loss_fast} of the loss and {weights_fast} of the weights" in text


class TestMomentum:
    def test_example_of_momentum_step(self, momentum: SimpleNamespace) -> None:
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

    def test_examples_of_fastest_momentum(self, momentum: SimpleNamespace) -> None:
        text = momentum.prose["exercise-fastest-momentum"]
        for smallest, largest in ((1.0, 9.0), (2.0, 2.0)):
            lr, share = momentum.fastest_momentum(smallest, largest)
            assert f"`fastest_momentum({smallest}, {largest})` is `({lr:.3g}, {share:.2f}".rstrip("0") in text

    def test_the_pair_solves_the_two_equations(self, momentum: SimpleNamespace) -> None:
        lr, share = momentum.fastest_momentum(0.01, 1.0)
        assert lr * 0.01 == pytest.approx((1 - math.sqrt(share)) ** 2)
        assert lr * 1.0 == pytest.approx((1 + math.sqrt(share)) ** 2)
        rate = momentum.heavy_ball_rate(*(torch.tensor(v, dtype=torch.float64) for v in (lr, share)), momentum.extremes)
        # nothing on the map is darker than the pair
        assert float(rate) < float(momentum.rates.min()) + 1e-6

    def test_speed(self, momentum: SimpleNamespace) -> None:
        same, turning = map(float, measured(momentum.printed["experiment-speed"]))
        assert same == pytest.approx(1 / (1 - 0.9), abs=1e-3)
        assert turning == pytest.approx(1 / (1 + 0.9), abs=1e-3)
        assert "counts ten times and the back-and-forth about half" in momentum.prose["after-speed"]

    def test_training(self, momentum: SimpleNamespace) -> None:
        plain, with_memory, long_stride = measured(momentum.printed["experiment-training"])
        text = momentum.prose["after-training"]
        assert f"{plain} without memory, {with_memory} with momentum 0.9, and {long_stride} without" in text
        assert "0.81 at the start" in next(iter(_source("06_momentum", "predict-training")))
        yours, theirs = (momentum.curves[f"{who}, lr 0.1, momentum 0.9"][1] for who in ("yours", "PyTorch"))
        assert f"{theirs[0]:.2f}" == "0.81"
        assert torch.allclose(yours, theirs, rtol=1e-4)

    def test_updates_by_condition_number(self, momentum: SimpleNamespace) -> None:
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

    def test_cost_grows_with_the_root(self, momentum: SimpleNamespace) -> None:
        assert momentum.plain[3] / momentum.plain[1] == pytest.approx(100, rel=0.02)
        assert momentum.yours[3] / momentum.yours[1] == pytest.approx(10, rel=0.2)

    def test_dents(self, momentum: SimpleNamespace) -> None:
        text = momentum.prose["after-dents"]
        shallow, middle, deep = measured(momentum.printed["experiment-dents"])
        assert (shallow, deep) == ("0.00", "0.00")
        assert f"At depth 0.4 momentum 0.8 stays too, at {middle}" in text
        assert f"without memory the run stays at {momentum.ending(0.3, 0.0)}" in text
        bottom = momentum.ending(0.6, 0.0)
        assert f"although the dent at {bottom} was the lower of the two" in text
        loss = momentum.Dented(0.6)
        assert loss.value(torch.tensor([float(bottom)])) < loss.value(torch.zeros(1))

    def test_the_small_dents_are_not_the_lowest_place(self, momentum: SimpleNamespace) -> None:
        for depth, where in ((0.3, 2.74), (0.4, 2.81)):
            loss = momentum.Dented(depth)
            assert loss.value(torch.tensor([where])) > loss.value(torch.zeros(1))

    def test_another_learning_rate_ends_elsewhere(self, momentum: SimpleNamespace) -> None:
        ends = [
            momentum.roll(momentum.Dented(0.3).gradient, momentum.uphill, lr, 0.95, 600)[-1].item() for lr in (0.1, 0.2)
        ]
        assert [round(end) for end in ends] == [0, 3]


def _source(lesson: str, cell_id: str) -> list[str]:
    notebook = nbformat.read(SOURCE / lesson / f"{lesson}.ipynb", as_version=4)
    return [cell.source for cell in notebook.cells if cell.id == cell_id]
