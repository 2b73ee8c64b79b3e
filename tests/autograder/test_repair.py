"""Any bytes become a clean notebook, and what was repaired is told."""

import copy
import json

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode

from autograder.pipeline.repair import Repaired, repair
from autograder.pipeline.standalone import released_notebook

RELEASED = released_notebook("06_momentum")


def repaired(notebook: NotebookNode) -> Repaired:
    return repair(json.dumps(notebook).encode(), RELEASED)


def ids(notebook: NotebookNode) -> list[str]:
    return [c.metadata.nbgrader.grade_id for c in notebook.cells if "nbgrader" in c.metadata]


def cell(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def test_the_released_notebook_needs_no_repair() -> None:
    clean = repaired(RELEASED)
    assert clean.notes == ()
    assert [c.source for c in clean.notebook.cells] == [c.source for c in RELEASED.cells]
    nbformat.validate(clean.notebook)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"\n", "empty"),
        (b"not a notebook", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "another kind"),
        (b"{}", "nbformat is null"),
        (b'{"nbformat": 4, "cells": {}}', "not a notebook"),
        (b'{"nbformat": 3, "worksheets": 7}', "format 3"),
        (json.dumps(RELEASED).encode()[:-500], "cut off"),
    ],
)
def test_what_is_no_notebook_is_told(raw: bytes, words: str) -> None:
    clean = repair(raw, RELEASED)
    assert words in clean.unreadable
    assert ids(clean.notebook) == ids(RELEASED)


def test_a_deleted_check_comes_back_and_a_deleted_solution_does_not() -> None:
    broken = copy.deepcopy(RELEASED)
    broken.cells = [
        c
        for c in broken.cells
        if c.metadata.get("nbgrader", {}).get("grade_id") not in ("Momentum", "check_Momentum", "answer_momentum")
    ]
    clean = repaired(broken)
    assert "Momentum" not in ids(clean.notebook)
    assert {"check_Momentum", "answer_momentum"} <= set(ids(clean.notebook))
    assert len(clean.notes) == 2


def test_the_first_of_two_stays() -> None:
    broken = copy.deepcopy(RELEASED)
    twin = copy.deepcopy(cell(broken, "momentum_step"))
    twin.source = "second = True"
    broken.cells.append(twin)
    clean = repaired(broken)
    assert ids(clean.notebook).count("momentum_step") == 1
    assert clean.notebook.cells[-1].source == "second = True"
    assert clean.notebook.cells[-1].metadata == {}


def test_tags_and_foreign_metadata_are_dropped() -> None:
    broken = copy.deepcopy(RELEASED)
    broken.metadata["downhill"] = {"unreadable": "x"}
    cell(broken, "check_Momentum").metadata["tags"] = ["skip-execution"]
    cell(broken, "check_Momentum").metadata["nbgrader"]["points"] = 1000
    clean = repaired(broken)
    assert "downhill" not in clean.notebook.metadata
    assert cell(clean.notebook, "check_Momentum").metadata == cell(RELEASED, "check_Momentum").metadata


def test_a_changed_check_and_a_changed_type_are_put_right() -> None:
    broken = copy.deepcopy(RELEASED)
    cell(broken, "check_Momentum").source = "pass"
    cell(broken, "momentum_step").cell_type = "markdown"
    clean = repaired(broken)
    assert cell(clean.notebook, "check_Momentum").source == cell(RELEASED, "check_Momentum").source
    assert cell(clean.notebook, "momentum_step").cell_type == "code"
    assert len(clean.notes) == 2


def test_a_lost_grade_id_is_found_by_the_text() -> None:
    broken = copy.deepcopy(RELEASED)
    cell(broken, "check_Momentum").metadata = {}
    clean = repaired(broken)
    assert "recognised by its text" in clean.notes[0]
    assert ids(clean.notebook) == ids(RELEASED)


def test_another_kernel_and_another_lesson_are_told() -> None:
    other = released_notebook("02_gradient_descent")
    other.metadata["kernelspec"] = {"name": "ir", "language": "R", "display_name": "R"}
    notes = " ".join(repaired(other).notes)
    assert "another kernel (R)" in notes
    assert "another lesson (check_fit_linear" in notes


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
cells = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw", 3]) | json_values,
        "source": st.text(max_size=20) | json_values,
        "metadata": json_values | st.just({"nbgrader": {"grade_id": "check_Momentum"}}),
    },
)


@settings(max_examples=150, deadline=None)
@given(st.lists(cells | json_values, max_size=5), json_values)
def test_whatever_comes_the_notebook_is_valid_and_every_check_stands_once(
    parts: list[object], metadata: object
) -> None:
    raw = json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": parts, "metadata": metadata}).encode()
    clean = repair(raw, RELEASED).notebook
    nbformat.validate(clean)
    assert [i for i in ids(clean) if i.startswith("check_")].count("check_Momentum") == 1
