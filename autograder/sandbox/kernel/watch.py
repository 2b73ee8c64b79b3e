"""What a server watches while its kernel runs: the memory and the number of all its processes together.

The kernel's own limits hold for one process each; these hold for all. Runs in the sandbox, outside the kernel's
namespaces, and imports nothing of ours.
"""

from __future__ import annotations

import contextlib
import os
from typing import NamedTuple

SECONDS_BETWEEN = 0.05
CALM_THREADS = 16


class Watch:
    """What one kernel uses, with all that came of it.

    Args:
        kernel: its process id.
        limits: `memory_bytes` for all processes and files together, `processes` for processes and threads.
        folders: the in-memory folders that it can write to, as file descriptors, which are closed with `close`.
    """

    def __init__(self, kernel: int, limits: dict[str, int], folders: list[int]) -> None:
        self._kernel, self._limits, self._folders = kernel, limits, folders
        self._inherited = _about(kernel).memory

    def broken(self) -> str:
        """The limit that is broken by now, "memory" or "processes"; "" if none is."""
        about = _family(self._kernel, {int(name): _about(int(name)) for name in os.listdir("/proc") if name.isdigit()})
        give_way([process for process in about if process != self._kernel])
        own = sum(max(0, each.memory - self._inherited) for each in about.values())
        memory = self._inherited + own + sum(map(_used, self._folders))
        threads = sum(each.threads for each in about.values())
        if threads > CALM_THREADS:
            give_way([t for process in about for t in _threads(process) if t != self._kernel])
        if memory > self._limits["memory_bytes"]:
            return "memory"
        return "processes" if threads > self._limits["processes"] else ""

    def close(self) -> None:
        """Let go of the folders."""
        for folder in self._folders:
            os.close(folder)


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


def _about(process: int) -> _About:
    """What there is to know of a process; of one that has ended, nothing.

    `status` is read and not `smaps`, which waits for a lock that a process may never let go of.
    """
    try:
        with open(f"/proc/{process}/status", "rb") as file:
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


def _used(folder: int) -> int:
    told = os.fstatvfs(folder)
    return (told.f_blocks - told.f_bfree) * told.f_frsize


def _threads(process: int) -> list[int]:
    try:
        return [int(name) for name in os.listdir(f"/proc/{process}/task")]
    except OSError:
        return []
