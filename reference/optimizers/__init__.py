"""Optimizers. Each update rule stands once, as a pure function; the class beside it is a `torch.optim.Optimizer`."""

from reference.optimizers.adam import Adam, AdamW, adam_step
from reference.optimizers.descent import GradientDescent, gradient_step
from reference.optimizers.momentum import Momentum, momentum_step
from reference.optimizers.nesterov import Nesterov, look_ahead_step, nesterov_step
from reference.optimizers.rmsprop import RMSprop, rmsprop_step

__all__ = [
    "Adam",
    "AdamW",
    "GradientDescent",
    "Momentum",
    "Nesterov",
    "RMSprop",
    "adam_step",
    "gradient_step",
    "look_ahead_step",
    "momentum_step",
    "nesterov_step",
    "rmsprop_step",
]
