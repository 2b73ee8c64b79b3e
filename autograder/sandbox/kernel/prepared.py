"""ipykernel in two halves: what all kernels have in common before the fork, sockets and threads after it.

Half of a kernel's start is IPython's own making, which no submission can tell from that of the next. Runs in the
sandbox and imports nothing of ours.
"""

from __future__ import annotations

import logging
import os
import sys
import zlib
from functools import lru_cache
from typing import Any

import zmq
from ipykernel.compiler import XCachingCompiler, get_tmp_directory
from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from IPython.core.application import BaseIPythonApplication
from zmq.eventloop.zmqstream import ZMQStream

CONNECTION = "/tmp/connection.json"
ARGUMENTS = ["-f", CONNECTION, "--HistoryManager.enabled=False", "--log-level=CRITICAL"]  # of ipykernel


class PromptStream(OutStream):
    """`stdout` or `stderr`; a flush waits for the thread that sends only where something was written."""

    def flush(self) -> None:
        """Send what was written, and return when it is sent."""
        if self._flush_pending or self._subprocess_flush_pending:
            super().flush()


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


def after_fork(connection_file: str = CONNECTION) -> IPKernelApp:
    """The rest: the two channels that grading takes, bound when it returns.

    Of what `IPKernelApp.initialize` does there is no heart that nobody listens to, no channel for keys that nobody
    presses, none for orders, since who grades ends the process, and no thread for each of them.
    """
    app: IPKernelApp = IPKernelApp.instance()
    kernel, shell = app.kernel, app.kernel.shell
    app.session.pid, app.connection_file = os.getpid(), connection_file
    app.init_connection_file()
    app.context = zmq.Context()
    app.shell_socket = app.context.socket(zmq.ROUTER)
    app._bind_socket(app.shell_socket, app.shell_port)
    app.init_iopub(app.context)
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
