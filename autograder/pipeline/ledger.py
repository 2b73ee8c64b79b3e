"""One connection to the gradebook for a whole grading.

nbgrader opens the database anew for every step of every notebook, looks over its tables, and commits after every
cell: a tenth of a second a submission, most of it waiting. Inside a `Ledger` its own code runs unchanged on one
connection, and what is written together is one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from nbgrader.api import Gradebook


class Ledger:
    """The gradebook, held open. Use it as a context manager; only one at a time, in one thread."""

    def __init__(self, db_url: str, course_id: str) -> None:
        self._db_url, self._course_id = db_url, course_id

    def __enter__(self) -> Ledger:
        self.gradebook = Gradebook(self._db_url, self._course_id)
        self._session = self.gradebook.db()
        self._open, self._close = Gradebook.__init__, Gradebook.close
        Gradebook.__init__, Gradebook.close = self._adopt(self._open), self._keep(self._close)
        return self

    def __exit__(self, *exception: object) -> None:
        Gradebook.__init__, Gradebook.close = self._open, self._close
        self.gradebook.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is written at its end, or, if it raises, not at all."""
        commit = self._session.commit
        self._session.commit = lambda: None  # a query writes what it may need; the rest goes together
        try:
            yield
            commit()
        except BaseException:
            self._session.rollback()
            raise
        finally:
            self._session.commit = commit

    def _adopt(self, opened: Callable[..., None]) -> Callable[..., None]:
        ledger = self

        def adopt(self: Any, db_url: str, course_id: str = "default_course", authenticator: Any = None) -> None:
            if db_url != ledger._db_url:
                opened(self, db_url, course_id, authenticator)
                return
            self.engine, self.db = ledger.gradebook.engine, ledger.gradebook.db
            self.course_id, self.authenticator = course_id, authenticator

        return adopt

    def _keep(self, closed: Callable[..., None]) -> Callable[..., None]:
        def keep(gradebook: Any) -> None:
            if gradebook.engine is not self.gradebook.engine or gradebook is self.gradebook:
                closed(gradebook)

        return keep
