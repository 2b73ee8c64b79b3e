"""The wire format between the student's kernel and the judge, in both directions.

Problems travel in, evidence travels out, both as JSON whose tensors are raw bytes in base64. Nothing is
pickled. `Evidence.from_wire` reads what a stranger's process wrote: everything it does not expect is refused.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any

import torch

MIME = "application/vnd.downhill.evidence+json"
MAX_WIRE_BYTES = 2_000_000
MAX_TEXT = 2_000
DTYPES = {str(d).removeprefix("torch."): d for d in (torch.float64, torch.float32, torch.int64, torch.bool)}

Values = list[Any]
"""What one call gave: tensors, or `Odd` for anything that is none."""


class BadEvidence(ValueError):
    """The bundle is not evidence: the message says what was found and what was expected."""


@dataclass(frozen=True)
class Odd:
    """A value that is no tensor and no number; only its type's name travels."""

    type_name: str


@dataclass(frozen=True)
class Trouble:
    """What stopped a case: `kind` is one of `KINDS`; `lines` are the student's own lines of the traceback."""

    kind: str
    text: str
    step: int
    lines: tuple[str, ...] = ()

    KINDS = ("unwritten", "raised", "memory", "unusable")


@dataclass
class Case:
    """One problem of a probe: what every step gave, and what stopped it, if anything did."""

    steps: list[Values] = field(default_factory=list)
    trouble: Trouble | None = None


@dataclass
class Evidence:
    """What came out of one exercise: outputs only, never inputs.

    Example:
        >>> evidence = Evidence("double", {"small": Case([[torch.tensor([2.0])]])})
        >>> Evidence.from_wire(evidence.to_wire()).cases["small"].steps[0][0]
        tensor([2.])
    """

    exercise: str
    cases: dict[str, Case]
    printed: str = ""

    def to_wire(self) -> dict[str, Any]:
        """The bundle as JSON data."""
        cases = {
            name: {
                "steps": [[_value_to_wire(v) for v in step] for step in case.steps],
                "trouble": asdict(case.trouble) if case.trouble else None,
            }
            for name, case in self.cases.items()
        }
        return {"exercise": self.exercise, "cases": cases, "printed": self.printed[:MAX_TEXT]}

    @classmethod
    def from_wire(cls, wire: Any) -> Evidence:
        """Read a bundle that a stranger's process wrote.

        Raises:
            BadEvidence: for anything but a bundle as `to_wire` makes it.
        """
        size = len(json.dumps(wire))
        if size > MAX_WIRE_BYTES:
            raise BadEvidence(f"{size} bytes of evidence; at most {MAX_WIRE_BYTES} are read")
        bundle = _expect(wire, dict, "the bundle")
        cases = {}
        for name, case in _expect(bundle.get("cases"), dict, "cases").items():
            case = _expect(case, dict, "a case")
            steps = [
                [_value_from_wire(v) for v in _expect(step, list, "a step")]
                for step in _expect(case.get("steps"), list, "steps")
            ]
            cases[_text(name, "a case's name")] = Case(steps, _trouble_from_wire(case.get("trouble")))
        return cls(
            _text(bundle.get("exercise"), "exercise"),
            cases,
            _text(bundle.get("printed"), "printed"),
        )


def encode(tree: Any) -> Any:
    """A problem (nested dicts and lists of tensors, numbers and strings) as JSON data.

    Example:
        >>> decode(encode({"lr": 0.1, "start": torch.zeros(2)}))
        {'lr': 0.1, 'start': tensor([0., 0.])}
    """
    if isinstance(tree, torch.Tensor):
        return _value_to_wire(tree)
    if isinstance(tree, dict):
        return {key: encode(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [encode(value) for value in tree]
    return tree


def decode(tree: Any) -> Any:
    """The inverse of `encode`."""
    if isinstance(tree, dict):
        if tree.keys() == {"dtype", "shape", "data"}:
            return _value_from_wire(tree)
        return {key: decode(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [decode(value) for value in tree]
    return tree


def _value_to_wire(value: Any) -> dict[str, Any]:
    if isinstance(value, Odd):
        return {"odd": value.type_name[:MAX_TEXT]}
    dtype = str(value.dtype).removeprefix("torch.")
    if dtype not in DTYPES:
        return {"odd": f"tensor of {dtype}"}
    raw = value.detach().cpu().contiguous().numpy().tobytes()
    return {"dtype": dtype, "shape": list(value.shape), "data": base64.b64encode(raw).decode()}


def _value_from_wire(wire: Any) -> torch.Tensor | Odd:
    wire = _expect(wire, dict, "a value")
    if wire.keys() == {"odd"}:
        return Odd(_text(wire["odd"], "the name of a type"))
    dtype = DTYPES.get(_expect(wire.get("dtype"), str, "dtype"))
    shape = _expect(wire.get("shape"), list, "shape")
    if dtype is None or len(shape) > 8 or not all(type(n) is int and 0 <= n < 2**31 for n in shape):
        raise BadEvidence("a tensor of unknown dtype or impossible shape")
    try:
        raw = bytearray(base64.b64decode(_expect(wire.get("data"), str, "data"), validate=True))
    except (binascii.Error, ValueError) as error:
        raise BadEvidence("a tensor's data is not base64") from error
    count = math.prod(shape)
    if len(raw) != count * dtype.itemsize:
        raise BadEvidence(f"a tensor of shape {shape} with {len(raw)} bytes of data")
    if count == 0:
        return torch.empty(shape, dtype=dtype)
    return torch.frombuffer(raw, dtype=dtype).reshape(shape).clone()


def _trouble_from_wire(wire: Any) -> Trouble | None:
    if wire is None:
        return None
    wire = _expect(wire, dict, "trouble")
    kind = _expect(wire.get("kind"), str, "trouble's kind")
    step = wire.get("step")
    if kind not in Trouble.KINDS or type(step) is not int:
        raise BadEvidence("trouble of an unknown kind")
    lines = _expect(wire.get("lines"), list | tuple, "lines")[:20]
    text = _text(wire.get("text"), "trouble's text")
    return Trouble(kind, text, step, tuple(_text(line, "a line") for line in lines))


def writable(text: str) -> str:
    r"""Text without lone surrogates, which pass JSON but cannot be written again.

    Example:
        >>> writable("a\ud800")
        'a?'
    """
    return text.encode("utf-8", "replace").decode()


def _text(value: Any, what: str) -> str:
    return writable(_expect(value, str, what)[:MAX_TEXT])


def _expect(value: Any, kind: Any, what: str) -> Any:
    if not isinstance(value, kind):
        raise BadEvidence(f"{what}: expected {kind}, got {type(value).__name__}")
    return value
