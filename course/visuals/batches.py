"""Lesson 04: who is in which batch, how far a batch's gradient is off, and what a batch size costs."""

from collections.abc import Sequence

import torch
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator
from torch import Tensor

from .style import FAINT, INK, finite, new_figure, not_written, series, told_or

TINTS = ("#0072B2", "#E69F00", "#CFE3F1", "#555555", "#F5DEB0", "#A8CCE5")


def batch_map(epochs: dict[str, Sequence[Tensor] | None], n: int) -> Figure:
    """Which batch each of n samples is in, an epoch a row; the number of the batch stands in the cell.

    Args:
        epochs: name → the batches of an epoch, each a tensor of indices from 0; None (not written yet) is left empty.
        n: how many samples there are.
    """
    figure = new_figure(12, 0.9 + 0.55 * len(epochs))
    axes = figure.subplots()
    told = []
    for row, (name, batches) in enumerate(epochs.items()):
        if batches is None:
            axes.text(n / 2, row, "not written yet", ha="center", va="center", color=FAINT)
            continue
        for number, batch in enumerate(batches):
            tint = TINTS[number % len(TINTS)]
            light = tint in ("#CFE3F1", "#F5DEB0", "#A8CCE5", "#E69F00")
            for sample in torch.as_tensor(batch).reshape(-1).tolist():
                if 0 <= sample < n:
                    axes.barh(row, 0.94, left=sample - 0.47, height=0.8, color=tint)
                    number_in = {"ha": "center", "va": "center", "fontsize": 9}
                    axes.text(sample, row, str(number + 1), color="black" if light else "white", **number_in)
        used = sorted(torch.cat([torch.as_tensor(b).reshape(-1) for b in batches]).tolist()) if len(batches) else []
        first = [s + 1 for s in torch.as_tensor(batches[0]).reshape(-1).tolist()] if len(batches) else []
        whole = "each sample once" if used == list(range(n)) else "not each sample once"
        told.append(f"{name}: {len(batches)} batches, {whole}, the first batch is {_samples(first)}")
    axes.set(
        xlim=(-0.6, n - 0.4),
        ylim=(len(epochs) - 0.4, -0.6),
        xlabel="sample (counted from 1)",
        ylabel="epoch (one a row)",
    )
    axes.set_xticks(range(0, n, max(1, n // 10)), [str(k + 1) for k in range(0, n, max(1, n // 10))])
    axes.set_yticks(range(len(epochs)), list(epochs))
    axes.tick_params(axis="y", length=0)
    axes.spines[:].set_visible(False)
    figure.set_label("The number of the batch that each sample is in, an epoch a row. " + told_or(told, "Nothing yet"))
    return figure


def _samples(numbers: list[int]) -> str:
    if len(numbers) > 1 and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        return f"samples {numbers[0]} to {numbers[-1]}"
    return "samples " + ", ".join(map(str, numbers[:8])) + (", …" if len(numbers) > 8 else "")


def gradient_cloud(clouds: dict[str, Tensor | None], full: Tensor) -> Figure:
    """Gradients of many batches as dots around the gradient over all samples, a panel for each batch size.

    Args:
        clouds: name → `[k, 2]`, the gradients of k batches; None (not written yet) leaves the arrow alone.
        full: `[2]`, the gradient over all samples.
    """
    figure = new_figure(3.9 * len(clouds), 4.6)
    panels = figure.subplots(1, len(clouds), sharex=True, sharey=True, squeeze=False)[0]
    full = full.detach().to(torch.float64)
    points = [finite(cloud) for cloud in clouds.values() if cloud is not None]
    reach = 1.3 * float(full.norm())
    if points:
        away = torch.cat(points).abs().amax(dim=1)
        away = away[away.isfinite()]
        reach = max(reach, 1.05 * float(away.quantile(0.97)) if len(away) else 0.0)
    uphill, told = full / full.norm(), []
    across = torch.stack([-uphill[1], uphill[0]]) * 3 * reach
    for axes, (name, cloud) in zip(panels, clouds.items(), strict=True):
        title = name
        axes.fill(
            *torch.stack([across, -across, -across - 9 * reach * uphill, across - 9 * reach * uphill]).T, "#EEEEEE"
        )
        if cloud is None:
            not_written(axes, "yours")
            axes.legend(loc="lower right")
        else:
            cloud = finite(cloud)
            axes.plot(*cloud.T, "o", color="#0072B2", markersize=3.5, alpha=0.55, zorder=3)
            wrong = float((cloud @ full < 0).double().mean())
            outside = int((cloud.abs().amax(dim=1) > reach).sum())
            title += f" ({outside} dot{'s lie' if outside > 1 else ' lies'} outside)" if outside else ""
            told.append(f"{title}: {wrong:.0%} point to the grey side")
        arrow = {"arrowstyle": "-|>", "color": "#D55E00", "linewidth": 2.6, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", xy=full.tolist(), xytext=(0, 0), arrowprops=arrow, zorder=5)
        axes.plot(0, 0, "+", color=INK, markersize=11, zorder=4)
        axes.set(title=title, xlabel="slope along w₀ (loss/unit)", xlim=(-reach, reach), ylim=(-reach, reach))
        axes.set(ylabel="slope along w₁ (loss/unit)", aspect="equal")
    figure.set_label(
        "Gradients of many batches as dots, the gradient over all samples as an arrow; on the grey side a step "
        "against the dot's gradient climbs. " + told_or(told, "No gradient is drawn yet")
    )
    return figure


def against_batch_size(sizes: Sequence[int], panels: dict[str, dict[str, Tensor | None]]) -> Figure:
    """Measurements against the batch size, all axes logarithmic, side by side.

    Args:
        sizes: the batch sizes, `[k]`.
        panels: name and unit of the vertical axis → (name → `[k]`; None, not written yet, is left out).
    """
    figure = new_figure(6.4 * len(panels) if len(panels) > 1 else 7.4, 4.2)
    told = []
    for axes, (ylabel, curves) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        for index, (name, values) in enumerate(curves.items()):
            if values is None:
                not_written(axes, name)
                continue
            values = finite(torch.as_tensor(values))
            shown = torch.where(values > 0, values, torch.nan)
            axes.plot(sizes, shown, **series(index), markersize=6, label=name, zorder=4 - index)
            numbers = ", ".join(f"{float(f'{value:.3g}'):,g}" for value in values.tolist())
            told.append(f"{ylabel}, {name}: {numbers}")
        axes.set_xscale("log", base=2)
        axes.set(yscale="log", xlabel="batch size B (samples)", ylabel=ylabel)
        axes.set_xticks(list(sizes), [str(size) for size in sizes])
        axes.minorticks_off()
        positive = _positive(curves)
        if not len(positive):
            axes.set_ylim(1, 10)  # a logarithmic axis with nothing above 0 to span
        axes.yaxis.set_major_locator(LogLocator(subs=_subdivisions(positive)))
        axes.yaxis.set_major_formatter("{x:,.10g}")
        axes.grid(color="#E5E5E5")
        axes.legend()
    named = ", ".join(str(size) for size in sizes)
    figure.set_label(f"Measured at batch sizes {named}. " + told_or(told, "No curve is drawn yet"))
    return figure


def _positive(curves: dict[str, Tensor | None]) -> Tensor:
    """All values that a logarithmic axis can show, `[m]`."""
    values = torch.cat([torch.zeros(0), *(finite(v).reshape(-1) for v in curves.values() if v is not None)])
    return values[values > 0]


def _subdivisions(values: Tensor) -> tuple[float, ...]:
    """Powers of ten alone where there are many; 2 and 5 between them where there are few."""
    return (1.0,) if len(values) and float(values.max() / values.min()) > 1e4 else (1.0, 2.0, 5.0)
