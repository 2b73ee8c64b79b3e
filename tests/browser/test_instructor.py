"""An instructor in formgrader: release, autograde by the button, read the verdict, give points by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from lab import Lab, Watched, serious_faults
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell
from playwright.sync_api import Locator, Page, expect

from autograder.demo.play import LESSON, SUBMISSIONS, answer, hand_in, read_sample
from autograder.pipeline import export
from autograder.pipeline.class_report import write_class_page
from autograder.pipeline.course import CourseFolder
from autograder.pipeline.grade import new_course

ELSEWHERE = "https://elsewhere.invalid"
LIVE = f"<script>window.owned = 'script'</script><img src='{ELSEWHERE}/x' onerror=\"window.owned = 'img'\">"
SHOWN = f"""
from IPython.display import HTML, SVG, Javascript, Latex, Markdown, display
print({LIVE!r})
display(HTML({LIVE!r}), Markdown({LIVE!r}), Latex({LIVE!r}), Javascript("window.owned = 'js'"))
display({{"image/svg+xml": "<svg onload=\\"window.owned = 'svg'\\"/>", "text/plain": {LIVE!r}}}, raw=True)
"""
RAISED = f"raise ValueError({LIVE!r})"
HOSTILE_NAME = "<img src=x onerror=window.owned='name'>"


@pytest.fixture(scope="module")
def lab(serve: Callable[[Path], Lab], tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return serve(new_course(tmp_path_factory.mktemp("instructor") / "course").root)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the screenshots go."""
    return tmp_path_factory.mktemp("screenshots-instructor")


def press(page: Page, button: Locator, row: Locator) -> None:
    """A button of formgrader's, and the dialog that says what came of it."""
    button.click()
    dialog = page.locator(".modal.in")
    expect(dialog).to_contain_text("Success", timeout=120_000)
    dialog.get_by_role("button", name="OK").click()
    expect(dialog).to_have_count(0)
    expect(row).not_to_contain_text("Please wait")


def hostile(course: CourseFolder) -> None:
    """A submission with live HTML in every field that a student controls."""
    released = course.released(LESSON)
    answers = read_sample((SUBMISSIONS / "dmitri.py").read_text())[1]
    answers["fastest_momentum"] = f"def fastest_momentum(smallest, largest):\n    print({LIVE!r})\n    {RAISED}"
    answers["answer_momentum"] = f"My answer. {LIVE}\n\n<svg onload=\"window.owned = 'answer'\">"
    notebook = answer(released, answers)
    saved = new_output("display_data", {"text/html": LIVE})
    notebook.cells += [
        new_code_cell(SHOWN, id="shown", outputs=[saved]),
        new_code_cell(RAISED, id="raised"),
        new_code_cell(f"# {LIVE}\nx = {LIVE!r}\nx", id="source"),
        new_markdown_cell(f"# {LIVE}\n\n{LIVE}\n\n[a link](javascript:window.owned='link')", id="text"),
        new_raw_cell(LIVE, id="raw"),
    ]
    notebook.metadata["title"] = LIVE
    for student in ("hostile", HOSTILE_NAME):
        folder = course.root / "submitted" / student / LESSON
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{LESSON}.ipynb")


def nothing_ran(watched: Watched) -> None:
    """No student's script ran, and nothing of theirs was asked of another machine."""
    assert watched.page.evaluate("window.owned") is None
    assert watched.dialogs == []
    assert [url for url in watched.elsewhere if url.startswith(ELSEWHERE)] == []


def test_formgrader_from_release_to_points(lab: Lab, watched: Watched, pictures: Path) -> None:
    page = watched.page
    page.goto(lab.url("formgrader"))
    row = page.locator("tbody tr", has=page.get_by_text(LESSON, exact=True))
    expect(row).to_contain_text("draft")
    press(page, row.locator(".assign a"), row)
    page.screenshot(path=pictures / "assignments.png")

    course = CourseFolder(lab.root)
    hand_in(lab.root, course.released(LESSON), SUBMISSIONS / "dmitri.py")
    hostile(course)
    page.goto(lab.url(f"formgrader/manage_submissions/{LESSON}"))
    row = page.locator("tbody tr", has=page.get_by_text("hostile", exact=True))
    press(page, row.locator(".autograde a"), row)
    expect(row).to_contain_text("needs manual grading")
    page.screenshot(path=pictures / "submissions.png", full_page=True)
    nothing_ran(watched)


