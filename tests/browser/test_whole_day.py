"""From a released lesson to a grade on the screen: an instructor's and a student's day, on one JupyterLab.

One person plays both, so the course lies on one server. The tests are the day's parts, in their order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from lab import Lab, Watched, cell, open_notebook, write_and_run
from playwright.sync_api import FrameLocator, Locator, Page, expect

from autograder.demo.play import LESSON, SUBMISSIONS, answer, read_sample
from autograder.lab import make_exchange
from autograder.pipeline.grade import new_course

WRONG = """def momentum_step(params, velocities, grads, lr, momentum):
    velocities = [g.clone() for g in grads]
    params = [p - lr * v for p, v in zip(params, velocities, strict=True)]
    return params, velocities
"""
RIGHT = WRONG.replace(
    "[g.clone() for g in grads]", "[momentum * v + g for v, g in zip(velocities, grads, strict=True)]"
)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the screenshots go."""
    return tmp_path_factory.mktemp("screenshots-day")


@pytest.fixture(scope="module")
def lab(serve: Callable[[Path], Lab], tmp_path_factory: pytest.TempPathFactory) -> Lab:
    course = new_course(tmp_path_factory.mktemp("day") / "course")
    make_exchange(course)
    return serve(course.root)


@pytest.fixture(autouse=True)
def quiet(watched: Watched) -> Iterator[None]:
    """After each part: no error in the console, and nothing was asked of another machine.

    But for one thing: nbgrader's page for grading by hand asks for MathJax in the network, which is refused here.
    """
    yield
    assert [error for error in watched.errors if error != "MathJax is not defined"] == []
    assert [url for url in watched.elsewhere if "mathjax" not in url.lower()] == []
    refused = "Failed to load resource: net::ERR_FAILED"
    assert [line for line in watched.console if line != refused] == []
    assert watched.console.count(refused) <= len(watched.elsewhere)


def test_the_instructor_generates_and_releases(lab: Lab, watched: Watched, pictures: Path) -> None:
    page, grader = formgrader(lab, watched, pictures / "1-formgrader.png")
    row = lesson_row(grader)
    expect(row).to_contain_text("draft")
    press(grader, row.locator(".assign a"), row)
    press(grader, row.locator(".release a"), row)
    expect(row).to_contain_text("released")
    page.screenshot(path=pictures / "2-released.png")


def test_the_student_fetches(lab: Lab, watched: Watched, pictures: Path) -> None:
    page = assignment_list(lab, watched)
    page.screenshot(path=pictures / "3-to-fetch.png")
    page.locator("#released_assignments_list").get_by_role("button", name="Fetch").click()
    expect(page.locator("#fetched_assignments_list")).to_contain_text(LESSON)
    page.screenshot(path=pictures / "4-fetched.png")
    assert (lab.root / LESSON / f"{LESSON}.ipynb").is_file()


def test_the_students_mistake_is_named_and_mended(lab: Lab, watched: Watched, pictures: Path) -> None:
    path = lab.root / LESSON / f"{LESSON}.ipynb"
    answers = read_sample((SUBMISSIONS / "ada.py").read_text())[1]
    del answers["momentum_step"]  # the others are written already
    answers["answer_momentum"] = "The velocity points along the floor, where all gradients agree."
    notebook = answer(nbformat.read(path, as_version=4), answers)
    notebook.cells = [c for c in notebook.cells if not grade_id(c).startswith("experiment_")]  # Validate runs them all
    nbformat.write(notebook, path)

    page = watched.page
    open_notebook(lab, page, f"{LESSON}/{LESSON}.ipynb")
    solution, check = cell(page, "def momentum_step("), cell(page, 'check("momentum_step"')
    write_and_run(page, cell(page, "from autograder import check"))
    write_and_run(page, check)
    expect(check).to_contain_text("NameError")
    write_and_run(page, solution)
    write_and_run(page, check)
    expect(check).to_contain_text("momentum_step: not written yet.")

    write_and_run(page, solution, WRONG)
    write_and_run(page, check)
    expect(check).to_contain_text("momentum_step: not right yet, and we know why.")
    expect(check).to_contain_text("Velocity overwritten: ")
    expect(check).not_to_contain_text("practice.py")
    show(page, check, pictures / "5-wrong.png")

    write_and_run(page, solution, RIGHT)
    write_and_run(page, check)
    expect(check).to_contain_text("✓ momentum_step: right.")
    expect(check).not_to_contain_text("Velocity overwritten")
    show(page, check, pictures / "6-right.png")

    page.locator(".jp-NotebookPanel-toolbar").get_by_text("Validate", exact=True).click()
    dialog = page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("Success! Your notebook passes all the tests.", timeout=120_000)
    page.screenshot(path=pictures / "7-validated.png")


def test_the_student_submits(lab: Lab, watched: Watched, pictures: Path) -> None:
    page = assignment_list(lab, watched)
    page.locator("#fetched_assignments_list").get_by_role("button", name="Submit").click()
    expect(page.locator("#submitted_assignments_list")).to_contain_text(LESSON)
    page.screenshot(path=pictures / "8-submitted.png")


