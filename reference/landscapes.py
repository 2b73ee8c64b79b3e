"""Landscapes to descend: bowls, ravines, a curved valley, two valleys, and one where the heavy ball never rests.

A landscape has a `value`, its `gradient`, and the place of its lowest point, `minimum`, where the value is 0.
Both functions take one point `[n]` or many `[..., n]`, so that a contour picture is one call on a grid; they answer
in the dtype and on the device of the points they are given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Landscape(Protocol):
    """What every landscape can be asked."""

    @property
    def minimum(self) -> Tensor:
        """The lowest point, `[n]`, float64."""

    def value(self, w: Tensor) -> Tensor:
        """The height at `w` `[..., n]`, of shape `[...]`."""

    def gradient(self, w: Tensor) -> Tensor:
        """The direction of steepest ascent at `w` `[..., n]`, of the same shape."""


@dataclass(frozen=True, eq=False)
class Quadratic:
    """A bowl, ½ Σ λᵢ zᵢ², where zᵢ is the coordinate of w along the i-th axis of the bowl.

    Along each axis gradient descent is a problem of its own, zᵢ ← (1 − lr·λᵢ) zᵢ. That is why a rotation changes
    the picture but neither the speed nor the stability.

    Attributes:
        curvatures: λ, `[n]`, all above 0; in units of height per squared unit of w.
        rotation: R, `[n, n]`, orthogonal; column i is the i-th axis, z = Rᵀw. Without it the axes are w's own.

    Raises:
        ValueError: for curvatures that are not all above 0, or a rotation that is not orthogonal.

    Example:
        >>> bowl = Quadratic(torch.tensor([1.0, 4.0]))
        >>> bowl.value(torch.tensor([2.0, 1.0])), bowl.gradient(torch.tensor([2.0, 1.0]))
        (tensor(4.), tensor([2., 4.]))
    """

    curvatures: Tensor
    rotation: Tensor | None = None

    def __post_init__(self) -> None:
        shape = list(self.curvatures.shape)
        if len(shape) != 1 or not bool((self.curvatures > 0).all()):
            raise ValueError(f"curvatures are {self.curvatures.tolist()}; expected a list of numbers above 0")
        if self.rotation is None:
            return
        if list(self.rotation.shape) != 2 * shape:
            raise ValueError(f"rotation has shape {list(self.rotation.shape)}; expected {2 * shape}")
        error = float((self.rotation.T @ self.rotation - torch.eye(*shape).to(self.rotation)).abs().max())
        # NaN fails too. The root of the precision lets a matrix of rounded sines and cosines pass.
        if not error <= torch.finfo(self.rotation.dtype).eps ** 0.5:
            raise ValueError(f"rotation is off by {error:.2g} from orthogonal; expected RᵀR = 1")

    @property
    def minimum(self) -> Tensor:
        """The origin, `[n]`."""
        return torch.zeros(len(self.curvatures), dtype=torch.float64)

    def value(self, w: Tensor) -> Tensor:
        """½ Σ λᵢ zᵢ²."""
        z = w if self.rotation is None else w @ self.rotation.to(w)
        return (self.curvatures.to(w) * z**2).sum(-1) / 2

    def gradient(self, w: Tensor) -> Tensor:
        """λᵢ zᵢ along each axis, turned back into w's coordinates: R Λ Rᵀ w."""
        if self.rotation is None:
            return self.curvatures.to(w) * w
        rotation = self.rotation.to(w)
        return (self.curvatures.to(w) * (w @ rotation)) @ rotation.T


def ravine(condition_number: float, n: int = 2) -> Quadratic:
    """A bowl with one gentle direction, the first, of curvature 1/κ, between walls of curvature 1.

    Args:
        condition_number: κ, how much steeper the walls are than the floor, at least 1.
        n: how many dimensions, at least 2.

    Raises:
        ValueError: for κ below 1 or n below 2.

    Example:
        >>> ravine(4.0).curvatures
        tensor([0.2500, 1.0000], dtype=torch.float64)
    """
    _check_bowl(condition_number, n)
    curvatures = torch.ones(n, dtype=torch.float64)
    curvatures[0] = 1 / condition_number
    return Quadratic(curvatures)


def spectrum(condition_number: float, n: int = 20) -> Quadratic:
    """A bowl with n curvatures from 1/κ to 1, evenly spaced in the logarithm.

    Args:
        condition_number: κ, the largest curvature over the smallest, at least 1.
        n: how many dimensions, at least 2.

    Raises:
        ValueError: for κ below 1 or n below 2.

    Example:
        >>> spectrum(100.0, n=3).curvatures
        tensor([0.0100, 0.1000, 1.0000], dtype=torch.float64)
    """
    _check_bowl(condition_number, n)
    exponents = torch.linspace(-1, 0, n, dtype=torch.float64)
    return Quadratic(condition_number**exponents)


def _check_bowl(condition_number: float, n: int) -> None:
    if not 1 <= condition_number < float("inf"):
        raise ValueError(f"condition_number is {condition_number}; expected a number of at least 1")
    if n < 2:
        raise ValueError(f"n is {n}; expected at least 2 dimensions, one gentle and one steep")


