"""Between the template and a student's kernel: namespaces, folders, limits, and no way back.

Runs in the sandbox and imports nothing of ours but its neighbours.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import random
import resource
import signal
import socket
import sys
from pathlib import Path
from typing import Any

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
    unshare,
)
from .watch import watch

WORK, SOCKETS, SOCKET, PROBLEMS = "/work", "/sockets", "/socket", "/problems"
WRITABLE = ((WORK, 0o755), ("/tmp", 0o1777), ("/dev/shm", 0o1777))
NOBODY = 65534
MAX_FILES, MAX_OPEN = 20_000, 512


def supervise(control: socket.socket, told: int) -> None:
    """Make the namespaces, start the kernel in them, watch it to its end. Runs in a child of the template.

    The order is read by the kernel and not in the template, whose memory every later kernel inherits.
    """
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
    real_root = Path("/proc/self/uid_map").read_text().split() == ["0", "0", "4294967295"]
    if real_root:
        unshare(NEW_NS | NEW_UTS | NEW_IPC | NEW_PID | NEW_NET)
    else:
        own_user_namespace(0, NEW_NS | NEW_UTS | NEW_IPC | NEW_PID | NEW_NET)
    bound, binding = os.pipe()
    kernel = os.fork()
    if kernel == 0:
        os.close(bound)
        os.close(told)
        try:
            order = _read_order(control)
            control.close()
            prepare_folders(order, NOBODY if real_root else 0)
            become_student(order["limits"], real_root)
            run_kernel(binding, order["limits"])
        except BaseException as error:
            with contextlib.suppress(OSError):
                os.write(binding, f"{type(error).__name__}: {error}".encode())
        os._exit(1)
    control.close()
    os.close(binding)
    with os.fdopen(bound, "rb") as pipe:
        said = pipe.read().decode()
    if not said.endswith("\n"):
        os.write(told, json.dumps({"failed": said or "it died while starting"}).encode() + b"\n")
        os._exit(1)
    mount(None, SOCKET, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
    os.write(told, json.dumps({"kernel": kernel}).encode() + b"\n")
    os._exit(watch(kernel, proc, json.loads(said), tuple(folder for folder, _ in WRITABLE), told))


def _read_order(control: socket.socket) -> dict[str, Any]:
    parts: list[bytes] = []
    while True:
        part = control.recv(1 << 20)
        if not part:
            os._exit(1)  # the grader is gone
        parts.append(part)
        if parts[-1].endswith(b"\n"):
            order: dict[str, Any] = json.loads(b"".join(parts).splitlines()[-1])
            if "signal" not in order:  # as for a kernel that had ended already
                return order
            parts = []


def prepare_folders(order: dict[str, Any], owner: int) -> None:
    """Fresh folders in memory for all that can be written, the submission's files, the problems, its own sockets."""
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
    Path("/tmp/connection.json").write_text(json.dumps(order["connection"]))
    os.chmod("/tmp/connection.json", 0o644)
    mount(f"{SOCKETS}/{order['sockets']}", SOCKET, None, MS_BIND)
    mount("tmpfs", SOCKETS, "tmpfs", MS_RDONLY)


def become_student(limits: dict[str, int], real_root: bool) -> None:
    """Give up everything that could reach out: in this order, since each step needs what the next one drops."""
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # if memory runs short, this goes first
    if real_root:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    own_user_namespace(NOBODY, 0)  # a second one, to which none of the other namespaces belongs
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


def run_kernel(binding: int, limits: dict[str, int]) -> None:
    """ipykernel, from here to its end; says under which limits when its sockets are bound."""
    import numpy as np
    import torch

    from .prepared import after_fork

    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.closerange(3, binding)
    os.closerange(binding + 1, 65536)
    random.seed()
    np.random.seed()
    torch.default_generator.seed()  # `torch.seed` seeks accelerators too: 3 ms
    sys.argv = ["ipykernel"]
    app = after_fork()
    os.write(binding, json.dumps(limits).encode() + b"\n")
    os.close(binding)
    app.start()


def own_user_namespace(user: int, others: int) -> None:
    """Enter a new user namespace that knows one user, and further namespaces that belong to it."""
    outside = os.geteuid(), os.getegid()
    prctl(PR_SET_DUMPABLE, 1)
    unshare(NEW_USER | others)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {outside[0]} 1")
    Path("/proc/self/gid_map").write_text(f"{user} {outside[1]} 1")
    prctl(PR_SET_DUMPABLE, 0)
