"""nbgrader's settings for a Downhill course; copied into every new course."""

from pathlib import Path

from autograder.pipeline import configure

c = get_config()  # noqa: F821 (nbgrader defines it)
c.CourseDirectory.course_id = "downhill"
# where assignments are handed out and in; students on this machine name the same folder in their nbgrader_config.py
c.Exchange.root = str(Path(__file__).parent / "exchange")
configure(c)
