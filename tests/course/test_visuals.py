"""The pictures: pure figures with named axes and alt text, drawn without a warning, whatever a student's run does."""

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import matplotlib
import pytest
import torch
from matplotlib.figure import Figure
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image, ImageChops
from torch import Tensor

from course import visuals
from course.visuals.layout import Layouts
from course.visuals.style import new_figure
from reference.landscapes import Quadratic

HERE = Path(visuals.__file__).parent
MODULES = sorted(HERE.glob("*.py"))


@dataclass
class Bowl:
    """A landscape for tests; the lessons hand in others."""

    curvatures: Tensor = field(default_factory=lambda: torch.tensor([0.1, 1.0], dtype=torch.float64))

    @property
    def minimum(self) -> Tensor:
        return torch.zeros_like(self.curvatures)

    def value(self, w: Tensor) -> Tensor:
        return (self.curvatures * w**2).sum(dim=-1) / 2

    def gradient(self, w: Tensor) -> Tensor:
        return self.curvatures * w


BOWL = Bowl()
NARROW = Bowl(torch.tensor([1.0], dtype=torch.float64))


def descend(lr: float, steps: int = 30, landscape: Bowl = BOWL) -> Tensor:
    path = [torch.tensor([1.0, 0.8], dtype=torch.float64)[: len(landscape.curvatures)]]
    for _ in range(steps):
        path.append(path[-1] - lr * landscape.gradient(path[-1]))
    return torch.stack(path)


GOOD, DIVERGING = descend(1.5), descend(60.0, 400)
assert not DIVERGING.isfinite().all()
KAPPAS = torch.tensor([10.0, 100.0])
LRS, MOMENTA = torch.linspace(0.1, 4, 20), torch.linspace(0, 0.95, 15)
RATES = (LRS + 0 * MOMENTA[:, None]) / 3
POINT = torch.tensor([1.0, 0.3])

RUN = visuals.Settings(lr=0.1, epochs=2)
TWO_CLASSES = visuals.Split(torch.eye(4), torch.tensor([0, 1, 0, 1]), torch.eye(4), torch.tensor([0, 1, 0, 1]))

LINES = {"line A": (0.5, 1.0), "line B": (0.9, 0.1)}
HOURS, SCORES = torch.arange(5.0), torch.tensor([1.0, 2.0, 2.0, 9.0, 3.0])
GRID = (KAPPAS[:1] / 10 - HOURS[:, None]) ** 2 + HOURS[:3] ** 2
ROUND = visuals.Round(
    layers=[POINT, KAPPAS[:1], POINT],
    slopes=[KAPPAS[:1], -POINT],
    weights=[torch.ones(2, 1), torch.ones(1, 2)],
    moves=[torch.ones(2, 1), -torch.ones(1, 2)],
    loss=0.7,
    label=1,
)
USES = {"a": (), "a · a": ("a", "a")}
PLANE = torch.meshgrid(torch.linspace(-1, 1, 5), torch.linspace(-1, 1, 4), indexing="xy")
CLASSES = torch.tensor([0, 1, 0, 1])


def class_map(share: Tensor, losses: Tensor) -> Figure:
    return visuals.class_map(torch.eye(4)[:, :2], CLASSES, PLANE, visuals.Learned(share, losses), 1)


def arrows(landings: dict[str, Tensor | None]) -> Figure:
    return visuals.two_arrows(BOWL, POINT, -POINT, 0.5, 0.9, landings)


