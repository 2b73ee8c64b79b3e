"""The template process: runs inside bubblewrap, imports what lessons need once, and forks a kernel for each submission.

It speaks JSON lines with the provisioner over one socket. A kernel is a grandchild: a supervisor between the two
holds the namespaces and waits. The kernel has process, mount, network, IPC and host-name namespaces and a user
namespace of its own, empty in-memory folders for whatever it writes, no capability, and no way back to here.

This file is copied into the sandbox and imports nothing of ours but `autograder.student`.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import gc
import importlib
import json
import os
import random
import resource
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Any

WORK, SOCKETS, SOCKET, PROBLEMS = "/work", "/sockets", "/socket", "/problems"
NOBODY = 65534
NEW_NS, NEW_UTS, NEW_IPC, NEW_USER, NEW_PID, NEW_NET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_MOVE, MS_REC, MS_PRIVATE = 4096, 8192, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP = 1, 4, 38, 24
ARGUMENTS = ["-f", "/tmp/connection.json", "--HistoryManager.enabled=False", "--log-level=CRITICAL"]
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
libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Import, then fork a server for each client that connects."""
    listener = socket.socket(fileno=int(sys.argv[1]))
    prctl(PR_SET_DUMPABLE, 0)
    warm_up()
    gc.collect()
    gc.freeze()
    while True:
        control, _ = listener.accept()
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if os.fork() == 0:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            listener.close()
            serve_client(control)
            os._exit(0)
        control.close()


def serve_client(control: socket.socket) -> None:
    """Say "ready", then serve one kernel after another until the socket closes."""
    lines = control.makefile("r")
    send(control, {"ready": True})
    for line in lines:
        serve(control, json.loads(line))


def warm_up() -> None:
    """Everything that costs time once: imports, a plot, a traceback, an optimizer's first step."""
    sys.modules["debugpy"] = None  # type: ignore[assignment]  # nobody debugs here, and every kernel would import it
    import ipykernel.ipkernel
    import ipykernel.kernelapp
    import IPython.core.ultratb
    import matplotlib.figure
    import matplotlib.pyplot
    import numpy.random  # noqa: F401
    import torch

    import autograder.student.check  # noqa: F401

    for name in IMPORTED_BY_KERNELS:
        importlib.import_module(name)
    ipykernel.kernelapp.IPKernelApp.instance().parse_command_line(ARGUMENTS)
    torch.set_num_threads(1)
    figure = matplotlib.figure.Figure()
    figure.subplots().plot([0, 1], label="warm")
    figure.savefig(os.devnull, format="png")
    try:
        raise ValueError
    except ValueError:
        IPython.core.ultratb.VerboseTB().text(*sys.exc_info())
    parameter = torch.zeros(1, requires_grad=True)
    parameter.grad = torch.zeros(1)
    optimizer = torch.optim.SGD([parameter], lr=0.1)  # its first step imports much of torch
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0)
    optimizer.step()
    scheduler.step()
    optimizer.load_state_dict(optimizer.state_dict())
    repr(parameter)


def serve(control: socket.socket, order: dict[str, Any]) -> None:
    """Fork a kernel, then pass on signals until it has ended and been told of."""
    before, after = os.pipe()
    supervisor = os.fork()
    if supervisor == 0:
        os.close(before)
        control.close()
        try:
            supervise(order, after)
        except BaseException as error:
            os.write(after, json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode() + b"\n")
        os._exit(1)
    os.close(after)
    with os.fdopen(before, "rb") as told:
        first = json.loads(told.readline() or b'{"failed": "it died while starting"}')
    send(control, first)
    kernel = first.get("kernel", 0)
    ended = os.pidfd_open(supervisor)
    try:
        while True:
            ready, _, _ = select.select([control.fileno(), ended], [], [])
            if ended in ready:
                _, status = os.waitpid(supervisor, 0)
                send(control, {"ended": os.waitstatus_to_exitcode(status)})
                return
            data = control.recv(4096)
            if not data:
                os.kill(kernel or supervisor, signal.SIGKILL)
                os._exit(0)
            for line in data.splitlines():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(kernel or supervisor, json.loads(line)["signal"])
    finally:
        os.close(ended)


