"""Measurements as curves: a loss by update, an error by step size, a cost by condition number."""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from .style import FAINT, finite, new_figure, not_written, series, told_or, without_numbers


def difference_errors(steps: Tensor, errors: dict[str, Tensor | None]) -> Figure:
    """The error of difference quotients against the step h, on logarithmic axes.

    Args:
        steps: `[k]`, the values of h.
        errors: name → `[k]`, the relative error at each h; None (not written yet) is left out.
    """
    figure = new_figure(7, 4.2)
    axes = figure.subplots()
    told = []
    for index, (name, values) in enumerate(errors.items()):
        if values is None:
            not_written(axes, name)
            continue
        values = finite(values)
        shown = torch.where(values > 0, values, torch.nan)
        axes.plot(steps, shown, **series(index), markersize=4, label=name)
        if not shown.isnan().all():
            best = int(torch.where(shown.isnan(), torch.inf, shown).argmin())
            told.append(f"{name}: smallest error {shown[best]:.1g} at h = {steps[best]:.1g}")
    axes.set(xscale="log", yscale="log", xlabel="step h (in units of w)", ylabel="relative error (no unit)")
    axes.set_title("h too large: the curve bends; h too small: rounding")
    axes.grid(color="#E5E5E5")
    axes.set_xlim(float(steps.min()) / 2, 2 * float(steps.max()))
    if not told:
        axes.set_ylim(1e-16, 1)
    axes.legend()
    figure.set_label("Error of difference quotients against the step h. " + told_or(told, "No curve is drawn yet"))
    return figure


def loss_curves(
    curves: dict[str, tuple[Tensor, Tensor] | None],
    ylabel: str,
    floor: float | None = None,
    xscale: str = "linear",
) -> Figure:
    """Losses by update, the loss on a logarithmic axis.

    Args:
        curves: name → (updates `[k]`, losses `[k]`); None (not written yet) is left out.
        ylabel: the name and unit of the loss.
        floor: a loss below which nothing can go, drawn as a thin line.
        xscale: "linear", or "symlog" when the updates run over powers of ten and include 0.
    """
    figure = new_figure(7, 4)
    axes = figure.subplots()
    told = []
    for index, (name, curve) in enumerate(curves.items()):
        if curve is None:
            not_written(axes, name)
            continue
        updates, losses = torch.as_tensor(curve[0]), finite(curve[1])
        # markers of curves that coincide stand beside each other
        every = max(1, len(losses) // 15)
        axes.plot(updates, losses, **series(index), markersize=4, markevery=(index * every // 4, every), label=name)
        told.append(f"{name} ends at {losses[-1]:.3g}")
    if floor is not None:
        axes.axhline(floor, color=FAINT, linewidth=1, label="the least possible")
    axes.set(xlabel="update (count)", ylabel=ylabel, xscale=xscale, yscale="log")
    axes.grid(color="#E5E5E5")
    if xscale == "symlog" and told:
        axes.set_xlim(left=-0.2)
    if not told and floor is None:
        without_numbers(axes)
    axes.legend()
    figure.set_label(f"{ylabel[0].upper()}{ylabel[1:]} by update. " + told_or(told, "No curve is drawn yet"))
    return figure


def steps_against_condition(
    conditions: Tensor, predicted: dict[str, Tensor | None], measured: dict[str, Tensor | None]
) -> Figure:
    """Updates to a millionth of the first distance, against the condition number.

    Args:
        conditions: `[k]`, the condition numbers.
        predicted: name → `[k]`, drawn as lines; None (not written yet) is left out.
        measured: the same names → `[k]`, drawn as markers; None is left out here, too.
    """
    figure = new_figure(6.6, 4.2)
    axes = figure.subplots()
    told = []
    for index, (name, values) in enumerate(predicted.items()):
        look = series(index)
        if values is not None:
            line = {"color": look["color"], "linestyle": look["linestyle"]}
            axes.plot(conditions, values, **line, label=f"{name}, predicted")
        found = measured.get(name)
        if found is not None:
            axes.plot(
                conditions,
                finite(found),
                look["marker"],
                color=look["color"],
                markersize=8,
                label=f"{name}, measured",
            )
            told.append(f"{name}: " + ", ".join(f"{n:.0f}" for n in torch.as_tensor(found).tolist()))
        else:
            not_written(axes, name)
    axes.set(xscale="log", yscale="log", xlabel="condition number κ (no unit)")
    axes.set_ylabel("updates to 1e-6 of the distance (count)")
    axes.grid(color="#E5E5E5")
    axes.legend()
    figure.set_label("Updates needed against the condition number. Measured: " + told_or(told, "nothing yet"))
    return figure


def accuracy_by_lr(lrs: Tensor, accuracies: dict[str, Tensor | None]) -> Figure:
    """Accuracy against the learning rate, which stands on a logarithmic axis.

    Args:
        lrs: `[k]`.
        accuracies: name → `[k]`, shares from 0 to 1; None (not written yet) is left out.
    """
    figure = new_figure(7, 4)
    axes = figure.subplots()
    told = []
    for index, (name, values) in enumerate(accuracies.items()):
        if values is None:
            not_written(axes, name)
            continue
        values = finite(values)
        axes.plot(lrs, values, **series(index), markersize=5, label=name)
        told.append(f"{name}: best {values.max():.3f} at lr {float(lrs[int(values.argmax())]):.2g}")
    axes.set(
        xscale="log", xlabel="learning rate lr (in the unit of the optimizer)", ylabel="validation accuracy (share)"
    )
    axes.set(ylim=(-0.02, 1.02), xlim=(float(lrs.min()) / 1.5, 1.5 * float(lrs.max())))
    axes.grid(color="#E5E5E5")
    axes.legend(loc="best")
    figure.set_label("Validation accuracy against the learning rate. " + told_or(told, "No curve is drawn yet"))
    return figure