DRAWINGS: dict[str, Callable[[], Figure]] = {
    "errors_of_lines": lambda: visuals.errors_of_lines(HOURS, SCORES, LINES),
    "pulled_lines": lambda: visuals.pulled_lines(HOURS, SCORES, LINES),
    "pulled_lines, not written": lambda: visuals.pulled_lines(HOURS, SCORES, {"yours": None, "line": (1.0, 0.0)}),
    "pulled_lines, not a number": lambda: visuals.pulled_lines(HOURS, SCORES, {"yours": (torch.nan, torch.inf)}),
    "loss_of_constants": lambda: visuals.loss_of_constants(
        HOURS, {"error (points)": {"as measured": SCORES, "mistyped": 2 * SCORES}}, "points"
    ),
    "loss_of_constants, not written": lambda: visuals.loss_of_constants(HOURS, {"a (m)": {"yours": None}}, "points"),
    "loss_of_constants, not a number": lambda: visuals.loss_of_constants(
        HOURS, {"a (m)": {"yours": SCORES * torch.nan}, "b (m)": {"yours": SCORES / 0}}, "points"
    ),
    "price_of_probability": lambda: visuals.price_of_probability(LRS / 4, {"yours": -LRS.log(), "square": LRS}),
    "price_of_probability, not written": lambda: visuals.price_of_probability(LRS / 4, {"yours": None}),
    "price_of_probability, infinite": lambda: visuals.price_of_probability(LRS / 4, {"yours": LRS * torch.inf}),
    "landscapes": lambda: visuals.landscapes(HOURS, HOURS[:3], {"a (m)": GRID, "b (m²)": GRID**2}, LINES),
    "landscapes, not written": lambda: visuals.landscapes(HOURS, HOURS[:3], {"a (m)": None}, LINES),
    "landscapes, flat": lambda: visuals.landscapes(HOURS, HOURS[:3], {"a (m)": 0 * GRID}, LINES),
    "landscapes, not a number": lambda: visuals.landscapes(HOURS, HOURS[:3], {"a (m)": GRID * torch.nan}, LINES),
    "walk_by_hand": lambda: visuals.walk_by_hand(HOURS, SCORES, (0.5, 1.0), 3.0, HOURS, HOURS[:3], GRID),
    "walk_by_hand, not written": lambda: visuals.walk_by_hand(HOURS, SCORES, (0.5, 1.0), None, HOURS, HOURS, None),
    "walk_by_hand, not a number": lambda: visuals.walk_by_hand(
        HOURS, SCORES, (0.5, 1.0), torch.nan, HOURS, HOURS[:3], GRID / 0
    ),
    "ball_in_landscape": lambda: visuals.ball_in_landscape(BOWL, {"walker": GOOD, "ball": descend(1.9)}, 9, -2, 2),
    "ball_in_landscape, diverging": lambda: visuals.ball_in_landscape(BOWL, {"ball": DIVERGING}, 400, -2, 2),
    "batch_map": lambda: visuals.batch_map({"as it stands": torch.arange(7).split(3), "yours": [torch.tensor([6])]}, 7),
    "batch_map, not written": lambda: visuals.batch_map({"yours": None}, 7),
    "batch_map, nothing": lambda: visuals.batch_map({"yours": [], "other": [torch.tensor([-1, 99])]}, 7),
    "gradient_cloud": lambda: visuals.gradient_cloud({"batches of 1": GOOD, "batches of 8": GOOD / 2}, POINT),
    "gradient_cloud, not written": lambda: visuals.gradient_cloud({"batches of 1": None}, POINT),
    "gradient_cloud, not a number": lambda: visuals.gradient_cloud({"batches of 1": GOOD * torch.nan}, POINT),
    "against_batch_size": lambda: visuals.against_batch_size(
        [1, 32], {"updates (count)": {"yours": KAPPAS, "1/√B": 1 / KAPPAS}, "time (s)": {"yours": KAPPAS * 1e5}}
    ),
    "against_batch_size, not written": lambda: visuals.against_batch_size(
        [1, 32], {"updates (count)": {"yours": None}, "samples (count)": {"yours": None}}
    ),
    "against_batch_size, nothing above 0": lambda: visuals.against_batch_size(
        [1, 32], {"error (no unit)": {"yours": 0 * KAPPAS, "other": KAPPAS * torch.nan}}
    ),
    "three_views, over samples": lambda: visuals.three_views(
        BOWL, {"yours": GOOD, "online": descend(0.1, 500)}, samples={"yours": 32, "online": 1}
    ),
    "accuracy_by_lr": lambda: visuals.accuracy_by_lr(LRS, {"yours": MOMENTA[:1] + 0 * LRS, "other": LRS / 5}),
    "accuracy_by_lr, not written": lambda: visuals.accuracy_by_lr(LRS, {"yours": None}),
    "class_map": lambda: class_map(PLANE[0] / 2 + 0.5, KAPPAS),
    "class_map, all of one class": lambda: class_map(0 * PLANE[0], KAPPAS),
    "class_map, not a number": lambda: class_map(PLANE[0] * torch.nan, KAPPAS * torch.nan),
    "class_map, not written": lambda: visuals.class_map(torch.eye(4)[:, :2], CLASSES, PLANE, None, 0),
    "expression_graph": lambda: visuals.expression_graph({"a": (3.0, 6.0), "a · a": (9.0, 1.0)}, USES),
    "expression_graph, not a number": lambda: visuals.expression_graph(dict.fromkeys(USES, (torch.nan, 1e300)), USES),
    "expression_graph, not written": lambda: visuals.expression_graph(None, USES),
    "four_phases": lambda: visuals.four_phases(ROUND, 0),
    "four_phases, forward": lambda: visuals.four_phases(ROUND, 1),
    "four_phases, update": lambda: visuals.four_phases(ROUND, 4),
    "gradient_errors": lambda: visuals.gradient_errors({"yours": {"W1": 1e-9, "b1": 0.0}, "other": {"W1": 1.0}}),
    "gradient_errors, not written": lambda: visuals.gradient_errors({"yours": None}),
    "gradient_errors, not a number": lambda: visuals.gradient_errors({"yours": {"W1": torch.nan, "b1": torch.inf}}),
    "run_curves": lambda: visuals.run_curves({"yours": list(visuals.training(RUN, TWO_CLASSES))[-1]}),
    "run_curves, nothing": lambda: visuals.run_curves({}),
    "three_views": lambda: visuals.three_views(BOWL, {"yours": GOOD, "reference": descend(1.8)}),
    "three_views, not written": lambda: visuals.three_views(BOWL, {"yours": None, "reference": GOOD}),
    "three_views, nothing": lambda: visuals.three_views(BOWL, {}),
    "three_views, diverging": lambda: visuals.three_views(BOWL, {"yours": DIVERGING, "reference": GOOD}),
    "three_views, not a number": lambda: visuals.three_views(BOWL, {"yours": GOOD * torch.nan}),
    "three_views, at rest": lambda: visuals.three_views(BOWL, {"yours": torch.zeros(3, 2)}),
    "arrows_against_gradient": lambda: visuals.arrows_against_gradient(BOWL, POINT),
    "step_by_step": lambda: visuals.step_by_step(BOWL, GOOD, 5),
    "step_by_step, not written": lambda: visuals.step_by_step(BOWL, None, 5),
    "step_by_step, diverging": lambda: visuals.step_by_step(BOWL, DIVERGING, 400),
    "bowls": lambda: visuals.bowls([0.5, 3.0], [torch.tensor([1.0, 0.5]), torch.tensor([[1.0], [-2.0]])], 1.0),
    "bowls, not written": lambda: visuals.bowls([0.5, 3.0], [None, None], 1.0),
    "bowls, diverging": lambda: visuals.bowls([0.5, 3.0], [None, torch.tensor([1.0, torch.inf])], 1.0),
    "difference_errors": lambda: visuals.difference_errors(KAPPAS, {"yours": KAPPAS, "one-sided": 0 * KAPPAS}),
    "difference_errors, not written": lambda: visuals.difference_errors(KAPPAS, {"yours": None}),
    "loss_curves": lambda: visuals.loss_curves({"yours": (KAPPAS, KAPPAS)}, "loss (no unit)", 5.0),
    "loss_curves, powers": lambda: visuals.loss_curves(
        {"yours": (torch.tensor([0, 1, 10]), KAPPAS[[0, 1, 0]])}, "loss (no unit)", xscale="symlog"
    ),
    "loss_curves, not written": lambda: visuals.loss_curves({"yours": None}, "loss (no unit)"),
    "loss_curves, diverging": lambda: visuals.loss_curves(
        {"yours": (KAPPAS, torch.tensor([1.0, torch.inf]))}, "loss (no unit)"
    ),
    "step_sizes": lambda: visuals.step_sizes(KAPPAS, {"yours": KAPPAS, "SGD": 1 / KAPPAS}),
    "step_sizes, not written": lambda: visuals.step_sizes(KAPPAS, {"yours": None}),
    "step_sizes, not a number": lambda: visuals.step_sizes(KAPPAS, {"yours": KAPPAS * torch.nan, "SGD": 0 * KAPPAS}),
    "loss_panels": lambda: visuals.loss_panels({"a": {"broken": KAPPAS, "right": KAPPAS}}, "loss (no unit)"),
    "loss_panels, not written": lambda: visuals.loss_panels(
        {"a": {"yours": None}, "b": {"right": KAPPAS}}, "loss (no unit)"
    ),
    "loss_panels, not a number": lambda: visuals.loss_panels(
        {"a": {"yours": torch.tensor([1.0, torch.nan])}, "b": {"yours": KAPPAS * torch.nan}}, "loss (no unit)"
    ),
    "steps_against_condition": lambda: visuals.steps_against_condition(KAPPAS, {"a": KAPPAS}, {"a": 7 * KAPPAS}),
    "steps_against_condition, not written": lambda: visuals.steps_against_condition(
        KAPPAS, {"a": KAPPAS, "b": None}, {"a": None, "b": None}
    ),
    "two_runs": lambda: visuals.two_runs(BOWL, {"without": GOOD, "with": descend(1.0)}),
    "two_runs, not written": lambda: visuals.two_runs(BOWL, {"without": None, "with": None}),
    "two_runs, diverging": lambda: visuals.two_runs(BOWL, {"without": GOOD, "with": DIVERGING}),
    "phase_diagram": lambda: visuals.phase_diagram(LRS, MOMENTA, RATES, {"yours": (2.0, 0.5)}),
    "phase_diagram, not written": lambda: visuals.phase_diagram(LRS, MOMENTA, RATES, {"yours": None}),
    "two_arrows": lambda: arrows({"momentum": POINT, "yours": -POINT}),
    "two_arrows, not written": lambda: arrows({"momentum": POINT, "yours": None}),
    "two_arrows, diverging": lambda: arrows({"momentum": POINT, "yours": POINT * torch.inf}),
    "valley_runs": lambda: visuals.valley_runs(NARROW, {"yours": descend(0.5, 30, NARROW)}, -2, 2),
    "valley_runs, not written": lambda: visuals.valley_runs(NARROW, {"yours": None}, -2, 2),
    "valley_runs, diverging": lambda: visuals.valley_runs(NARROW, {"yours": descend(99.0, 400, NARROW)}, -2, 2),
    "strides": lambda: visuals.strides(4.0, 0.4, 0.6 ** torch.arange(8.0)),
    "strides, not written": lambda: visuals.strides(4.0, 0.4, None),
    "strides, diverging": lambda: visuals.strides(4.0, 60.0, torch.tensor([1.0, -239.0, torch.inf])),
    "factors_against_lr": lambda: visuals.factors_against_lr(torch.tensor([2.0, 0.1]), {"edge": 1.0, "best": 9.0}, 1.3),
    "factors_against_lr, not written": lambda: visuals.factors_against_lr(POINT, {"edge": None}, 1.3),
    "schedules": lambda: visuals.schedules({"stairs": KAPPAS, "cosine": 2 * KAPPAS}),
    "schedules, not written": lambda: visuals.schedules({"stairs": None}),
    "range_test": lambda: visuals.range_test(LRS, LRS * 0 + 2, {"explodes": 1.0, "best": None}),
    "range_test, diverging": lambda: visuals.range_test(KAPPAS, torch.tensor([2.0, torch.nan]), {}),
}


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=[pytest.mark.slow] * ("," in name)) for name in DRAWINGS]
)
def figure(request: pytest.FixtureRequest) -> Figure:
    figure = DRAWINGS[request.param]()
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    return figure