def supervise(order: dict[str, Any], told: int) -> None:
    """Make the namespaces, start the kernel in them, wait for its end. Runs in a child of the template."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    real_root = Path("/proc/self/uid_map").read_text().split() == ["0", "0", "4294967295"]
    if real_root:
        call("unshare", NEW_NS | NEW_UTS | NEW_IPC | NEW_PID | NEW_NET)
    else:
        own_user_namespace(0, NEW_NS | NEW_UTS | NEW_IPC | NEW_PID | NEW_NET)
    prepare_folders(order, NOBODY if real_root else 0)
    bound, binding = os.pipe()
    kernel = os.fork()
    if kernel == 0:
        os.close(bound)
        os.close(told)
        try:
            become_student(order["limits"], real_root)
            run_kernel(binding)
        except BaseException as error:
            with contextlib.suppress(OSError):
                os.write(binding, f"{type(error).__name__}: {error}".encode())
        os._exit(1)
    os.close(binding)
    with os.fdopen(bound, "rb") as pipe:
        said = pipe.readline().decode()
    if said != "bound\n":
        os.write(told, json.dumps({"failed": said or "it died while starting"}).encode() + b"\n")
        os._exit(1)
    mount(None, SOCKET, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
    os.write(told, json.dumps({"kernel": kernel}).encode() + b"\n")
    os.close(told)
    _, status = os.waitpid(kernel, 0)
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def prepare_folders(order: dict[str, Any], owner: int) -> None:
    """Fresh folders in memory for all that can be written, the submission's files, the problems, its own sockets."""
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    room = order["limits"]["file_bytes"]
    for number, path in enumerate(order["under_tmp"]):
        mount(path, f"/held/{number}", None, MS_BIND | MS_REC)
    for folder, mode in ((WORK, 0o755), ("/tmp", 0o1777), ("/dev/shm", 0o1777)):
        mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, f"size={room},mode={mode:o},uid={owner},gid={owner}")
    for number, path in enumerate(order["under_tmp"]):
        Path(path).mkdir(parents=True)
        mount(f"/held/{number}", path, None, MS_MOVE)
    mount("tmpfs", PROBLEMS, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    Path(PROBLEMS, "problems.json").write_text(json.dumps(order["problems"]))
    mount(None, PROBLEMS, None, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV)
    for name, content in order["files"].items():
        target = Path(WORK, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(base64.b64decode(content))
        for path in (target, *target.parents):
            if path == Path(WORK):
                break
            os.chown(path, owner, owner)
    Path("/tmp/connection.json").write_text(json.dumps(order["connection"]))
    os.chmod("/tmp/connection.json", 0o644)
    mount(f"{SOCKETS}/{order['sockets']}", SOCKET, None, MS_BIND)
    mount("tmpfs", SOCKETS, "tmpfs", MS_RDONLY)


def become_student(limits: dict[str, int], real_root: bool) -> None:
    """Give up everything that could reach out: in this order, since each step needs what the next one drops."""
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    if real_root:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        prctl(PR_SET_DUMPABLE, 1)  # else its own /proc files belong to root, and it could not write the map
        own_user_namespace(NOBODY, 0)
    with contextlib.suppress(OSError):
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    if libc.capset(header, (ctypes.c_uint32 * 6)()) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    for which, value in (
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(which, (value, value))
    os.chdir(WORK)


def run_kernel(binding: int) -> None:
    """ipykernel, from here to its end; says when its sockets are bound."""
    import numpy as np
    import torch
    from ipykernel.kernelapp import IPKernelApp

    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    for fd in range(3, 256):
        if fd not in (binding, null):
            with contextlib.suppress(OSError):
                os.close(fd)
    random.seed()
    np.random.seed()
    torch.seed()
    sys.argv = ["ipykernel"]
    app = IPKernelApp.instance()
    app.parse_command_line = lambda argv=None: None  # done before the fork
    app.initialize(ARGUMENTS)
    os.write(binding, b"bound\n")
    os.close(binding)
    app.start()


def own_user_namespace(user: int, others: int) -> None:
    """Enter a new user namespace that knows one user, and further namespaces that belong to it."""
    outside = os.geteuid(), os.getegid()
    prctl(PR_SET_DUMPABLE, 1)
    call("unshare", NEW_USER | others)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {outside[0]} 1")
    Path("/proc/self/gid_map").write_text(f"{user} {outside[1]} 1")
    prctl(PR_SET_DUMPABLE, 0)


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """mount(2)."""
    texts = [None if text is None else text.encode() for text in (source, target, kind)]
    if libc.mount(*texts, ctypes.c_ulong(flags), options.encode() or None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"mount {target}: {os.strerror(number)}")


def call(name: str, flags: int) -> None:
    """A system call that takes flags and fails loudly."""
    if getattr(libc, name)(flags) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def prctl(option: int, value: int) -> None:
    """prctl(2)."""
    libc.prctl(option, value, 0, 0, 0)


def send(control: socket.socket, message: dict[str, Any]) -> None:
    """One JSON line to the provisioner."""
    control.sendall(json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    main()
