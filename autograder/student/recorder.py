"""What a probe writes into: cases, steps, and snapshots of whatever the student's function gave."""

from __future__ import annotations

import inspect
import linecache
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import torch

from autograder.student.evidence import MAX_TEXT, Case, Odd, Trouble

MAX_VALUES = 200
MAX_ELEMENTS = 20_000
OURS = str(Path(__file__).parent)


class Unusable(Exception):
    """The student's function cannot be probed: the message says what was given and what was expected."""


class Recorder:
    """Collects the cases of one exercise.

    Example:
        >>> recorder = Recorder()
        >>> with recorder.case("by hand") as case:
        ...     case.record([torch.ones(2)])
        >>> recorder.cases["by hand"].steps
        [[tensor([1., 1.])]]
    """

    def __init__(self) -> None:
        self.cases: dict[str, Case] = {}

    @contextmanager
    def case(self, name: str) -> Iterator[CaseRecorder]:
        """Open a case; an exception inside ends this case alone and becomes its trouble."""
        case = self.cases[name] = Case()
        try:
            yield CaseRecorder(case)
        except NotImplementedError:
            case.trouble = Trouble("unwritten", "", len(case.steps) + 1)
        except Unusable as error:
            case.trouble = Trouble("unusable", str(error)[:MAX_TEXT], len(case.steps) + 1)
        except MemoryError:
            case.trouble = Trouble("memory", "", len(case.steps) + 1)
        except (Exception, SystemExit) as error:
            text = f"{type(error).__name__}: {_message(error)}"
            case.trouble = Trouble("raised", text[:MAX_TEXT], len(case.steps) + 1, students_lines(error))


class CaseRecorder:
    """One open case."""

    def __init__(self, case: Case) -> None:
        self._case = case

    def record(self, values: Iterable[Any]) -> None:
        """Add a step: a detached copy of every value.

        Args:
            values: tensors of any shape, or numbers; anything else is recorded by its type's name.
        """
        try:
            steps = [snapshot(value) for _, value in zip(range(MAX_VALUES), values, strict=False)]
        except TypeError:
            raise Unusable(f"expected an iterable of tensors, got {describe(values)}") from None
        self._case.steps.append(steps)


def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call the student's function, telling a call that does not fit apart from an error inside."""
    try:
        return function(*args, **kwargs)
    except TypeError as error:
        if told := _misfit(function, args, kwargs):
            raise Unusable(f"{told}. Put its first line back as the exercise gives it") from error
        raise


def _misfit(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """How a call does not fit a function's signature; "" if it does, or if there is none to be seen."""
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):
        return ""
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        count = len(args) + len(kwargs)
        return f"its signature is {signature}, which does not fit the call with {count} arguments: {error}"
    return ""


def pair(result: Any, what: str) -> tuple[Any, Any]:
    """Take a pair apart.

    Raises:
        Unusable: if `result` is no pair; `what` names its two parts.
    """
    first, second = parts(result, 2, what)
    return first, second


def parts(result: Any, count: int, what: str) -> list[Any]:
    """Take apart what has `count` parts.

    Raises:
        Unusable: if it has not; `what` names them.
    """
    try:
        # one more than asked for, so that an endless generator ends
        found = [part for _, part in zip(range(count + 1), result, strict=False)]
    except TypeError:
        found = []
    if len(found) != count:
        raise Unusable(f"returned {describe(result)}; expected {what}")
    return found


def tensors(result: Any, count: int) -> list[Any]:
    """An iterable of tensors as a list of `count`.

    Raises:
        Unusable: for anything else.
    """
    try:
        values = [value for _, value in zip(range(MAX_VALUES), result, strict=False)]
    except TypeError:
        raise Unusable(f"returned {describe(result)}; expected a list of {count} tensors") from None
    if len(values) != count:
        raise Unusable(f"returned {len(values)} tensors; expected {count}, one for each parameter")
    return [torch.as_tensor(v) if type(v).__name__ == "ndarray" else v for v in values]


def copies(values: Any) -> Any:
    """Private copies of an iterable of tensors; anything else goes back as it came."""
    if isinstance(values, list | tuple):
        return [v.detach().clone() if isinstance(v, torch.Tensor) else v for v in values]
    return values


def snapshot(value: Any) -> torch.Tensor | Odd:
    """A detached copy of a tensor or number, or `Odd`."""
    if type(value) in (int, float):
        return torch.tensor(float(value), dtype=torch.float64)
    if type(value).__module__ == "numpy" and hasattr(value, "dtype"):
        value = torch.as_tensor(value)
    if not isinstance(value, torch.Tensor):
        return Odd(type(value).__name__)
    if value.is_nested or value.is_meta:
        return Odd(type(value).__name__)  # without numbers of its own
    if value.layout != torch.strided or value.numel() > MAX_ELEMENTS:
        return Odd(f"tensor of shape {tuple(value.shape)}")
    bare = value.detach()
    return (bare if type(bare) is torch.Tensor else bare.as_subclass(torch.Tensor)).cpu().clone()


def describe(value: Any) -> str:
    """A value in a few words, for a message."""
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    return "None (is a `return` missing?)" if value is None else f"a value of type {type(value).__name__}"


def students_lines(error: BaseException) -> tuple[str, ...]:
    """The traceback's lines that are the student's: not this package's, not a library's."""
    return tuple(_lines(error.__traceback__))[-6:]


def _lines(trace: TracebackType | None) -> Iterator[str]:
    for frame in traceback.extract_tb(trace):
        library = "site-packages" in frame.filename or f"{Path(traceback.__file__).parent}" in frame.filename
        if not frame.filename.startswith(OURS) and not library:
            line = frame.line or linecache.getline(frame.filename, frame.lineno or 0)
            yield f"line {frame.lineno}, in {frame.name}: {line.strip()}"[:300]


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # a student's exception may fail to print itself
        return "(its message could not be read)"
