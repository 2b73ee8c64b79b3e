"""What the supervisor of a kernel watches while it runs: the memory and the number of all its processes together.

The kernel's own limits hold for one process each; these hold for all. Runs in the sandbox, outside the kernel's
namespaces, and imports nothing of ours.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
from typing import NamedTuple

SECONDS_BETWEEN = 0.05
CALM_THREADS = 16


def watch(kernel: int, proc: int, limits: dict[str, int], folders: tuple[str, ...], told: int) -> int:
    """Wait for a kernel's end; end it where it breaks a limit.

    Args:
        kernel: its process id.
        proc: `/proc` as a file descriptor, from before the kernel had its own.
        limits: `memory_bytes` for all processes and files together, `processes` for processes and threads.
        folders: the in-memory folders that it can write to.
        told: where to say at once which limit was broken, since a crowd may take a while to die.

    Returns:
        The supervisor's exit code: the kernel's own, or 128 and its signal.
    """
    inherited = _about(proc, kernel).memory
    ended, broke = os.pidfd_open(kernel), ""
    while not broke and not select.select([ended], [], [], SECONDS_BETWEEN)[0]:
        about = _family(kernel, {int(name): _about(proc, int(name)) for name in os.listdir(proc) if name.isdigit()})
        give_way([process for process in about if process != kernel])
        memory = inherited + sum(max(0, each.memory - inherited) for each in about.values()) + sum(map(_used, folders))
        threads = sum(each.threads for each in about.values())
        if threads > CALM_THREADS:
            give_way([t for process in about for t in _threads(proc, process) if t != kernel])
        broke = "processes" if threads > limits["processes"] else ""
        broke = "memory" if memory > limits["memory_bytes"] else broke
    if broke:
        os.write(told, json.dumps({"broke": broke}).encode() + b"\n")
        os.kill(kernel, signal.SIGKILL)  # and with it, as process 1 of its namespace, all others
    _, status = os.waitpid(kernel, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def give_way(threads: list[int]) -> None:
    """Make these so slight that a crowd of them weighs about as much as one process of another submission.

    Not `SCHED_IDLE`: what never gets to run cannot be killed either.
    """
    for thread in threads:
        with contextlib.suppress(OSError):  # it has ended
            os.setpriority(os.PRIO_PROCESS, thread, 19)


class _About(NamedTuple):
    """Of a process: bytes of memory that are not files', threads, and its parent."""

    memory: int = 0
    threads: int = 0
    parent: int = 0


def _about(proc: int, process: int) -> _About:
    """What there is to know of a process; of one that has ended, nothing.

    `status` is read and not `smaps`, which waits for a lock that a process may never let go of.
    """
    try:
        with open(os.open(f"{process}/status", os.O_RDONLY, dir_fd=proc), "rb") as file:
            told = dict(line.split(b":", 1) for line in file if b":" in line)
    except OSError:
        return _About()
    memory = sum(int(told[name].split()[0]) * 1024 for name in (b"RssAnon", b"RssShmem") if name in told)
    return _About(memory, int(told.get(b"Threads", b"0")), int(told.get(b"PPid", b"0")))


def _family(kernel: int, everybody: dict[int, _About]) -> dict[int, _About]:
    """A kernel and all that came of it: process 1 of its namespace, it inherits whoever loses a parent.

    Kernels of other clients run beside it and are not its business.
    """
    family: dict[int, _About] = {}
    found = {kernel} & everybody.keys()
    while found:
        family |= {process: everybody[process] for process in found}
        found = {process for process, about in everybody.items() if about.parent in found and process not in family}
    return family


def _used(folder: str) -> int:
    told = os.statvfs(folder)
    return (told.f_blocks - told.f_bfree) * told.f_frsize


def _threads(proc: int, process: int) -> list[int]:
    try:
        folder = os.open(f"{process}/task", os.O_RDONLY | os.O_DIRECTORY, dir_fd=proc)
    except OSError:
        return []
    try:
        return [int(name) for name in os.listdir(folder)]
    except OSError:
        return []
    finally:
        os.close(folder)
