"""The gradebook of a course, for reading; it is never made by looking."""

from __future__ import annotations

from pathlib import Path

from nbgrader.api import Gradebook
from sqlalchemy.engine import make_url

from autograder.errors import NoRecord
from autograder.pipeline.course import CourseFolder
from autograder.pipeline.grade import api_for


def open_gradebook(course: CourseFolder) -> Gradebook:
    """The gradebook that the course's settings name; use it as a context manager.

    Raises:
        NoRecord: if it is a file that is not there yet.
    """
    coursedir = api_for(course.root).coursedir
    where = make_url(coursedir.db_url)
    if where.get_backend_name() == "sqlite" and where.database and not Path(where.database).is_file():
        raise NoRecord(f"there is no gradebook yet ({where.database}): it is made by `downhill grade LESSON`")
    return Gradebook(coursedir.db_url, coursedir.course_id)
