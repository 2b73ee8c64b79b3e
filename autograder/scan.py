"""Find what does an exercise's work for the student, by reading the code and never running it.

Starting at the exercise's name, every definition it reaches is read. A dotted name on the exercise's list (such
as `torch.optim.SGD`) is a shortcut; so is an attribute or keyword on it (such as `.requires_grad`), whatever it hangs
on, and so is all that leads out of the code that can be read: `exec`, a module handed on as a whole, a file beside
the notebook. In a scratch cell that the exercise does not reach, all of it is free, but for what `tampering` finds.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from functools import lru_cache

from autograder.bindings import (
    Definition,
    Notebook,
    attributes,
    dotted_names,
    imports_of,
    last_import,
    locals_of,
    may_hold_code,
    merged,
    read,
)
from autograder.cells import Cell
from autograder.tampering import BINDS_UNSEEN, find_tampering, under, words

__all__ = ["Cell", "find_shortcut", "find_tampering", "find_unread"]


ALLOWED = ("torch.optim.Optimizer", "torch.optim.optimizer.Optimizer")
UNREADABLE = words(
    "exec eval compile __import__ importlib globals locals vars get_ipython builtins __builtins__ __main__ open input",
)
LIBRARIES = words(  # what an exercise may be written with
    "__future__ abc bisect cmath collections contextlib copy dataclasses decimal enum fractions functools heapq",
    "itertools math matplotlib numbers numpy operator random statistics string sys textwrap time torch typing",
    "warnings",
)
PAST_THE_CODE = (  # doors of these libraries to whatever else is installed
    "sys.modules",
    "sys._getframe",
    "sys._current_frames",
    "numpy.load",
    "numpy.loadtxt",
    "numpy.genfromtxt",
    "numpy.fromfile",
    "numpy.memmap",
    "torch.from_file",
    "torch.ops",
    "torch.jit",
    "torch.hub",
    "torch.load",
    "torch.package",
    "torch.distributed",
)
DOORS = BINDS_UNSEEN | words(  # attributes that lead from any object to whatever else is loaded
    ".__dict__ .__subclasses__ .__getattribute__ .__bases__ .__mro__ .__loader__ .__spec__ .__import__ .gi_frame",
    ".cr_frame .tb_frame .torch .sys ._sys .os ._os .builtins .importlib .inspect .ctypes",
)


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
    notebook = read(cells)
    imported = last_import(cells, exercise)
    if imported and _refused(imported, does_the_work):
        return f"`{imported}` does the work of this exercise (imported as {exercise})"
    if imported:
        return f"`{exercise}` is imported (`{imported}`) and not written in the notebook"
    operators = [name for name in notebook.definitions if name.startswith(".__")]
    reached, waiting = set(), [*operators, f".{exercise}", f"{exercise}()", exercise]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        for definition in notebook.definitions.get(name, []):
            for what, line, leads_to in _read_definition(name, definition, notebook, does_the_work):
                if what:
                    return _sentence(what, definition, line)
                waiting.append(leads_to)
    return ""


def _read_definition(
    key: str, definition: Definition, notebook: Notebook, does_the_work: tuple[str, ...]
) -> Iterator[tuple[str, int, str]]:
    """For all that a definition uses: what is wrong with it or "", its line, and the name to follow."""
    node = definition.node
    inside = imports_of(node)
    imports = merged(notebook.imports, inside) if inside else notebook.imports
    modules = notebook.modules.union(*inside.values())
    bound = locals_of(node)
    own = (bound | definition.local) - imports.keys()
    for dotted, line in dotted_names(node, imports):
        head = dotted.split(".")[0]
        if head in own:
            continue
        yield _wrong_with(dotted, notebook, does_the_work), line, head
        if head not in notebook.imports:
            yield "", line, f"{head}()"
            if may_hold_code(head, notebook):
                yield "", line, f"{head}@"
        if dotted in modules:
            if head not in LIBRARIES:
                yield f"`{dotted}` is no code of this notebook, so it cannot be read", line, head
            shadowed = any(name in bound for name, meant in imports.items() if dotted in meant)
            if not shadowed and any(refused.startswith(f"{dotted}.") for refused in does_the_work):
                yield f"`{dotted}` is handed on as a whole, so what is taken from it cannot be read", line, head
    changed = key.removesuffix("()").removesuffix("@")
    if key.endswith("@()") or (key != changed and may_hold_code(changed, notebook)):
        # whoever calls the functions around it, or knows it by a new name, changes it too
        renamed = [t.id for t in getattr(node, "targets", ()) if isinstance(t, ast.Name)]
        yield from (("", 1, f"{name}{how}") for name in (*definition.around, *renamed) for how in ("@", "()", "@()"))
    for name, line in attributes(node):
        if name in does_the_work:
            yield f"`{name}` does the work of this exercise", line, name
        if name in DOORS:
            yield f"`{name}` leads past the code that can be read", line, name
        yield "", line, name
    yield from ((what, line, "") for what, line in _unreadable_names(node))


@lru_cache(maxsize=8192)
def _unreadable_names(node: ast.AST) -> tuple[tuple[str, int], ...]:
    """Where an attribute or a keyword is named by no text that can be read, with the line."""
    found = []
    for part in ast.walk(node):
        match part:
            case ast.Call(func=ast.Name(id="getattr"), args=[_, attribute, *_]) if not isinstance(
                attribute, ast.Constant
            ):
                found.append(("`getattr` takes a name that cannot be read", part.lineno))
            case ast.keyword(arg=None, value=ast.Dict(keys=keys)) if not all(
                isinstance(key, ast.Constant | None) for key in keys
            ):
                found.append(("`**` takes a name that cannot be read", part.lineno))
    return tuple(found)


def _wrong_with(dotted: str, notebook: Notebook, does_the_work: tuple[str, ...]) -> str:
    head = dotted.split(".")[0]
    named = head in notebook.imports or head in notebook.definitions or hasattr(builtins, head)
    for name in (dotted, *(f"{module}.{dotted}" for module in notebook.stars if not named)):
        if _refused(name, does_the_work):
            return f"`{name}` does the work of this exercise"
    if head in UNREADABLE:
        return f"`{dotted}` runs code that cannot be read"
    if under(dotted, PAST_THE_CODE) or (dotted.startswith("torch._") and not dotted.startswith("torch._foreach_")):
        return f"`{dotted}` leads past the code that can be read"
    if "." in dotted and head in notebook.modules and head not in LIBRARIES:
        return f"`{dotted}` is no code of this notebook, so it cannot be read"
    return ""


def find_unread(cells: list[Cell], exercise: str) -> str:
    """That nothing in these cells defines the exercise, as a sentence, or "".

    Example:
        >>> find_unread([Cell("cell 1", "%run other.ipynb")], "step")
        'no cell defines `step` in code that can be read'
    """
    defined = exercise in read(cells).definitions or last_import(cells, exercise)
    return "" if defined else f"no cell defines `{exercise}` in code that can be read"


def _refused(dotted: str, does_the_work: tuple[str, ...]) -> bool:
    return not under(dotted, ALLOWED) and under(dotted, does_the_work)


def _sentence(what: str, definition: Definition, line: int) -> str:
    source = definition.lines[line - 1].strip() if line <= len(definition.lines) else ""
    return f"{what} ({definition.place}, line {line}: {source[:120]})"
