"""What a submission may use. The defaults stand here and nowhere else; a course's `c.Run` sets others."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What a submission may use; a broken limit is a verdict of its own.

    Attributes:
        cell_seconds: how long one cell may take.
        notebook_seconds: how long all cells together may take.
        output_bytes: how much the cells may put out, counted while it streams.
        memory_bytes: address space of each process, and memory of all processes and files together; in the sandbox
            only, as all that follow.
        processes: processes and threads at once.
        file_bytes: the size of one file, and of all files in one of the three folders that can be written.
        isolation: "bubblewrap" or "none".
        experiments: whether cells that are for the student's eyes run too.
    """

    cell_seconds: int = 30
    notebook_seconds: int = 180
    output_bytes: int = 5_000_000
    memory_bytes: int = 4 * 2**30
    processes: int = 64
    file_bytes: int = 256 * 2**20
    isolation: str = "bubblewrap"
    experiments: bool = False
