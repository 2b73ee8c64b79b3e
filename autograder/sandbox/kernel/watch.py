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
        self._inherited = _about(kernel)

    def broken(self) -> str:
        """The limit that is broken by now, "memory" or "processes"; "" if none is."""
        about = _family(self._kernel, {int(name): _about(int(name)) for name in os.listdir("/proc") if name.isdigit()})
        give_way([process for process in about if process != self._kernel])
        own = sum(map(self._own, about.values()))
        memory = self._inherited.memory + own + sum(map(_used, self._folders))
        threads = sum(each.threads for each in about.values())
        if threads > CALM_THREADS:
            give_way([t for process in about for t in _threads(process) if t != self._kernel])
        if memory > self._limits["memory_bytes"]:
            return "memory"
        return "processes" if threads > self._limits["processes"] else ""

    def _own(self, about: _About) -> int:
        """The memory that a process does not share with the server: all of it, if it is another program."""
        shares = about.libraries >= self._inherited.libraries
        return max(0, about.memory - self._inherited.memory) if shares else about.memory

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
    """Of a process: bytes of memory that are not files', those of its libraries' code, threads, and its parent."""

    memory: int = 0
    libraries: int = 0
    threads: int = 0
    parent: int = 0


def _about(process: int) -> _About:
    """What there is to know of a process; of one that has ended, nothing.

    `status` is read and not `smaps`, which waits for a lock that a process may never let go of.
    """
    told = _status(f"/proc/{process}")
    threads, parent = (int(told.get(name, b"0")) for name in (b"Threads", b"PPid"))
    if b"RssAnon" not in told and threads > 1:  # its first thread has ended, and tells nothing of what the others use
        others = (_status(f"/proc/{process}/task/{thread}") for thread in _threads(process))
        told = next((other for other in others if b"RssAnon" in other), told)
    kilobytes = [int(told.get(name, b"0").split()[0]) for name in (b"RssAnon", b"RssShmem", b"VmLib")]
    return _About(sum(kilobytes[:2]) * 1024, kilobytes[2] * 1024, threads, parent)


def _status(folder: str) -> dict[bytes, bytes]:
    try:
        with open(f"{folder}/status", "rb") as file:
            return dict(line.split(b":", 1) for line in file if b":" in line)
    except OSError:
        return {}


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
