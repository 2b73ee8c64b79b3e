"""Find what does an exercise's work for the student, by reading the code and never running it.

Starting at the exercise's name, every definition it reaches is read. A dotted name on the exercise's list (such
as `torch.optim.SGD`) is a shortcut; so is an attribute or keyword on it (such as `.requires_grad`), whatever it hangs
on, and so is all that leads out of the code that can be read: `exec`, a module handed on as a whole, a file beside
the notebook. In a scratch cell that the exercise does not reach, all of it is free, but for what could bind the
exercise anew unseen.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from functools import lru_cache

from autograder.bindings import (
    Cell,
    Definition,
    Notebook,
    attributes,
    contents,
    dotted_names,
    imports_of,
    last_import,
    locals_of,
    parse,
    patched,
    read,
)
from autograder.student.evidence import MIME

__all__ = ["Cell", "find_shortcut", "find_tampering", "find_unread"]


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


ALLOWED = ("torch.optim.Optimizer", "torch.optim.optimizer.Optimizer")
UNREADABLE = _words(
    "exec eval compile __import__ importlib globals locals vars get_ipython builtins __builtins__ __main__",
)
LIBRARIES = _words(  # what an exercise may be written with
    "__future__ abc bisect cmath collections contextlib copy dataclasses decimal enum fractions functools heapq",
    "itertools logging math matplotlib numbers numpy operator random statistics string sys textwrap time torch typing",
    "warnings",
)
PAST_THE_CODE = (  # doors of these libraries to whatever else is installed
    "sys.modules",
    "sys._getframe",
    "sys._current_frames",
    "numpy.load",
    "torch.ops",
    "torch.jit",
    "torch.hub",
    "torch.load",
    "torch.package",
    "torch.distributed",
)
BINDS_UNSEEN = _words(  # attributes by which any cell could bind a name, or change what a check puts out
    ".__globals__ .__builtins__ .__code__ .__closure__ .f_globals .f_locals .f_back ._getframe .user_ns",
    ".user_global_ns .run_cell .run_code .ast_transformers .input_transformers_cleanup .input_transformers_post",
    ".display_pub .get_objects .get_referrers",
)
DOORS = BINDS_UNSEEN | _words(  # attributes that lead from any object to whatever else is loaded
    ".__dict__ .__subclasses__ .__getattribute__ .__bases__ .__mro__ .__loader__ .__spec__ .__import__ .gi_frame",
    ".cr_frame .tb_frame .torch .sys ._sys .os ._os .builtins .importlib .inspect .ctypes",
)
RUNS_FILES = _words("run rerun load loadpy macro edit store load_ext")  # magics
RUNS_ANY_CODE = ("exec", "eval", "__import__", "builtins", "__main__", "sys.modules")
SETTINGS = ("matplotlib", "torch.backends")  # modules whose attributes are there to be set


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
    reached, waiting = set(), [exercise]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        for definition in notebook.definitions.get(name, []):
            for what, line, leads_to in _read_definition(definition, notebook, does_the_work):
                if what:
                    return _sentence(what, definition, line)
                waiting.append(leads_to)
    return ""


def _read_definition(
    definition: Definition, notebook: Notebook, does_the_work: tuple[str, ...]
) -> Iterator[tuple[str, int, str]]:
    """For all that a definition uses: what is wrong with it or "", its line, and the name to follow."""
    node = definition.node
    imports = notebook.imports | imports_of(node)
    bound = locals_of(node)
    own = (bound | definition.local) - imports.keys()
    for dotted, line in dotted_names(node, imports):
        head = dotted.split(".")[0]
        if head in own:
            continue
        yield _wrong_with(dotted, notebook, does_the_work), line, head
        if head not in notebook.imports:
            yield "", line, f"{head}()"
        if dotted in imports.values():
            if head not in LIBRARIES:
                yield f"`{dotted}` is no code of this notebook, so it cannot be read", line, head
            shadowed = any(name in bound for name, module in imports.items() if module == dotted)
            if not shadowed and any(refused.startswith(f"{dotted}.") for refused in does_the_work):
                yield f"`{dotted}` is handed on as a whole, so what is taken from it cannot be read", line, head
    for name, line in attributes(node):
        if name in does_the_work:
            yield f"`{name}` does the work of this exercise", line, name
        if name in DOORS:
            yield f"`{name}` leads past the code that can be read", line, name
        yield "", line, name
    for part in ast.walk(node):
        match part:
            case ast.Call(func=ast.Name(id="getattr"), args=[_, attribute, *_]) if not isinstance(
                attribute, ast.Constant
            ):
                yield "`getattr` takes a name that cannot be read", part.lineno, ""
            case ast.keyword(arg=None, value=ast.Dict(keys=keys)) if not all(
                isinstance(key, ast.Constant | None) for key in keys
            ):
                yield "`**` takes a name that cannot be read", part.lineno, ""


def _wrong_with(dotted: str, notebook: Notebook, does_the_work: tuple[str, ...]) -> str:
    head = dotted.split(".")[0]
    named = head in notebook.imports or head in notebook.definitions or hasattr(builtins, head)
    for name in (dotted, *(f"{module}.{dotted}" for module in notebook.stars if not named)):
        if _refused(name, does_the_work):
            return f"`{name}` does the work of this exercise"
    if head in UNREADABLE:
        return f"`{dotted}` runs code that cannot be read"
    if _under(dotted, PAST_THE_CODE) or (dotted.startswith("torch._") and not dotted.startswith("torch._foreach_")):
        return f"`{dotted}` leads past the code that can be read"
    if "." in dotted and head in notebook.imports.values() and head not in LIBRARIES:
        return f"`{dotted}` is no code of this notebook, so it cannot be read"
    return ""


def find_tampering(cells: list[Cell]) -> str:
    """The first line that rebinds `check`, reaches into `autograder`, or could bind any name unseen, as a sentence.

    Example:
        >>> find_tampering([Cell("cell 3", "check = print")])
        '`check` is bound anew (cell 3)'
    """
    notebook = read(cells)
    if "check" in notebook.definitions:
        return f"`check` is bound anew ({notebook.definitions['check'][0].place})"
    imports = tuple(notebook.imports.items())
    return next((told for cell in cells if (told := _tampering_in(cell, imports))), "")


@lru_cache(maxsize=2048)  # a class shares most of its cells
def _tampering_in(cell: Cell, imports: tuple[tuple[str, str], ...]) -> str:
    tree, imported, known = parse(cell), contents(cell)[0], dict(imports)
    for name, module in imported.items():
        if name == "check" and module != "autograder.check":
            return f"`check` is bound anew ({cell.place})"
    for dotted, line in dotted_names(tree, known):
        if dotted.startswith("autograder.") and dotted != "autograder.check":
            return f"`{dotted}` reaches into the grader ({cell.place}, line {line})"
        if _under(dotted, RUNS_ANY_CODE):
            return f"`{dotted}` can bind any name unseen ({cell.place}, line {line})"
    for dotted, line in patched(tree, known):
        if not _under(dotted, SETTINGS):
            return f"`{dotted}` is bound anew ({cell.place}, line {line})"
    if MIME in cell.source:
        return f"evidence is written by hand ({cell.place})"
    for name, line in attributes(tree):
        if name in BINDS_UNSEEN:
            return f"`{name}` can bind any name unseen ({cell.place}, line {line})"
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=ast.Call(func=ast.Name(id="globals" | "vars" | "locals")), ctx=ast.Store()):
                return f"a name is bound unseen ({cell.place}, line {node.lineno})"
            case ast.Call(
                func=ast.Attribute(attr="run_line_magic" | "run_cell_magic"),
                args=[ast.Constant(value=str(magic)), *_],
            ) if magic in RUNS_FILES:
                return f"`%{magic}` can bind any name unseen ({cell.place}, line {node.lineno})"
    for module in imported.values():
        if module.startswith("autograder.") and module != "autograder.check":
            return f"`{module}` reaches into the grader ({cell.place})"
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
    return not _under(dotted, ALLOWED) and _under(dotted, does_the_work)


def _under(dotted: str, names: tuple[str, ...]) -> bool:
    return any(dotted == name or dotted.startswith(f"{name}.") for name in names)


def _sentence(what: str, definition: Definition, line: int) -> str:
    source = definition.lines[line - 1].strip() if line <= len(definition.lines) else ""
    return f"{what} ({definition.place}, line {line}: {source[:120]})"