def test_a_name_that_is_html_is_refused(lab: Lab, watched: Watched) -> None:
    page = watched.page
    enter(lab, page, f"manage_submissions/{LESSON}")
    row = page.locator("tbody tr", has=page.get_by_text(HOSTILE_NAME, exact=True))
    row.locator(".autograde a").click()
    dialog = page.locator(".modal.in")
    expect(dialog).to_contain_text("rename its folder in submitted/", timeout=120_000)
    for place in ("manage_students", f"gradebook/{LESSON}/{LESSON}", f"manage_submissions/{LESSON}"):
        enter(lab, page, place)
        expect(page.get_by_role("link", name=HOSTILE_NAME)).to_have_count(0)
    assert not (lab.root / "autograded" / HOSTILE_NAME / LESSON / f"{LESSON}.ipynb").exists()
    nothing_ran(watched)


def test_the_submission_page_tells_the_verdict(lab: Lab, watched: Watched, pictures: Path) -> None:
    page = open_submission(lab, watched)
    expect(page.get_by_text("momentum_step: not right yet, and we know why.").first).to_be_visible()
    expect(page.get_by_text("Velocity overwritten: ").first).to_be_visible()
    shown = page.locator("body").inner_text()
    assert "ValueError: <script>" in shown  # what a student wrote stands there as text
    assert "style=" not in shown  # the verdict's own HTML is none that the sanitizer takes for text
    page.screenshot(path=pictures / "submission.png", full_page=True)
    page.wait_for_timeout(1000)
    nothing_ran(watched)
    for element in page.locator("svg[onload], img[onerror], a[href^=javascript]").all():
        raise AssertionError(element.evaluate("e => e.outerHTML"))


def test_the_written_answer_gets_points_by_hand(lab: Lab, watched: Watched, pictures: Path) -> None:
    page = open_submission(lab, watched)
    points = page.locator("#answer_momentum")
    expect(points).to_have_value("")
    points.fill("1.5")
    points.press("Tab")
    expect(page.locator("#answer_momentum-saved, .glyphicon-ok:visible").first).to_be_visible()
    page.screenshot(path=pictures / "scored.png")
    enter(lab, page, f"manage_submissions/{LESSON}")
    row = page.locator("tbody tr", has=page.get_by_text("hostile", exact=True))
    expect(row).to_contain_text("4.5 / 10")
    expect(row).not_to_contain_text("needs manual grading")
    press(page, row.locator(".autograde a"), row)
    expect(row).to_contain_text("4.5 / 10")


def test_nothing_of_a_student_runs_in_the_feedback_page(lab: Lab, watched: Watched, pictures: Path) -> None:
    page = watched.page
    enter(lab, page, f"manage_submissions/{LESSON}")
    row = page.locator("tbody tr", has=page.get_by_text("hostile", exact=True))
    press(page, row.locator(".generate-feedback a"), row)
    page.goto((lab.root / "feedback" / "hostile" / LESSON / f"{LESSON}.html").as_uri())
    expect(page.get_by_text("Velocity overwritten: ").first).to_be_visible()
    page.screenshot(path=pictures / "feedback.png", full_page=True)
    page.wait_for_timeout(1000)
    nothing_ran(watched)
    assert watched.elsewhere == []
    assert page.locator("script, link, iframe, object, embed").count() == 0
    for width in (1400, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    shown = page.locator("body").inner_text()
    assert "Look at this first" in shown
    assert "ValueError: <script>" in shown
    told = page.content()
    seed = str(CourseFolder(lab.root).recorded(LESSON, "hostile")["seed"])
    for secret in (seed, str(lab.root), "site-packages", "dmitri", CourseFolder(lab.root).secret().hex()):
        assert secret not in told
    assert serious_faults(page) == []


def test_nothing_of_a_student_runs_on_the_classs_page(lab: Lab, watched: Watched, pictures: Path) -> None:
    course, page = CourseFolder(lab.root), watched.page
    page.goto(write_class_page(course, lesson=LESSON).as_uri())
    assert "ValueError: <script>" in page.locator("body").inner_text()
    assert watched.elsewhere == []
    nothing_ran(watched)
    page.screenshot(path=pictures / "class.png", full_page=True)
    page.get_by_role("link", name="hostile", exact=True).click()
    expect(page.get_by_text("Look at this first")).to_be_visible()
    assert "<script>" in export.moodle(LESSON, course)


def enter(lab: Lab, page: Page, place: str) -> None:
    """A page of formgrader, past its door: only the first one takes the token."""
    page.goto(lab.url("formgrader"))
    page.goto(lab.url(f"formgrader/{place}"))
    page.wait_for_load_state("networkidle")


def open_submission(lab: Lab, watched: Watched) -> Page:
    """The page on which the hostile submission is graded by hand."""
    page = watched.page
    enter(lab, page, f"manage_students/hostile/{LESSON}")
    page.locator("tbody").get_by_role("link", name=LESSON, exact=True).click()
    page.wait_for_load_state("networkidle")
    return page
