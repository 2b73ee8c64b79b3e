"""Find what does an exercise's work for the student, by reading the code and never running it.

Starting at the exercise's name, every definition it reaches is read. A dotted name on the exercise's list (such
as `torch.optim.SGD`) is a shortcut; so is an attribute or keyword on it (such as `.requires_grad`), whatever it hangs
on, and code that cannot be read (`exec`, `eval`). In a scratch cell that the
exercise does not reach, all of it is free.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

ALLOWED = ("torch.optim.Optimizer", "torch.optim.optimizer.Optimizer")
UNREADABLE = ("exec", "eval", "compile", "__import__", "importlib", "globals", "vars")


@dataclass(frozen=True)
class Cell:
    """A code cell: where it stands, for a message, and its source."""

    place: str
    source: str


@dataclass(frozen=True)
class _Definition:
    place: str
    lines: tuple[str, ...]
    node: ast.AST


def find_shortcut(cells: list[Cell], exercise: str, does_the_work: tuple[str, ...]) -> str:
    """The first shortcut that the exercise's own code reaches, as a sentence with its line, or "".

    Args:
        cells: all code cells, in order.
        exercise: the name of the student's function or class.
        does_the_work: dotted names that are refused, `torch.optim.Optimizer` itself being always free; one that
            begins with a dot is refused as an attribute of anything, and as a keyword.

    Example:
        >>> find_shortcut([Cell("cell 1", "import torch\\nMine = torch.optim.SGD")], "Mine", ("torch.optim",))
        '`torch.optim.SGD` does the work of this exercise (cell 1, line 2: Mine = torch.optim.SGD)'
    """
    definitions, modules = _read(cells)
    reached, waiting = set(), [exercise]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        if name != exercise and name in modules and _refused(modules[name], does_the_work):
            return f"`{modules[name]}` does the work of this exercise (imported as {name})"
        for definition in definitions.get(name, []):
            local = modules | _imports(definition.node)
            own = _locals(definition.node) - local.keys()
            for dotted, line in _dotted_names(definition.node, local):
                if dotted.split(".")[0] in own:
                    continue
                if _refused(dotted, does_the_work):
                    return _sentence(f"`{dotted}` does the work of this exercise", definition, line)
                if dotted.split(".")[0] in UNREADABLE:
                    return _sentence(f"`{dotted}` runs code that cannot be read", definition, line)
                waiting.append(dotted.split(".")[0])
            for name, line in _attributes(definition.node):
                if name in does_the_work:
                    return _sentence(f"`{name}` does the work of this exercise", definition, line)
    return ""


def find_tampering(cells: list[Cell]) -> str:
    """The first line that rebinds `check` or reaches into `autograder`, as a sentence, or "".

    Example:
        >>> find_tampering([Cell("cell 3", "check = print")])
        '`check` is bound anew (cell 3)'
    """
    definitions, modules = _read(cells)
    if "check" in definitions:
        return f"`check` is bound anew ({definitions['check'][0].place})"
    heads = {"autograder", *(name for name, module in modules.items() if module.startswith("autograder"))}
    for cell in cells:
        for name, module in _contents(cell)[0].items():
            if name == "check" and module != "autograder.check":
                return f"`check` is bound anew ({cell.place})"
        for module in _contents(cell)[0].values():
            if module.startswith("autograder.") and module != "autograder.check":
                return f"`{module}` reaches into the grader ({cell.place})"
        if not heads & _names(cell):
            continue
        for dotted, line in _dotted_names(_parse(cell), modules):
            if dotted.startswith("autograder.") and dotted != "autograder.check":
                return f"`{dotted}` reaches into the grader ({cell.place}, line {line})"
    return ""


@lru_cache(maxsize=2048)  # a class shares most of its cells
def _parse(cell: Cell) -> ast.Module:
    """The cell's code, magics resolved; a cell that does not parse defines nothing."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        code: str = TransformerManager().transform_cell(cell.source)
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module(body=[], type_ignores=[])


@lru_cache(maxsize=2048)
def _names(cell: Cell) -> frozenset[str]:
    return frozenset(node.id for node in ast.walk(_parse(cell)) if isinstance(node, ast.Name))


def _read(cells: list[Cell]) -> tuple[dict[str, list[_Definition]], dict[str, str]]:
    definitions: dict[str, list[_Definition]] = {}
    modules: dict[str, str] = {}
    for cell in cells:
        imported, defined = _contents(cell)
        modules |= imported
        for name, definition in defined:
            definitions.setdefault(name, []).append(definition)
    return definitions, modules


@lru_cache(maxsize=2048)
def _contents(cell: Cell) -> tuple[dict[str, str], tuple[tuple[str, _Definition], ...]]:
    """What a cell imports, by name, and what it binds."""
    tree, lines = _parse(cell), tuple(cell.source.splitlines())
    nodes = ((name, statement) for statement in ast.walk(tree) for name in _bound(statement))
    return _imports(tree), tuple((name, _Definition(cell.place, lines, statement)) for name, statement in nodes)


def _bound(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            for part in ast.walk(target):
                if isinstance(part, ast.Name):
                    yield part.id


def _locals(definition: ast.AST) -> set[str]:
    """Names that a function or class binds for itself: they mean nothing outside it."""
    if not isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return set()
    bound = {node.arg for node in ast.walk(definition) if isinstance(node, ast.arg)}
    bound |= {n.id for n in ast.walk(definition) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    shared = [name for n in ast.walk(definition) if isinstance(n, ast.Global | ast.Nonlocal) for name in n.names]
    return bound - set(shared)


def _imports(tree: ast.AST) -> dict[str, str]:
    modules = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                modules[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                modules[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return modules


def _dotted_names(tree: ast.AST, modules: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Every name or attribute chain that is read, imports resolved, longest first."""
    inner: set[int] = set()
    for node in ast.walk(tree):
        dotted = _dotted(node)
        if dotted and id(node) not in inner:
            part: ast.AST = node
            while isinstance(part, ast.Attribute | ast.Call):
                part = part.value if isinstance(part, ast.Attribute) else part.args[0]
                inner.add(id(part))
            head, _, rest = dotted.partition(".")
            resolved = modules.get(head, head)
            yield f"{resolved}.{rest}" if rest else resolved, getattr(node, "lineno", 1)


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
        match node.args:
            case [holder, ast.Constant(value=str(attribute)), *_]:
                dotted = _dotted(holder)
                return f"{dotted}.{attribute}" if dotted else ""
    return ""


def _attributes(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every attribute and every keyword that isn't switched off, as `.name`."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.Attribute(attr=name)
                | ast.Call(func=ast.Name(id="getattr" | "setattr"), args=[_, ast.Constant(value=str(name)), *_])
            ):
                yield f".{name}", node.lineno
            case ast.keyword(arg=str(name), value=value) if not (isinstance(value, ast.Constant) and not value.value):
                yield f".{name}", node.lineno


def _refused(dotted: str, does_the_work: tuple[str, ...]) -> bool:
    if any(dotted == a or dotted.startswith(f"{a}.") for a in ALLOWED):
        return False
    return any(dotted == r or dotted.startswith(f"{r}.") for r in does_the_work)


def _sentence(what: str, definition: _Definition, line: int) -> str:
    source = definition.lines[line - 1].strip() if line <= len(definition.lines) else ""
    return f"{what} ({definition.place}, line {line}: {source[:120]})"
