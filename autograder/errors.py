"""The errors a person can act on. Each message says what was given, what was expected and what to do.

DownhillError
├── NoCourse        the folder is no course
├── NoLesson        no such lesson, or not released yet
├── NoGradebook     the gradebook cannot be written
├── NoRecord        nothing was graded yet
├── BadTable        a table handed in cannot be filled
├── DiskFull        there is no room left to write
├── NoCluster       there is no Dask cluster where one was named
└── NoSandbox       students' code cannot be isolated here
"""


class DownhillError(Exception):
    """Something a person can mend; shown without a traceback."""


class NoCourse(DownhillError):
    """The folder is no course."""


class NoLesson(DownhillError):
    """There is no such lesson, or it has not been released."""


class NoGradebook(DownhillError):
    """The gradebook cannot be written."""


class DiskFull(DownhillError):
    """There is no room left to write."""


class NoSandbox(DownhillError):
    """Students' code cannot be isolated here."""


class NoRecord(DownhillError):
    """Nothing was graded yet."""


class BadTable(DownhillError):
    """A table handed in cannot be filled."""


class NoCluster(DownhillError):
    """There is no Dask cluster where one was named."""
