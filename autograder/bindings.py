"""What a notebook's code binds, imports and reads, found by parsing it and never by running it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from autograder.cells import Cell, parse

OFTEN_RENAMED = ("torch", "torch.nn", "torch.nn.functional", "torch.optim")  # `F = torch.nn.functional` is an import
Imports = dict[str, tuple[str, ...]]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True)
class Definition:
    """Code that binds or changes a name: the cell it is in, that cell's lines, the code, the names that belong to the
    functions around it, and those of these functions."""

    place: str
    lines: tuple[str, ...]
    node: ast.AST
    local: frozenset[str]
    around: frozenset[str]


@dataclass(frozen=True)
class Notebook:
    """All cells, read together.

    Attributes:
        definitions: by name, all code that binds or changes it; an attribute that is set stands as `.name`, a call of a
            method or a use as decorator, by which what bears the name may keep what it is given, as `name()`, code
            that hands it on or names it anew as `name@`, and a call of it as `name@()`.
        imports: what an imported name stands for, as dotted names: in one place one thing, in another another.
        stars: the modules of which everything is imported.
    """

    definitions: dict[str, list[Definition]]
    imports: Imports
    stars: tuple[str, ...]

    @cached_property
    def modules(self) -> frozenset[str]:
        """All that is imported, as dotted names."""
        return frozenset(module for meant in self.imports.values() for module in meant)


def read(cells: list[Cell]) -> Notebook:
    """Read all cells.

    Example:
        >>> read([Cell("cell 1", "import torch as t\\nx = t.ones(3)")]).imports
        {'t': ('torch',)}
    """
    return _read(tuple(cells))


@lru_cache(maxsize=8)  # each exercise of a notebook asks for it
def _read(cells: tuple[Cell, ...]) -> Notebook:
    notebook = Notebook({}, {}, tuple(star for cell in cells for star in contents(cell)[2]))
    for cell in cells:
        imported, defined, _ = contents(cell)
        notebook.imports.update(merged(notebook.imports, imported))
        for name, definition in defined:
            notebook.definitions.setdefault(name, []).append(definition)
    for name, definitions in notebook.definitions.items():
        for definition in definitions:
            match definition.node:
                case ast.Assign(targets=[ast.Name()], value=value):
                    module = next(dotted_names(value, notebook.imports), ("", 0))[0] if _dotted(value) else ""
                    if module in OFTEN_RENAMED:
                        notebook.imports[name] = (*notebook.imports.get(name, ()), module)
    return notebook


def merged(first: Imports, second: Imports) -> Imports:
    """All that names stand for in one place or the other."""
    return {name: tuple(dict.fromkeys(first.get(name, ()) + second.get(name, ()))) for name in {**first, **second}}


@lru_cache(maxsize=2048)
def contents(cell: Cell) -> tuple[Imports, tuple[tuple[str, Definition], ...], tuple[str, ...]]:
    """What a cell imports, by name; what it binds; and the modules of which it imports everything."""
    tree, lines = parse(cell), tuple(cell.source.splitlines())
    shared = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
    defined = tuple(
        (name, Definition(cell.place, lines, node, local, around))
        for node, local, around in _with_locals(tree, frozenset(), frozenset())
        for name in (*_bound(node), *_handed_on(node))
        if name in shared or not (name.rstrip("()@") in local or (around and name == getattr(node, "name", None)))
    )
    stars = [n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module and n.names[0].name == "*"]
    return imports_of(tree), defined, tuple(stars)


def _with_locals(
    node: ast.AST, local: frozenset[str], around: frozenset[str]
) -> Iterator[tuple[ast.AST, frozenset[str], frozenset[str]]]:
    """Every node, the names that belong to the functions and classes around it, and the names of these."""
    yield node, local, around
    if isinstance(node, FUNCTIONS):
        local, around = local | locals_of(node), around | {getattr(node, "name", "lambda")}
    for child in ast.iter_child_nodes(node):
        yield from _with_locals(child, local, around)


def last_import(cells: list[Cell], name: str) -> str:
    """What a name stands for where an import is the last to bind it, as a dotted name, else ""; at any call of
    `check` with this name, or at the end where there is none.

    Example:
        >>> last_import([Cell("cell 1", "from torch.optim import Adam")], "Adam")
        'torch.optim.Adam'
    """
    asked = re.compile(rf"\bcheck\(\s*[\"']{re.escape(name)}[\"']")
    bound, found, calls = "", "", False
    for cell in cells:
        for its_name, module in _bound_in_order(cell):
            if its_name == name:
                bound = module
        if "check" in cell.source and asked.search(cell.source):
            calls, found = True, found or bound
    return found if calls else bound


@lru_cache(maxsize=2048)
def _bound_in_order(cell: Cell) -> tuple[tuple[str, str], ...]:
    """Every name that a cell binds outside of functions, and what it stands for if an import binds it, else ""."""
    found: list[tuple[str, str]] = []
    for node in _outside_of_functions(parse(cell)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found += ((name, modules[-1]) for name, modules in imports_of(node).items())
        elif not isinstance(node, ast.Call):
            found += [(name, "") for name in _bound(node)]
    return tuple(found)


def _outside_of_functions(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs with the cell itself, in order."""
    for node in ast.iter_child_nodes(tree):
        yield node
        if not isinstance(node, FUNCTIONS):
            yield from _outside_of_functions(node)


