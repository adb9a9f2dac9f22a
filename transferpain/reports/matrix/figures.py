"""The figures of a matrix report. Colour never tells alone: numbers, words, hatches and marks say the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from transferpain.core.synthetic_faces import Synthetic
from transferpain.evaluation.few_shot import CalibrationCurve
from transferpain.evaluation.formatting import decimals, number
from transferpain.reports.figures import BLUE, CHANCE_LINE, INK, MUTED, ORANGE, RED, WIDTH, new_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# A mark says on which side of its baseline a cell is, so that it is read without the colour.
MARKS = {"higher": "▲", "lower": "▼", "": ""}
CELL_WIDTH, CELL_HEIGHT = 1.3, 0.72
MARKERS = "osD^vPX*<>"
GRID_COLOR = "#e3e7ec"
STAMP_WIDTH = 3.6  # inches that the stamp of synthetic data takes
DARK = 0.2  # relative luminance below which white text has a contrast of 4 and more


@dataclass(frozen=True)
class HeatCell:
    """What stands in a cell of a heat map: a score with its interval and verdict, or a word where there is none.

    `why` says why a score has no interval.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    verdict: str = ""
    word: str = ""
    why: str | None = ""


def draw_heat_map(
    cells: Sequence[Sequence[HeatCell]],
    sources: Sequence[str],
    targets: Sequence[str],
    limits: tuple[float, float],
    axes_names: tuple[str, str],
    synthetic: Synthetic,
) -> "Figure":
    """Draw one score per cell, sources down and targets across.

    Args:
        cells: one row per source, one column per target.
        sources: names of the rows.
        targets: names of the columns, with what is to be said of each.
        limits: scores of the lightest and the darkest cell.
        axes_names: what columns and rows are.
        synthetic: whether the figure is stamped.
    """
    import matplotlib
    from matplotlib.patches import Rectangle

    colors = matplotlib.colormaps["Blues"]
    label_width = 0.075 * max(len(name) for name in sources) + 0.7
    with style():
        width = max(label_width + CELL_WIDTH * len(targets), STAMP_WIDTH)
        figure = new_figure(width, 1.5 + CELL_HEIGHT * len(sources), synthetic)
        axes = figure.add_subplot()
        for row, line in enumerate(cells):
            for column, cell in enumerate(line):
                place = (column - 0.5, row - 0.5)
                if cell.value is None:
                    axes.add_patch(
                        Rectangle(place, 1, 1, facecolor="white", edgecolor=MUTED, hatch="////", linewidth=0)
                    )
                    box = {"facecolor": "white", "edgecolor": "none", "pad": 2}
                    axes.text(column, row, cell.word, ha="center", va="center", color=INK, bbox=box)
                    continue
                share = np.clip((cell.value - limits[0]) / max(limits[1] - limits[0], 1e-9), 0, 1)
                axes.add_patch(Rectangle(place, 1, 1, facecolor=colors(0.9 * share), edgecolor="white", linewidth=1.5))
                color = _text_color(colors(0.9 * share))
                digits = decimals(cell.low, cell.high)
                text = f"{cell.value:.{digits}f} {MARKS[cell.verdict]}".rstrip()
                has_interval = not pd.isna(cell.low) or bool(cell.why)
                axes.text(
                    column, row - 0.13 * has_interval, text, ha="center", va="center", color=color, fontweight="bold"
                )
                if has_interval:
                    ends = ", ".join(number(bound, digits=digits) for bound in (cell.low, cell.high))
                    bounds = f"no interval:\n{cell.why}" if cell.why else f"[{ends}]"
                    axes.text(column, row + 0.24, bounds, ha="center", va="center", color=color, fontsize=8)
        axes.set_xlim(-0.5, len(targets) - 0.5)
        axes.set_ylim(len(sources) - 0.5, -0.5)
        axes.set_xticks(range(len(targets)), targets, fontsize=10)
        axes.set_yticks(range(len(sources)), sources, fontsize=10)
        axes.set_xlabel(axes_names[0])
        axes.set_ylabel(axes_names[1])
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
    return figure