def test_every_figure_function_is_drawn_here() -> None:
    drawn = {name.partition(",")[0] for name in DRAWINGS}
    public = {name for name in visuals.__all__ if inspect.signature(getattr(visuals, name)).return_annotation is Figure}
    assert drawn == public


def test_every_axis_is_named_with_its_unit(figure: Figure) -> None:
    for axes in figure.axes:
        axis_names = [axes.get_xlabel(), axes.get_ylabel()]
        if axes.get_label() == "<colorbar>":
            axis_names = axis_names[1:]
        if hasattr(axes, "get_zlabel"):
            axis_names.append(axes.get_zlabel())
        for name in axis_names:
            assert name.endswith(")"), (axes.get_title(), name)
            assert "(" in name, (axes.get_title(), name)


def test_every_figure_has_alt_text(figure: Figure) -> None:
    alt = figure.get_label()
    assert alt.endswith(".")
    assert len(alt.split()) >= 5


def test_curves_differ_without_colour(figure: Figure) -> None:
    for axes in figure.axes:
        handles, labels = axes.get_legend_handles_labels()
        looks = [
            (handle.get_linestyle(), handle.get_marker())
            for handle, label in zip(handles, labels, strict=True)
            if "not written yet" not in label
        ]
        assert len(looks) == len(set(looks))


