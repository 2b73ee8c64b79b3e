"""`check` in the graded kernel: find the probe, run it on the problem handed in, emit evidence.

It gives no verdict and knows none. The problems lie beside this file, written there by the run.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import torch

from autograder.student import probes
from autograder.student.evidence import MIME, Case, Evidence, Trouble, decode
from autograder.student.recorder import Recorder, describe

PROBLEMS = Path(__file__).with_name("problems.json")
Probe = Callable[[Any, Any, Recorder], None]


class UnknownExercise(LookupError):
    """No probe has this name."""


def check(exercise: str, attempt: Any) -> None:
    """Run the exercise's probe on `attempt` and emit what came out, for the judge outside.

    Args:
        exercise: the exercise's name, for example `"momentum_step"`.
        attempt: the student's function or class.
    """
    from IPython.display import publish_display_data

    problem = decode(json.loads(PROBLEMS.read_text())[exercise])
    publish_display_data({MIME: gather(exercise, attempt, problem).to_wire()})


def find_probe(exercise: str) -> Probe:
    """The probe of an exercise: the function of that name in one of the modules of `probes`.

    Raises:
        UnknownExercise: if there is none; the message lists what there is.
    """
    known = all_probes()
    if exercise not in known:
        raise UnknownExercise(f"there is no exercise {exercise!r}; there are: {', '.join(sorted(known))}")
    return known[exercise]


@cache
def all_probes() -> dict[str, Probe]:
    """The probe of every exercise, by the exercise's name."""
    modules = [f"{probes.__name__}.{module.name}" for module in pkgutil.iter_modules(probes.__path__)]
    return {name: probe for module in modules for name, probe in importlib.import_module(module).EXERCISES.items()}


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep torch to one thread: on tensors as small as a problem's, more of them cost far more than they save."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def gather(exercise: str, attempt: Any, problem: Any, recorder: Recorder | None = None) -> Evidence:
    """Run the exercise's probe and return the evidence; what the student's code prints is kept apart.

    Args:
        exercise: the exercise's name.
        attempt: the student's function or class; anything else becomes evidence that says so.
        problem: the exercise's problem, as its oracle drew it.
        recorder: what the probe writes into; a new one by default.
    """
    from IPython.utils.capture import capture_output

    probe = find_probe(exercise)
    recorder = recorder or Recorder()
    if not callable(attempt):
        trouble = Trouble("unusable", f"`{exercise}` is {describe(attempt)}; expected a function", 1)
        return Evidence(exercise, {"call": Case(trouble=trouble)})
    with capture_output() as captured, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("default")
        with one_thread():
            probe(attempt, problem, recorder)
    told = [f"{warning.category.__name__}: {warning.message}" for warning in warned]
    return Evidence(exercise, recorder.cases, "\n".join([captured.stdout + captured.stderr, *told]).strip())
