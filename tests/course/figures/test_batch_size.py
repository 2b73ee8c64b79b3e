"""Every figure in the prose of lesson 04 is the one that its own code gives.

Training in float32 differs a little between machines, so updates are compared to a tenth, and what the prose
concludes from them is asserted by itself. Times are only asked for what no machine turns round.
"""

import re
from types import SimpleNamespace

import pytest
import torch
from walk import measured, source_of, walk_through

pytestmark = pytest.mark.slow  # it walks through the whole lesson

LESSON = "04_batch_size"


@pytest.fixture(scope="module")
def batches() -> SimpleNamespace:
    return walk_through(LESSON)


def told(text: str, pattern: str) -> list[float]:
    (found,) = re.findall(pattern, text)
    return [float(number) for number in ([found] if isinstance(found, str) else found)]


def test_the_second_batch(batches: SimpleNamespace) -> None:
    assert measured(batches.printed["experiment-counting"]) == ["33 to 64", "80"]
    text = batches.prose["after-counting"]
    assert "The next 32 are 33 to 64, and an epoch makes 2560/32 = 80 updates" in text
    assert "(from 257 to 512)" in batches.prose["all-one-some"]


def test_example_of_batch_indices(batches: SimpleNamespace) -> None:
    dealt = batches.batch_indices(10, 4, torch.Generator())
    assert [len(batch) for batch in dealt] == [4, 4, 2]
    assert "three tensors, of 4, 4 and 2 indices" in batches.prose["exercise-batch-indices"]


def test_example_of_batch_gradient(batches: SimpleNamespace) -> None:
    x = torch.tensor([[1.0], [2.0], [3.0]])
    gradient = batches.batch_gradient(torch.tensor([1.0]), x, torch.zeros(3), torch.tensor([0, 2]))
    assert gradient.tolist() == [10.0]
    assert "it is `[10.0]`" in batches.prose["exercise-batch-gradient"]


def test_example_of_gradient_noise(batches: SimpleNamespace) -> None:
    x, y, w = torch.ones(2, 1), torch.tensor([1.0, 3.0]), torch.zeros(1)
    singles = [batches.batch_gradient(w, x, y, torch.tensor([i])).item() for i in range(2)]
    assert singles == [-2, -6]
    assert batches.gradient_noise(w, x, y, 1, 5, torch.Generator()) == 4
    assert (
        "the gradients are −2 and −6, their mean is −4, and the noise is 4" in batches.prose["exercise-gradient-noise"]
    )


def test_example_of_train_epochs(batches: SimpleNamespace) -> None:
    path = batches.train_epochs(torch.zeros(2), torch.eye(2), torch.full((2,), 4.0), 0.5, 2, 2, torch.Generator())
    assert path.tolist() == [[0, 0], [2, 2], [3, 3]]
    assert "`[[0., 0.], [2., 2.], [3., 3.]]`" in batches.prose["exercise-train-epochs"]


def test_steps_that_climb(batches: SimpleNamespace) -> None:
    one, eight, many = measured(batches.printed["experiment-cloud"])
    assert (many, len(batches.y)) == ("0.0 %", 442)
    text = batches.prose["after-cloud"]
    assert (
        f"Of the 442 patients {one} send you uphill, of the batches of 8 only {eight}, and of the batches of 64 none"
        in text
    )
    assert 0.75 < 1 - float(one.split()[0]) / 100 < 0.85, "four times out of five"
    assert batches.clouds[1].shape == (442, 2), "each patient once"


