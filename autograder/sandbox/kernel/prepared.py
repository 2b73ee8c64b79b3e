"""ipykernel in two halves: what all kernels have in common before the fork, sockets and threads after it.

Half of a kernel's start is IPython's own making, which no submission can tell from that of the next. Runs in the
sandbox and imports nothing of ours.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

import zmq
from ipykernel.compiler import XCachingCompiler, get_tmp_directory
from ipykernel.iostream import BackgroundSocket, IOPubThread, OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from IPython.core.application import BaseIPythonApplication
from jupyter_client.session import Session
from zmq.eventloop.zmqstream import ZMQStream

ARGUMENTS = ["--HistoryManager.enabled=False", "--log-level=CRITICAL"]  # of ipykernel


class PromptOutput(IOPubThread):
    """What a kernel puts out is sent where it is put out; ipykernel has a thread for that, which costs more than it.

    Stands in for that thread, which is never started. A process that a student's code has forked sends nothing.
    """

    def __init__(self, channel: zmq.Socket[Any], session: Session) -> None:
        self.socket, self.session = channel, session
        self.thread = threading.Thread()
        self.io_loop = None
        self.background_socket = BackgroundSocket(self)
        self._process, self._sending = os.getpid(), threading.RLock()

    def greet(self) -> None:
        """Wait for the client's subscription, and tell it that nothing is missed from now on."""
        subscription = self.socket.recv()[1:]
        self.session.send(self.socket, "iopub_welcome", {"subscription": subscription.decode()}, ident=subscription)

    def schedule(self, function: Callable[[], Any]) -> None:
        """Do it now."""
        function()

    def send_multipart(self, *args: Any, **kwargs: Any) -> None:
        """Send a message whole: no other thread and no interrupt comes between its parts."""
        if os.getpid() == self._process:
            with self._sending, interrupted_afterwards():
                self.socket.send_multipart(*args, **kwargs)


@contextmanager
def interrupted_afterwards() -> Iterator[None]:
    """Keep an interrupt back until the end.

    Blocking the signal would not do: where there is another thread it comes to that one, and Python interrupts the
    main thread all the same.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # it is never interrupted
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)


class PromptStream(OutStream):
    """`stdout` or `stderr`: sent when the cell ends; while it runs, a line at once if none was for a while.

    Else it is sent with what is written next, so that a cell which never ends is heard without a thread that waits.
    """

    _flush_pending: bool
    _sent = _oldest = 0.0

    def write(self, string: str) -> int | None:
        """Keep it, and send what is kept where that has waited long enough."""
        written: int | None = super().write(string)
        since = self._sent if string.endswith("\n") else self._oldest
        if time.monotonic() - since > self.flush_interval:
            self.flush()
        return written

    def _schedule_flush(self) -> None:
        if not self._flush_pending:
            self._flush_pending, self._oldest = True, time.monotonic()

    def flush(self) -> None:
        """Send what was written."""
        if self._flush_pending or self._subprocess_flush_pending:
            self._flush()
            self._sent = time.monotonic()


class PreparedCompiler(XCachingCompiler):
    """Names the file that a cell is by a sum which costs nothing; ipykernel computes its own in Python."""

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        """A name of the same form as ipykernel's."""
        return f"{get_tmp_directory()}{os.sep}{zlib.crc32(raw_code.encode('utf-8', 'replace'))}.py"


class PreparedKernel(IPythonKernel):
    """A kernel that is made without sockets and given them later. It says only what a grader listens to."""

    compiler_class = PreparedCompiler
    _execute_sleep = 0.0  # the client waits until a cell's outputs are there, and needs no pause after each

    def _publish_status(self, status: str, *where: Any, **parent: Any) -> None:
        if status == "idle":
            super()._publish_status(status, *where, **parent)

    def _publish_execute_input(self, *sent: Any) -> None:
        pass


def before_fork() -> None:
    """IPython and all of a kernel that is neither a socket nor a thread."""
    app = IPKernelApp.instance(kernel_class=PreparedKernel)
    excepthook = sys.excepthook
    BaseIPythonApplication.initialize(app, ARGUMENTS)
    sys.excepthook = excepthook
    app.capture_fd_output = False  # it takes two threads; what is written past Python's streams is not kept
    app.outstream_class = f"{__name__}.{PromptStream.__name__}"
    app.log.setLevel(logging.CRITICAL)  # its handler drops the rest, after it was put together
    app.kernel = PreparedKernel.instance(parent=app, session=app.session, log=app.log, profile_dir=app.profile_dir)
    app.init_shell()
    transformers = app.shell.input_transformer_manager
    transformers.transform_cell = lru_cache(maxsize=1)(transformers.transform_cell)  # it is asked twice for each cell
    app.init_extensions()
    app.init_code()


class Channels(NamedTuple):
    """The sockets of a kernel: what it is asked, and what it puts out."""

    shell: socket.socket
    iopub: socket.socket


def listen(connection: dict[str, Any]) -> Channels:
    """Bind a kernel's sockets where its client will connect: before it loses sight of that place.

    Args:
        connection: Jupyter's connection info, with an `ip` that is the beginning of a path.
    """
    channels = Channels(socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX))
    for name, channel in channels._asdict().items():
        channel.bind(f"{connection['ip']}-{connection[f'{name}_port']}")
        channel.listen()
        channel.setblocking(False)
    return channels


def after_fork(key: str, channels: Channels) -> IPKernelApp:
    """The rest: the two channels that grading takes, which can be connected to when it returns.

    Of what `IPKernelApp.initialize` does there is no heart that nobody listens to, no channel for keys that nobody
    presses, none for orders, since who grades ends the process, and no thread for each of them.

    Args:
        key: what messages are signed with.
        channels: bound sockets; those of ZeroMQ take them over.
    """
    app: IPKernelApp = IPKernelApp.instance()
    kernel, shell = app.kernel, app.kernel.shell
    app.session.pid, app.session.key = os.getpid(), key.encode()
    app.context = zmq.Context()
    app.shell_socket = _taken_over(app.context, zmq.ROUTER, channels.shell)
    app.iopub_socket = _taken_over(app.context, zmq.XPUB, channels.iopub)
    app.iopub_thread = PromptOutput(app.iopub_socket, app.session)
    app.iopub_socket = app.iopub_thread.background_socket
    app.init_io()
    app.init_signal()
    app.init_path()
    app.displayhook.get_execution_count = lambda: kernel.execution_count
    kernel.shell_stream = ZMQStream(app.shell_socket)
    kernel.iopub_thread, kernel.iopub_socket = app.iopub_thread, app.iopub_socket
    kernel._stdout, kernel._stderr = sys.stdout, sys.stderr
    shell.starting_dir = os.getcwd()
    shell.displayhook.pub_socket = shell.display_pub.pub_socket = app.iopub_socket
    return app


def _taken_over(context: zmq.Context[Any], kind: int, channel: socket.socket) -> zmq.Socket[Any]:
    made: zmq.Socket[Any] = context.socket(kind)
    made.linger = 1000
    made.setsockopt(zmq.USE_FD, channel.detach())
    made.bind("ipc://taken-over")  # a name for its own records: the file descriptor is bound already
    return made
