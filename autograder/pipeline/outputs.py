"""Outputs as a stranger's kernel sent them, made plain: known kinds and types, no depth, text that can be written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nbformat import NotebookNode

from autograder.pipeline.nodes import new_output
from autograder.student.evidence import MIME, writable


def plain(outputs: Sequence[Any]) -> list[NotebookNode]:
    """The outputs of a cell without whatever is not as Jupyter says it should be.

    Example:
        >>> plain([{"output_type": "stream", "name": "stdout", "text": 3}, {"output_type": "error", "traceback": 1}])
        [{'output_type': 'error', 'ename': '', 'evalue': '', 'traceback': []}]
    """
    return [made for output in outputs if isinstance(output, dict) and (made := _plain(output)) is not None]


def _plain(output: dict[str, Any]) -> NotebookNode | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return new_output("stream", name=name, text=_text(output["text"])) if _is_text(output.get("text")) else None
    if kind == "error":
        lines = output.get("traceback")
        trace = [_text(line) for line in lines if _is_text(line)] if isinstance(lines, list) else []
        return new_output(
            "error", ename=_text(output.get("ename")), evalue=_text(output.get("evalue")), traceback=trace
        )
    data = output.get("data")
    if kind not in ("display_data", "execute_result") or not isinstance(data, dict):
        return None
    kept: dict[str, Any] = {_text(mime): _text(value) for mime, value in data.items() if _is_text(value)}
    if MIME in data:
        kept[MIME] = data[MIME] if _depth([data[MIME]]) < 20 else "too deep"  # the judge reads it with care
    return new_output("display_data", kept)


def _depth(tree: Any) -> int:
    depth, level = 0, [tree]
    while level and depth < 20:
        depth += 1
        inside = [node.values() if isinstance(node, dict) else node for node in level]
        level = [child for children in inside for child in children if isinstance(child, (dict, list))]
    return depth


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _text(value: Any) -> str:
    return writable(value) if isinstance(value, str) else ""
