"""Every lesson notebook is clean, valid for nbgrader, complete, and releases without its answers."""

import ast
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.notebooknode import NotebookNode
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import CheckCellMetadata, ClearMarkScheme, ClearOutput, ClearSolutions, LockCells

SOURCE = Path(__file__).parents[2] / "course" / "source"
NOTEBOOKS = sorted(SOURCE.glob("*/*.ipynb"))
OPTIMIZER = "torch.optim.Optimizer"
STUB = "raise NotImplementedError()"

# what a student's work hangs on: exercise → (arguments, points)
EXERCISES = {
    "01_loss": {
        "mean_absolute_error": (["prediction", "target"], 1),
        "mean_squared_error": (["prediction", "target"], 2),
        "cross_entropy": (["logits", "labels"], 3),
        "loss_grid": (["loss", "first", "second"], 2),
    },
    "02_gradient_descent": {
        "numerical_gradient": (["f", "w", "h"], 2),
        "gradient_step": (["params", "grads", "lr"], 2),
        "gradient_descent": (["gradient", "start", "lr", "steps"], 2),
        "fit_linear": (["x", "y", "lr", "steps"], 2),
    },
    "03_backpropagation": {
        "forward": (["params", "x"], 1),
        "backward": (["params", "x", "labels", "activations"], 3),
        "update": (["params", "grads", "lr"], 1),
        "Value": (["self", "data"], 3),
    },
    "04_batch_size": {
        "batch_indices": (["n", "batch_size", "generator"], 2),
        "batch_gradient": (["w", "x", "y", "indices"], 2),
        "gradient_noise": (["w", "x", "y", "batch_size", "draws", "generator"], 2),
        "train_epochs": (["w", "x", "y", "lr", "batch_size", "epochs", "generator"], 2),
    },
    "05_learning_rate": {
        "largest_stable_lr": (["curvatures"], 1),
        "fastest_lr": (["curvatures"], 1),
        "step_decay": (["step", "lr", "drop", "every"], 2),
        "warmup_cosine": (["step", "total", "warmup", "peak", "floor"], 2),
        "descend_with_schedule": (["gradient", "start", "schedule", "steps"], 2),
    },
    "06_momentum": {
        "momentum_step": (["params", "velocities", "grads", "lr", "momentum"], 3),
        "Momentum": (["self", "params", "lr", "momentum"], 3),
        "fastest_momentum": (["smallest", "largest"], 2),
    },
    "07_nesterov": {
        "look_ahead_step": (["params", "velocities", "gradient", "lr", "momentum"], 3),
        "nesterov_step": (["params", "velocities", "grads", "lr", "momentum"], 2),
        "Nesterov": (["self", "params", "lr", "momentum"], 3),
    },
    "08_adaptive": {
        "rmsprop_step": (["params", "squares", "grads", "lr", "alpha", "eps"], 1),
        "adam_step": (["params", "means", "squares", "grads", "step", "lr", "betas", "eps"], 2),
        "Adam": (["self", "params", "lr", "betas", "eps"], 2),
        "repaired_adam_step": (["params", "means", "squares", "grads", "step", "lr", "betas", "eps"], 1),
        "repaired_rmsprop_step": (["params", "squares", "grads", "lr", "alpha", "eps"], 1),
        "repaired_momentum_step": (["params", "velocities", "grads", "lr", "momentum"], 1),
    },
    "09_experiment": {
        "MyOptimizer": (["self", "params", "lr"], 4),
        "train": (["model", "optimizer", "x", "y", "batch_size", "epochs", "generator"], 4),
    },
}


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def notebook(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def graded_cells(notebook: NotebookNode) -> dict[str, NotebookNode]:
    return {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if "nbgrader" in cell.metadata}


def kind(cell: NotebookNode) -> tuple[bool, bool, bool]:
    meta = cell.metadata.nbgrader
    return meta.grade, meta.solution, meta.locked


def exercises(notebook: NotebookNode) -> list[str]:
    return [name for name, cell in graded_cells(notebook).items() if kind(cell) == (False, True, False)]


def released(notebook: NotebookNode) -> NotebookNode:
    """The notebook after the steps of `nbgrader generate_assignment` that change what a student reads."""
    for step in (LockCells, ClearSolutions, ClearOutput, CheckCellMetadata, ClearMarkScheme):
        notebook, _ = step().preprocess(notebook, {})
    return notebook


def test_there_are_lessons() -> None:
    assert {path.stem for path in NOTEBOOKS} >= set(EXERCISES)


def test_a_notebook_is_named_like_its_folder(path: Path) -> None:
    assert path.stem == path.parent.name
    assert re.fullmatch(r"\d\d_[a-z_]+", path.stem)


def test_the_file_is_a_clean_notebook(notebook: NotebookNode) -> None:
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in notebook.cells:
        assert not cell.get("outputs"), cell.id
        assert cell.get("execution_count") is None, cell.id


def test_cell_ids_are_unique_and_readable(notebook: NotebookNode) -> None:
    ids = [cell.id for cell in notebook.cells]
    assert len(ids) == len(set(ids))
    for name in ids:
        assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", name), name
        assert not re.fullmatch(r"[0-9a-f]{8}", name), name


def test_nbgrader_accepts_the_metadata(notebook: NotebookNode) -> None:
    MetadataValidator().validate_nb(notebook)
    for name, cell in graded_cells(notebook).items():
        assert cell.metadata.nbgrader.schema_version == 3, name
        assert cell.metadata.nbgrader.cell_type == cell.cell_type, name


def test_every_exercise_has_its_check_right_after_it(notebook: NotebookNode) -> None:
    cells, order = graded_cells(notebook), [cell.id for cell in notebook.cells]
    assert exercises(notebook)
    for name in exercises(notebook):
        check = cells[f"check_{name}"]
        assert check.source == f'check("{name}", {name})'
        assert kind(check) == (True, False, True)
        assert order.index(check.id) == order.index(cells[name].id) + 1


def test_nothing_else_is_graded(notebook: NotebookNode, path: Path) -> None:
    graded = {name for name, cell in graded_cells(notebook).items() if cell.metadata.nbgrader.grade}
    answer = "answer_" + path.stem.partition("_")[2]
    assert graded == {f"check_{name}" for name in exercises(notebook)} | {answer}
    assert kind(graded_cells(notebook)[answer]) == (True, True, False)
    assert graded_cells(notebook)[answer].cell_type == "markdown"


def test_points_add_up_to_ten(notebook: NotebookNode) -> None:
    cells = graded_cells(notebook).values()
    assert sum(cell.metadata.nbgrader.points for cell in cells if cell.metadata.nbgrader.grade) == 10


@pytest.mark.parametrize("lesson", EXERCISES)
def test_signatures_and_points_are_the_syllabus(lesson: str) -> None:
    notebook = nbformat.read(SOURCE / lesson / f"{lesson}.ipynb", as_version=4)
    cells = graded_cells(notebook)
    assert exercises(notebook) == list(EXERCISES[lesson])
    for name, (arguments, points) in EXERCISES[lesson].items():
        (definition,) = ast.parse(cells[name].source).body
        assert definition.name == name
        if isinstance(definition, ast.ClassDef):
            assert [ast.unparse(base) for base in definition.bases] == ([OPTIMIZER] if name != "Value" else [])
            definition = next(part for part in definition.body if getattr(part, "name", "") == "__init__")
        assert [argument.arg for argument in definition.args.args] == arguments
        assert cells[f"check_{name}"].metadata.nbgrader.points == points
    assert cells["answer_" + lesson.partition("_")[2]].metadata.nbgrader.points == 2


def test_setup_and_experiments_are_locked(notebook: NotebookNode) -> None:
    cells = graded_cells(notebook)
    others = set(cells) - set(exercises(notebook)) - {n for n, c in cells.items() if c.metadata.nbgrader.grade}
    assert "setup" in others
    for name in others:
        assert name == "setup" or name.startswith(("experiment_", "broken_")), name
        assert kind(cells[name]) == (False, False, True), name
        assert cells[name].cell_type == "code", name


def test_what_is_broken_defines_itself_and_is_to_be_repaired(notebook: NotebookNode) -> None:
    cells = graded_cells(notebook)
    for name in (name for name in cells if name.startswith("broken_")):
        (definition,) = ast.parse(cells[name].source).body
        assert definition.name == name
        assert name.replace("broken_", "repaired_") in exercises(notebook)


def test_only_experiments_need_the_pictures_and_the_reference(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        experiment = cell.metadata.get("nbgrader", {}).get("grade_id", "").startswith("experiment_")
        if cell.cell_type == "code" and not experiment:
            assert not re.search(r"\b(course|reference|visuals|matplotlib)\b", cell.source), cell.id


def test_code_that_nbgrader_does_not_know_is_a_prediction(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "code" and "nbgrader" not in cell.metadata:
            assert cell.id.startswith("predict-"), cell.id
            assert "None" in cell.source, cell.id


def test_the_release_holds_no_answers(notebook: NotebookNode) -> None:
    answers = [
        region.strip()
        for cell in notebook.cells
        for region in re.findall(r"### BEGIN SOLUTION\n(.*?)\n\s*### END SOLUTION", cell.source, re.DOTALL)
    ]
    names, release = exercises(notebook), released(notebook)
    text = "\n".join(cell.source for cell in release.cells)
    assert answers
    assert not [answer for answer in answers if answer in text]
    assert "MARK SCHEME" not in text
    assert "SOLUTION" not in text
    cells = graded_cells(release)
    for name in names:
        assert STUB in cells[name].source
        assert '"""' in cells[name].source, "the docstring stays"
    (answer,) = [cell for name, cell in cells.items() if name.startswith("answer_")]
    assert answer.source == "YOUR ANSWER HERE"


def test_released_definitions_run_and_raise_when_used(notebook: NotebookNode) -> None:
    names, cells = exercises(notebook), graded_cells(released(notebook))
    space: dict[str, object] = {}
    exec("import math\nimport torch", space)
    for name in names:
        exec(cells[name].source, space)
        definition = space[name]
        count = (definition.__init__ if isinstance(definition, type) else definition).__code__.co_argcount
        values = [None] * (count - isinstance(definition, type))
        with pytest.raises(NotImplementedError):
            definition(*values)


def test_every_written_answer_has_a_rubric(notebook: NotebookNode) -> None:
    (answer,) = [cell for name, cell in graded_cells(notebook).items() if name.startswith("answer_")]
    model, _, rubric = answer.source.partition("=== BEGIN MARK SCHEME ===")
    assert len(model.split()) > 50
    assert rubric.rstrip().endswith("=== END MARK SCHEME ===")
    assert rubric.count("1 point") == 2


def test_further_reading_closes_the_lesson(notebook: NotebookNode) -> None:
    last = notebook.cells[-1]
    assert last.source.startswith("## Further reading")
    assert len(re.findall(r"\]\(https://", last.source)) >= 3
