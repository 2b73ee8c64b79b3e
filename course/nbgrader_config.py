"""nbgrader's settings for a Downhill course; copied into every new course."""

from pathlib import Path

from autograder.pipeline import configure

c = get_config()  # noqa: F821 (nbgrader defines it)
c.CourseDirectory.course_id = "downhill"
# where assignments are handed out and in; students on this machine name the same folder in their nbgrader_config.py
c.Exchange.root = str(Path(__file__).parent / "exchange")
configure(c)

# when lessons are due, and the share of the points reached that each day begun after that costs; every way of grading
# takes both from here. A lesson not named has no due date, or the one entered in formgrader.
c.Late.due = {
    # "06_momentum": "2026-12-01 23:59 Europe/Berlin",
}
c.Late.per_day = 0.0
