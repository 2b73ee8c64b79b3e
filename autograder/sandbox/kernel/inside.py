"""Between the template and a student's kernel: namespaces, folders, limits, and no way back.

Runs in the sandbox and imports nothing of ours but its neighbours.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import random
import resource
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .syscalls import (
    MS_BIND,
    MS_MOVE,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_RDONLY,
    MS_REC,
    MS_REMOUNT,
    NEW_IPC,
    NEW_NET,
    NEW_NS,
    NEW_PID,
    NEW_USER,
    NEW_UTS,
    PR_SET_DUMPABLE,
    PR_SET_PDEATHSIG,
    drop_capabilities,
    mount,
    prctl,
    refuse_calls,
    setns,
    unshare,
)

if TYPE_CHECKING:
    from .prepared import Channels

WORK, SOCKETS, PROBLEMS = "/work", "/sockets", "/problems"
WRITABLE = ((WORK, 0o755), ("/tmp", 0o1777), ("/dev/shm", 0o1777))
NOBODY = 65534
MAX_FILES, MAX_OPEN = 20_000, 512


def fork() -> int:
    """Fork a child that is process 1 of a process space of its own.

    Returns:
        Its process id in this space; 0 in the child.
    """
    ours = os.open("/proc/self/ns/pid", os.O_RDONLY)
    unshare(NEW_PID)  # for children, not for this process
    kernel = os.fork()
    if kernel:
        setns(ours, NEW_PID)
    os.close(ours)
    return kernel


def become_kernel(control: socket.socket, telling: socket.socket) -> None:
    """Read an order, make namespaces and folders, become a student's kernel, to its end. Runs in a child of the server.

    The order is read here and not in the server, whose memory every later kernel inherits.

    Args:
        control: where the order comes from.
        telling: where to tell the server, once the kernel can be connected to, under which limits it runs, with the
            folders that it can write to.
    """
    from .prepared import listen

    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    order = _read_order(control)
    control.close()
    real_root = Path("/proc/self/uid_map").read_text().split() == ["0", "0", "4294967295"]
    unshare(NEW_NS | NEW_UTS | NEW_IPC | NEW_NET)
    channels = listen(order["connection"] | {"ip": f"{SOCKETS}/{order['sockets']}/s"})
    prepare_folders(order, NOBODY if real_root else 0)
    become_student(order["limits"], real_root)
    run_kernel(order["connection"], channels, telling, order["limits"])


def _read_order(control: socket.socket) -> dict[str, Any]:
    parts: list[bytes] = []
    while True:
        part = control.recv(1 << 20)
        if not part:
            os._exit(1)  # the grader is gone
        parts.append(part)
        if part.endswith(b"\n"):
            order: dict[str, Any] = json.loads(b"".join(parts))
            return order


def prepare_folders(order: dict[str, Any], owner: int) -> None:
    """Fresh folders in memory for all that can be written, the submission's files, the problems; no sockets."""
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    room = order["limits"]["file_bytes"]
    for number, path in enumerate(order["under_tmp"]):
        mount(path, f"/held/{number}", None, MS_BIND | MS_REC)
    for folder, mode in WRITABLE:
        options = f"size={room},nr_inodes={MAX_FILES},mode={mode:o},uid={owner},gid={owner}"
        mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, options)
    for number, path in enumerate(order["under_tmp"]):
        Path(path).mkdir(parents=True)
        mount(f"/held/{number}", path, None, MS_MOVE)
        mount(None, path, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
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
    mount("tmpfs", SOCKETS, "tmpfs", MS_RDONLY)  # its own are bound already


def become_student(limits: dict[str, int], real_root: bool) -> None:
    """Give up everything that could reach out: in this order, since each step needs what the next one drops."""
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # if memory runs short, this goes first
    if real_root:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    own_user_namespace()  # to which none of the other namespaces belongs
    with contextlib.suppress(OSError):
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
    drop_capabilities()
    for which, value in (
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_NPROC, limits["processes"] + 8),  # a margin, so that who is watched is seen to go over
        (resource.RLIMIT_CPU, limits["notebook_seconds"] + 10),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_NOFILE, MAX_OPEN),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(which, (value, value))
    refuse_calls()
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.chdir(WORK)


def run_kernel(connection: dict[str, Any], channels: Channels, telling: socket.socket, limits: dict[str, int]) -> None:
    """ipykernel, from here to its end; tells when it can be connected to."""
    import numpy as np
    import torch

    from .prepared import after_fork

    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    kept = {telling.fileno(), *(channel.fileno() for channel in channels)}
    for low, high in itertools.pairwise([2, *sorted(kept), 65536]):
        os.closerange(low + 1, high)
    random.seed()
    np.random.seed()
    torch.default_generator.seed()  # `torch.seed` seeks accelerators too: 3 ms
    sys.argv = ["ipykernel"]
    app = after_fork(connection["key"], channels)
    folders = [os.open(folder, os.O_PATH | os.O_DIRECTORY) for folder, _ in WRITABLE]
    socket.send_fds(telling, [json.dumps({"limits": limits}).encode()], folders)
    for folder in folders:
        os.close(folder)
    telling.close()
    app.iopub_thread.greet()
    app.start()


def own_user_namespace() -> None:
    """Enter a new user namespace that knows one user, nobody."""
    outside = os.geteuid(), os.getegid()
    prctl(PR_SET_DUMPABLE, 1)
    unshare(NEW_USER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {outside[0]} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {outside[1]} 1")
    prctl(PR_SET_DUMPABLE, 0)
