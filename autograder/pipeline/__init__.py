"""The path of a submission through nbgrader: repair, run, judge, flag."""

from autograder.pipeline.config import configure

__all__ = ["configure"]
