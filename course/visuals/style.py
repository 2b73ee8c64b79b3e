"""What the pictures share: colours, line styles, the empty figure and the contour map.

The colours are Okabe and Ito's, in an order that also falls apart in grey; the line style and the marker say the
same thing a second and a third time.
"""

import math
from typing import Protocol

import torch
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator
from torch import Tensor

SERIES = (
    {"color": "#0072B2", "linestyle": "-", "marker": "o"},
    {"color": "#E69F00", "linestyle": "--", "marker": "s"},
    {"color": "#000000", "linestyle": ":", "marker": "^"},
    {"color": "#D55E00", "linestyle": "-.", "marker": "D"},
)
INK = "#333333"
FAINT = "#999999"
FAR = 1e60  # matplotlib's own margins overflow near 1e308
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Landscape(Protocol):
    """A loss over parameters: batched value and gradient, and where it is lowest."""

    minimum: Tensor

    def value(self, w: Tensor) -> Tensor: ...

    def gradient(self, w: Tensor) -> Tensor: ...


def series(index: int) -> dict[str, str]:
    """Colour, line style and marker of the curve with this number."""
    return dict(SERIES[index % len(SERIES)])


def new_figure(width: float, height: float) -> Figure:
    """An empty figure outside pyplot's state, so that drawing one leaves nothing behind."""
    return Figure(figsize=(width, height), layout="constrained")


def by_decades(axis: Axis) -> None:
    """Powers of ten alone along a logarithmic axis on which there is one for sure: all its ticks take long to draw."""
    low, high = sorted(axis.get_view_interval())
    if high >= 10 * low:
        axis.set_major_locator(LogLocator(numticks=7))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(lambda value, _place: "10" + str(round(math.log10(value))).translate(RAISED))


def not_written(axes: Axes, name: str) -> Line2D:
    """An entry in the legend for a curve that can't be drawn yet."""
    (line,) = axes.plot([], [], color=FAINT, linestyle=":", label=f"{name}: not written yet")
    return line


def without_numbers(axes: Axes) -> None:
    """No numbers along the axes while there is no curve to read off: matplotlib would make some up."""
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(NullLocator())
        axis.set_minor_locator(NullLocator())


def told_or(told: list[str], otherwise: str) -> str:
    """The parts of an alt text as one sentence."""
    return ("; ".join(told) or otherwise) + "."


def finite(values: Tensor) -> Tensor:
    """A detached float64 copy in which whatever left every axis (a run that diverged) is NaN, and so isn't drawn."""
    values = torch.as_tensor(values).detach().to(torch.float64)
    return torch.where(values.abs() < FAR, values, torch.nan)


def as_path(path: Tensor, n: int | None = None) -> Tensor:
    """The path as float64 `[steps + 1, n]`; a wrong shape is refused in words.

    Raises:
        ValueError: if the path isn't two-dimensional, is empty, or has another number of parameters than `n`.
    """
    path = torch.as_tensor(path).detach().to(torch.float64)
    if path.ndim != 2 or len(path) == 0 or (n is not None and path.shape[1] != n):
        wanted = "n" if n is None else n
        raise ValueError(f"a path has the shape [steps + 1, {wanted}]; this one has {list(path.shape)}")
    return path


def box_around(landscape: Landscape, paths: list[Tensor]) -> tuple[float, float, float, float]:
    """Left, right, bottom, top of a square that holds the minimum and the paths, but not all of a diverging one."""
    minimum = landscape.minimum.to(torch.float64)
    begun = [path for path in paths if path[0].isfinite().all()]
    starts = torch.stack([path[0] for path in begun]) if begun else minimum + torch.ones(1, 2)
    reach = 1.6 * (starts - minimum).abs().max().clamp(min=1e-3)
    points = torch.cat([minimum[None], starts, *begun])
    near = points[((points - minimum).abs() <= reach).all(dim=1)]
    low, high = near.min(dim=0).values, near.max(dim=0).values
    centre, half = (low + high) / 2, 0.62 * (high - low).max().clamp(min=1e-3)
    (left, bottom), (right, top) = (centre - half).tolist(), (centre + half).tolist()
    return left, right, bottom, top


def until_gone(path: Tensor, box: tuple[float, float, float, float]) -> Tensor:
    """The path up to where it is far outside of the box, so that a diverging one doesn't paint the map over."""
    left, right, bottom, top = box
    centre = torch.tensor([(left + right) / 2, (bottom + top) / 2], dtype=path.dtype)
    gone = ((path - centre).abs() > 1.5 * (right - left)).any(dim=1) | ~path.isfinite().all(dim=1)
    return finite(path[: int(gone.nonzero()[0]) + 1 if gone.any() else len(path)])


def heights(
    landscape: Landscape, box: tuple[float, float, float, float], count: int = 91
) -> tuple[Tensor, Tensor, Tensor]:
    """The grid `(first, second)` over the box, and the loss on it, each `[count, count]`."""
    left, right, bottom, top = box
    second, first = torch.meshgrid(
        torch.linspace(bottom, top, count, dtype=torch.float64),
        torch.linspace(left, right, count, dtype=torch.float64),
        indexing="ij",
    )
    return first, second, landscape.value(torch.stack([first, second], dim=-1)).detach()


def draw_contours(axes: Axes, landscape: Landscape, box: tuple[float, float, float, float]) -> None:
    """Grey contour lines, closer together near the minimum, and a star on the minimum."""
    first, second, loss = heights(landscape, box)
    lowest, highest = loss.min(), loss.max()
    levels = lowest + (highest - lowest) * torch.linspace(0.02, 1, 14, dtype=torch.float64) ** 2
    axes.contour(first, second, loss, levels=levels.tolist(), colors="#B0B0B0", linewidths=0.8)
    axes.plot(*landscape.minimum.tolist(), "*", color=INK, markersize=11, zorder=5)
    axes.set(
        xlim=box[:2],
        ylim=box[2:],
        xlabel="parameter w₀ (no unit)",
        ylabel="parameter w₁ (no unit)",
        aspect="equal",
    )
