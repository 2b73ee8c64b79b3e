"""Landscapes to descend: each has a value, its gradient, and a minimum.

`value` and `gradient` take `w` of shape `[..., n]` and work over the leading dimensions, so that a grid of points
for a contour picture is one call.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Quadratic:
    """½ Σ λᵢ wᵢ², a bowl whose axes are its modes.

    Attributes:
        curvatures: λ, `[n]`, all above 0.

    Example:
        >>> bowl = Quadratic(torch.tensor([1.0, 4.0]))
        >>> bowl.value(torch.tensor([2.0, 1.0])), bowl.gradient(torch.tensor([2.0, 1.0]))
        (tensor(4.), tensor([2., 4.]))
    """

    curvatures: Tensor

    @property
    def minimum(self) -> Tensor:
        """The origin, `[n]`."""
        return torch.zeros_like(self.curvatures)

    def value(self, w: Tensor) -> Tensor:
        """The height at `w`."""
        return (self.curvatures * w**2).sum(-1) / 2

    def gradient(self, w: Tensor) -> Tensor:
        """λᵢ wᵢ."""
        return self.curvatures * w


def ravine(condition_number: float, n: int = 2) -> Quadratic:
    """A quadratic with one gentle direction of curvature 1/κ; the other n − 1 have curvature 1."""
    curvatures = torch.ones(n, dtype=torch.float64)
    curvatures[0] = 1 / condition_number
    return Quadratic(curvatures)


def spectrum(condition_number: float, n: int = 20) -> Quadratic:
    """A quadratic with n curvatures from 1/κ to 1, evenly spaced in the logarithm."""
    exponents = torch.linspace(-1, 0, n, dtype=torch.float64)
    return Quadratic(torch.tensor(condition_number, dtype=torch.float64) ** exponents)


@dataclass(frozen=True)
class TwoValleys:
    """One-dimensional: a shallow valley at w ≈ −1, a ridge, and the deep valley at w ≈ +1.

    (w² − 1)² − tilt·w, so a larger `tilt` lowers the ridge as seen from the shallow valley; above
    8/(3√3) ≈ 1.54 the shallow valley is gone.

    Attributes:
        tilt: slope of the whole landscape towards the deep valley, at least 0.
    """

    tilt: float = 0.3

    @property
    def minimum(self) -> Tensor:
        """The bottom of the deep valley, `[1]`, by Newton's method from the right."""
        w = torch.tensor([2.0], dtype=torch.float64)
        for _ in range(50):
            w = w - self.gradient(w) / (12 * w**2 - 4)
        return w

    def value(self, w: Tensor) -> Tensor:
        """The height at `w`."""
        return ((w**2 - 1) ** 2 - self.tilt * w).sum(-1)

    def gradient(self, w: Tensor) -> Tensor:
        """4w(w² − 1) − tilt."""
        return 4 * w * (w**2 - 1) - self.tilt


@dataclass(frozen=True)
class LessardCycle:
    """A convex function of one variable on which the heavy ball, at the lr and momentum that are best for a
    quadratic of the same curvatures, cycles for ever.

    Its derivative is 25w below 1, w + 24 from 1 to 2, and 25w − 24 above (Lessard, Recht and Packard 2016,
    equation 4.11). The curvature lies between 1 and 25 everywhere.
    """

    @property
    def minimum(self) -> Tensor:
        """The origin, `[1]`."""
        return torch.zeros(1, dtype=torch.float64)

    def value(self, w: Tensor) -> Tensor:
        """The height at `w`, continuous at 1 and 2."""
        middle = w**2 / 2 + 24 * w - 12
        pieces = torch.where(w < 1, 12.5 * w**2, torch.where(w < 2, middle, 12.5 * w**2 - 24 * w + 36))
        return pieces.sum(-1)

    def gradient(self, w: Tensor) -> Tensor:
        """25w, w + 24 or 25w − 24."""
        return torch.where(w < 1, 25 * w, torch.where(w < 2, w + 24, 25 * w - 24))
