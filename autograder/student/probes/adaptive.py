"""Probes of lesson 08."""

from __future__ import annotations

from autograder.student.probes.optimizer import optimizer_uses
from autograder.student.probes.steps import update_path

rmsprop_path = update_path(("squares",), ("alpha", "eps"))
adam_path = update_path(("means", "squares"), ("betas", "eps"), counted=True)

EXERCISES = {
    "rmsprop_step": rmsprop_path,
    "adam_step": adam_path,
    "Adam": optimizer_uses,
    "repaired_adam_step": adam_path,
    "repaired_rmsprop_step": rmsprop_path,
    "repaired_momentum_step": update_path(("velocities",), ("momentum",)),
}
