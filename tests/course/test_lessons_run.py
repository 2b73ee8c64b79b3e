"""Every lesson runs from top to bottom, as solved and as released."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.notebooknode import NotebookNode
from walk import SOURCE, a_shell, run_cell, walk_through

from autograder.pictures import pictures
from autograder.pipeline.standalone import released_notebook, score_notebook
from autograder.practice import CheckFailed

NOTEBOOKS = sorted(SOURCE.glob("*/*.ipynb"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(
    scope="module",
    params=[pytest.param(path, id=path.stem) for path in NOTEBOOKS],
)
def source(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture(scope="module")
def solved(source: Path) -> NotebookNode:
    return walk_through(source.stem).notebook


def grade_id(cell: NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def test_solved_it_runs_without_an_error_or_a_warning(solved: NotebookNode) -> None:
    assert [c.id for c in solved.cells for o in c.get("outputs", []) if o.get("name") == "stderr"] == []
    checks = [c for c in solved.cells if grade_id(c).startswith("check_")]
    said = [" ".join(str(o.get("data", "")) for o in check.outputs) for check in checks]
    assert len(said) >= 2
    assert all(": right." in words for words in said), said


def test_solved_it_shows_its_pictures_each_with_alt_text(solved: NotebookNode) -> None:
    shown = list(pictures(solved))
    assert len(shown) >= 2
    for name, png, alt in shown:
        assert png.startswith(b"\x89PNG"), name
        assert len(alt.split()) >= 8, (name, alt)
        assert not re.search(r"Figure\(|<", alt), (name, alt)


def test_solved_it_earns_every_point(source: Path) -> None:
    scored = score_notebook(source)
    assert (scored.points, scored.unusable) == (scored.max_points, ""), scored.text()


def test_released_only_the_checks_of_its_empty_solutions_raise(source: Path) -> None:
    released = [cell for cell in released_notebook(source.stem).cells if cell.cell_type == "code"]
    with a_shell() as shell:
        errors = {cell.id: run_cell(shell, cell.source)[1] for cell in released}
    raised = {name: type(error) for name, error in errors.items() if error}
    assert raised == {cell.id: CheckFailed for cell in released if grade_id(cell).startswith("check_")}


def test_released_it_earns_nothing(source: Path, tmp_path: Path) -> None:
    nbformat.write(released_notebook(source.stem), tmp_path / source.name)
    scored = score_notebook(tmp_path / source.name)
    assert {v.kind for v in scored.verdicts.values()} == {"unwritten"}, scored.text()
    assert scored.points == 0
