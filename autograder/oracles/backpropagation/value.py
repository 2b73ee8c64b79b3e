"""The scalar autodiff, and how it goes wrong."""

from __future__ import annotations

import ast
from typing import Any

from autograder.oracles.backpropagation.backward import AUTOGRAD
from autograder.oracles.backpropagation.wrong_values import VALUE_FORMS
from autograder.oracles.exercise import Draw, Exercise
from reference.backprop import Value

EXPRESSIONS = {  # one letter, one leaf; results behind one another get `backward()` in turn
    "one value": ("a",),
    "a sum": ("a + b",),
    "a product": ("a * b",),
    "a tanh": ("a.tanh()",),
    "floats on the right": ("(a * 3.0 + 0.5) * b",),
    "a float on the left of +": ("0.5 + a * b",),
    "a float on the left of *": ("3.0 * a + b",),
    "the chain rule": ("(a * b + c).tanh() * b",),
    "a value twice in a sum": ("a + a",),
    "a value twice in a product": ("a * a",),
    "a value in two terms": ("a * b + a.tanh()",),
    "a result used early and late": ("(k := a * b) + (k * c).tanh() * k",),
    "a result on two ways": ("((k := a + b) * c).tanh() + (k * k).tanh() * a",),
    "equal numbers": ("a * e + a * a",),
    "an unused value": ("a * b", "c"),
    "two losses over the same values": ("a * b", "(a + b * c).tanh()"),
    "two neurons": (
        "(n := (a * b + c * d + 0.1).tanh()) * (m := (a * c + b * d).tanh() * n) + m * m + n",
        "a * a",
    ),
}


def draw_expressions(seed: int) -> dict[str, Any]:
    """Each expression with numbers for its letters; `e` has the number of `a`."""
    draw = Draw(seed)
    cases: dict[str, Any] = {}
    for name, texts in EXPRESSIONS.items():
        letters = letters_of(texts)
        values = {letter: draw.uniform(0.4, 1.4) * (-1) ** int(draw.uniform(0, 2)) for letter in letters}
        if "e" in values:
            values["e"] = values["a"]
        unused = name == "an unused value"  # its second letter stands in no expression
        programs = [program(text) for text in (texts[:1] if unused else texts)]
        cases[name] = {"expression": "; ".join(texts), "values": values, "programs": programs}
    return cases


KEPT = {"k", "m", "n"}


def letters_of(texts: tuple[str, ...]) -> list[str]:
    """The leaves of these expressions, in the order of the alphabet."""
    return sorted({n.id for text in texts for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)} - KEPT)


def program(text: str) -> list[list[Any]]:
    """An expression as rows of a new name, an operation, and the names or floats it is applied to.

    Example:
        >>> program("(a * b).tanh() + a")
        [['v0', '*', 'a', 'b'], ['v1', 'tanh', 'v0'], ['v2', '+', 'v1', 'a']]
    """
    rows: list[list[Any]] = []
    kept: dict[str, Any] = {}

    def place(node: ast.expr) -> Any:
        match node:
            case ast.Name(id=name):
                return kept.get(name, name)
            case ast.Constant(value=float(number)):
                return number
            case ast.NamedExpr(target=ast.Name(id=name), value=inner):
                kept[name] = place(inner)
                return kept[name]
            case ast.BinOp(left=first, op=operation, right=second):
                operands = [place(first), place(second)]
                return add("+" if isinstance(operation, ast.Add) else "*", *operands)
            case ast.Call(func=ast.Attribute(value=inner, attr="tanh")):
                return add("tanh", place(inner))
        raise ValueError(f"{ast.unparse(node)} is no sum, product or tanh")

    def add(operation: str, *operands: Any) -> str:
        rows.append([f"v{len(rows)}", operation, *operands])
        return str(rows[-1][0])

    place(ast.parse(text, mode="eval").body)
    return rows


def parts_of(name: str, texts: tuple[str, ...]) -> tuple[str, ...]:
    """What the probe records of these expressions: the results' numbers, then the leaves' gradients."""
    results = texts[:1] if name == "an unused value" else texts
    return (*(f"`.data` of {text}" for text in results), *(f"`.grad` of {letter}" for letter in letters_of(texts)))


EXERCISE = Exercise(
    "Value",
    draw_expressions,
    Value,
    VALUE_FORMS,
    (*(name for name in AUTOGRAD if not name.startswith("torch.nn")), "torch.nn"),
    parts={name: parts_of(name, texts) for name, texts in EXPRESSIONS.items()},
    picture="none",
)
