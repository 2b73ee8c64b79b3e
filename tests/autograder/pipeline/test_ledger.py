"""One connection for a whole grading: nbgrader's own code on it, a transaction a submission."""

from pathlib import Path

import pytest
from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy.exc import IntegrityError

from autograder.pipeline.ledger import Ledger

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:Object of type <Submitted")]


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/gradebook.db"
    with Gradebook(url) as gradebook:
        gradebook.add_assignment("lesson")
    return url


def students(url: str) -> list[str]:
    with Gradebook(url) as gradebook:
        return [student.id for student in gradebook.students]


def test_what_nbgrader_commits_inside_is_written_at_the_end(url: str, tmp_path: Path) -> None:
    with Ledger(url, "default_course") as ledger:
        with ledger.transaction():
            with Gradebook(url) as gradebook:
                gradebook.update_or_create_student("ada")
            with Gradebook(url) as gradebook:
                assert gradebook.find_student("ada").id == "ada"
                assert gradebook.engine is ledger.gradebook.engine
        with ledger.transaction(), Gradebook(url) as gradebook:
            gradebook.update_or_create_submission("lesson", "ada")
    assert students(url) == ["ada"]


def test_what_fails_is_not_written_and_harms_no_other(url: str) -> None:
    with Ledger(url, "default_course") as ledger:
        with ledger.transaction(), Gradebook(url) as gradebook:
            gradebook.update_or_create_student("ada")
        with pytest.raises(MissingEntry):
            half_a_submission(ledger, url)
        with ledger.transaction(), Gradebook(url) as gradebook:
            gradebook.update_or_create_student("chen")
    assert students(url) == ["ada", "chen"]


def test_what_the_database_refuses_at_the_end_harms_no_other(url: str) -> None:
    with Ledger(url, "default_course") as ledger:
        with ledger.transaction():
            ledger.gradebook.add_student("ada")
        with pytest.raises(IntegrityError):
            one_again(ledger, "boris", "ada")
        with ledger.transaction():
            ledger.gradebook.add_student("chen")
    assert students(url) == ["ada", "chen"]


def test_another_gradebook_is_opened_as_ever(url: str, tmp_path: Path) -> None:
    other = f"sqlite:///{tmp_path}/other.db"
    with Ledger(url, "default_course"), Gradebook(other) as gradebook:
        gradebook.add_student("dmitri")
    assert students(other) == ["dmitri"]
    assert students(url) == []


def test_afterwards_nbgrader_is_as_before(url: str) -> None:
    before = Gradebook.__init__, Gradebook.close
    with pytest.raises(MissingEntry), Ledger(url, "default_course") as ledger:
        half_a_submission(ledger, url)
    assert (Gradebook.__init__, Gradebook.close) == before


def half_a_submission(ledger: Ledger, url: str) -> None:
    """Writes a student, then fails."""
    with ledger.transaction(), Gradebook(url) as gradebook:
        gradebook.update_or_create_student("boris")
        gradebook.find_assignment("none")


def one_again(ledger: Ledger, new: str, there: str) -> None:
    """Writes a student who is new and one who is there already."""
    with ledger.transaction():
        ledger.gradebook.add_student(new)
        ledger.gradebook.add_student(there)
