"""Judge students' optimizers from outside: probe, evidence, oracle, verdict.

A notebook says `from autograder import check`. Which check that is depends on what lies beside this file:
with the judge installed it is practice (judged on the spot, in words); in the graded kernel only
`autograder.student` is there, and the check emits evidence and nothing else.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

__all__ = ["check"]
__version__ = "0.1.0"

if TYPE_CHECKING:
    from autograder.practice import check


def __getattr__(name: str) -> Any:
    # late, so that the command line answers `--help` without importing torch
    if name != "check":
        raise AttributeError(f"module 'autograder' has no attribute {name!r}")
    if find_spec("autograder.practice"):
        from autograder.practice import check
    else:
        from autograder.student.check import check
    return check