def test_drawing_leaves_no_state_behind() -> None:
    before = dict(matplotlib.rcParams)
    visuals.show(DRAWINGS["three_views"]())
    assert dict(matplotlib.rcParams) == before
    assert GOOD.equal(descend(1.5)), "the path handed in was changed"


def test_a_student_sees_what_is_missing() -> None:
    figure = DRAWINGS["three_views, not written"]()
    words = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert "yours: not written yet" in words


def test_the_students_path_is_in_the_picture() -> None:
    figure = visuals.three_views(BOWL, {"yours": GOOD, "reference": descend(1.8)})
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    assert torch.as_tensor(lines["yours"].get_xydata()).equal(GOOD)
    assert lines["yours"].get_zorder() > lines["reference"].get_zorder()
    assert torch.allclose(torch.as_tensor(figure.axes[1].lines[0].get_ydata()), BOWL.value(GOOD))


def test_over_samples_an_update_is_as_wide_as_its_batch() -> None:
    figure = visuals.three_views(BOWL, {"yours": GOOD, "online": GOOD}, samples={"yours": 32, "online": 1})
    ends = [line.get_xdata()[-1] for line in figure.axes[1].lines]
    assert ends == [32 * 30, 30]
    assert figure.axes[1].get_xlabel() == "samples seen (count)"


