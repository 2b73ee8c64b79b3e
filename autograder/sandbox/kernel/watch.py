"""What the supervisor of a kernel watches while it runs: the memory and the number of all its processes together.

The kernel's own limits hold for one process each; these hold for all. Runs in the sandbox, outside the kernel's
namespaces, and imports nothing of ours.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal

BROKE = {"memory": 201, "processes": 202}  # the supervisor's exit codes
SECONDS_BETWEEN = 0.05
CALM_THREADS = 16


def watch(kernel: int, proc: int, limits: dict[str, int], folders: tuple[str, ...]) -> int:
    """Wait for a kernel's end; end it where it breaks a limit.

    Args:
        kernel: its process id.
        proc: `/proc` as a file descriptor, from before the kernel had its own.
        limits: `memory_bytes` for all processes and files together, `processes` for processes and threads.
        folders: the in-memory folders that it can write to.

    Returns:
        The supervisor's exit code: one of `BROKE`, the kernel's own, or 128 and its signal.
    """
    ours = {1, os.getppid(), os.getpid()}
    inherited, _ = _about(proc, kernel)
    ended, broke = os.pidfd_open(kernel), ""
    while not broke and not select.select([ended], [], [], SECONDS_BETWEEN)[0]:
        others = [int(name) for name in os.listdir(proc) if name.isdigit() and int(name) not in ours]
        give_way([process for process in others if process != kernel])
        about = [_about(proc, process) for process in others]
        memory = inherited + sum(max(0, used - inherited) for used, _ in about) + sum(map(_used, folders))
        threads = sum(count for _, count in about)
        if threads > CALM_THREADS:
            give_way([t for process in others for t in _threads(proc, process) if t != kernel])
        broke = "processes" if threads > limits["processes"] else ""
        broke = "memory" if memory > limits["memory_bytes"] else broke
    if broke:
        os.kill(kernel, signal.SIGKILL)  # and with it, as process 1 of its namespace, all others
    _, status = os.waitpid(kernel, 0)
    code = os.waitstatus_to_exitcode(status)
    return BROKE[broke] if broke else code if code >= 0 else 128 - code


def give_way(threads: list[int]) -> None:
    """Make these so slight that a crowd of them weighs about as much as one process of another submission.

    Not `SCHED_IDLE`: what never gets to run cannot be killed either.
    """
    for thread in threads:
        with contextlib.suppress(OSError):  # it has ended
            os.setpriority(os.PRIO_PROCESS, thread, 19)


def _about(proc: int, process: int) -> tuple[int, int]:
    """Bytes of memory that are not files', and threads, of a process; of one that has ended, nothing.

    `status` is read and not `smaps`, which waits for a lock that a process may never let go of.
    """
    try:
        with open(os.open(f"{process}/status", os.O_RDONLY, dir_fd=proc), "rb") as file:
            told = dict(line.split(b":", 1) for line in file if b":" in line)
    except OSError:
        return 0, 0
    memory = sum(int(told[name].split()[0]) * 1024 for name in (b"RssAnon", b"RssShmem") if name in told)
    return memory, int(told.get(b"Threads", b"0"))


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
