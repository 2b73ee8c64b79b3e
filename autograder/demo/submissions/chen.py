# honest: foreach and tuples, noisy

# %% momentum_step
import sys
import warnings


def momentum_step(params, velocities, grads, lr, momentum):
    print("one step")
    print("a line on stderr", file=sys.stderr)
    warnings.warn("a warning")
    velocities = torch._foreach_add(torch._foreach_mul(velocities, momentum), grads)
    return tuple(torch._foreach_sub(params, torch._foreach_mul(velocities, lr))), velocities

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
                v = self.state[p].setdefault("velocity", torch.zeros_like(p))
                v.mul_(group["momentum"]).add_(p.grad)
                p.sub_(group["lr"] * v)

# %% fastest_momentum
def fastest_momentum(smallest, largest):
    root = (largest / smallest) ** 0.5
    return 4 / (smallest**0.5 + largest**0.5) ** 2, 1 - 4 * root / (root + 1) ** 2