def test_in_a_turned_ravine_the_error_is_measured_along_its_own_directions() -> None:
    turn = torch.tensor([[0.6, -0.8], [0.8, 0.6]], dtype=torch.float64)
    ravine = Quadratic(torch.tensor([0.1, 1.0], dtype=torch.float64), turn)
    figure = visuals.three_views(ravine, {"yours": GOOD @ turn.T})
    floor, wall = (torch.as_tensor(line.get_ydata()) for line in figure.axes[2].lines)
    assert torch.allclose(floor, GOOD[:, 0].abs())
    assert torch.allclose(wall, GOOD[:, 1].abs())
    assert "right: direction of curvature 0.1" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_a_path_of_hundreds_of_updates_has_its_loss_by_stretches() -> None:
    path = torch.stack([torch.ones(1001), torch.ones(1001)], dim=1).double()
    path[1::2] = 3
    axes = visuals.three_views(BOWL, {"yours": path}).axes[1]
    places, losses = (torch.as_tensor(values) for values in axes.lines[0].get_data())
    assert losses[0] == BOWL.value(path[0])
    assert losses[1:].tolist() == pytest.approx([float(BOWL.value(path[:2]).mean())] * 50)
    assert places[:3].tolist() == [0, 10.5, 30.5], "each mean stands in the middle of its 20 updates"
    (shade,) = axes.collections
    assert shade.get_datalim(axes.transData).intervaly.tolist() == BOWL.value(path[:2]).tolist()


def test_a_batch_map_says_whether_each_sample_is_there_once() -> None:
    alt = visuals.batch_map({"a": torch.arange(6).split(3), "b": [torch.tensor([0, 0, 1])]}, 6).get_label()
    assert "a: 2 batches, each sample once, the first batch is samples 1 to 3" in alt
    assert "b: 1 batches, not each sample once" in alt


def test_a_cloud_counts_what_climbs() -> None:
    cloud = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [2.0, 1.0], [1.0, 1.0]])
    assert "ones: 25% point to the grey side" in visuals.gradient_cloud({"ones": cloud}, POINT * 0 + 1).get_label()


