"""Adam: momentum's memory of the gradient, RMSprop's memory of its square, both corrected for starting at zero."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor
from torch.optim.optimizer import ParamsT

from reference.optimizers.base import ReferenceOptimizer, check_range
from reference.optimizers.ways import Way


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
    beta1, beta2 = betas
    return _adam(params, means, squares, grads, lr, beta1, beta2, eps, 1 - beta1**step, 1 - beta2**step)


def _adam(
    params: Iterable[Any],
    means: Iterable[Any],
    squares: Iterable[Any],
    grads: Iterable[Any],
    lr: Any,
    beta1: Any,
    beta2: Any,
    eps: Any,
    weight1: Any,
    weight2: Any,
) -> tuple[list[Any], list[Any], list[Any]]:
    # the equation; weight1 and weight2 are 1 − β₁ᵗ and 1 − β₂ᵗ, what the weights of each mean add up to by now
    grads = list(grads)
    means = [beta1 * m + (1 - beta1) * g for m, g in zip(means, grads, strict=True)]
    squares = [beta2 * s + (1 - beta2) * g**2 for s, g in zip(squares, grads, strict=True)]
    unbiased_means = [m / weight1 for m in means]
    unbiased_squares = [s / weight2 for s in squares]
    params = [p - lr * m / (s.sqrt() + eps) for p, m, s in zip(params, unbiased_means, unbiased_squares, strict=True)]
    return params, means, squares


def _adamw(
    params: Iterable[Any], means: Iterable[Any], squares: Iterable[Any], grads: Iterable[Any], decay: Any, *numbers: Any
) -> tuple[list[Any], list[Any], list[Any]]:
    # Adam's step and lr·λ·θ less, with θ from before the step; decay is lr·λ
    params = list(params)
    moved, means, squares = _adam(params, means, squares, grads, *numbers)
    return [new - decay * p for new, p in zip(moved, params, strict=True)], means, squares


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
        way: how the rule runs: "loop", "foreach" or "compiled"; see `reference.optimizers.ways`.

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

    remembers = ("mean", "square")
    counts_steps = True

    def __init__(
        self,
        params: ParamsT,
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        maximize: bool = False,
        way: Way = "loop",
    ) -> None:
        super().__init__(params, way, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, maximize=maximize)

    def check(self, group: dict[str, Any]) -> None:
        """betas and eps have to be in range as well."""
        super().check(group)
        check_range("eps", group["eps"])
        betas = group["betas"]
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise ValueError(f"betas is {betas!r}; expected a pair of numbers from 0 to below 1")
        for index, beta in enumerate(betas):
            check_range(f"betas[{index}]", beta, below=1)

    def rule(self) -> Callable[..., Any]:
        """m ← β₁·m + (1 − β₁)·g; s ← β₂·s + (1 − β₂)·g²; θ ← θ − lr·m̂/(√ŝ + ε)."""
        return _adam

    def numbers(self, group: dict[str, Any], step: int) -> list[Any]:
        """lr, β₁, β₂, ε and what the weights of both means add up to after this step."""
        beta1, beta2 = group["betas"]
        return [group["lr"], beta1, beta2, group["eps"], 1 - beta1**step, 1 - beta2**step]


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
        way: how the rule runs: "loop", "foreach" or "compiled"; see `reference.optimizers.ways`.

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
        way: Way = "loop",
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, maximize, way)

    def decays(self, group: dict[str, Any]) -> bool:
        """The decay stays out of the gradient; the rule takes care of it."""
        return False

    def rule(self) -> Callable[..., Any]:
        """Adam's step, and lr·λ·θ less, with θ from before the step."""
        return _adamw

    def numbers(self, group: dict[str, Any], step: int) -> list[Any]:
        """lr·λ, then what Adam takes."""
        return [group["lr"] * group["weight_decay"], *super().numbers(group, step)]