def test_the_error_falls_with_the_root(batches: SimpleNamespace) -> None:
    text, found = batches.prose["after-noise"], batches.found
    (factor,) = measured(batches.printed["experiment-noise"])
    assert f"that is a factor of {factor}" in text
    assert told(text, r"falls from ([\d.]+) with a single patient to ([\d.]+) with 16 and ([\d.]+) with 64") == (
        pytest.approx([found[0].item(), found[2].item(), found[3].item()], rel=0.01)
    )
    assert float(factor) == pytest.approx(2, rel=0.1)
    ideal = found[0] / torch.tensor(batches.sizes, dtype=found.dtype).sqrt()
    assert torch.allclose(found[:4], ideal[:4], rtol=0.12)
    assert found[4] < 0.75 * ideal[4], "256 of 442 are most of them"
    assert f"this is why the factor above was {factor} and not 2" in text
    n = len(batches.y)
    assert float(factor) == pytest.approx(2 * ((n - 16) / (n - 64)) ** 0.5, rel=0.02)


def test_the_crossing_is_the_noise_scale(batches: SimpleNamespace) -> None:
    (scale,) = re.findall(r"Noise scale at this place: ([\d.]+) samples", batches.printed["experiment-noise"])
    assert f"The noise scale here is {scale} patients" in batches.prose["after-noise"]
    at_scale = batches.one / float(scale) ** 0.5
    assert at_scale.item() == pytest.approx(batches.everyone.norm().item(), rel=0.02)


def test_three_paths(batches: SimpleNamespace) -> None:
    full, some, one = measured(batches.printed["experiment-three-paths"])
    text = batches.prose["after-three-paths"]
    assert (
        f"{full} of the distance is left with the full batch, {some} with batches of 32, and {one} one at a time"
        in text
    )
    assert [len(batches.path_with(size, 0.05, 2)) - 1 for size in (442, 32, 1)] == [2, 28, 884]
    assert "made two exact steps" in text
    assert "made 28 and 884 inexact ones" in text
    end = batches.path_with(1, 0.05, 2)[-40:]
    away = (end - batches.patients.minimum).norm(dim=1) / (batches.start - batches.patients.minimum).norm()
    assert away.max() > 3 * float(one), "the last point is luck"


def test_jitter(batches: SimpleNamespace) -> None:
    text = batches.prose["after-jitter"]
    lines = re.findall(
        r"lr ([\d.]+) +([\w ]+): ([\d.]+) from the minimum, at most ([\d.]+)", batches.printed["experiment-jitter"]
    )
    typical = {(lr, name): value for lr, name, value, _ in lines}
    assert f"jittering at {typical['0.05', 'one at a time']} of the first distance" in text
    assert f"batches of 32 at {typical['0.05', 'batches of 32']}" in text
    assert f"{typical['0.02', 'one at a time']} at 0.02" in text
    assert typical["0.3", "full batch"] == "0.000"
    assert f"batches of 32 jitter at {typical['0.3', 'batches of 32']}" in text
    (farthest,) = [far for lr, name, _, far in lines if (lr, name) == ("0.3", "one at a time")]
    assert "thrown out to more than 500 times the distance" in text
    assert float(farthest) > 500


def test_curvatures_of_one_and_of_all(batches: SimpleNamespace) -> None:
    text = batches.prose["after-jitter"]
    steepest = 2 * batches.x.square().sum(dim=1).max().item()
    over_all = torch.linalg.eigvalsh(2 / len(batches.x) * batches.x.T @ batches.x).max().item()
    assert f"It reaches {steepest:.1f} for one of them" in text
    assert f"curves by {over_all:.1f} at most" in text
    assert 2 / steepest < 0.3 < 2 / over_all


def table(text: str) -> dict[int, list[float]]:
    rows = re.findall(r"^\| (\d+) \| ([\d.]+) \| (\d+) \| (\d+) \| ([\d.]+) \|$", text, re.MULTILINE)
    return {int(size): [float(value) for value in values] for size, *values in rows}