@dataclass(frozen=True)
class Rosenbrock:
    """A valley bent like a banana, (a − x)² + b (y − x²)²: easy to fall into, slow to walk along.

    Attributes:
        a: where along x the minimum lies.
        b: how steep the walls are, above 0.

    Raises:
        ValueError: for b not above 0.

    Example:
        >>> Rosenbrock().value(torch.tensor([[1.0, 1.0], [0.0, 0.0]]))
        tensor([0., 1.])

    Source: Rosenbrock 1960, "An automatic method for finding the greatest or least value of a function".
    """

    a: float = 1.0
    b: float = 100.0

    def __post_init__(self) -> None:
        if not 0 < self.b < float("inf"):
            raise ValueError(f"b is {self.b}; expected a number above 0")

    @property
    def minimum(self) -> Tensor:
        """(a, a²)."""
        return torch.tensor([self.a, self.a**2], dtype=torch.float64)

    def value(self, w: Tensor) -> Tensor:
        """(a − x)² + b (y − x²)²."""
        x, y = w.unbind(-1)
        return (self.a - x) ** 2 + self.b * (y - x**2) ** 2

    def gradient(self, w: Tensor) -> Tensor:
        """(−2 (a − x) − 4 b x (y − x²), 2 b (y − x²))."""
        x, y = w.unbind(-1)
        rise = y - x**2
        return torch.stack([-2 * (self.a - x) - 4 * self.b * x * rise, 2 * self.b * rise], dim=-1)


@dataclass(frozen=True)
class TwoValleys:
    """One-dimensional: a shallow valley at w = −1, a ridge, and a deep valley at w = 1.

    It is the curve of fourth degree whose slope, 4 (w + 1)(w − ridge)(w − 1), is flat at just these three places.
    From the bottom of the shallow valley the ridge is (1 + ridge)³ (3 − ridge)/3 high: hardly anything when it
    stands close to −1, and 1 at ridge = 0, where both valleys are equally deep. A ball with momentum rolls over a
    small one; over a larger one it does not, and nothing in the rule promises that it will.

    Attributes:
        ridge: where the ridge stands, above −1 and at most 0.

    Raises:
        ValueError: for a ridge elsewhere.

    Example:
        >>> valleys = TwoValleys(ridge=-0.5)
        >>> valleys.gradient(torch.tensor([[-1.0], [-0.5], [1.0]])).flatten().abs()
        tensor([0., 0., 0.])
        >>> round(valleys.ridge_height, 3)
        0.146
    """

    ridge: float = -0.5

    def __post_init__(self) -> None:
        if not -1 < self.ridge <= 0:
            raise ValueError(f"ridge is {self.ridge}; expected a number above -1 and at most 0")

    @property
    def minimum(self) -> Tensor:
        """The bottom of the deep valley, `[1]`."""
        return torch.ones(1, dtype=torch.float64)

    @property
    def ridge_height(self) -> float:
        """How far one has to climb out of the shallow valley."""
        return (1 + self.ridge) ** 3 * (3 - self.ridge) / 3

    def value(self, w: Tensor) -> Tensor:
        """(w − 1)² (w² + (2 − 4r/3) w + 1 − 8r/3) with r the ridge: the slope's integral, 0 in the deep valley."""
        (x,) = w.unbind(-1)
        return (x - 1) ** 2 * (x**2 + (2 - 4 * self.ridge / 3) * x + 1 - 8 * self.ridge / 3)

    def gradient(self, w: Tensor) -> Tensor:
        """4 (w + 1)(w − ridge)(w − 1)."""
        return 4 * (w + 1) * (w - self.ridge) * (w - 1)


@dataclass(frozen=True)
class LessardCycle:
    """One-dimensional and convex, and yet the heavy ball at its "optimal" setting goes round for ever.

    The derivative is 25w below 1, w + 24 from 1 to 2, and 25w − 24 above, so that every curvature lies between 1
    and 25. For a quadratic with these curvatures lr = 1/9 and momentum = 4/9 are the best there are; here, from
    w = 3.3, they end in the cycle −1.80, 2.12, 0.65. Being right about the curvatures is not enough: the theory
    also needs them to stay the same along the way.

    Example:
        >>> LessardCycle().gradient(torch.tensor([[0.5], [1.5], [2.5]])).flatten()
        tensor([12.5000, 25.5000, 38.5000])

    Source: Lessard, Recht and Packard 2016, "Analysis and design of optimization algorithms via integral quadratic
    constraints", https://arxiv.org/abs/1408.3595
    """

    @property
    def minimum(self) -> Tensor:
        """The origin, `[1]`."""
        return torch.zeros(1, dtype=torch.float64)

    def value(self, w: Tensor) -> Tensor:
        """25w²/2, w²/2 + 24w − 12 or 25w²/2 − 24w + 36: the pieces meet at 1 and at 2."""
        (x,) = w.unbind(-1)
        upper = torch.where(x < 2, x**2 / 2 + 24 * x - 12, 25 * x**2 / 2 - 24 * x + 36)
        return torch.where(x < 1, 25 * x**2 / 2, upper)

    def gradient(self, w: Tensor) -> Tensor:
        """25w, w + 24 or 25w − 24."""
        return torch.where(w < 1, 25 * w, torch.where(w < 2, w + 24, 25 * w - 24))
