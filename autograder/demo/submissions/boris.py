# honest: in place on clones

# %% momentum_step
def momentum_step(params, velocities, grads, lr, momentum):
    params = [p.clone() for p in params]
    velocities = [v.clone() for v in velocities]
    for p, v, g in zip(params, velocities, grads):
        v *= momentum
        v += g
        p -= lr * v
    return params, velocities

# %% Momentum
class Momentum(torch.optim.Optimizer):
    def __init__(self, params, lr, momentum=0.9):
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if "buffer" not in state:
                    state["buffer"] = p.grad.clone()
                else:
                    state["buffer"].mul_(group["momentum"]).add_(p.grad)
                p.add_(state["buffer"], alpha=-group["lr"])

# %% fastest_momentum
def fastest_momentum(smallest, largest):
    low, high = smallest**0.5, largest**0.5
    return 4 / (high + low) ** 2, ((high - low) / (high + low)) ** 2
