"""Which code cells grading does not run: the experiments, and cells that leave nothing behind.

A student's predictions are the second kind: constants under names that only an experiment reads. Each cell costs a
round trip to the kernel, which takes longer than most students' code.
"""

from __future__ import annotations

import ast
import re
from functools import lru_cache

from nbformat import NotebookNode

EXPERIMENT = "experiment_"  # locked cells whose grade_id begins so are for the student's eyes and are not graded
WORDS = re.compile(r"\w+")


def skipped(notebook: NotebookNode) -> frozenset[int]:
    """The numbers of the code cells, from 0, that need not be run.

    Example:
        >>> from nbformat.v4 import new_code_cell, new_notebook
        >>> cells = ["guess = {'speed': 2.0}", "lr = 0.1", "print(lr)"]
        >>> sorted(skipped(new_notebook(cells=[new_code_cell(source) for source in cells])))
        [0]
    """
    code = {n: cell for n, cell in enumerate(notebook.cells) if cell.cell_type == "code"}
    experiments = frozenset(n for n, cell in code.items() if is_experiment(cell))
    run = code.keys() - experiments
    words = {n: frozenset(WORDS.findall(code[n].source)) for n in run}
    bound = {n: _only_constants(code[n].source) for n in run}
    in_vain = [
        n for n, names in bound.items() if names is not None and not any(names & words[m] for m in run if m != n)
    ]
    return experiments | frozenset(in_vain)


def is_experiment(cell: NotebookNode) -> bool:
    """Whether a cell of a clean notebook is one that grading skips."""
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", "")).startswith(EXPERIMENT)


@lru_cache(maxsize=2048)  # a class shares most of its cells
def _only_constants(source: str) -> frozenset[str] | None:
    """The names that a cell binds to constants, if that is all it does."""
    names = set()
    try:
        for statement in ast.parse(source).body:
            if not isinstance(statement, ast.Assign):
                return None
            ast.literal_eval(statement.value)
            for target in statement.targets:
                if not isinstance(target, ast.Name) or target.id.startswith("_"):
                    return None
                names.add(target.id)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):  # magics too are no Python
        return None
    return frozenset(names)
