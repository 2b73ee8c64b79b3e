"""The kernel in which a student's code runs: the one place where it is chosen.

Isolated, it is forked from the template in the sandbox. Without isolation it is an ordinary process with the rights
of whoever grades.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hmac import compare_digest
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.adapter import adapt
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.session import Session
from traitlets import Type

from autograder.sandbox.limits import Limits
from autograder.sandbox.stage import lay_out

BESIDE_OUTPUT = 2_000_000  # bytes that all messages of a well-behaved kernel take beside what it puts out
A_MESSAGE = 300  # bytes that a message costs, however little it says
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


@contextmanager
def kernel(
    problems: dict[str, Any], limits: Limits, files: dict[str, bytes]
) -> Iterator[tuple[AsyncKernelManager, dict[str, Any]]]:
    """A kernel's manager, and what its `start_kernel` has to be given.

    Args:
        problems: for each exercise its encoded problem.
        limits: what it may use, and how it is isolated.
        files: what lies beside the notebook, by relative name.
    """
    manager = AsyncKernelManager(context=_context(os.getpid()), client_factory=PromptClient, session=PlainSession())
    manager.output_bytes = limits.output_bytes
    if limits.isolation != "none":
        chosen = {"kernel_provisioner": {"provisioner_name": "downhill-sandbox"}}
        manager._kernel_spec = KernelSpec(argv=[], language="python", display_name="sandbox", metadata=chosen)
        yield manager, {"files": files, "problems": problems, "limits": limits}
        return
    stage = Path(tempfile.mkdtemp(prefix="dh-open-"))
    try:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--HistoryManager.enabled=False"]
        manager._kernel_spec = KernelSpec(argv=argv, language="python", display_name="Python 3")
        manager.transport = "ipc" if os.name == "posix" else "tcp"
        manager.connection_file = str(stage / "kernel.json")
        manager.ip = str(stage / "kernel-ipc") if manager.transport == "ipc" else "127.0.0.1"
        lay_out(stage / "path")
        (stage / "path" / "autograder" / "student" / "problems.json").write_text(json.dumps(problems))
        work = _work_folder(stage / "work", files)
        env = {name: os.environ[name] for name in KEPT if name in os.environ}
        env |= {"PYTHONPATH": str(stage / "path"), "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
        yield manager, {"env": env, "cwd": str(work)}
    finally:
        shutil.rmtree(stage, ignore_errors=True)


@cache
def _context(process: int) -> zmq.asyncio.Context:
    """What this process makes its sockets from; not pyzmq's own, since others would find our limits on theirs."""
    return zmq.asyncio.Context()


class PlainSession(Session):
    """The session of a kernel that only one client hears; dates in its messages stay text, for nobody asks for them."""

    def clone(self) -> Session:
        """Itself: Jupyter's copies keep clients apart, each with the signatures that it has seen."""
        return self

    def deserialize(self, msg_list: list[Any], content: bool = True, copy: bool = True) -> dict[str, Any]:
        """A message from its signature and its parts, which are bytes.

        Raises:
            ValueError: if it is not signed with this session's key, or was heard before.
        """
        signature, *signed = msg_list[:5]
        if signature in self.digest_history or not compare_digest(signature, self.sign(signed)):
            raise ValueError("a message that the kernel did not sign, or one that came before")
        self._add_digest(signature)
        header, parent, metadata, body = map(self.unpack, signed)
        about = {"header": header, "msg_id": header["msg_id"], "msg_type": header["msg_type"], "parent_header": parent}
        buffers = [memoryview(part) for part in msg_list[5:]]
        message: dict[str, Any] = adapt({**about, "metadata": metadata, "content": body, "buffers": buffers})
        return message


class CountedChannel(AsyncZMQSocketChannel):
    """A channel that counts what arrives before it is read, whatever it is and whomever it answers."""

    client: PromptClient

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """The next message, received without asking first whether there is one, which would cost as much again.

        Raises:
            Empty: if none comes within so many seconds.
        """
        assert self.socket is not None
        try:
            async with asyncio.timeout(timeout):
                parts = await self.socket.recv_multipart()
        except TimeoutError:
            raise Empty from None
        await asyncio.sleep(0)  # else messages that come without a pause would keep the clock from being looked at
        self.client.bytes_left -= sum(map(len, parts)) + A_MESSAGE
        if self.client.bytes_left < 0:
            self.client.give_up()
            await asyncio.Future()  # for ever: nothing more is read
        _, rest = self.session.feed_identities(parts)
        message: dict[str, Any] = self.session.deserialize(rest)
        return message


class PromptClient(AsyncKernelClient):
    """A client that is ready as soon as the kernel's outputs are subscribed to, which a kernel greets.

    Jupyter's own waits a fixed fifth of a second for outputs that may still come. This one also counts what the
    kernel sends, and hangs up on a message that is larger by itself than all that it may send.

    Attributes:
        bytes_left: what the kernel may still send.
        give_up: called when it has sent more.
    """

    seconds_to_ready = 0.0
    iopub_channel_class = Type(CountedChannel)
    shell_channel_class = Type(CountedChannel)
    bytes_left: int
    _hung_up: Any = None

    def give_up(self) -> None:
        """Nobody is told as long as nobody listens."""

    def start_channels(self, *args: Any, **kwargs: Any) -> None:
        """Connect what is sent and what is put out, with the count; whether it lives, its process tells."""
        self.bytes_left = self.parent.output_bytes + BESIDE_OUTPUT
        self.context.setsockopt(zmq.MAXMSGSIZE, self.bytes_left)
        super().start_channels(stdin=False, hb=False, control=False)
        self.iopub_channel.client = self.shell_channel.client = self
        self._hung_up = self.iopub_channel.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)

    def stop_channels(self) -> None:
        """Disconnect."""
        if self._hung_up is not None:
            self.iopub_channel.socket.disable_monitor()
            self._hung_up.close(linger=0)
            self._hung_up = None
            self.iopub_channel.stop()
            self.shell_channel.stop()

    async def hung_up(self) -> None:
        """Wait until the connection for outputs has ended: the kernel died, or sent a message that is too large."""
        await self._hung_up.poll()
        self.give_up()

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        began = time.monotonic()
        deadline = began + (60 if timeout is None else timeout)
        subscribed = False
        while not subscribed:
            if not await self._async_is_alive():
                raise RuntimeError("Kernel died before it could be heard")
            if time.monotonic() > deadline:
                raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")
            try:
                await self.iopub_channel.get_msg(timeout=0.5)
                subscribed = True
            except Empty:
                self.kernel_info()  # one that greets no subscriber says something when it is asked
        self.seconds_to_ready = time.monotonic() - began

    wait_for_ready = _async_wait_for_ready


def _work_folder(work: Path, files: dict[str, bytes]) -> Path:
    work.mkdir()
    for name, content in files.items():
        target = (work / name).resolve()
        if target.is_relative_to(work.resolve()):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    return work
