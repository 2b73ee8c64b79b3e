"""When lessons are due and what coming late costs: two settings in `nbgrader_config.py`, for every way of grading."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.plugins import BasePlugin
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Dict, Float, TraitError, Unicode, validate

from autograder.errors import NoLesson

DAY = 24 * 60 * 60
WRITTEN = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?)(?: (\S+))?")


def instant(text: str) -> datetime:
    """The point in time of a due date, in UTC without a zone, as nbgrader stores it.

    >>> instant("2026-12-01 23:59 Europe/Berlin")
    datetime.datetime(2026, 12, 1, 22, 59)

    Raises:
        ValueError: if it is none; the message says what is expected.
    """
    written = WRITTEN.fullmatch(text)
    try:
        if not written:
            raise ValueError
        stamp, zone = written[1], written[2] or "+00:00"
        if zone[0] in "+-":
            aware = datetime.fromisoformat(stamp + zone)
        else:
            aware = datetime.fromisoformat(stamp).replace(tzinfo=ZoneInfo(zone))
    except (ValueError, KeyError, OSError):
        raise ValueError(
            f"{text!r} is no due date; expected one like '2026-12-01 23:59 Europe/Berlin' or '2026-12-01 23:59 +0100' "
            "(without a zone it is UTC)"
        ) from None
    return aware.astimezone(UTC).replace(tzinfo=None)


class Late(BasePlugin):
    """The settings `c.Late`, and nbgrader's plugin that reckons a penalty from them."""

    due = Dict(Unicode(), key_trait=Unicode(), help="When each lesson is due.").tag(config=True)
    per_day = Float(0.0, help="The share of the points reached that each day begun after that costs.").tag(config=True)

    @validate("due")  # type: ignore[untyped-decorator]  # traitlets
    def _dates(self, proposal: Any) -> dict[str, str]:
        for lesson, text in proposal["value"].items():
            try:
                instant(text)
            except ValueError as error:
                raise TraitError(f"c.Late.due of {lesson}: {error}") from None
        return dict(proposal["value"])

    @validate("per_day")  # type: ignore[untyped-decorator]  # traitlets
    def _share(self, proposal: Any) -> float:
        if not 0 <= proposal["value"] <= 1:
            raise TraitError(f"c.Late.per_day is {proposal['value']}; expected a share from 0 to 1, 0.1 for a tenth")
        return float(proposal["value"])

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """The points that are taken off; None: no penalty."""
        if not self.per_day:
            return None
        share: float = min(1.0, self.per_day * math.ceil(total_seconds_late / DAY))
        return score * share

    def enter(self, lesson: str, gradebook: Gradebook, source: Path) -> None:
        """Write the lesson's due date into the gradebook; one that the settings do not name stays as it is there.

        Raises:
            NoLesson: if the settings name a lesson that does not lie in `source`.
        """
        for name in self.due:
            if not (source / name).is_dir():
                there = ", ".join(sorted(path.name for path in source.glob("*") if path.is_dir()))
                raise NoLesson(f"c.Late.due in nbgrader_config.py names the lesson {name!r}; there are: {there}")
        if lesson in self.due:
            assignment = gradebook.find_assignment(lesson)
            if assignment.duedate != instant(self.due[lesson]):
                assignment.duedate = instant(self.due[lesson])
                gradebook.db.commit()


class Due(NbGraderPreprocessor):
    """The due date into the gradebook, when a lesson is generated and before penalties are reckoned."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        where, folders = resources["nbgrader"], self.parent.parent.coursedir
        with Gradebook(where["db_url"], folders.course_id) as gradebook:
            Late(parent=self).enter(where["assignment"], gradebook, Path(folders.root, folders.source_directory))
        return nb, resources
