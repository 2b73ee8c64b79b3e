"""Run a clean notebook in a kernel of its own: bytes in, bytes out.

What the kernel wrote is evidence for the judge, no more. Which kernel it is and what it can reach is chosen in
`pipeline.kernels`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_async
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

import autograder
from autograder.pipeline.kernels import kernel
from autograder.pipeline.nodes import new_output
from autograder.pipeline.outputs import plain
from autograder.pipeline.skipped import is_experiment, skipped
from autograder.sandbox.limits import Limits
from autograder.sandbox.provisioner import LostTemplate, SandboxProvisioner
from autograder.sandbox.stage import SOURCE
from autograder.student.evidence import MIME

SECONDS_TO_HEAR = 1.0  # of a kernel's end


@dataclass(frozen=True)
class Ran:
    """A notebook with outputs, and why it stopped early, in which cell.

    Attributes:
        notebook: as it was given, with outputs.
        stopped: "" or the cause: the limit on a cell's "time" or the "notebook time", on "output", "memory" or
            "processes"; "messages" that are none; a "dead" kernel.
        at: the cell's number, from 0.
        slow_cells: the cells that were interrupted, after which it went on.
        seconds: how long it ran, the start of its kernel included.
        stages: how long each part of that took.
    """

    notebook: NotebookNode = field(repr=False)  # asyncio shows what a run gave whenever it takes its handler of Ctrl-C
    stopped: str = ""
    at: int = -1
    slow_cells: tuple[int, ...] = ()
    seconds: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> str:
        """As text, for the cache."""
        return json.dumps({**vars(self), "slow_cells": list(self.slow_cells)})

    @classmethod
    def from_json(cls, text: str) -> Ran:
        """The inverse of `to_json`."""
        data = json.loads(text)
        slow, seconds = tuple(data["slow_cells"]), data.get("seconds", 0.0)
        return cls(nbformat.from_dict(data["notebook"]), data["stopped"], data["at"], slow, seconds)


def cache_key(notebook: NotebookNode, problems: dict[str, Any], limits: Limits, files: dict[str, bytes]) -> str:
    """A hash of everything a run depends on."""
    import torch

    digest = hashlib.sha256()
    cells = [[c.cell_type, c.metadata.get("nbgrader", {}).get("grade_id"), c.source] for c in notebook.cells]
    versions = [autograder.__version__, torch.__version__, sys.version]
    digest.update(json.dumps([cells, problems, asdict(limits), versions]).encode())
    digest.update(_checks())
    for name, content in sorted(files.items()):
        digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    return digest.hexdigest()


@cache
def _checks() -> bytes:
    """A hash of the code that runs beside a student's."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(SOURCE.rglob("*.py")))).digest()


def run(notebook: NotebookNode, problems: dict[str, Any], limits: Limits, files: dict[str, bytes]) -> Ran:
    """Run a clean notebook.

    Args:
        notebook: as `repair` made it.
        problems: for each exercise its encoded problem.
        limits: what it may use.
        files: what lies beside it, by relative name.

    Returns:
        The notebook with outputs. Experiments and cells without an effect are skipped; if a cell that counts then
        misses a name, everything is run once more with nothing skipped.
    """
    began = time.perf_counter()
    skip = not limits.experiments
    try:
        ran = _run_once(notebook, problems, limits, files, skip=skip)
    except LostTemplate:  # once more, with another one; who kills two of them gains nothing
        ran = _run_once(notebook, problems, limits, files, skip=skip)
    missed = any(_missed_a_name(cell) for cell in ran.notebook.cells if not is_experiment(cell))
    if skip and missed and not ran.stopped:
        ran = _run_once(notebook, problems, limits, files, skip=False)
    return replace(ran, seconds=time.perf_counter() - began)


class _Client(NotebookClient):
    """nbclient with a limit on outputs, and without its handling of widgets, which takes orders from the kernel."""

    output_left: int = 0
    gave_up: bool = False

    def give_up(self) -> None:
        """Wait no longer for the cell that runs, and run no other."""
        self.gave_up = True
        if self.task_poll_for_reply is not None:
            self.task_poll_for_reply.cancel()

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        if msg["msg_type"] in ("stream", "display_data", "update_display_data", "execute_result", "error"):
            self.output_left -= len(json.dumps(msg["content"]))
            if self.output_left < 0:
                self.kc.bytes_left = -1
                self.give_up()
                return None
            data = msg["content"].get("data")
            if isinstance(data, dict) and MIME in data:  # it stays where it came, and replaces none of an earlier cell
                evidence = new_output("display_data", {MIME: data[MIME]})
                cell.outputs += [evidence] if msg["msg_type"] != "update_display_data" else []
                return evidence
        kept = cell.outputs if msg["msg_type"] == "clear_output" or self.clear_before_next_output else []
        evidence = [output for output in kept if MIME in output.get("data", {})]  # it cannot be taken back
        made = super().process_message(msg, cell, cell_index)
        cell.outputs += [output for output in evidence if output not in cell.outputs]
        return made

    def handle_comm_msg(self, outs: list[NotebookNode], msg: dict[str, Any], cell_index: int) -> None:
        pass


