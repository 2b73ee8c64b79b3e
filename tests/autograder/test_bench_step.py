"""What `downhill bench step` measures, draws and refuses."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from autograder.bench.contestants import RACES, Contestant, contestants
from autograder.bench.step import bench_step
from autograder.bench.step_figures import Figures, Measured
from autograder.bench.step_plot import save_plot
from autograder.cli import app
from autograder.errors import DownhillError

WAYS = {("ours", "loop"), ("ours", "foreach"), ("ours", "compiled"), ("torch", "loop"), ("torch", "foreach")}
COMPILER = pytest.mark.skipif(
    not (shutil.which("g++") or shutil.which("clang++")),
    reason="torch.compile needs a C++ compiler on the PATH; on Debian: apt install g++",
)


@COMPILER
@pytest.mark.slow
def test_every_way_is_measured_and_drawn_in_both_regimes(tmp_path: Path) -> None:
    picture = tmp_path / "step.png"
    line = CliRunner().invoke(
        app, ["bench", "step", "--quick", "--optimizers", "rmsprop,SGD", "--json", "--plot", str(picture)]
    )
    assert line.exit_code == 0, line.output
    figures = json.loads(line.output)
    assert figures["device"] == "cpu"
    assert figures["chip"]
    assert figures["torch"] == torch.__version__
    rows = figures["rows"]
    for regime in ("large", "small"):
        for rule, ways in [("RMSprop", WAYS), ("SGD", WAYS | {("torch", "fused")})]:
            of_rule = [row for row in rows if (row["regime"], row["optimizer"]) == (regime, rule)]
            assert {(row["by"], row["way"]) for row in of_rule} == ways
            assert 1 in {row["to_best"] for row in of_rule if row["by"] == "torch"}
            assert [row["way"] for row in of_rule if row["compile_s"]] == (["compiled"] if regime == "large" else [])
    for row in rows:
        assert row["error"] < 1e-6, "each is a right step in float32"
        count, elements = figures["tensors"][row["regime"]]
        assert row["gb_s"] * row["ms"] * 1e6 == pytest.approx(RACES[row["optimizer"]].least * count * elements)
        alike = next(r for r in rows if (r["optimizer"], r["regime"]) == (row["optimizer"], row["regime"]))
        assert row["of_copy"] / row["gb_s"] == pytest.approx(alike["of_copy"] / alike["gb_s"]), "one copy for all"
        assert row["peak_mb"] >= 8 * count * elements / 1e6, "parameters and gradients at least"
    assert picture.read_bytes().startswith(b"\x89PNG")


def row(regime: str, way: str) -> Figures:
    return Figures("Adam", regime, "ours", way, 1.5, 20.0, 0.8, 1.02, 1e-7, 268.4, 7.9 if way == "compiled" else None)


RESULT = Measured(
    "cpu",
    "A Chip",
    2,
    "2.13.0",
    {"large": (4, 2**22), "small": (1000, 2**10)},
    {"large": 25.0, "small": 25.0},
    tuple(row(regime, way) for regime in ("large", "small") for way in ("loop", "compiled")),
)


def test_the_table_names_the_machine_and_every_figure() -> None:
    lines = RESULT.text().splitlines()
    assert lines[0] == "A Chip, 2 threads, torch 2.13.0"
    assert lines[2] == "4 tensors of 4194304 elements; a copy moves 25.0 GB/s"
    assert lines[3].split() == ["optimizer", "ms", "GB/s", "of", "copy", "×", "best", "error", "MB", "compile", "s"]
    assert lines[5].split() == ["Adam", "ours", "compiled", "1.500", "20.0", "80%", "1.02", "1.0e-07", "268", "7.9"]


def test_a_plot_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "step.png"
    with pytest.raises(DownhillError, match=rf"^the plot cannot be written to {path}: No such file or directory$"):
        save_plot(RESULT, path)


@pytest.mark.parametrize("name", RACES)
def test_everyone_takes_the_same_step(name: str) -> None:
    race, start, grads = RACES[name], [torch.tensor([1.0, -2.0])], [torch.tensor([0.5, 3.0])]
    moved = []
    for contestant in contestants(race, start, grads):
        if contestant.way != "compiled":
            contestant.step()
            moved.append(contestant.params[0].detach())
            assert contestant.held_bytes >= 4 * 2 * (race.least - 4) // 8, (
                "what is written is written where it was read"
            )
    for params in moved:
        torch.testing.assert_close(params, moved[0], rtol=1e-6, atol=0)
    assert not torch.equal(moved[0], start[0])


def tensors(contestant: Contestant) -> list[torch.Tensor]:
    (p,) = contestant.params
    assert p.grad is not None
    return [p.detach(), p.grad, *contestant.kept(p).values()]


@pytest.mark.parametrize("name", RACES)
def test_everyone_can_work_where_another_does(name: str) -> None:
    race, start, grads = RACES[name], [torch.tensor([1.0, -2.0])], [torch.tensor([0.5, 3.0])]
    running = [c for c in contestants(race, start, grads) if c.way != "compiled"]
    expected = [c for c in contestants(race, start, grads) if c.way != "compiled"]
    host = running[-1]  # steps in place
    for contestant in [*running, *expected]:
        contestant.step()
        tensors(contestant)[1].copy_(grads[0])  # torch's foreach Nesterov has written into it
    for contestant, alone in zip(running, expected, strict=True):
        if contestant is not host:
            contestant.move_in(host)
        assert [t.data_ptr() for t in tensors(contestant)] == [t.data_ptr() for t in tensors(host)]
        before = [t.clone() for t in tensors(host)]
        contestant.step()
        alone.step()
        torch.testing.assert_close(tensors(contestant), tensors(alone), rtol=1e-6, atol=0)
        torch._foreach_copy_(tensors(host), before)


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(DownhillError, match=r"^there is no optimizer 'adamax' here; there are: SGD, momentum, "):
        bench_step(["adamax"])
    with pytest.raises(DownhillError, match=r"^device is 'tpu'; expected 'cpu', or 'cuda' where torch sees "):
        bench_step(device="tpu")
