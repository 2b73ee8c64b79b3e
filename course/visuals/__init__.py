"""The lessons' pictures.

Every picture is a pure function from tensors to a matplotlib `Figure`, whose label is its alt text. Landscapes,
paths and measurements are handed in; `show` puts a figure into a notebook and `explore` puts sliders over one.
"""

from .adaptive import loss_panels, step_sizes
from .batches import against_batch_size, batch_map, gradient_cloud
from .classes import Learned, class_map, gradient_errors
from .curves import accuracy_by_lr, difference_errors, loss_curves, steps_against_condition
from .display import beside, path_or_none, show
from .gradients import arrows_against_gradient, bowls, step_by_step
from .hills import ball_in_landscape, landscapes, walk_by_hand
from .look_ahead import two_arrows
from .losses import errors_of_lines, loss_of_constants, price_of_probability, pulled_lines
from .memory import phase_diagram, two_runs, valley_runs
from .panel import panel
from .phases import Round, expression_graph, four_phases
from .rates import factors_against_lr, range_test, schedules, strides
from .runs import Settings, Split, network, run_curves, training
from .sliders import explore
from .views import three_views

__all__ = [
    "Learned",
    "Round",
    "Settings",
    "Split",
    "accuracy_by_lr",
    "against_batch_size",
    "arrows_against_gradient",
    "ball_in_landscape",
    "batch_map",
    "beside",
    "bowls",
    "class_map",
    "difference_errors",
    "errors_of_lines",
    "explore",
    "expression_graph",
    "factors_against_lr",
    "four_phases",
    "gradient_cloud",
    "gradient_errors",
    "landscapes",
    "loss_curves",
    "loss_of_constants",
    "loss_panels",
    "network",
    "panel",
    "path_or_none",
    "phase_diagram",
    "price_of_probability",
    "pulled_lines",
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
    "walk_by_hand",
]