def _run_once(
    notebook: NotebookNode, problems: dict[str, Any], limits: Limits, files: dict[str, bytes], *, skip: bool
) -> Ran:
    notebook = NotebookNode(notebook, cells=[NotebookNode(cell) for cell in notebook.cells])  # outputs of its own
    with kernel(problems, limits, files) as (manager, arguments):
        return _to_the_end(_execute(notebook, manager, arguments, limits, skip))


def _to_the_end(running: Coroutine[Any, Any, Ran]) -> Ran:
    """Wait for a run, also where an event loop is going already, as behind formgrader's button."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(running)
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, running).result()


async def _execute(
    notebook: NotebookNode, manager: AsyncKernelManager, arguments: dict[str, Any], limits: Limits, skip: bool
) -> Ran:
    client = _Client(
        notebook,
        km=manager,
        timeout=limits.cell_seconds,
        startup_timeout=120,
        allow_errors=True,
        interrupt_on_timeout=True,
        error_on_timeout={"ename": "CellTimeoutError", "evalue": "", "traceback": []},
        raise_on_iopub_timeout=True,
        iopub_timeout=3,
        skip_cells_with_tag="",
        store_widget_state=False,
        record_timing=False,
        shutdown_kernel="immediate",
    )
    client.output_left = limits.output_bytes
    client.log.disabled = True
    index, slow = -1, []
    leave = skipped(notebook) if skip else frozenset()
    began = ready = time.perf_counter()
    client.on_cell_executed = lambda cell, cell_index, execute_reply: (
        slow.append(cell_index) if execute_reply["content"].get("ename") == "CellTimeoutError" else None
    )
    stopped, sandbox = "", None
    try:
        await client.async_start_new_kernel(**arguments)
        await client.async_start_new_kernel_client()
        ready = time.perf_counter()
        async with asyncio.timeout(limits.notebook_seconds) as clock:
            sandbox = manager.provisioner
            client.kc.give_up = client.give_up
            listening = asyncio.ensure_future(client.kc.hung_up())
            try:
                for index, cell in enumerate(notebook.cells):
                    if cell.cell_type == "code" and index not in leave:
                        await client.async_execute_cell(cell, index)
                    if client.gave_up:
                        raise DeadKernelError
            except CellTimeoutError:
                stopped = "time"
            except DeadKernelError:  # nbclient takes every end from outside for this
                stopped = "notebook time" if clock.expired() else await _cause(manager, client)
            except Exception:  # what a kernel sends may break nbclient in many ways
                stopped = "messages"
            finally:
                listening.cancel()
    except TimeoutError:
        stopped = "notebook time"
    finally:
        ran = time.perf_counter()
        if client.kc is not None:
            client.kc.stop_channels()
        if isinstance(sandbox, SandboxProvisioner) and not stopped:
            await sandbox.leave()
        if manager.has_kernel:
            await manager.shutdown_kernel(now=True)
        await ensure_async(manager.cleanup_resources())
    waited = getattr(client.kc, "seconds_to_ready", 0.0)
    stages = {"start": ready - began - waited, "ready": waited, "cells": ran - ready, "end": time.perf_counter() - ran}
    if stopped and isinstance(sandbox, SandboxProvisioner) and sandbox.broke:
        stopped = sandbox.broke  # it may take a crowd a while to die, and a clock to strike before
    if stopped == "lost":
        raise LostTemplate("the template process died in mid-run, twice")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = plain(cell.get("outputs", [])), None
    return Ran(notebook, stopped, index if stopped else -1, tuple(slow), stages=stages)


async def _cause(manager: AsyncKernelManager, client: _Client) -> str:
    """Why a run was broken off, as `Ran.stopped` has it; "lost" if the kernel went down with its template."""
    sandbox, patience = manager.provisioner, SECONDS_TO_HEAR
    while client.kc.bytes_left >= 0 and await manager.is_alive() and patience > 0:
        await asyncio.sleep(0.01)  # that it has ended may be heard of a little later
        patience -= 0.01
    if client.kc.bytes_left < 0 or await manager.is_alive():
        return "output"
    if not isinstance(sandbox, SandboxProvisioner):
        return "dead"
    while not (sandbox.broke or sandbox.lost) and patience > 0:
        await asyncio.sleep(
            0.01
        )  # where all of them are killed at once, the kernel's end may be told before the others'
        patience -= 0.01
    return sandbox.broke or ("lost" if sandbox.lost else "dead")


def _missed_a_name(cell: NotebookNode) -> bool:
    outputs = cell.get("outputs", [])
    return any(o.output_type == "error" and o.ename == "NameError" for o in outputs)
