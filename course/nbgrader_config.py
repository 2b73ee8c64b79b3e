"""nbgrader's settings for a Downhill course; copied into every new course."""

from autograder.pipeline import configure

c = get_config()  # noqa: F821 (nbgrader defines it)
c.CourseDirectory.course_id = "downhill"
configure(c)
