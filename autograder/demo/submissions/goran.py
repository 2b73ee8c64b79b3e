# mistake: lr_read_once

# %% momentum_step
def momentum_step(params, velocities, grads, lr, momentum):
    velocities = [momentum * v + g for v, g in zip(velocities, grads)]
    return [p - lr * v for p, v in zip(params, velocities)], velocities

# %% Momentum
class Momentum(torch.optim.Optimizer):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, {"lr": lr, "momentum": momentum})
        self.lr = lr

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    v = self.state[p].get("v", torch.zeros_like(p))
                    self.state[p]["v"] = group["momentum"] * v + p.grad
                    p.sub_(self.lr * self.state[p]["v"])

# %% fastest_momentum
def fastest_momentum(smallest, largest):
    low, high = smallest**0.5, largest**0.5
    return 4 / (high + low) ** 2, ((high - low) / (high + low)) ** 2
