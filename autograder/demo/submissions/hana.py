# mistake: state_lost_on_load

# %% momentum_step
def momentum_step(params, velocities, grads, lr, momentum):
    velocities = [momentum * v + g for v, g in zip(velocities, grads)]
    return [p - lr * v for p, v in zip(params, velocities)], velocities

# %% Momentum
class Momentum(torch.optim.Optimizer):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, {"lr": lr, "momentum": momentum})
        self.velocities = {}

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    v = self.velocities.get(p, torch.zeros_like(p))
                    self.velocities[p] = group["momentum"] * v + p.grad
                    p.sub_(group["lr"] * self.velocities[p])

# %% fastest_momentum
def fastest_momentum(smallest, largest):
    low, high = smallest**0.5, largest**0.5
    return 4 / (high + low) ** 2, ((high - low) / (high + low)) ** 2
