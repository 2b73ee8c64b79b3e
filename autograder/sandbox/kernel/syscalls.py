"""The system calls that isolation needs and Python does not have. Runs in the sandbox and imports nothing of ours."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from pathlib import Path

NEW_NS, NEW_UTS, NEW_IPC, NEW_USER, NEW_PID, NEW_NET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_MOVE, MS_REC, MS_PRIVATE = 4096, 8192, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 24, 38
FAMILIES = (1, 2, 10, 16)  # of sockets: unix, IPv4, IPv6, netlink; a vsock would reach past a network namespace
EPERM, EAFNOSUPPORT = 1, 97
HUGE, MADV_COLLAPSE = 2 << 20, 25
KINDS = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
REFUSED = {  # name: its number on x86_64, on aarch64
    "shmget": (29, 194),  # memory that no process's limit counts, as the next four
    "msgget": (68, 186),
    "semget": (64, 190),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "add_key": (248, 217),  # keyrings outlive processes
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "mount": (165, 40),
    "unshare": (272, 97),
    "setns": (308, 268),
    "perf_event_open": (298, 241),  # wide ways into the kernel that no lesson takes
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
}
SOCKET = {"x86_64": 41, "aarch64": 198}
libc = ctypes.CDLL(None, use_errno=True)


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """mount(2)."""
    texts = [None if text is None else text.encode() for text in (source, target, kind)]
    if libc.mount(*texts, ctypes.c_ulong(flags), options.encode() or None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"mount {target}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """unshare(2)."""
    if libc.unshare(flags) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"unshare: {os.strerror(number)}")


def setns(namespace: int, kind: int) -> None:
    """setns(2)."""
    if libc.setns(namespace, kind) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"setns: {os.strerror(number)}")


def prctl(option: int, value: int) -> None:
    """prctl(2)."""
    libc.prctl(option, value, 0, 0, 0)


def fold_memory() -> None:
    """Have the kernel keep this process's own memory in huge pages, where it can.

    A fork then copies one entry for 2 MB and not one for 4 kB, which here is 2 ms instead of 10, and its end takes
    as much less. Nothing else depends on it: a system that knows no such call refuses it.
    """
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, rights, _, _, file = line.split()[:5]
        begin, end = (int(address, 16) for address in span.split("-"))
        first = -(-begin // HUGE) * HUGE
        if rights == "rw-p" and file == "0" and first + HUGE <= end:
            libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t((end - first) // HUGE * HUGE), MADV_COLLAPSE)


def drop_capabilities() -> None:
    """Give up every capability, for this process and for whatever it starts."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    for capability in range(64):
        prctl(PR_CAPBSET_DROP, capability)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    if libc.capset(header, (ctypes.c_uint32 * 6)()) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def refuse_calls() -> None:
    """Have the kernel refuse the system calls of `REFUSED`, and sockets of families not in `FAMILIES`, from now on.

    Raises:
        OSError: if this machine's architecture is not known here, or it has no seccomp.
    """
    machine = platform.machine()
    if machine not in KINDS:
        raise OSError(f"the sandbox knows the system calls of {' and '.join(KINDS)}; this machine is {machine}")
    program = b"".join(struct.pack("=HBBI", *line) for line in _program(machine))
    code = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("lines", ctypes.c_void_p))

    told = Program(len(program) // 8, ctypes.addressof(code))
    if libc.prctl(PR_SET_SECCOMP, 2, ctypes.byref(told), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


def _program(machine: str) -> list[tuple[int, int, int, int]]:
    """The filter in the kernel's own little language: (operation, lines to skip if true, if false, operand)."""
    load, equal, at_least, end = 0x20, 0x15, 0x35, 0x06
    allow, error = 0x7FFF0000, 0x00050000
    column = list(KINDS).index(machine)
    lines = [
        (load, 0, 0, 4),
        (equal, 1, 0, KINDS[machine]),
        (end, 0, 0, error | EPERM),  # a 32-bit call, whose numbers are others
        (load, 0, 0, 0),
        (at_least, 0, 1, 0x40000000),  # x32, likewise
        (end, 0, 0, error | EPERM),
    ]
    for numbers in REFUSED.values():
        lines += [(equal, 0, 1, numbers[column]), (end, 0, 0, error | EPERM)]
    lines += [(equal, 0, len(FAMILIES) + 2, SOCKET[machine]), (load, 0, 0, 16)]
    for left, family in zip(range(len(FAMILIES), 0, -1), FAMILIES, strict=True):
        lines.append((equal, left, 0, family))
    return [*lines, (end, 0, 0, error | EAFNOSUPPORT), (end, 0, 0, allow)]
