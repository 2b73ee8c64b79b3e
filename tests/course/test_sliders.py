"""Every slider of every lesson moves its picture; that the mouse moves a slider is seen in the browser's tests."""

import pytest

from autograder.bench.sliders import explorers
from autograder.oracles import lessons
from autograder.pipeline.standalone import source_notebook
from course.visuals.sliders import Explorer

WITHOUT = "09_experiment"  # it has a panel instead

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("lesson", sorted(lessons()))
def test_every_slider_moves_its_picture(lesson: str) -> None:
    shown = dict(explorers(source_notebook(lesson)))
    assert bool(shown) == (lesson != WITHOUT)
    assert [f"{cell}: {name}" for cell, explorer in shown.items() for name in still(explorer)] == []


def still(explorer: Explorer) -> list[str]:
    """The sliders that leave the picture as it is, pulled from where they stand to the one end and to the other."""
    found = []
    for name, slider in explorer.controls.items():
        at_first = slider.value
        for value in (slider.min, slider.max):
            before = explorer.picture.value
            slider.value = value
            assert explorer.picture.value.startswith("<img "), explorer.picture.value
            if value != at_first and explorer.picture.value == before:
                found.append(name)
        slider.value = at_first
    return found
