"""The lessons' pictures.

Every picture is a pure function from tensors to a matplotlib `Figure`, whose label is its alt text. Landscapes,
paths and measurements are handed in; `show` puts a figure into a notebook and `explore` puts sliders over one.
"""

from .adaptive import loss_panels, step_sizes
from .batches import against_batch_size, batch_map, gradient_cloud
from .curves import accuracy_by_lr, difference_errors, loss_curves, steps_against_condition
from .display import beside, path_or_none, show
from .gradients import arrows_against_gradient, bowls, step_by_step
from .look_ahead import two_arrows
from .memory import phase_diagram, two_runs, valley_runs
from .panel import panel
from .rates import factors_against_lr, range_test, schedules, strides
from .runs import Settings, Split, network, run_curves, training
from .sliders import explore
from .views import three_views

__all__ = [
    "Settings",
    "Split",
    "accuracy_by_lr",
    "against_batch_size",
    "arrows_against_gradient",
    "batch_map",
    "beside",
    "bowls",
    "difference_errors",
    "explore",
    "factors_against_lr",
    "gradient_cloud",
    "loss_curves",
    "loss_panels",
    "network",
    "panel",
    "path_or_none",
    "phase_diagram",
    "range_test",
    "run_curves",
    "schedules",
    "show",
    "step_by_step",
    "step_sizes",
    "steps_against_condition",
    "strides",
    "three_views",
    "training",
    "two_arrows",
    "two_runs",
    "valley_runs",
]
