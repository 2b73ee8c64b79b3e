"""A lesson with only the cells that some of its cells need, found by the names that they use."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Callable, Iterator

import nbformat
from nbformat import NotebookNode


def needed(notebook: NotebookNode, wanted: Callable[[NotebookNode], bool]) -> NotebookNode:
    """The code cells that `wanted` picks, and before them whatever defines the names that they use.

    For notebooks of ours alone: what a cell changes without naming it, or names only in a string, is not seen.

    Args:
        notebook: a lesson as solved.
        wanted: which code cells must be there.

    Returns:
        A copy of the notebook with the other cells left out.
    """
    kept: list[NotebookNode] = []
    open_names: set[str] = set()
    for cell in reversed(notebook.cells):
        if cell.cell_type != "code":
            continue
        statements = [_names(statement) for statement in _in_a_row(ast.parse(cell.source).body)]
        if wanted(cell) or any(bound & open_names for bound, _ in statements):
            kept.append(cell)
            for bound, used in reversed(statements):
                open_names = (open_names - bound) | used
    part = nbformat.from_dict(notebook)
    part.cells = kept[::-1]
    return part


def has_sliders(cell: NotebookNode) -> bool:
    """Whether a code cell shows a picture under sliders."""
    return "explore(" in cell.source


def _in_a_row(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements, a loop as one pass through it."""
    for statement in statements:
        if isinstance(statement, ast.For):
            yield ast.fix_missing_locations(ast.Assign([statement.target], statement.iter))
            yield from _in_a_row(statement.body + statement.orelse)
        else:
            yield statement


def _names(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """The names of the notebook that a statement binds or fills, and those that it uses, in its functions too."""
    table = symtable.symtable(ast.unparse(statement), "cell", "exec")
    bound = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
    used = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    inner = table.get_children()
    while inner:
        scope = inner.pop()
        used |= {s.get_name() for s in scope.get_symbols() if s.is_global() and s.is_referenced()}
        inner += scope.get_children()
    filled = {
        node.value.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return bound | (filled & used), used
