"""Adam: momentum's memory of the gradient, RMSprop's memory of its square, both corrected for starting at zero."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import Tensor
from torch.optim.optimizer import ParamsT

from reference.optimizers.base import ReferenceOptimizer, check_range


def adam_step(
    params: Iterable[Tensor],
    means: Iterable[Tensor],
    squares: Iterable[Tensor],
    grads: Iterable[Tensor],
    step: int,
    lr: float,
    betas: tuple[float, float],
    eps: float,
) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """One step of Adam, with (β₁, β₂) = betas and t = step:

        m ← β₁·m + (1 − β₁)·g          m̂ = m/(1 − β₁ᵗ)
        s ← β₂·s + (1 − β₂)·g²         ŝ = s/(1 − β₂ᵗ)
        θ ← θ − lr·m̂/(√ŝ + ε)

    A running mean that starts at 0 is too small at first: after t steps its weights add up to 1 − βᵗ. Divided by
    that, the very first step is g/|g|, ±lr for every parameter. What is stored are m and s, never m̂ and ŝ.

    ε stands outside the root and after the correction, as in PyTorch and in the paper's algorithm 1.

    Args:
        params: the parameters θ, tensors of any shape.
        means: their running means m of gradients, as many and of the same shapes; zero before the first step.
        squares: their running means s of squared gradients, likewise.
        grads: their gradients g, as many and of the same shapes.
        step: t, the number of this step, from 1; the same for all these parameters.
        lr: the learning rate, at least 0, in units of θ.
        betas: (β₁, β₂), the shares of the old means that are kept, each from 0 to below 1.
        eps: ε, at least 0, in units of g; above 0 wherever a gradient can be 0 from the start.

    Returns:
        The new parameters, means and squares, as new tensors; what was given is left as it was.

    Raises:
        ValueError: for more or fewer means, squares or gradients than parameters, or a step below 1.

    Example:
        >>> import torch
        >>> theta, zero, g = [torch.tensor([1.0, 1.0])], [torch.zeros(2)], [torch.tensor([8.0, -0.5])]
        >>> adam_step(theta, zero, zero, g, step=1, lr=0.5, betas=(0.75, 0.75), eps=0.0)[0]
        [tensor([0.5000, 1.5000])]

    Source: Kingma and Ba 2015, algorithm 1, https://arxiv.org/abs/1412.6980
    """
    if step < 1:
        raise ValueError(f"step is {step}; expected a count from 1: at step 0 the correction divides by zero")
    grads, (beta1, beta2) = list(grads), betas
    means = [beta1 * m + (1 - beta1) * g for m, g in zip(means, grads, strict=True)]
    squares = [beta2 * s + (1 - beta2) * g**2 for s, g in zip(squares, grads, strict=True)]
    unbiased_means = [m / (1 - beta1**step) for m in means]
    unbiased_squares = [s / (1 - beta2**step) for s in squares]
    params = [p - lr * m / (s.sqrt() + eps) for p, m, s in zip(params, unbiased_means, unbiased_squares, strict=True)]
    return params, means, squares


class Adam(ReferenceOptimizer):
    """Adam as a `torch.optim.Optimizer`: `torch.optim.Adam` without amsgrad.

    Steps are counted for every parameter by itself, so that one that joins late is corrected for its own start.

    Args:
        params: tensors or parameter groups.
        lr: the learning rate, at least 0, in units of the parameters.
        betas: (β₁, β₂), the shares of the old mean and the old mean square that are kept, each from 0 to below 1.
        eps: ε, added to the root; at least 0, in units of the gradient.
        weight_decay: λ of the penalty ½λ‖θ‖², whose gradient λθ is added to g and so enters both means; at least 0.
        maximize: climb instead of descend.

    Raises:
        ValueError: for a hyper-parameter out of range.

    Example:
        >>> import torch
        >>> w = torch.tensor([2.0, -30.0], requires_grad=True)
        >>> optimizer = Adam([w], lr=0.5)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([  1.5000, -29.5000], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, maximize=maximize)

    def check(self, group: dict[str, Any]) -> None:
        """betas and eps have to be in range as well."""
        super().check(group)
        check_range("eps", group["eps"])
        betas = group["betas"]
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise ValueError(f"betas is {betas!r}; expected a pair of numbers from 0 to below 1")
        for index, beta in enumerate(betas):
            check_range(f"betas[{index}]", beta, below=1)

    def update(self, params: list[Tensor], grads: list[Tensor], group: dict[str, Any]) -> list[Tensor]:
        """`adam_step` for all parameters that stand at the same step, in turn for each such step."""
        moved: dict[Tensor, Tensor] = {}
        steps = [self.state[p].get("step", 0) + 1 for p in params]
        for step in dict.fromkeys(steps):
            mine = [p for p, t in zip(params, steps, strict=True) if t == step]
            mine_grads = [g for g, t in zip(grads, steps, strict=True) if t == step]
            means, squares = self.recall("mean", mine), self.recall("square", mine)
            after, means, squares = adam_step(
                mine, means, squares, mine_grads, step, group["lr"], group["betas"], group["eps"]
            )
            self.keep("mean", mine, means)
            self.keep("square", mine, squares)
            self.keep("step", mine, [step] * len(mine))
            moved.update(zip(mine, after, strict=True))
        return [moved[p] for p in params]


class AdamW(Adam):
    """Adam with decoupled weight decay: `torch.optim.AdamW` without amsgrad.

    The decay, θ ← θ − lr·λ·θ, stands beside Adam's step instead of in the gradient. There it would be divided by √ŝ
    like all of the gradient, and the parameters with the largest gradients would decay least.

    Args:
        params: tensors or parameter groups.
        lr: the learning rate, at least 0, in units of the parameters.
        betas: (β₁, β₂), the shares of the old mean and the old mean square that are kept, each from 0 to below 1.
        eps: ε, added to the root; at least 0, in units of the gradient.
        weight_decay: λ, at least 0, in units of 1/lr: every step takes the share lr·λ from each parameter.
        maximize: climb instead of descend; the decay shrinks all the same.

    Raises:
        ValueError: for a hyper-parameter out of range.

    Example:
        >>> import torch
        >>> w = torch.tensor([2.0, -30.0], requires_grad=True)
        >>> optimizer = AdamW([w], lr=0.5, weight_decay=0.5)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([  1., -22.], requires_grad=True)

    Source: Loshchilov and Hutter 2019, algorithm 2, https://arxiv.org/abs/1711.05101
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, maximize)

    def downhill(self, p: Tensor, group: dict[str, Any]) -> Tensor:
        """The gradient without the decay, which `update` takes care of."""
        return super().downhill(p, {**group, "weight_decay": 0.0})

    def update(self, params: list[Tensor], grads: list[Tensor], group: dict[str, Any]) -> list[Tensor]:
        """Adam's step, and lr·λ·θ less, with θ from before the step."""
        share = group["lr"] * group["weight_decay"]
        return [new - share * p for new, p in zip(super().update(params, grads, group), params, strict=True)]