def _bound(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            for target in targets:
                yield from _targets(target)
        case ast.Match(cases=cases):
            for part in (part for case in cases for part in ast.walk(case.pattern)):
                yield from filter(None, (getattr(part, "name", None), getattr(part, "rest", None)))
        case (
            ast.AnnAssign(target=target)
            | ast.AugAssign(target=target)
            | ast.NamedExpr(target=target)
            | ast.For(target=target)
            | ast.AsyncFor(target=target)
        ):
            yield from _targets(target)
        case ast.With(items=items) | ast.AsyncWith(items=items):
            for item in items:
                yield from _targets(item.optional_vars) if item.optional_vars else ()
        case ast.Call(func=ast.Name(id="setattr"), args=[holder, ast.Constant(value=str(name)), *_]):
            yield from _targets(holder)
            yield f".{name}"
        case (
            ast.Call(func=ast.Attribute(value=holder), args=[_, *_])
            | ast.Call(func=ast.Attribute(value=holder), keywords=[_, *_])
        ):
            yield f"{root(holder)}()"


def _handed_on(node: ast.AST) -> Iterator[str]:
    """The names that something else gets hold of here, as `name@`, what is called as `name@()`, and decorators."""
    match node:
        case ast.Call(func=function, args=args, keywords=keywords):
            given = [*args, *(keyword.value for keyword in keywords if keyword.arg)]
            if isinstance(function, ast.Name):
                yield f"{function.id}@()"
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.AST() as value) | ast.NamedExpr(value=value):
            given = [value]
        case ast.For(iter=iterated) | ast.comprehension(iter=iterated):
            given = [iterated]
        case _:
            given = []
    for part in given:
        parts = part.elts if isinstance(part, ast.Tuple | ast.List) else [part]
        yield from (f"{root(each)}@" for each in parts if root(each))
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        for decorator in node.decorator_list:
            yield f"{root(decorator.func if isinstance(decorator, ast.Call) else decorator)}()"


def _targets(target: ast.AST) -> Iterator[str]:
    """The names that a target binds or changes; an attribute of anything but `self` as `.name`."""
    for part in ast.walk(target):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute) and root(part) not in ("self", "cls"):
            yield f".{part.attr}"


def root(node: ast.AST) -> str:
    """The name that a chain of attributes begins with, or ""."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


@lru_cache(maxsize=8192)
def locals_of(definition: ast.AST) -> set[str]:
    """Names that a function or class binds for itself: they mean nothing outside it."""
    if not isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return set()
    bound = {node.arg for node in ast.walk(definition) if isinstance(node, ast.arg)}
    bound |= {n.id for n in ast.walk(definition) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    shared = [name for n in ast.walk(definition) if isinstance(n, ast.Global | ast.Nonlocal) for name in n.names]
    return bound - set(shared)


@lru_cache(maxsize=8192)
def imports_of(tree: ast.AST) -> Imports:
    """What imported names stand for."""
    modules: Imports = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole = alias.name if alias.asname else alias.name.split(".")[0]
                modules = merged(modules, {alias.asname or whole: (whole,)})
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                part = f"{'.' * node.level}{node.module or ''}.{alias.name}"
                modules = merged(modules, {alias.asname or alias.name: (part,)})
    return modules


def dotted_names(tree: ast.AST, imports: Imports) -> Iterator[tuple[str, int]]:
    """Every name or attribute chain that is read, imports resolved, longest first."""
    for head, rest, line in _chains(tree):
        for resolved in imports.get(head, (head,)):
            yield f"{resolved}.{rest}" if rest else resolved, line


@lru_cache(maxsize=8192)
def _chains(tree: ast.AST) -> tuple[tuple[str, str, int], ...]:
    found = []
    inner: set[int] = set()
    for node in ast.walk(tree):
        dotted = _dotted(node)
        if dotted and id(node) not in inner:
            part: ast.AST = node
            while isinstance(part, ast.Attribute | ast.Call):
                part = part.value if isinstance(part, ast.Attribute) else part.args[0]
                inner.add(id(part))
            head, _, rest = dotted.partition(".")
            found.append((head, rest, getattr(node, "lineno", 1)))
    return tuple(found)


def patched(tree: ast.AST, imports: Imports) -> Iterator[tuple[str, int]]:
    """Every attribute of an imported thing that is set, as a dotted name."""
    for node in ast.walk(tree):
        dotted = ""
        match node:
            case ast.Attribute(ctx=ast.Store()):
                dotted = _dotted(node)
            case ast.Call(func=ast.Name(id="setattr"), args=[holder, ast.Constant(value=str(name)), *_]):
                dotted = f"{_dotted(holder)}.{name}"
        head, _, rest = dotted.partition(".")
        for module in imports.get(head, ()):
            yield f"{module}.{rest}", getattr(node, "lineno", 1)


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


@lru_cache(maxsize=8192)
def attributes(tree: ast.AST) -> tuple[tuple[str, int], ...]:
    """Every attribute and every keyword that isn't switched off, as `.name`, with its line."""
    return tuple(_attributes(tree))


def _attributes(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        match node:
            case (
                ast.Attribute(attr=name)
                | ast.Call(func=ast.Name(id="getattr" | "setattr"), args=[_, ast.Constant(value=str(name)), *_])
            ):
                yield f".{name}", node.lineno
            case ast.keyword(arg=str(name), value=value) if not (isinstance(value, ast.Constant) and not value.value):
                yield f".{name}", node.lineno
            case ast.keyword(arg=None, value=ast.Dict(keys=keys)):
                names = (key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str))
                yield from ((f".{name}", node.lineno) for name in names)


def may_hold_code(name: str, notebook: Notebook) -> bool:
    """Whether a name stands for something that is neither a function or class, whose code is read, nor a constant."""
    return any(
        not isinstance(d.node, FUNCTIONS) and not isinstance(getattr(d.node, "value", None), ast.Constant | ast.UnaryOp)
        for d in notebook.definitions.get(name, [])
    )
