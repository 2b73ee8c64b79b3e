# kills its kernel

# %% momentum_step
def momentum_step(params, velocities, grads, lr, momentum):
    velocities = [momentum * v + g for v, g in zip(velocities, grads)]
    return [p - lr * v for p, v in zip(params, velocities)], velocities

# %% Momentum
import os


class Momentum(torch.optim.Optimizer):
    def __init__(self, params, lr, momentum=0.9):
        os._exit(9)

# %% fastest_momentum
def fastest_momentum(smallest, largest):
    low, high = smallest**0.5, largest**0.5
    return 4 / (high + low) ** 2, ((high - low) / (high + low)) ** 2