def test_updates_and_samples(batches: SimpleNamespace) -> None:
    rows = table(batches.prose["after-digits"])
    assert rows.keys() == batches.costs.keys()
    for size, (lr, mean) in batches.costs.items():
        assert rows[size][0] == lr
        assert mean[:2].tolist() == pytest.approx(rows[size][1:3], rel=0.1)
        assert mean[2].item() == pytest.approx(rows[size][3], abs=0.015)
    assert batches.fewest == {0: 1437, 1: 1}
    updates, samples = ({size: mean[k].item() for size, (_, mean) in batches.costs.items()} for k in (0, 1))
    assert updates[1] / updates[16] == pytest.approx(10, rel=0.15)
    assert samples[16] / samples[1] == pytest.approx(1.6, rel=0.15)
    assert updates[64] - updates[1437] == pytest.approx(9, abs=4)
    assert samples[1437] / samples[64] == pytest.approx(19, rel=0.15)
    assert samples[1437] / samples[32] == pytest.approx(29, rel=0.15)
    assert round(1437 / 64) == 22


def test_no_batch_size_generalizes_visibly_better(batches: SimpleNamespace) -> None:
    accuracies = [mean[2].item() for _, mean in batches.costs.values()]
    assert max(accuracies) - min(accuracies) < 0.03
    assert accuracies[0] < max(accuracies), "not best at batch size 1"
    assert len(batches.held_out) == 360
    assert round(0.02 * 360) == 7


def test_the_noise_scale_of_the_network(batches: SimpleNamespace) -> None:
    found = [float(n) for n in re.findall(r"(\d+) digits", batches.printed["experiment-network-noise"])]
    text = batches.prose["after-digits"]
    pattern = (
        r"noise scale is (\d+) digits at the start, (\d+) after 20 updates, (\d+) after 72, .* and (\d+) after 1000"
    )
    assert found == pytest.approx(told(text, pattern), rel=0.25)
    assert min(found[:3]) < 16, "the bend lies inside the range of the noise scale"
    assert max(found[:3]) > 64


def test_no_learning_rate_of_a_longer_search_is_clearly_better(batches: SimpleNamespace) -> None:
    for size, (lr, mean) in batches.costs.items():
        limit = int(mean[0])
        for other in {0.03, 0.06, 0.12, 0.25, 0.5, 1.0, 1.5} - {lr}:
            updates = []
            for seed in range(3):
                run = batches.train_until(0.2, size, other, seed, limit)
                if run is None:  # slower already than the mean of the best
                    break
                updates.append(run[0].item())
            assert len(updates) < 3 or sum(updates) / 3 > 0.9 * mean[0], (size, other)


def test_what_a_batch_stores(batches: SimpleNamespace) -> None:
    _, memory = measured(batches.printed["experiment-machine"])
    text = batches.prose["after-machine"]
    assert f"and {memory} times the memory" in text
    each = batches.stored / torch.tensor(batches.batch_sizes)
    assert torch.allclose(each, torch.full_like(each, 560), rtol=0.02)
    assert "about 560 bytes a digit" in text
    (weights,) = re.findall(r"The weights take (\d+) bytes", batches.printed["experiment-machine"])
    assert f"the same {weights} bytes" in text


def test_what_every_machine_says(batches: SimpleNamespace) -> None:
    assert batches.speeds[4] > 10 * batches.speeds[0]
    assert "well over ten times as many samples per second" in batches.prose["after-machine"]
    best = batches.batch_sizes[int(batches.seconds.argmin())]
    assert best != 1
    if batches.device == "cpu":
        assert best != 1437
        assert "On a CPU the best time lies between" in batches.prose["after-machine"]


def test_the_answer_tells_the_same(batches: SimpleNamespace) -> None:
    text, rows = batches.prose["answer-batch-size"], table(batches.prose["after-digits"])
    assert f"the batch of 64 needed {rows[64][1]:.0f} updates and {rows[64][2]:.0f} samples" in text
    assert f"the full batch needed {rows[1437][1]:.0f} updates and {rows[1437][2]:.0f} samples" in text
    assert f"needed {rows[32][1]:.0f} updates instead of the {rows[1][1]:.0f} of single samples" in text


def test_predictions_stand_before_their_measurements() -> None:
    for name in ("epoch", "uphill", "factor", "distance", "digits", "machine"):
        assert source_of(LESSON, f"predict-{name}")
