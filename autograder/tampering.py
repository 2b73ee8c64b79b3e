"""Find what could bind an exercise anew unseen, or change what a check puts out, in any cell of a notebook.

An exercise's own code is read from its name on (`scan`); what binds it in ways that have no name in the code would pass
by that. So such ways are refused wherever they stand: they have no place in a lesson, and a person decides.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from autograder.bindings import Imports, attributes, contents, dotted_names, locals_of, patched, read, root
from autograder.cells import RUNS_FILES, RUNS_PYTHON, Cell, TooDeep, parse
from autograder.student.evidence import MIME


def words(*lines: str) -> frozenset[str]:
    """The words of some lines."""
    return frozenset(word for line in lines for word in line.split())


BINDS_UNSEEN = words(  # attributes by which any cell could bind a name, or change what a check puts out
    ".__globals__ .__builtins__ .__code__ .__closure__ .f_globals .f_locals .f_back ._getframe .user_ns",
    ".user_global_ns .run_cell .run_code .ast_transformers .input_transformers_cleanup .input_transformers_post",
    ".display_pub .get_objects .get_referrers .__getattribute__ .__path__ .instance",
)
RUNS_ANY_CODE = ("exec", "eval", "compile", "__import__", "builtins", "__main__")
REACHES_PAST = (  # in modules: what runs code by text, finds or changes whatever is loaded, or has itself called
    *("code", "codeop", "runpy", "pydoc.locate", "importlib.import_module", "importlib.util.module_from_spec"),
    *("importlib.machinery", "pkgutil", "unittest.mock", "inspect.getmodule", "inspect.currentframe"),
    *("inspect.stack", "inspect.trace", "inspect.getouterframes", "inspect.getinnerframes", "inspect.getargvalues"),
    *("traceback.walk_stack", "traceback.walk_tb", "sys.modules", "sys.settrace", "sys.setprofile", "sys.monitoring"),
    *("sys.addaudithook", "sys.meta_path", "sys.path_hooks", "sys.path_importer_cache", "sys._getframe"),
    *("sys._current_frames", "gc.callbacks", "bdb", "copyreg", "ctypes", "cffi", "threading", "_thread", "signal"),
    *("zmq", "ipykernel", "jupyter_client", "types.FunctionType", "types.CodeType", "torch.overrides"),
    *("torch.library", "torch.utils._python_dispatch", "torch.nn.modules.module"),
    "torch.optim.optimizer.register_optimizer_step_pre_hook",
    "torch.optim.optimizer.register_optimizer_step_post_hook",
)
SETTINGS = (  # what is there to be set
    *("matplotlib", "torch.backends", "pandas.options"),
    "IPython.core.interactiveshell.InteractiveShell.ast_node_interactivity",
)
OURS = ("autograder.check", "autograder.check.__doc__", "autograder.__version__")  # open to everybody
NAMESPACES = ("globals", "locals", "vars")
ONLY_READ = words("get keys values items copy")  # methods that leave a namespace as it is
ONLY_SHOWN = words("help print repr str type callable len list sorted dict isinstance id hasattr display getsource")
OF_THE_SHELL = words("run_line_magic run_cell_magic system getoutput __class__ set_next_input")


def find_tampering(cells: list[Cell]) -> str:
    """The first line that rebinds `check`, reaches into `autograder`, or could bind any name unseen, as a sentence.

    Example:
        >>> find_tampering([Cell("cell 3", "check = print")])
        '`check` is bound anew (cell 3)'
    """
    notebook = read(cells)
    if "check" in notebook.definitions:
        return f"`check` is bound anew ({notebook.definitions['check'][0].place})"
    known = notebook.imports
    each = ((cell, tuple((name, known[name]) for name in _names(cell) if name in known)) for cell in cells)
    return next((told for cell, imports in each if (told := _tampering_in(cell, imports))), "")


@lru_cache(maxsize=2048)
def _names(cell: Cell) -> tuple[str, ...]:
    """The names that a cell mentions."""
    return tuple(dict.fromkeys(node.id for node in ast.walk(parse(cell)) if isinstance(node, ast.Name)))


@lru_cache(maxsize=2048)  # a class shares most of its cells
def _tampering_in(cell: Cell, imports: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    tree, imported, known = parse(cell), contents(cell)[0], dict(imports)
    if isinstance(tree, TooDeep):
        return f"code is nested too deep to be read ({cell.place})"
    heads = {module.split(".")[0] for modules in known.values() for module in modules}
    for name, modules in imported.items():
        if name == "check" and modules != ("autograder.check",):
            return f"`check` is bound anew ({cell.place})"
    for dotted, line in dotted_names(tree, known):
        if dotted.startswith("autograder.") and dotted not in OURS:
            return f"`{dotted}` reaches into the grader ({cell.place}, line {line})"
        if under(dotted, RUNS_ANY_CODE) or (under(dotted, REACHES_PAST) and dotted.split(".")[0] in heads):
            return f"`{dotted}` can bind any name unseen ({cell.place}, line {line})"
    for dotted, line in patched(tree, known):
        if not under(dotted, SETTINGS):
            return f"`{dotted}` is bound anew ({cell.place}, line {line})"
    if MIME in cell.source or any(isinstance(n, ast.Constant) and MIME in str(n.value) for n in ast.walk(tree)):
        return f"evidence is written by hand ({cell.place})"
    for name, line in attributes(tree):
        if name in BINDS_UNSEEN:
            return f"`{name}` can bind any name unseen ({cell.place}, line {line})"
    for what, line in (*_handed_on(tree, known), *_unread(tree)):
        return f"{what} ({cell.place}, line {line})"
    for modules in imported.values():
        for module in modules:
            if module.startswith("autograder.") and module != "autograder.check":
                return f"`{module}` reaches into the grader ({cell.place})"
    return ""


def _handed_on(tree: ast.AST, known: Imports) -> Iterator[tuple[str, int]]:
    """Where a namespace, the shell, `check` or `setattr` is given to something else, with the line."""
    above = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    own = {name for node in ast.walk(tree) for name in locals_of(node)}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) if not (name == "check" and name in own):
                meant = known.get(name, (name,))
            case ast.Attribute(value=ast.Name(id=name), attr=part, ctx=ast.Load()) if name in known:
                meant = tuple(f"{module}.{part}" for module in known[name])
            case _:
                continue
        use = above.get(node)
        called = use if isinstance(use, ast.Call) and use.func is node else None
        for thing in meant:
            if thing in NAMESPACES or thing.split(".")[-1] == "get_ipython":
                fine = isinstance(use, ast.Expr) or (called and _harmless(called, above.get(called), thing))
            elif thing in ("autograder", "autograder.check"):
                fine = called or _shown(node, use) or isinstance(use, ast.Attribute)
            else:
                fine = called or thing != "setattr"
            if not fine:
                yield f"`{thing}` is handed on, and any name could be bound with it unseen", node.lineno


def _harmless(call: ast.AST, use: ast.AST | None, thing: str) -> bool:
    """Whether a namespace, or the shell, is only asked for something or shown."""
    match use:
        case ast.Attribute(attr=part):
            return part in (ONLY_READ if thing in NAMESPACES else OF_THE_SHELL)
        case (
            ast.Subscript(ctx=ast.Load())
            | ast.keyword(arg=None)
            | ast.FormattedValue()
            | ast.For()
            | ast.comprehension()
        ):
            return thing in NAMESPACES
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp() | ast.If() | ast.Expr():
            return True
    return _shown(call, use)


def _shown(node: ast.AST, use: ast.AST | None) -> bool:
    """Whether something is the argument of a function that shows it, or stands by itself."""
    if isinstance(use, ast.Call) and node in use.args:
        return getattr(use.func, "id", getattr(use.func, "attr", "")) in ONLY_SHOWN
    return isinstance(use, ast.Expr)


def _unread(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Where a name that is bound, or the code that a magic runs, is no text that can be read, with the line."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="setattr"), args=[holder, name, *_]):
                if not isinstance(name, ast.Constant) and root(holder) not in ("self", "cls"):
                    yield "`setattr` takes a name that cannot be read", node.lineno
            case ast.Call(func=ast.Attribute(value=above, attr="__setattr__"), args=[holder, *_]):
                if root(holder) not in ("self", "cls") and not isinstance(above, ast.Call):
                    yield "`__setattr__` can bind any name unseen", node.lineno
            case ast.Call(func=ast.Attribute(attr="run_line_magic" | "run_cell_magic"), args=[name, *texts]):
                magic = name.value if isinstance(name, ast.Constant) else "?"
                if magic in RUNS_FILES and [getattr(text, "value", "") for text in texts] != ["autoreload"]:
                    yield f"`%{magic}` can bind any name unseen", node.lineno
                readable = all(isinstance(text, ast.Constant) for text in texts)
                if magic == "?" or (magic in RUNS_PYTHON and not readable):
                    yield "a magic runs code that cannot be read", node.lineno


def under(dotted: str, names: tuple[str, ...]) -> bool:
    """Whether a dotted name is one of these, or a part of one."""
    return any(dotted == name or dotted.startswith(f"{name}.") for name in names)