def draw_subject_dots(
    scores: Mapping[str, Sequence[float]], chance: float | None, axis: str, synthetic: Synthetic
) -> "Figure":
    """Draw one dot per subject in one row per cell, with a bar at their mean.

    Args:
        scores: name of a row -> score of each subject.
        chance: where a line is drawn; None without one.
        axis: names the scores.
        synthetic: whether the figure is stamped.
    """
    generator = np.random.default_rng(0)
    with style():
        figure = new_figure(WIDTH, 1.3 + 0.5 * len(scores), synthetic)
        axes = figure.add_subplot()
        for row, (name, values) in enumerate(scores.items()):
            values = np.asarray(values, dtype=float)
            heights = row + 0.12 + generator.uniform(-0.13, 0.13, len(values))
            axes.plot(values, heights, "o", color=BLUE, markersize=4, alpha=0.55, markeredgewidth=0)
            axes.plot([values.mean()] * 2, [row - 0.1, row + 0.34], color=ORANGE, linewidth=2.4)
            place = {"transform": axes.get_yaxis_transform(), "va": "center", "fontsize": 9}
            axes.text(0, row - 0.27, name, ha="left", fontweight="bold", **place)
            axes.text(1, row - 0.27, f"mean {values.mean():.3f}", ha="right", **place)
        if chance is not None:
            axes.axvline(chance, color=RED, linestyle=CHANCE_LINE)
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(len(scores) - 0.5, -0.55)
        axes.set_yticks([])
        axes.set_xlabel(axis)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color=GRID_COLOR, linewidth=0.8)
    return figure


