"""The template process: runs inside bubblewrap, imports what lessons need once, and forks a kernel for each submission.

Each client gets a server of its own, forked from it, which speaks JSON lines over one socket. A kernel is the
server's grandchild: a supervisor between the two makes the namespaces (`inside`) and watches (`watch`). No byte of a
submission ever comes into this process or a server: all later kernels are copies of them.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import itertools
import json
import os
import select
import signal
import socket
import sys
from typing import Any

from .inside import supervise
from .syscalls import PR_SET_DUMPABLE, PR_SET_PDEATHSIG, fold_memory, prctl

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
    gc.enable()
    gc.collect()
    gc.freeze()
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
            serve_client(control)
            os._exit(0)
        control.close()


def serve_client(control: socket.socket) -> None:
    """Say "ready", then serve one kernel after another until the socket closes."""
    send(control, {"ready": True})
    while control.recv(1, socket.MSG_PEEK):
        serve(control)


def warm_up() -> None:
    """Everything that costs time once: imports, a plot, a traceback, an optimizer's first step."""
    sys.modules["debugpy"] = None  # type: ignore[assignment]  # nobody debugs here, and every kernel would import it
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
    """Fork a kernel, then pass on signals until it has ended and been told of."""
    before, after = os.pipe()
    supervisor = os.fork()
    if supervisor == 0:
        os.close(before)
        try:
            supervise(control, after)
        except BaseException as error:
            os.write(after, json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode() + b"\n")
        os._exit(1)
    os.close(after)
    told = os.fdopen(before, "rb", buffering=0)
    said = told.readline()
    if not said:
        os._exit(1)  # how much of the order it had read is not known
    first = json.loads(said)
    send(control, first)
    ended = os.pidfd_open(supervisor)
    kernel = os.pidfd_open(first["kernel"]) if "kernel" in first else ended
    heard = [before]
    try:
        while True:
            ready, _, _ = select.select([control.fileno(), ended, *heard], [], [])
            if heard and before in ready:
                line = told.readline()
                if line:
                    send(control, json.loads(line))
                else:
                    heard = []
                continue
            if ended in ready:
                _, status = os.waitpid(supervisor, 0)
                tell(kernel, signal.SIGKILL)  # it has ended, unless its supervisor failed
                send(control, {"ended": os.waitstatus_to_exitcode(status)})
                return
            data = control.recv(4096)
            if not data:
                tell(kernel, signal.SIGKILL)
                os._exit(0)
            for line in data.splitlines():
                tell(kernel, json.loads(line)["signal"])
    finally:
        told.close()
        os.close(ended)
        if kernel != ended:
            os.close(kernel)


def tell(process: int, number: int) -> None:
    """Send a signal to a process, given as a file descriptor; one that has ended does not mind."""
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(process, number)


def send(control: socket.socket, message: dict[str, Any]) -> None:
    """One JSON line to the provisioner."""
    control.sendall(json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    main()
