"""What a check costs where a student waits for it: in a notebook, in practice mode.

Between the cell that imports `check` and the first answer the kernel is idle for two seconds, as it is while a student
reads; what `check` loads in that time is in none of the figures.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nbformat.v4 import new_code_cell, new_notebook

from autograder.bench import PREFIX
from autograder.errors import DownhillError
from autograder.oracles import find_exercise, lessons
from autograder.pictures import run_whole

IMPORTS = 5  # processes; the median of their times is told
PROCESS = """
import time
import torch
began = time.perf_counter()
import autograder
print(time.perf_counter() - began)
"""
FIRST = """
import time
import torch

began = time.perf_counter()
from autograder import check
import_seconds = time.perf_counter() - began
"""
IDLE = """
import asyncio
await asyncio.sleep(2)
"""
SETTING = """
from autograder.oracles import find_exercise
from autograder.practice import public_seed
from autograder.student.check import gather

def seconds(call, times):
    took = []
    for _ in range(times):
        began = time.perf_counter()
        try:
            call()
        except Exception:  # a wrong attempt is told by raising
            pass
        took.append(time.perf_counter() - began)
    return took

told = []
"""
ONE = """
exercise = find_exercise({name!r})
problem = exercise.draw(public_seed({name!r}))
wrong = next((form.function for form in exercise.forms if form.fraction == 0), exercise.reference)
first_right, *right = seconds(lambda: check({name!r}, exercise.reference), 4)
first_wrong, *others = seconds(lambda: check({name!r}, wrong), 4)
alone = seconds(lambda: gather({name!r}, exercise.reference, problem), 4)
told.append([{name!r}, alone[1:], first_right, right, first_wrong, others])
"""
LAST = "import json\nprint(json.dumps([import_seconds, told]))"


@dataclass(frozen=True)
class Checked:
    """The figures of one exercise, in milliseconds; but for the first ones, medians of three.

    Attributes:
        exercise: its name.
        alone: running the student's function on the check's problem, and nothing else.
        first_right: the first check of a right answer in this kernel.
        right: one more of them.
        first_wrong: the first check of a wrong answer, words and picture included.
        wrong: one more of them.
    """

    exercise: str
    alone: float
    first_right: float
    right: float
    first_wrong: float
    wrong: float


@dataclass(frozen=True)
class Measured:
    """What `bench_check` found, in milliseconds.

    Attributes:
        import_ms: `import autograder` in a process that has torch already, the median of several.
        check_ms: `from autograder import check` in a kernel that has torch already.
        exercises: the figures of each.
    """

    import_ms: float
    check_ms: float
    exercises: tuple[Checked, ...]

    def to_json(self) -> dict[str, Any]:
        """As the line of `--json`."""
        return asdict(self)

    def text(self) -> str:
        """As a person reads it."""
        heads = ("alone", "right", "wrong", "first right", "first wrong")
        lines = [
            f"beyond torch: `import autograder` {self.import_ms:.1f} ms, `from autograder import check` "
            f"{self.check_ms:.1f} ms in a notebook",
            f"{'milliseconds':<26}" + "".join(f"{head:>13}" for head in heads),
        ]
        for of in self.exercises:
            row = (of.alone, of.right, of.wrong, of.first_right, of.first_wrong)
            lines.append(f"{of.exercise:<26}" + "".join(f"{value:>13.1f}" for value in row))
        slowest = max(self.exercises, key=lambda of: max(of.first_right, of.first_wrong))
        lines.append("first: in a kernel that was idle for 2 s after the import, as while a student reads")
        lines.append(f"slowest: {slowest.exercise}, {max(slowest.first_right, slowest.first_wrong):.0f} ms")
        return "\n".join(lines)


def bench_check(exercises: tuple[str, ...] = ()) -> Measured:
    """Time the checks of some exercises, or of all, in one ordinary kernel: right, then wrong, then alone.

    Args:
        exercises: their names; default: every exercise there is.

    Raises:
        DownhillError: if the notebook does not run.
        LookupError: for an exercise that there is not; the message lists what there is.
    """
    everything = (exercise for of_lesson in lessons().values() for exercise in of_lesson)
    names = [exercise.name for exercise in [find_exercise(name) for name in exercises] or everything]
    cells = [FIRST, IDLE, SETTING, *(ONE.format(name=name) for name in names), LAST]
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        ran = run_whole(new_notebook(cells=[new_code_cell(source.strip()) for source in cells]), Path(folder))
    failed = [out for cell in ran.cells for out in cell.outputs if out.output_type == "error"]
    if failed:
        raise DownhillError(f"the notebook with the checks did not run: {failed[0].ename}: {failed[0].evalue}")
    import_seconds, told = json.loads(ran.cells[-1].outputs[-1].text)
    return Measured(
        1e3 * statistics.median(_import_seconds() for _ in range(IMPORTS)),
        1e3 * import_seconds,
        tuple(
            Checked(
                name,
                1e3 * statistics.median(alone),
                1e3 * first_right,
                1e3 * statistics.median(right),
                1e3 * first_wrong,
                1e3 * statistics.median(wrong),
            )
            for name, alone, first_right, right, first_wrong, wrong in told
        ),
    )


def _import_seconds() -> float:
    return float(subprocess.run([sys.executable, "-c", PROCESS], capture_output=True, text=True, check=True).stdout)
