"""Right ways to write the exercises of lesson 09: any rule of lessons 06 to 08, and any style of loop."""

from __future__ import annotations

import math
import random
from typing import Any

import torch
import torch.nn.functional as F


class HeavyBall(torch.optim.Optimizer):
    """The velocity begins as a copy of the first gradient."""

    def __init__(self, params: Any, lr: float, momentum: float = 0.9) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if "buffer" not in state:
                    state["buffer"] = p.grad.clone()
                else:
                    state["buffer"].mul_(group["momentum"]).add_(p.grad)
                p.sub_(group["lr"] * state["buffer"])


class LrInVelocity(HeavyBall):
    """Sutskever's form, momentum 0.8."""

    def __init__(self, params: Any, lr: float, momentum: float = 0.8) -> None:
        super().__init__(params, lr, momentum)

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for p in [p for p in group["params"] if p.grad is not None]:
                v = self.state[p].get("v", torch.zeros_like(p))
                self.state[p]["v"] = v = group["momentum"] * v - group["lr"] * p.grad
                p += v


class RunningMean(HeavyBall):
    """(1 − momentum) before the gradient, through `.data`."""

    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    v = self.state[p].get("v", 0) * group["momentum"] + (1 - group["momentum"]) * p.grad.data
                    self.state[p]["v"] = v
                    p.data = p.data - group["lr"] * v


class NesterovTorch(HeavyBall):
    """g + momentum·v, with `_foreach_`."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            if not params:
                continue
            grads = [p.grad for p in params]
            velocities = [self.state[p].setdefault("v", torch.zeros_like(p)) for p in params]
            torch._foreach_mul_(velocities, group["momentum"])
            torch._foreach_add_(velocities, grads)
            ahead = torch._foreach_add(grads, velocities, alpha=group["momentum"])
            torch._foreach_add_(params, ahead, alpha=-group["lr"])


class NesterovNotes(HeavyBall):
    """The looked-ahead point with lr inside the velocity."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            m = group["momentum"]
            for p in [p for p in group["params"] if p.grad is not None]:
                before = self.state[p].get("v", torch.zeros_like(p))
                v = m * before - group["lr"] * p.grad
                p.add_(-m * before + (1 + m) * v)
                self.state[p]["v"] = v