def test_a_cloud_says_how_many_dots_it_leaves_out() -> None:
    cloud = torch.ones(100, 2)
    cloud[:2] = 50.0
    figure = visuals.gradient_cloud({"ones": cloud}, POINT * 0 + 1)
    assert figure.axes[0].get_title() == "ones (2 dots lie outside)"
    assert figure.axes[0].get_xlim()[1] < 50


def test_alt_text_says_how_a_run_ends() -> None:
    alt = visuals.three_views(BOWL, {"yours": DIVERGING, "reference": GOOD}).get_label()
    assert "yours: diverges within 400 updates" in alt
    assert f"reference: {float(GOOD[-1].norm()):.2g} from the minimum after 30 updates" in alt


@pytest.mark.parametrize("path", [torch.zeros(2), torch.zeros(0, 2), torch.zeros(4, 3)])
def test_a_path_of_the_wrong_shape_is_refused_in_words(path: Tensor) -> None:
    with pytest.raises(ValueError, match=r"a path has the shape \[steps \+ 1, 2\]; this one has"):
        visuals.three_views(BOWL, {"yours": path})


def test_a_grid_of_the_wrong_shape_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match=r"this landscape has the shape \[5, 3\]; the grid has \[3, 5\]"):
        visuals.landscapes(HOURS, HOURS[:3], {"a (m)": GRID.T}, LINES)


def test_the_star_stands_on_the_lowest_place() -> None:
    alt = visuals.landscapes(HOURS, HOURS[:3], {"a (m)": GRID}, {}).get_label()
    assert "a: lowest on the grid at slope 1.00, intercept 0.00" in alt


def test_a_diverging_run_does_not_squeeze_the_other() -> None:
    left, right = visuals.three_views(BOWL, {"yours": DIVERGING, "reference": GOOD}).axes[0].get_xlim()
    assert right - left < 5


def test_show_gives_an_image_with_alt_text() -> None:
    figure = DRAWINGS["three_views"]()
    figure.set_label('a "quoted" <alt> text.')
    bundle = visuals.show(figure)._repr_mimebundle_()
    assert 'alt="a &quot;quoted&quot; &lt;alt&gt; text."' in bundle["text/html"]
    assert bundle["text/plain"] == 'a "quoted" <alt> text.'
    assert bundle["image/png"].startswith("iVBOR")


def test_path_or_none_lets_only_unwritten_work_through(capsys: pytest.CaptureFixture[str]) -> None:
    def unwritten() -> Tensor:
        raise NotImplementedError

    def typo() -> Tensor:
        return no_such_name  # noqa: F821  the point of the test

    assert visuals.path_or_none(lambda: 3) == 3
    assert visuals.path_or_none(unwritten) is None
    assert capsys.readouterr().out == ""
    assert visuals.path_or_none(typo) is None
    assert "name 'no_such_name' is not defined" in capsys.readouterr().out
    with pytest.raises(ZeroDivisionError):
        visuals.path_or_none(lambda: 1 / 0)


def test_beside_prints_both(capsys: pytest.CaptureFixture[str]) -> None:
    visuals.beside("Steps", 600, 634, "updates")
    visuals.beside("Steps", None, None)
    printed = capsys.readouterr().out.splitlines()
    assert printed[:3] == ["Steps", "  predicted: 600 updates", "  measured:  634 updates"]
    assert "none yet" in printed[4]
    assert "isn't written" in printed[5]


