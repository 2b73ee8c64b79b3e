"""A picture of where a student's numbers leave the reference's, from plain values; drawn by the trusted side."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.verdict import Compared, Verdict

YOURS, RIGHT, APART, FAINT = "#d55e00", "#0072b2", "#111111", "#8c959f"
DPI = 100
WIDTH = 6.4  # inches
TOO_FAR = 1e12  # a value beyond this is not drawn, a distance is drawn at it


@dataclass(frozen=True)
class Picture:
    """A PNG and what it shows, in words."""

    png: bytes
    alt: str

    def bundle(self) -> tuple[dict[str, str], dict[str, Any]]:
        """Data and metadata of a notebook's `display_data`; pages read the alt text from the metadata."""
        data = {"image/png": base64.b64encode(self.png).decode(), "text/plain": self.alt}
        return data, {"image/png": {"alt": self.alt}}


def draw(verdict: Verdict) -> Picture | None:
    """The picture of a verdict, or `None` where nothing is wrong or nothing can be drawn.

    Args:
        verdict: a verdict as the judge gave it.
    """
    if verdict.compared is None or verdict.fraction == 1:
        return None
    shown = verdict.compared
    given = tuple(tuple(v if abs(v) < TOO_FAR else math.nan for v in row) for row in shown.given)
    return Picture(_png(KINDS[shown.kind][0](replace(shown, given=given))), alt(verdict))


def prepare() -> None:
    """Load matplotlib and its fonts, which takes the first picture longer than drawing."""
    figure = _figure(1.0)
    _plain(figure.subplots(), "x", "y")
    _png(figure)


def alt(verdict: Verdict) -> str:
    """What the picture of a verdict shows, in words; "" where there is none."""
    shown = verdict.compared
    if shown is None or verdict.fraction == 1:
        return ""
    return f"{verdict.exercise}, problem “{shown.case}”. {KINDS[shown.kind][1](shown)}"