def test_the_instructor_collects_grades_and_releases_feedback(lab: Lab, watched: Watched, pictures: Path) -> None:
    page, grader = formgrader(lab, watched)
    row = lesson_row(grader)
    press(grader, row.locator(".collect a"), row)
    expect(row.locator(".num-submissions")).to_have_text("1")
    page.screenshot(path=pictures / "9-collected.png")

    row.locator(".num-submissions a").click()
    (student,) = [path.name for path in (lab.root / "submitted").iterdir()]
    row = grader.locator("tbody tr", has=grader.get_by_text(student, exact=True))
    press(grader, row.locator(".autograde a"), row)
    expect(row).to_contain_text("needs manual grading")
    expect(row).to_contain_text("8 / 10")
    page.screenshot(path=pictures / "10-autograded.png")

    row.get_by_role("link").first.click()
    grader.locator("tbody").get_by_role("link", name=LESSON, exact=True).click()
    expect(grader.get_by_text("momentum_step: right.").first).to_be_visible()
    points = grader.locator("#answer_momentum")
    points.scroll_into_view_if_needed()
    points.fill("1.5")
    points.press("Tab")
    expect(grader.locator("#answer_momentum-saved, .glyphicon-ok:visible").first).to_be_visible()
    comment = grader.locator("textarea.comment").last
    comment.fill("Along the floor, yes. And across it?")
    comment.press("Tab")
    page.wait_for_timeout(500)
    page.screenshot(path=pictures / "11-scored.png")

    page.locator("iframe").evaluate(f"e => {{ e.src = '/formgrader/manage_submissions/{LESSON}' }}")
    row = grader.locator("tbody tr", has=grader.get_by_text(student, exact=True))
    expect(row).to_contain_text("9.5 / 10")
    expect(row).to_contain_text("graded")
    press(grader, row.locator(".generate-feedback a"), row)
    press(grader, row.locator(".release-feedback a"), row)
    page.screenshot(path=pictures / "12-feedback-released.png")


def test_the_student_reads_the_feedback(lab: Lab, watched: Watched, pictures: Path) -> None:
    page = assignment_list(lab, watched)
    submitted = page.locator("#submitted_assignments_list")
    expect(submitted).to_contain_text("feedback available to fetch")
    page.screenshot(path=pictures / "13-to-fetch.png")
    submitted.get_by_role("button", name="Fetch Feedback").click()
    submitted.get_by_text("view feedback").click()
    page.locator(".jp-DirListing-item", has_text=f"{LESSON}.html").dblclick()
    feedback = page.frame_locator(".jp-HTMLViewer iframe")
    expect(feedback.locator("body")).to_contain_text("9.5")
    expect(feedback.locator("body")).to_contain_text("Along the floor, yes. And across it?")
    page.screenshot(path=pictures / "14-feedback.png")


def grade_id(cell: nbformat.NotebookNode) -> str:
    """A cell's name for nbgrader, or ""."""
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def formgrader(lab: Lab, watched: Watched, picture: Path | None = None) -> tuple[Page, FrameLocator]:
    """JupyterLab's page, and formgrader in it, opened from the menu."""
    page = watched.page
    page.goto(lab.url("lab"))
    menu(page, "Formgrader")
    grader = page.frame_locator("iframe")
    expect(lesson_row(grader)).to_be_visible()
    if picture:
        page.screenshot(path=picture)
    return page, grader


def assignment_list(lab: Lab, watched: Watched) -> Page:
    """JupyterLab's page, nbgrader's list of assignments in front."""
    page = watched.page
    page.goto(lab.url("lab"))
    menu(page, "Assignment List")
    expect(page.locator("#assignments")).to_contain_text(LESSON)
    return page


def menu(page: Page, item: str) -> None:
    """An item of the menu Nbgrader."""
    expect(page.locator("#jupyterlab-splash")).to_have_count(0, timeout=60_000)
    page.locator(".lm-MenuBar-itemLabel", has_text="Nbgrader").click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{item}$")).click()


def lesson_row(grader: FrameLocator) -> Locator:
    """The lesson's row in formgrader's table."""
    return grader.locator("tbody tr", has=grader.get_by_text(LESSON, exact=True))


def press(grader: FrameLocator, button: Locator, row: Locator) -> None:
    """A button of formgrader's, and the dialog that says what came of it."""
    button.click()
    dialog = grader.locator(".modal.in")
    expect(dialog).to_contain_text("Success", timeout=120_000)
    dialog.get_by_role("button", name="OK").click()
    expect(grader.locator(".modal, .modal-backdrop")).to_have_count(0)
    expect(row).not_to_contain_text("Please wait")


def show(page: Page, where: Locator, path: Path) -> None:
    """A picture of the page with this cell in sight."""
    where.scroll_into_view_if_needed()
    page.screenshot(path=path)