class RootMeanSquare(torch.optim.Optimizer):
    """RMSprop, eps outside the root."""

    def __init__(self, params: Any, lr: float = 0.01, alpha: float = 0.99, eps: float = 1e-8) -> None:
        super().__init__(params, {"lr": lr, "alpha": alpha, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for p in [p for p in group["params"] if p.grad is not None]:
                s = self.state[p].setdefault("s", torch.zeros_like(p))
                s.mul_(group["alpha"]).addcmul_(p.grad, p.grad, value=1 - group["alpha"])
                p.addcdiv_(p.grad, s.sqrt().add_(group["eps"]), value=-group["lr"])


class RootInside(RootMeanSquare):
    """RMSprop that begins from the first square, eps inside the root, alpha 0.9."""

    def __init__(self, params: Any, lr: float = 0.01, alpha: float = 0.9, eps: float = 1e-10) -> None:
        super().__init__(params, lr, alpha, eps)

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            a = group["alpha"]
            for p in [p for p in group["params"] if p.grad is not None]:
                s = a * self.state[p].get("s", p.grad**2) + (1 - a) * p.grad**2
                self.state[p]["s"] = s
                p -= group["lr"] * p.grad / torch.sqrt(s + group["eps"])


class TwoMoments(torch.optim.Optimizer):
    """Adam as in its paper."""

    def __init__(self, params: Any, lr: float = 1e-3, betas: Any = (0.9, 0.999), eps: float = 1e-8) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})

    def step(self, closure: Any = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        with torch.no_grad():
            for group in self.param_groups:
                b1, b2 = group["betas"]
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    s = self.state[p]
                    if not s:
                        s["t"], s["m"], s["v"] = 0, torch.zeros_like(p), torch.zeros_like(p)
                    s["t"] += 1
                    s["m"].lerp_(p.grad, 1 - b1)
                    s["v"].mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
                    m = s["m"] / (1 - b1 ** s["t"])
                    v = s["v"] / (1 - b2 ** s["t"])
                    p -= group["lr"] * m / (v.sqrt() + group["eps"])
        return loss


class StepSize(TwoMoments):
    """Adam with the corrections in one step size, and decoupled weight decay."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            (b1, b2), lr = group["betas"], group["lr"]
            for p in [p for p in group["params"] if p.grad is not None]:
                t, m, v = self.state[p].get("all", (0, 0.0, 0.0))
                t, m, v = t + 1, b1 * m + (1 - b1) * p.grad, b2 * v + (1 - b2) * p.grad.square()
                self.state[p]["all"] = (t, m, v)
                size = lr * math.sqrt(1 - b2**t) / (1 - b1**t)
                p.mul_(1 - 1e-3 * lr).sub_(size * m / (v.sqrt() + group["eps"]))


def plain_loop(model: Any, optimizer: Any, x: Any, y: Any, batch_size: int, epochs: int, generator: Any) -> Any:
    losses, accuracies = [], []
    for _ in range(epochs):
        model.train()
        order = torch.randperm(len(x), generator=generator)
        for start in range(0, len(x), batch_size):
            batch = order[start : start + batch_size]
            loss = F.cross_entropy(model(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        model.eval()
        with torch.no_grad():
            accuracies.append((model(x).argmax(1) == y).float().mean().item())
    return {"loss": losses, "accuracy": accuracies}


def tensors_returned(model: Any, optimizer: Any, x: Any, y: Any, batch_size: int, epochs: int, generator: Any) -> Any:
    """The losses keep their graphs, the lists are stacked, the modes are switched around the measurement."""
    losses, accuracies = [], []
    for _ in range(epochs):
        for batch in torch.randperm(len(x), generator=generator).split(batch_size):
            optimizer.zero_grad(set_to_none=False)
            losses.append(F.cross_entropy(model(x[batch]), y[batch]))
            losses[-1].backward()
            optimizer.step()
        model.eval()
        accuracies.append((model(x).argmax(1) == y).double().mean())
        model.train()
    return {"loss": torch.stack(losses), "accuracy": torch.stack(accuracies)}


def by_hand(model: Any, optimizer: Any, x: Any, y: Any, batch_size: int, epochs: int, generator: Any) -> Any:
    """log_softmax by hand; the order from random numbers; the accuracy batch by batch; `.grad` set to None."""
    run: dict[str, list[float]] = {"loss": [], "accuracy": []}
    for _ in range(epochs):
        model.train()
        order = torch.rand(len(x), generator=generator).argsort()
        xs, ys = x[order], y[order]
        for batch_x, batch_y in zip(xs.split(batch_size), ys.split(batch_size), strict=True):
            for p in model.parameters():
                p.grad = None
            scores = torch.log_softmax(model(batch_x), dim=1)
            loss = -scores[torch.arange(len(batch_y)), batch_y].mean()
            run["loss"].append(float(loss.detach()))
            loss.backward()
            optimizer.step()
        model.eval()
        right = 0
        with torch.inference_mode():
            for batch_x, batch_y in zip(x.split(7), y.split(7), strict=True):
                right += int((model(batch_x).argmax(dim=1) == batch_y).sum())
        run["accuracy"].append(right / len(x))
    return run


def with_closure(model: Any, optimizer: Any, x: Any, y: Any, batch_size: int, epochs: int, generator: Any) -> Any:
    """The optimizer calls the loss."""
    history: dict[str, tuple[float, ...]] = {"loss": (), "accuracy": ()}
    for _ in range(epochs):
        model.train()
        for batch in torch.randperm(len(x), generator=generator).split(batch_size):

            def closure(batch: Any = batch) -> Any:
                optimizer.zero_grad()
                loss = torch.nn.CrossEntropyLoss()(model(x[batch]), y[batch])
                loss.backward()
                return loss

            history["loss"] += (float(optimizer.step(closure)),)
        model.eval()
        with torch.no_grad():
            history["accuracy"] += (float((model(x).max(dim=1).indices == y).sum() / len(y)),)
    return history


def python_shuffle(model: Any, optimizer: Any, x: Any, y: Any, batch_size: int, epochs: int, generator: Any) -> Any:
    """A Python shuffle whose seed comes from the generator, and more in the dict than was asked for."""
    dice = random.Random(int(torch.randint(2**31, (1,), generator=generator)))
    run: dict[str, Any] = {"loss": [], "accuracy": [], "note": "mine"}
    for epoch in range(epochs):
        model.train(True)
        order = list(range(len(x)))
        dice.shuffle(order)
        while order:
            batch, order = order[:batch_size], order[batch_size:]
            out = model(x[batch])
            loss = F.nll_loss(F.log_softmax(out, dim=-1), y[batch])
            model.zero_grad()
            loss.backward()
            run["loss"] += [loss.detach().numpy()]
            optimizer.step()
        model.train(False)
        run["accuracy"] += [((model(x).detach().argmax(-1) - y) == 0).double().mean().numpy()]
        print(f"epoch {epoch}")
    return run


def weighted(model: Any, optimizer: Any, x: Any, y: Any, batch_size: int, epochs: int, generator: Any) -> Any:
    """The mean by hand, gradients by `torch.autograd.grad`, a counted while loop."""
    losses: list[Any] = []
    accuracies: list[Any] = []
    params = list(model.parameters())
    while len(accuracies) < epochs:
        model.train()
        for batch in torch.randperm(len(x), generator=generator).chunk(-(-len(x) // batch_size)):
            each = F.cross_entropy(model(x[batch]), y[batch], reduction="none")
            loss = each.sum() / len(batch)
            for p, g in zip(params, torch.autograd.grad(loss, params), strict=True):
                p.grad = g
            losses.append(loss.detach())
            optimizer.step()
        model.eval()
        with torch.no_grad():
            accuracies.append(torch.mean((torch.argmax(model(x), dim=1) == y).to(torch.float64)))
    return {"loss": losses, "accuracy": accuracies}


def data_loader(model: Any, optimizer: Any, x: Any, y: Any, batch_size: int, epochs: int, generator: Any) -> Any:
    """Batches from PyTorch's loader."""
    data = torch.utils.data.TensorDataset(x, y)
    loader = torch.utils.data.DataLoader(data, batch_size=batch_size, shuffle=True, generator=generator)
    losses, accuracies = [], []
    for _ in range(epochs):
        model.train()
        for xb, yb in loader:
            loss = F.cross_entropy(model(xb), yb)
            losses.append(loss.item())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            accuracies.append(float((model.eval()(x).argmax(1) == y).double().mean()))
    return {"loss": losses, "accuracy": accuracies}


RIGHT: dict[str, list[Any]] = {
    "MyOptimizer": [
        HeavyBall,
        LrInVelocity,
        RunningMean,
        NesterovTorch,
        NesterovNotes,
        RootMeanSquare,
        RootInside,
        TwoMoments,
        StepSize,
    ],
    "train": [plain_loop, tensors_returned, by_hand, with_closure, python_shuffle, weighted, data_loader],
}
