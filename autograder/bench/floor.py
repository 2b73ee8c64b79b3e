"""A script: run notebooks' code in this one process and print the seconds. The first notebook is run once before.

It runs beside a staged `autograder/student`, so that `check` gathers evidence as in a graded kernel.
"""

import contextlib
import io
import json
import sys
import time
import warnings


def execute(cells: list[str]) -> None:
    """One notebook in a namespace of its own; a cell that fails does not stop the next."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    for cell in cells:
        with contextlib.suppress(Exception):
            exec(compile(cell, "<cell>", "exec"), namespace)  # the bench's own samples


def main() -> None:
    """Read the file named on the command line: a list of notebooks, each a list of sources."""
    with open(sys.argv[1], encoding="utf-8") as file:
        notebooks = json.load(file)
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        execute(notebooks[0])
        began = time.perf_counter()
        for notebook in notebooks:
            execute(notebook)
        seconds = time.perf_counter() - began
    print(seconds)


if __name__ == "__main__":
    main()
