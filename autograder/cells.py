"""A code cell as Python's syntax tree, found by parsing it and never by running it.

What IPython runs is more than Python: magics whose text is code are read as that code, and so is what stands in braces
in the line of any magic or shell command.
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

RUNS_PYTHON = frozenset(["time", "timeit", "capture", "prun", "debug", "config"])  # magics whose text is code
RUNS_FILES = {"load_ext", "reload_ext", "alias_magic"} | frozenset(  # or bring other code in
    ["run", "rerun", "recall", "rep", "load", "loadpy", "macro", "edit", "store"]
)
MAX_DEPTH = 300  # of code that is read
AUTOMATIC = re.compile(r"\s*(\w+)[ \t]+(?![=(\[.,])")  # a line that IPython takes for a magic without its %


@dataclass(frozen=True)
class Cell:
    """A code cell: where it stands, for a message, and its source."""

    place: str
    source: str


class TooDeep(ast.Module):
    """Of a cell that is nested deeper than is read, though Python may run it."""


@lru_cache(maxsize=2048)  # a class shares most of its cells
def parse(cell: Cell) -> ast.Module:
    """The cell's code, magics resolved, and texts put together from constants as one; what does not parse is empty.

    Example:
        >>> ast.unparse(parse(Cell("cell 1", "%time lr = 0.1")))
        'lr = 0.1'
    """
    try:
        tree = _parsed(cell.source)
        deep = not _shallow(tree)
    except (RecursionError, MemoryError):
        deep = True
    return TooDeep(body=[], type_ignores=[]) if deep else tree


def _parsed(source: str) -> ast.Module:
    from IPython.core.inputtransformer2 import TransformerManager

    automatic = AUTOMATIC.match(source)
    if automatic and automatic[1] in RUNS_PYTHON | RUNS_FILES and len(source.strip().splitlines()) == 1:
        source = f"%{source.strip()}"
    try:
        code: str = TransformerManager().transform_cell(source)
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return ast.Module(body=[], type_ignores=[])
    if not _shallow(tree):
        raise RecursionError
    reading = _Reading()
    reading.visit(tree)
    tree.body += reading.beside
    return tree


class _Reading(ast.NodeTransformer):
    """Puts the code that a magic runs in its place, or, where a magic stands inside a statement, into `beside`."""

    def __init__(self) -> None:
        self.beside: list[ast.stmt] = []

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        inside = list(_run_by(node.value))
        return inside if inside else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.beside += _run_by(node)
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.BinOp(ast.Constant(value=str(left)), ast.Add(), ast.Constant(value=str(right))):
                return ast.copy_location(ast.Constant(left + right), node)
        return node


def _run_by(call: ast.AST) -> Iterator[ast.stmt]:
    """The statements that a magic or a shell command runs in the notebook's own names."""
    name, line, body = "", "", ""
    match call:
        case ast.Call(
            func=ast.Attribute(attr="run_line_magic" | "run_cell_magic"),
            args=[ast.Constant(value=str(name)), ast.Constant(value=str(line)), *rest],
        ):
            body = str(rest[0].value) if rest and isinstance(rest[0], ast.Constant) else ""
        case ast.Call(func=ast.Attribute(attr="system" | "getoutput"), args=[ast.Constant(value=str(line))]):
            pass
        case _:
            return
    pieces = [(expression, call.lineno) for expression in _in_braces(line)]
    if name in RUNS_PYTHON:
        pieces += [(_after_options(line), call.lineno), (body, call.lineno + 1)]
    for source, number in pieces:
        yield from ast.increment_lineno(_parsed(source), number - 1).body


def _in_braces(line: str) -> list[str]:
    """What IPython computes and puts into a line: the expressions in its braces."""
    try:
        fields = [f"{name}:{more}" if more else name for _, name, more, _ in string.Formatter().parse(line) if name]
    except ValueError:
        return []  # nor does IPython find any there
    return [field for field in fields if field]


def _after_options(line: str) -> str:
    """A magic's code without its options, which is what is left of the line that is Python."""
    words = re.split(r"(?<=\s)(?=\S)", line)
    options = [n for n, word in enumerate(words) if word.startswith("-")]
    for first in range(len(words) if options and options[0] == 0 else 1):
        code = "".join(words[first:])
        if first not in options and _parsed(code).body:
            return code
    return ""


def _shallow(tree: ast.AST) -> bool:
    level = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return not level
