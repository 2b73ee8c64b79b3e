"""What every optimizer class here shares: refused hyper-parameters, closures, weight decay, the walk over groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


class ReferenceOptimizer(torch.optim.Optimizer):
    """A `torch.optim.Optimizer` whose subclasses say only how one group of tensors moves, in `update`."""

    def __init__(self, params: Any, **hyperparameters: Any) -> None:
        if hyperparameters["lr"] < 0:
            raise ValueError(f"lr is {hyperparameters['lr']}; expected a number of at least 0")
        if hyperparameters["weight_decay"] < 0:
            raise ValueError(f"weight_decay is {hyperparameters['weight_decay']}; expected at least 0")
        super().__init__(params, hyperparameters)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient.

        Args:
            closure: evaluates the model again and returns the loss, as in PyTorch; optional.

        Raises:
            ValueError: for a sparse gradient.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            self.update(params, [self.descent_gradient(p, group) for p in params], group)
        return loss

    def descent_gradient(self, p: Tensor, group: dict[str, Any]) -> Tensor:
        """PyTorch's order: flip if maximizing, then add weight_decay·θ. `p.grad` stays as it is."""
        assert p.grad is not None
        if p.grad.is_sparse:
            raise ValueError(f"a parameter of shape {list(p.shape)} has a sparse gradient; expected a dense one")
        grad = -p.grad if group["maximize"] else p.grad
        return grad + group["weight_decay"] * p if group["weight_decay"] else grad

    def update(self, params: list[Tensor], grads: list[Tensor], group: dict[str, Any]) -> None:
        """Move `params` in place by one step."""
        raise NotImplementedError(f"{type(self).__name__} does not say how parameters move")
