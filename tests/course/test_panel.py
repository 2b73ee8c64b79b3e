"""The panel: what a student chooses is what runs, runs can be stopped, compared and kept."""

import csv
import re
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from typing import Any

import pytest
import torch
from matplotlib.figure import Figure
from torch import Tensor

from course.visuals import Settings, Split, network, panel, run_curves, training
from course.visuals.panel import DRAWN, Panel
from course.visuals.runs import LOSSES, OPTIMIZERS, Run, device_name

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def blobs(n: int = 120) -> Split:
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(n) % 3
    x = torch.randn(n, 4, generator=generator) + 3 * torch.nn.functional.one_hot(y, 4)
    return Split(x[: n // 2], y[: n // 2], x[n // 2 :], y[n // 2 :])


def whole(settings: Settings, mine: Any = None) -> Run:
    *_, run = training(settings, blobs(), mine)
    return run


class Mine(torch.optim.SGD):
    def __init__(self, params: list[Tensor], lr: float) -> None:
        super().__init__(params, lr=lr)


class Heavy(torch.optim.SGD):
    def __init__(self, params: list[Tensor], lr: float, momentum: float = 0.5) -> None:
        super().__init__(params, lr=lr, momentum=momentum)


class Unwritten(torch.optim.Optimizer):
    def __init__(self, params: list[Tensor], lr: float) -> None:
        raise NotImplementedError


class Broken(Mine):
    def step(self, closure: Any = None) -> None:
        raise ValueError("a <b>bold</b> mistake")


class TestTraining:
    def test_the_defaults_are_the_lessons(self) -> None:
        made = Settings()
        assert (made.batch_size, made.lr) == (32, 0.001)

    @pytest.mark.parametrize(
        ("loss", "optimizer"), sorted({*product(LOSSES, ["SGD"]), *product(["cross-entropy"], OPTIMIZERS)})
    )
    def test_every_choice_learns(self, loss: str, optimizer: str) -> None:
        run = whole(Settings(loss, optimizer, batch_size=8, lr=0.01, momentum=0.9, epochs=40))
        assert run.ending == "finished"
        assert run.loss["training"][-1] < 0.8 * run.loss["training"][0]
        assert run.done == run.updates == 40 * 8
        for values in (run.loss, run.accuracy):
            assert [len(values[part]) for part in ("training", "validation")] == [41, 41]

    def test_the_last_short_batch_is_used(self) -> None:
        assert whole(Settings(batch_size=7, epochs=1)).updates == 9

    def test_the_same_settings_give_the_same_run(self) -> None:
        assert whole(Settings(lr=0.1)).loss == whole(Settings(lr=0.1)).loss

    def test_mine_is_what_trains(self) -> None:
        mine = whole(Settings(optimizer="mine", lr=0.1), Mine)
        assert mine.loss == whole(Settings(optimizer="SGD", lr=0.1)).loss

    def test_mine_gets_the_momentum_if_it_takes_one(self) -> None:
        heavy = whole(Settings(optimizer="mine", lr=0.1, momentum=0.8), Heavy)
        assert heavy.loss == whole(Settings(optimizer="momentum", lr=0.1, momentum=0.8)).loss

    def test_momentum_zero_is_allowed_everywhere(self) -> None:
        assert whole(Settings(optimizer="Nesterov", momentum=0.0)).ending == "finished"

    @pytest.mark.parametrize(
        ("mine", "ending"),
        [(Unwritten, "not written yet"), (None, "not written yet"), (Broken, "ValueError: a <b>bold</b> mistake")],
    )
    def test_what_goes_wrong_in_mine_is_told(self, mine: Any, ending: str) -> None:
        assert whole(Settings(optimizer="mine"), mine).ending.startswith(ending)

    def test_a_diverging_run_comes_to_its_end_and_is_drawn(self) -> None:
        run = whole(Settings(lr=1e6, loss="mean squared error"))
        assert run.ending == "finished"
        run_curves({"far": run}).draw_without_rendering()

    def test_it_trains_in_slices_and_keeps_what_it_measured_when_stopped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("course.visuals.runs.SLICE", 0.0)
        steps = training(Settings(epochs=50), blobs())
        run = list(islice(steps, 5))[-1]
        assert (run.done, run.ending) == (5, "running")
        steps.close()
        assert run.ending == "stopped"
        assert len(run.loss["training"]) == 3, "before the first epoch and after each whole one"

    def test_it_says_where_it_trains(self) -> None:
        assert whole(Settings()).device == device_name() == ("cuda" if torch.cuda.is_available() else "cpu")

    def test_the_seed_decides_the_first_weights(self) -> None:
        first, second, other = network(4, 3, seed=1), network(4, 3, seed=1), network(4, 3, seed=2)
        assert first[0].weight.equal(second[0].weight)
        assert not first[0].weight.equal(other[0].weight)


class TestPicture:
    @pytest.fixture
    def figure(self) -> Figure:
        figure = run_curves({"a": whole(Settings(lr=0.1)), "b": whole(Settings(optimizer="Adam"))})
        figure.draw_without_rendering()
        return figure

    def test_training_and_validation_stand_side_by_side_on_one_scale(self, figure: Figure) -> None:
        loss, validation, *_ = figure.axes
        assert (loss.get_title(), validation.get_title()) == ("training", "validation")
        assert loss.get_ylim() == validation.get_ylim()

    def test_axes_have_units_and_curves_differ_without_colour(self, figure: Figure) -> None:
        for axes in figure.axes:
            assert "(" in axes.get_ylabel()
            looks = [(line.get_linestyle(), line.get_marker()) for line in axes.lines]
            assert len(looks) == len(set(looks)) == 2

    def test_the_alt_text_says_how_the_runs_end(self, figure: Figure) -> None:
        assert re.search(r"a ends at a validation accuracy of [01]\.\d+; b ends at", figure.get_label())

    def test_no_runs_is_a_picture_too(self) -> None:
        assert "No run is drawn yet" in run_curves({}).get_label()


class TestPanel:
    @pytest.fixture
    def shown(self) -> Panel:
        return panel(blobs(), Heavy)

    def test_without_a_kernel_a_still_with_two_runs_stands(self, shown: Panel) -> None:
        bundle = shown._repr_mimebundle_()
        assert "application/vnd.jupyter.widget-view+json" in bundle
        assert bundle["image/png"].startswith("iVBOR")
        assert "1: SGD" in bundle["text/plain"]
        assert "2: Adam" in bundle["text/plain"]

    def test_it_starts_from_the_defaults_and_names_the_device(self, shown: Panel) -> None:
        assert shown.settings() == Settings()
        assert device_name() in shown.status.value

    def test_all_choices_are_there(self, shown: Panel) -> None:
        assert set(shown.controls["optimizer"].options) == {*OPTIMIZERS, "mine"}
        assert set(shown.controls["loss"].options) == set(LOSSES)
        assert "mine" not in panel(blobs()).controls["optimizer"].options

    def test_what_is_chosen_is_what_runs(self, shown: Panel) -> None:
        for name, value in {"optimizer": "mine", "lr": 0.05, "momentum": 0.7, "batch_size": 5, "epochs": 3}.items():
            shown.controls[name].value = value
        shown.run_button.click()
        assert shown.runs[-1].settings == Settings("cross-entropy", "mine", 5, 0.05, 0.7, 3)
        assert shown.progress.value == 1
        assert shown.status.value.count("Finished: 36 updates")
        assert "3: mine" in shown.picture.value

    def test_of_many_runs_the_newest_are_drawn_and_all_are_in_the_table(self, shown: Panel) -> None:
        for _ in range(4):
            shown.run()
        assert next(iter(shown.drawn())).startswith("3:")
        assert len(shown.drawn()) == DRAWN
        assert shown.table.value.count("<tr>") == 1 + 6

    def test_a_run_keeps_its_colour_when_others_come_and_go(self) -> None:
        runs = [whole(Settings(lr=lr, epochs=1)) for lr in (0.1, 0.2, 0.3, 0.4, 0.5)]

        def colours(*numbers: int) -> dict[str, str]:
            figure = run_curves({str(n): runs[n - 1] for n in numbers}, numbers)
            return {str(line.get_label()): str(line.get_color()) for line in figure.axes[0].lines}

        before, after = colours(1, 2, 3, 4), colours(2, 3, 4, 5)
        assert {n: before[n] for n in "234"} == {n: after[n] for n in "234"}
        assert len(set(after.values())) == len(set(colours(1, 3, 4, 5).values())) == 4

    def test_a_tick_brings_a_run_back(self, shown: Panel) -> None:
        shown.choice.children[0].value = False
        assert "1: SGD" not in shown.picture.value
        shown.choice.children[0].value = True
        assert "1: SGD" in shown.picture.value

    def test_the_table_can_be_kept(self, shown: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        shown.save_button.click()
        rows = list(csv.DictReader((tmp_path / "runs.csv").read_text(encoding="utf-8").splitlines()))
        assert [r["optimizer"] for r in rows] == ["SGD", "Adam"]
        assert float(rows[1]["validation accuracy"]) == pytest.approx(
            shown.runs[1].accuracy["validation"][-1], abs=1e-3
        )

    def test_clear_forgets(self, shown: Panel) -> None:
        shown.clear_button.click()
        assert shown.runs == []
        assert "No runs yet" in shown.table.value
        shown.run()
        assert len(shown.runs) == 1

    def test_a_mistake_in_mine_is_told_and_harms_nothing(self) -> None:
        shown = panel(blobs(), Broken)
        shown.controls["optimizer"].value = "mine"
        shown.run_button.click()
        assert "&lt;b&gt;bold&lt;/b&gt; mistake" in shown.status.value
        assert "<b>" not in shown.status.value + shown.table.value
        shown.controls["optimizer"].value = "SGD"
        shown.run_button.click()
        assert shown.runs[-1].ending == "finished"


KERNEL = """
import sys
sys.path.insert(0, {root!r})
import torch
torch.set_num_threads(1)
from sklearn.datasets import load_digits
from course import visuals
x, y = (torch.as_tensor(part) for part in load_digits(return_X_y=True))
x = x.float() / 16
board = visuals.panel(visuals.Split(x[:1000], y[:1000], x[1000:1400], y[1000:1400]))
board.controls["epochs"].value = 500
print(board.run_button.comm.comm_id, board.stop_button.comm.comm_id)
"""


def test_in_a_kernel_the_stop_button_ends_a_run_while_it_trains() -> None:
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(extra_arguments=["--log-level=ERROR"])
    try:
        run_id, stop_id = said(client, KERNEL.format(root=str(Path(__file__).parents[2]))).split()
        press(client, run_id)
        while "running" not in (during := said(client, "print(board.runs[-1].ending, board.runs[-1].done)")):
            pass
        updates = int(during.split()[1])
        press(client, stop_id)
        while (after := said(client, "print(board.runs[-1].ending, board.runs[-1].done)")).startswith("running"):
            updates = int(after.split()[1])
        ending, done = after.split()
        assert ending == "stopped"
        assert updates <= int(done) < 500 * 32
        assert "Stopped after" in said(client, "print(board.status.value, board.run_button.disabled)")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def press(client: Any, comm: str) -> None:
    """What the browser sends for a click."""
    content = {"comm_id": comm, "data": {"method": "custom", "content": {"event": "click"}}}
    client.shell_channel.send(client.session.msg("comm_msg", content))


def said(client: Any, code: str) -> str:
    """What a cell prints."""
    out: list[str] = []

    def hook(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream":
            out.append(message["content"]["text"])
        assert message["msg_type"] != "error", message["content"]

    client.execute_interactive(code, output_hook=hook, timeout=120)
    return "".join(out).strip()