def draw_agreement(points: pd.DataFrame, titles: Mapping[str, str], axis: str, synthetic: Synthetic) -> "Figure":
    """Draw what each score predicts against what was achieved: one panel per score, one marker per source.

    Args:
        points: score, source, value and achieved, none of them missing.
        titles: score -> title of its panel.
        axis: names what was achieved.
        synthetic: whether the figure is stamped.
    """
    sources = list(dict.fromkeys(points["source"]))
    names = [name for name in titles if name in set(points["score"])]
    lines = (len(names) + 1) // 2
    with style():
        figure = new_figure(WIDTH, 1.2 + 2.1 * lines + 0.22 * ((len(sources) + 1) // 2), synthetic)
        panels = figure.subplots(lines, 2, squeeze=False, sharey=True).ravel()
        handles = {}
        for axes, name in zip(panels, names, strict=False):
            for row in points[points["score"] == name].itertuples():
                marker = MARKERS[sources.index(row.source) % len(MARKERS)]
                handles[row.source] = axes.plot(row.value, row.achieved, marker, color=BLUE, markersize=6)[0]
            axes.set_title(titles[name], fontsize=9)
            axes.grid(color=GRID_COLOR, linewidth=0.8)
            axes.margins(0.12)
            axes.tick_params(labelsize=8)
            axes.locator_params(nbins=4)
        for axes in panels[len(names) :]:
            axes.set_visible(False)
        figure.supylabel(axis, fontsize=10)
        # As a title of the legend, because matplotlib lays a common x label over a legend outside.
        legend = figure.legend(
            handles.values(), handles, loc="outside lower center", ncols=2, frameon=False, fontsize=9
        )
        legend.set_title("across: predicted, higher should transfer better", prop={"size": 9})
    return figure


def draw_few_shot(curves: Mapping[str, CalibrationCurve], axis: str, synthetic: Synthetic) -> "Figure":
    """Draw a calibration curve a cell: the score, with its interval, after k labelled clips of each subject."""
    import matplotlib

    colors = matplotlib.colormaps["plasma"](np.linspace(0, 0.6, len(curves)))
    with style():
        figure = new_figure(WIDTH, 3.2 + 0.22 * len(curves), synthetic)
        axes = figure.add_subplot()
        handles = []
        for place, (curve, color) in enumerate(zip(curves.values(), colors, strict=True)):
            numbers = list(curve.scores)
            shift = 0.06 * (place - (len(curves) - 1) / 2)
            x = np.arange(len(numbers)) + shift
            scores = list(curve.scores.values())
            line = {"color": color, "linestyle": ("-", "--", "-.", ":")[place % 4]}
            handles += axes.plot(x, [score.value for score in scores], marker=MARKERS[place % len(MARKERS)], **line)
            axes.vlines(x, [score.low for score in scores], [score.high for score in scores], color=color, linewidth=1)
        axes.set_xticks(range(len(numbers)), numbers)
        axes.set_xlabel("labelled clips of each tested subject (k)")
        axes.set_ylabel(axis)
        axes.grid(axis="y", color=GRID_COLOR, linewidth=0.8)
        figure.legend(handles, list(curves), loc="outside lower center", ncols=1, frameon=False, fontsize=9)
    return figure


def draw_confusions(
    matrices: Mapping[tuple[str, str], Sequence[Sequence[int]]],
    sources: Sequence[str],
    targets: Sequence[str],
    synthetic: Synthetic,
) -> "Figure":
    """Draw a small confusion matrix a cell, shaded by and labelled with the share of the true class, in hundredths."""

    def draw(axes: "Axes", matrix: Sequence[Sequence[int]]) -> None:
        counts = np.asarray(matrix)
        totals = counts.sum(axis=1, keepdims=True)
        shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
        image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (row, column), share in np.ndenumerate(shares):
            color = _text_color(image.cmap(share))
            axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", color=color, fontsize=9)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)

    return _small_multiples(matrices, sources, targets, draw, synthetic)


def draw_reliabilities(
    bins: Mapping[tuple[str, str], Sequence[Mapping[str, float]]],
    sources: Sequence[str],
    targets: Sequence[str],
    synthetic: Synthetic,
) -> "Figure":
    """Draw a small reliability diagram a cell: share answered right by confidence, areas by the clips of a bin."""

    def draw(axes: "Axes", found: Sequence[Mapping[str, float]]) -> None:
        table = pd.DataFrame(found)
        axes.plot([0, 1], [0, 1], color=RED, linestyle=CHANCE_LINE, linewidth=1)
        axes.plot(table["confidence"], table["accuracy"], color=BLUE, linewidth=1)
        axes.scatter(table["confidence"], table["accuracy"], 60 * table["clips"] / table["clips"].max(), color=BLUE)
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(-0.03, 1.03)
        axes.set_aspect("equal")
        axes.set_xticks([0, 1])
        axes.set_yticks([0, 1])
        axes.tick_params(labelsize=7)

    return _small_multiples(bins, sources, targets, draw, synthetic)


def _text_color(background: Sequence[float]) -> str:
    """Return the colour of text that is read on a background, RGB from 0 to 1."""
    channels = np.asarray(background[:3])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return "white" if linear @ (0.2126, 0.7152, 0.0722) < DARK else INK


def _small_multiples(
    found: Mapping[tuple[str, str], Sequence],
    sources: Sequence[str],
    targets: Sequence[str],
    draw,
    synthetic: Synthetic,
) -> "Figure":
    """Draw one panel per cell: `found` maps (source, target) to what `draw(axes, content)` draws; others stay empty."""
    with style():
        width = max(0.6 + 1.35 * len(targets), STAMP_WIDTH)
        figure = new_figure(width, 0.8 + 1.4 * len(sources), synthetic)
        panels = figure.subplots(len(sources), len(targets), squeeze=False)
        for (row, column), axes in np.ndenumerate(panels):
            content = found.get((sources[row], targets[column]))
            if content is None:
                axes.set_xticks([])
                axes.set_yticks([])
                axes.spines[:].set_visible(False)
                axes.text(0.5, 0.5, "none", ha="center", va="center", color=MUTED, transform=axes.transAxes)
            else:
                draw(axes, content)
            if row == 0:
                axes.set_title(targets[column], fontsize=9)
            if column == 0:
                axes.set_ylabel(sources[row], fontsize=8)
    return figure
