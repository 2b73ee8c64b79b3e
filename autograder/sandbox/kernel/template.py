"""The template process: runs inside bubblewrap, imports what lessons need once, and forks a kernel for each submission.

Each client gets a server of its own, forked from it, which speaks JSON lines over one socket. A kernel is forked from
the server, makes its own namespaces (`inside`), and is watched by it (`watch`). No byte of a submission ever comes into
this process or a server: all later kernels are copies of them.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import itertools
import json
import os
import select
import shutil
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from .inside import become_kernel, fork
from .syscalls import PR_SET_DUMPABLE, PR_SET_PDEATHSIG, fold_memory, prctl
from .watch import SECONDS_BETWEEN, Watch

SIGNAL = b'{"signal"'
FONTS = Path(__file__).with_name("fonts")
IMPORTED_BY_KERNELS = (  # when they start
    "code",
    "faulthandler",
    "ipykernel.debugger",
    "ipykernel.heartbeat",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "IPython.utils.wildcard",
    "tornado.platform.asyncio",
)


LIBRARIES = (  # of those that an exercise may be written with (`scan`), what else would be looked for when asked for
    *("bisect", "cmath", "contextlib", "copy", "dataclasses", "decimal", "enum", "fractions", "functools", "heapq"),
    *("itertools", "math", "numbers", "operator", "random", "statistics", "string", "textwrap", "typing", "warnings"),
)


def main() -> None:
    """Import, then fork a server for each client that connects, on a core of its own as far as there are cores.

    A kernel that moves between cores makes both forget what memory they knew, which costs an eighth of a class's time;
    and who crowds a core crowds his own.
    """
    listener = socket.socket(fileno=int(sys.argv[1]))
    prctl(PR_SET_DUMPABLE, 0)
    gc.disable()  # what is imported stays
    warm_up()
    gc.freeze()
    gc.enable()
    fold_memory()
    for core in itertools.cycle(sorted(os.sched_getaffinity(0))):
        control, _ = listener.accept()
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if os.fork() == 0:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            listener.close()
            os.sched_setaffinity(0, {core})
            send(control, {"core": core})
            serve_client(control)
            os._exit(0)
        control.close()


def serve_client(control: socket.socket) -> None:
    """Serve one kernel after another until the socket closes."""
    while begun := control.recv(len(SIGNAL), socket.MSG_PEEK):  # of an order, no more than its first key
        if begun != SIGNAL:
            serve(control)
            continue
        while control.recv(1) not in (b"\n", b""):  # it was for a kernel that had ended already
            pass


def warm_up() -> None:
    """Everything that costs time once: imports, a plot, a traceback, an optimizer's first step."""
    sys.modules["debugpy"] = None  # type: ignore[assignment]  # nobody debugs here, and every kernel would import it
    with contextlib.suppress(FileNotFoundError):  # the grader's own matplotlib has looked through all fonts before
        shutil.copytree(FONTS, os.environ["MPLCONFIGDIR"])
    import IPython.core.ultratb
    import matplotlib.figure
    import matplotlib.pyplot
    import numpy.random  # noqa: F401
    import torch

    from autograder.student.check import all_probes
    from autograder.student.probes.experiment import Descent
    from autograder.student.uncompiled import spare_the_compiler

    from .prepared import before_fork

    for name in IMPORTED_BY_KERNELS:
        importlib.import_module(name)
    for name in LIBRARIES:  # a file of this name beside a notebook is then not taken for the library
        importlib.import_module(name)
    all_probes()
    torch.set_num_threads(1)
    figure = matplotlib.figure.Figure()
    figure.subplots().plot([0, 1], label="warm")
    figure.savefig(os.devnull, format="png")
    try:
        raise ValueError
    except ValueError:
        IPython.core.ultratb.VerboseTB().text(*sys.exc_info())
    spare_the_compiler()
    parameter = torch.zeros(1, requires_grad=True)
    parameter.grad = torch.zeros(1)
    optimizer = Descent([parameter], lr=0.1)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.load_state_dict(optimizer.state_dict())
    repr(parameter)
    before_fork()


def serve(control: socket.socket) -> None:
    """Fork a kernel, then pass on signals and watch it until it has ended and been told of."""
    told, telling = socket.socketpair()
    kernel = fork()
    if kernel == 0:
        told.close()
        try:
            become_kernel(control, telling)
        except BaseException as error:
            with contextlib.suppress(OSError):
                telling.send(json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode())
        os._exit(1)
    telling.close()
    with told:
        said, folders, _, _ = socket.recv_fds(told, 1 << 16, 8)
    if not said:
        os._exit(1)  # how much of the order it had read is not known
    first = json.loads(said)
    ended, watch = os.pidfd_open(kernel), Watch(kernel, first["limits"], folders) if "limits" in first else None
    send(control, first)  # not before: what it uses from now on may be a student's
    while True:
        ready, _, _ = select.select([control.fileno(), ended], [], [], SECONDS_BETWEEN)
        if ended in ready:
            break
        if control.fileno() in ready:
            data = control.recv(4096)
            if not data:
                tell(ended, signal.SIGKILL)
                os._exit(0)
            for line in data.splitlines():
                tell(ended, json.loads(line)["signal"])
        elif watch and (broke := watch.broken()):
            send(control, {"broke": broke})  # at once, since a crowd may take a while to die
            tell(ended, signal.SIGKILL)  # and with it, as process 1 of its space, all others
            watch.close()
            watch = None
    _, status = os.waitpid(kernel, 0)
    code = os.waitstatus_to_exitcode(status)
    send(control, {"ended": code if code >= 0 else 128 - code})
    os.close(ended)
    if watch:
        watch.close()


def tell(process: int, number: int) -> None:
    """Send a signal to a process, given as a file descriptor; one that has ended does not mind."""
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(process, number)


def send(control: socket.socket, message: dict[str, Any]) -> None:
    """One JSON line to the provisioner."""
    control.sendall(json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    main()
