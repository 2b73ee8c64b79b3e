"""The path of a submission through nbgrader: repair, run, judge, flag."""

from typing import TYPE_CHECKING, Any

__all__ = ["configure"]

if TYPE_CHECKING:
    from autograder.pipeline.config import configure


def __getattr__(name: str) -> Any:
    # late: a worker of a grading needs the parts but not nbgrader, which takes a second to import
    if name != "configure":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from autograder.pipeline.config import configure

    return configure