class TestExplore:
    @staticmethod
    def draw(lr: float = 0.5, steps: int = 10) -> Figure:
        if steps == 13:
            raise ValueError("unlucky <number>")
        return visuals.three_views(BOWL, {f"lr {lr:.3g}": descend(lr, steps)})

    def test_sliders_start_from_the_defaults(self) -> None:
        explorer = visuals.explore(self.draw, lr=(0.1, 2.0, 0.1), steps=(1, 20, 1))
        assert explorer.values() == {"lr": 0.5, "steps": 10}
        assert "after 10 updates" in explorer.picture.value

    def test_moving_a_slider_draws_again(self) -> None:
        explorer = visuals.explore(self.draw, lr=(0.1, 2.0, 0.1), steps=(1, 20, 1))
        explorer.controls["steps"].value = 20
        assert "lr 0.5" in explorer.picture.value
        assert "after 20 updates" in explorer.picture.value

    def test_an_error_is_shown_in_place_of_the_picture(self) -> None:
        explorer = visuals.explore(self.draw, steps=(1, 20, 1))
        explorer.controls["steps"].value = 13
        assert explorer.picture.value == "<pre>ValueError: unlucky &lt;number&gt;</pre>"

    def test_without_a_kernel_the_still_stands(self) -> None:
        bundle = visuals.explore(self.draw, steps=(1, 20, 1))._repr_mimebundle_()
        assert "application/vnd.jupyter.widget-view+json" in bundle
        assert "after 10 updates" in bundle["text/html"]
        assert bundle["image/png"].startswith("iVBOR")

    def test_a_page_without_widgets_shows_the_still_and_says_where_its_sliders_are(self) -> None:
        bundle = visuals.explore(self.draw, steps=(1, 20, 1))._repr_mimebundle_()
        cell = new_code_cell("explore", outputs=[new_output("display_data", bundle)])
        page, _ = HTMLExporter().from_notebook_node(new_notebook(cells=[cell]))
        assert "after 10 updates" in page
        assert "Its sliders move in JupyterLab" in page


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_pictures_import_neither_reference_nor_grader_nor_pyplot(module: Path) -> None:
    names = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    assert not {name for name in names if name.split(".")[0] in ("reference", "autograder")}
    assert not {name for name in names if "pyplot" in name}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_modules_are_short(module: Path) -> None:
    assert len(module.read_text(encoding="utf-8").splitlines()) < 200


class TestLayouts:
    @staticmethod
    def figure(top: float, name: str = "loss (no unit)") -> Figure:
        figure = new_figure(4, 3)
        figure.subplots().set(ylabel=name, ylim=(0, top), title="title")
        return figure

    def test_a_picture_of_the_same_shape_keeps_its_layout(self) -> None:
        layouts, first, second = Layouts(), self.figure(1.0), self.figure(2.0)
        layouts.png(first)
        layouts.png(second)
        assert second.axes[0].get_position().bounds == first.axes[0].get_position().bounds

    def test_where_a_name_would_leave_the_picture_it_is_laid_out_anew(self) -> None:
        layouts, first, second = Layouts(), self.figure(1.0), self.figure(1e-3 / 3)
        layouts.png(first)
        second.axes[0].set_yticks([1e-4], ["0.000100000000"])
        layouts.png(second)
        assert second.axes[0].get_position().x0 > first.axes[0].get_position().x0 + 0.05
        assert second.axes[0].yaxis.label.get_window_extent().x0 >= 0

    def test_the_first_picture_and_a_repeated_one_are_the_same(self) -> None:
        layouts = Layouts()
        once, twice = layouts.png(self.figure(1.0)), layouts.png(self.figure(1.0))
        assert once == twice

    @pytest.mark.parametrize("drawn", ["three_views", "against_batch_size", "strides", "phase_diagram", "run_curves"])
    def test_axes_with_one_tick_for_all_look_like_matplotlibs(self, drawn: str) -> None:
        layouts, first, second = Layouts(), DRAWINGS[drawn](), DRAWINGS[drawn]()
        plain, stamped = (Image.open(BytesIO(layouts.png(figure))) for figure in (first, second))
        darkest = max(most for _, most in ImageChops.difference(plain, stamped).getextrema())
        assert darkest <= 2, "of 255: a legend that is kept is rounded twice"
        assert not second.axes[0].xaxis.get_visible(), "it was drawn by matplotlib"

    def test_an_axis_with_an_offset_is_drawn_whole(self) -> None:
        layouts = Layouts()
        pictures = [layouts.png(self.figure(top)) for top in (1.0, 3e9, 1.0, 3e9)]
        assert pictures[1] == pictures[3]

    def test_between_two_pictures_one_layout_is_found_for_both(self) -> None:
        layouts = Layouts()

        def wide() -> Figure:
            figure = self.figure(1.0)
            figure.axes[0].set_yticks([0.5], ["0.500000000000"])
            return figure

        layouts.png(self.figure(1.0))
        layouts.png(wide())
        narrow, again = self.figure(1.0), wide()
        layouts.png(narrow)
        layouts.png(again)
        assert narrow.axes[0].get_position().bounds == again.axes[0].get_position().bounds
