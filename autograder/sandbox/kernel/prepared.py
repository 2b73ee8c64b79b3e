"""ipykernel in two halves: what all kernels have in common before the fork, sockets and threads after it.

Half of a kernel's start is IPython's own making, which no submission can tell from that of the next. Runs in the
sandbox and imports nothing of ours.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from IPython.core.application import BaseIPythonApplication

CONNECTION = "/tmp/connection.json"
ARGUMENTS = ["-f", CONNECTION, "--HistoryManager.enabled=False", "--log-level=CRITICAL"]  # of ipykernel


class PromptStream(OutStream):
    """`stdout` or `stderr`; a flush waits for the thread that sends only where something was written."""

    def flush(self) -> None:
        """Send what was written, and return when it is sent."""
        if self._flush_pending or self._subprocess_flush_pending:
            super().flush()


class PreparedKernel(IPythonKernel):
    """A kernel that is made without sockets and given them later, by being asked for once more."""

    _execute_sleep = 0.0  # the client waits until a cell's outputs are there, and needs no pause after each

    @classmethod
    def instance(cls, *args: Any, **kwargs: Any) -> PreparedKernel:
        """The one kernel of this process, with what is given here."""
        kernel: PreparedKernel = super().instance(*args, **kwargs)
        for name, value in kwargs.items():
            if value is not None:
                setattr(kernel, name, value)
        return kernel


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
    app.init_extensions()
    app.init_code()


def after_fork(connection_file: str = CONNECTION) -> IPKernelApp:
    """The rest, in the order of `IPKernelApp.initialize`, without a heart that nobody listens to.

    The sockets are bound when it returns.
    """
    app: IPKernelApp = IPKernelApp.instance()
    app.session.pid, app.connection_file = os.getpid(), connection_file
    app.init_connection_file()
    app.init_sockets()
    app.shell_channel_thread = None  # nobody asks for subshells, and each message would take one thread more
    app.log_connection_info()
    app.init_io()
    app.init_signal()
    app.init_kernel()
    app.init_path()
    kernel, shell = app.kernel, app.kernel.shell
    kernel._stdout, kernel._stderr = sys.stdout, sys.stderr
    shell.starting_dir = os.getcwd()
    shell.displayhook.pub_socket = shell.display_pub.pub_socket = app.iopub_socket
    return app