def _png(figure: Any) -> bytes:
    """A figure in a palette of few colours: a quarter of the bytes, and nobody sees it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    out = io.BytesIO()
    image.quantize(48, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(out, "PNG")
    return out.getvalue()


def _figure(height: float) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
    # margins by hand: matplotlib's layout engines draw everything twice
    figure.subplots_adjust(left=0.8 / WIDTH, right=1 - 0.15 / WIDTH, bottom=0.5 / height, top=1 - 0.12 / height)
    return figure


def _plain(axes: Any, x: str, y: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)


def _path(shown: Compared) -> Any:
    figure = _figure(5.6)
    above, below = figure.subplots(2, 1, height_ratios=[3, 1.1], gridspec_kw={"hspace": 0.32})
    if shown.heights:
        _contours(above, shown)
    for points, colour, marker, name in (
        (shown.expected, RIGHT, "o", "the reference's path"),
        (shown.given, YOURS, "s", "your path"),
    ):
        x, y = [p[0] for p in points], [p[1] for p in points]
        hollow = "white" if colour == RIGHT else colour
        size = 9 if colour == RIGHT else 4.5
        above.plot(x, y, color=colour, marker=marker, markersize=size, markerfacecolor=hollow, label=name, lw=1.6)
    _mark_parting(above, shown)
    above.set_xlim(shown.window[:2])
    above.set_ylim(shown.window[2:])
    _plain(above, *shown.labels)
    above.legend(loc="best", frameon=True, framealpha=0.9, fontsize=9)
    word, first = shown.steps
    numbers = range(first, first + len(shown.distance))
    distance = [min(d, TOO_FAR) if math.isfinite(d) else TOO_FAR for d in shown.distance]
    below.bar(numbers, distance, color=YOURS, width=0.6)
    below.axvline(first + shown.apart, color=APART, lw=1, ls=":")
    positive = [d for d in distance if d > 0]
    if positive and max(positive) > 300 * min(positive):
        below.set_yscale("symlog", linthresh=min(positive))
    below.xaxis.get_major_locator().set_params(integer=True)
    _plain(below, word, "distance")
    return figure


def _contours(axes: Any, shown: Compared) -> None:
    heights = np.array(shown.heights)
    x = np.linspace(shown.window[0], shown.window[1], heights.shape[1])
    y = np.linspace(shown.window[2], shown.window[3], heights.shape[0])
    levels = sorted(set(np.quantile(heights, np.linspace(0.02, 0.98, 11)).tolist()))
    if len(levels) > 1 and math.isfinite(levels[-1]):
        axes.contour(x, y, heights, levels=levels, colors=FAINT, linewidths=0.7, alpha=0.7)


def _mark_parting(axes: Any, shown: Compared) -> None:
    n = shown.apart
    if n < len(shown.expected):
        x, y = shown.expected[n][:2]
        axes.plot([x], [y], marker="o", ms=17, mfc="none", mec=APART, mew=1.4, ls="none", label="first point apart")
    if n < len(shown.expected) and n < len(shown.given):
        (x0, y0), (x1, y1) = shown.expected[n][:2], shown.given[n][:2]
        axes.plot([x0, x1], [y0, y1], color=APART, lw=1, ls=":")


def _path_in_words(shown: Compared) -> str:
    word, first = shown.steps
    together, last = first + shown.apart - 1, first + len(shown.distance) - 1
    if shown.apart:
        words = f"The two paths run together up to {word} {together} and part at {word} {together + 1}"
    else:
        words = f"The two paths are apart from {word} {first} on"
    if shown.distance:
        far = shown.distance[-1]
        words += f"; at {word} {last} they are {far:.3g} apart" if math.isfinite(far) else "; then yours is not finite"
    where = ", with the landscape's contour lines" if shown.heights else ""
    return f"{words}. Above: {shown.labels[0]} against {shown.labels[1]}{where}; below: the distance at each {word}."


def _curve(shown: Compared) -> Any:
    figure = _figure(3.6)
    axes = figure.subplots()
    first = shown.steps[1]
    for values, colour, marker, name in (
        (shown.expected, RIGHT, "o", "the reference"),
        (shown.given, YOURS, "s", "yours"),
    ):
        hollow = "white" if colour == RIGHT else colour
        steps = range(first, first + len(values))
        size = 8 if colour == RIGHT else 4
        axes.plot(steps, [v[0] for v in values], color=colour, marker=marker, ms=size, mfc=hollow, label=name, lw=1.4)
    axes.axvline(first + shown.apart, color=APART, lw=1, ls=":", label="first difference")
    right = [v[0] for v in shown.expected if math.isfinite(v[0])]
    _keep_in_sight(axes, right)
    axes.xaxis.get_major_locator().set_params(integer=True)
    _plain(axes, *shown.labels)
    axes.legend(fontsize=9)
    return figure


def _curve_in_words(shown: Compared) -> str:
    at = shown.steps[1] + shown.apart
    given, expected = (v[shown.apart][0] if shown.apart < len(v) else math.nan for v in (shown.given, shown.expected))
    word = shown.labels[0]
    same = f"agree up to {word} {at - 1} and part at {word} {at}" if shown.apart else f"are apart from {word} {at} on"
    return f"The two curves {same}: yours is {given:.4g}, the reference's {expected:.4g}."


def _keep_in_sight(axes: Any, right: list[float]) -> None:
    """A value that runs away must not press the reference flat."""
    if right:
        low, high = min(right), max(right)
        span = (high - low) or abs(high) or 1.0
        bottom, top = axes.get_ylim()
        axes.set_ylim(max(bottom, low - 4 * span), min(top, high + 4 * span))


def _mark_beyond(axes: Any, mine: tuple[float, ...]) -> None:
    """Arrows at the edge for values that lie out of sight."""
    bottom, top = axes.get_ylim()
    label = "yours, out of sight"
    for edge, marker, out in ((top, "^", [m > top for m in mine]), (bottom, "v", [m < bottom for m in mine])):
        places = [n for n, gone in enumerate(out) if gone]
        if places:
            at = [edge] * len(places)
            axes.plot(places, at, ls="none", marker=marker, ms=9, color=YOURS, clip_on=False, zorder=5, label=label)
            label = "_again"
    axes.set_ylim(bottom, top)


def _entries(shown: Compared) -> Any:
    mine, right = shown.given[0], shown.expected[0]
    figure = _figure(4.6)
    axes, below = figure.subplots(2, 1, height_ratios=[2, 1], sharex=True, gridspec_kw={"hspace": 0.12})
    places = range(len(right))
    axes.plot(places, right, ls="none", marker="o", ms=9, mfc="white", mec=RIGHT, mew=1.6, label="the reference")
    axes.plot(places, mine, ls="none", marker="s", ms=4.5, color=YOURS, label="yours")
    values = [v for v in (*mine, *right) if math.isfinite(v)]
    if values and min(values) > 0 and max(values) > 50 * min(values):
        axes.set_yscale("log")
    else:
        _keep_in_sight(axes, [v for v in right if math.isfinite(v)])
    _mark_beyond(axes, mine)
    away = [m - r if math.isfinite(m - r) else 0.0 for m, r in zip(mine, right, strict=True)]
    below.bar(places, away, color=YOURS, width=0.5)
    below.axhline(0, color=FAINT, lw=0.7)
    long = max(map(len, shown.labels)) * len(shown.labels) > 60
    every = max(1, len(places) // 20)
    axes.set_xticks(
        list(places)[::every], shown.labels[::every], rotation=40 if long else 0, ha="right" if long else "center"
    )
    axes.set_xlim(-0.5, len(right) - 0.5)
    _plain(axes, "", "value")
    _plain(below, "entry" if shown.labels[0][:1] in "0123456789[" else "", "difference")
    axes.legend(fontsize=9)
    return figure


def _entries_in_words(shown: Compared) -> str:
    pairs = list(zip(shown.given[0], shown.expected[0], strict=True))
    apart = [n for n, (m, r) in enumerate(pairs) if not math.isclose(m, r, rel_tol=1e-9, abs_tol=1e-12)]
    named = ", ".join(shown.labels[n] for n in apart[:8]) + ("…" if len(apart) > 8 else "")
    return f"{len(apart)} of the {len(pairs)} numbers shown differ from the reference's: {named}."


def _grid(shown: Compared) -> Any:
    away = _away(shown)
    most = float(np.abs(away).max()) or 1.0
    figure = _figure(3.8)
    axes = figure.subplots()
    image = axes.imshow(away, cmap="PuOr", vmin=-most, vmax=most, aspect="auto")
    figure.colorbar(image, ax=axes, label="yours − the reference's")
    _plain(axes, "column", "row")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.yaxis.get_major_locator().set_params(integer=True)
    return figure


def _away(shown: Compared) -> Any:
    away = np.array(shown.given) - np.array(shown.expected)
    return np.where(np.isfinite(away), away, 0.0)


def _grid_in_words(shown: Compared) -> str:
    away = np.abs(_away(shown))
    tolerance = 1e-9 * max(1.0, float(np.abs(np.array(shown.expected)).max()))
    return f"{int((away > tolerance).sum())} of {away.size} entries differ, by up to {float(away.max()):.3g}."


def _visits(shown: Compared) -> Any:
    mine, right = shown.given[0], shown.expected[0]
    figure = _figure(3.0)
    axes = figure.subplots()
    places = list(range(len(right)))
    axes.bar(places, mine, color=[YOURS if a != b else FAINT for a, b in zip(mine, right, strict=True)], width=0.75)
    edges = [-0.5, *(p + 0.5 for p in places)]
    axes.stairs(right, edges, color=RIGHT, lw=1.8, label="as often as it should be", baseline=None)
    axes.bar([0], [0], color=YOURS, label="yours, where it differs")
    never = [p for p in places if mine[p] == 0 < right[p]]
    if never:
        axes.plot(
            never, [0.06 * max(right)] * len(never), ls="none", marker="x", ms=7, mew=2, color=YOURS, label="never"
        )
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_ylim(0, max(1, *right, *(m for m in mine if m < 10 * max(1, *right))) * 1.25)
    _plain(axes, "sample", "times used")
    axes.legend(fontsize=9, loc="upper right", ncols=3)
    return figure


def _visits_in_words(shown: Compared) -> str:
    pairs = list(zip(shown.given[0], shown.expected[0], strict=True))
    never = sum(m == 0 and r > 0 for m, r in pairs)
    more = sum(m > r for m, r in pairs)
    parts = [f"{never} never used" * bool(never), f"{more} used more often than they should be" * bool(more)]
    told = " and ".join(part for part in parts if part) or "some used less often than they should be"
    return f"Of {len(pairs)} samples {told}."


KINDS: dict[str, tuple[Callable[[Compared], Any], Callable[[Compared], str]]] = {
    "path": (_path, _path_in_words),
    "curve": (_curve, _curve_in_words),
    "entries": (_entries, _entries_in_words),
    "grid": (_grid, _grid_in_words),
    "visits": (_visits, _visits_in_words),
}
