"""Optimizers. Each update rule stands once, as a pure function; the class beside it is a `torch.optim.Optimizer`."""

from reference.optimizers.descent import GradientDescent, gradient_step
from reference.optimizers.momentum import Momentum, momentum_step

__all__ = ["GradientDescent", "Momentum", "gradient_step", "momentum_step"]
