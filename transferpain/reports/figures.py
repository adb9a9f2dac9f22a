"""The figures of a report, drawn without a display; every one of drawn data is stamped as such."""

import base64
import io
import pickle
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from transferpain.core.synthetic_faces import Synthetic, stamp_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    from transferpain.evaluation.ranking import Curves

INK, MUTED, BLUE, ORANGE, RED = (
    "#1b2430",
    "#5b6675",
    "#0b5c9e",
    "#c2500a",
    "#9b1c1c",
)  # contrast on white >= 4.5
# Inches. Narrow, so that the text is still read when the figure shrinks to a telephone's width.
WIDTH = 4.8
WHOLE_WIDTH = 12.5  # of a figure over the whole page of a broad screen, where its text is as large as the page's
GAP = 0.35  # between two texts of a line, margins of the figure included
CHANCE_LINE = (0, (3, 2))
STAMP = stamp_of(True)
MOST_KEPT = 100  # drawings that a process keeps


@dataclass(frozen=True)
class Row:
    """One line of an interval figure: its name, its score as text and as numbers, and the level of chance."""

    label: str
    text: str
    value: float
    low: float
    high: float
    chance: float
    seeds: tuple[float, ...] = ()
    baseline: bool = False


def draw_intervals(rows: Sequence[Row], axis: str, synthetic: Synthetic, width: float = WIDTH) -> "Figure":
    """Draw a dot and its interval a row, each with a mark for its own chance level; `axis` names the scores."""
    with style():
        figure = new_figure(width, 1.15 + 0.62 * len(rows), synthetic)
        axes = figure.add_subplot()
        names, scores = [], []
        for height, row in enumerate(rows):
            color = MUTED if row.baseline else BLUE
            axes.plot([row.chance] * 2, [height - 0.15, height + 0.35], color=RED, linestyle=CHANCE_LINE)
            axes.plot([row.low, row.high], [height] * 2, color=color, linewidth=2.6, solid_capstyle="butt")
            axes.plot(row.seeds, [height] * len(row.seeds), "|", color=color, markersize=9)
            axes.plot(row.value, height, "o", color=color, markersize=8)
            # Above the line, not beside the axis: a long name would leave no room for the intervals.
            place = {"transform": axes.get_yaxis_transform(), "color": color, "va": "center"}
            names.append(axes.text(0, height - 0.33, row.label, ha="left", fontweight="bold", **place))
            scores.append(axes.text(1, height - 0.33, row.text, ha="right", **place))
        if any(meet(name, score, width) for name, score in zip(names, scores, strict=True)):
            for height, score in enumerate(scores):
                score.set_y(height + 0.28)
        axes.set_yticks([])
        axes.set_ylim(len(rows) - 0.5, -0.7)
        axes.margins(x=0.08)
        axes.set_xlabel(axis)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color="#e3e7ec", linewidth=0.8)
        handles = [axes.plot([], [], color=RED, linestyle=CHANCE_LINE)[0]]
        figure.legend(handles, ["chance"], loc="outside lower right", frameon=False, fontsize=10)
    return figure


def meet(left: "Text", right: "Text", width: float) -> bool:
    """Tell whether two texts at the ends of a line of so many inches leave no room between them."""
    pixels = sum(text.get_window_extent().width for text in (left, right))
    return pixels / left.figure.dpi + GAP > width


def draw_confusion(confusion: Sequence[Sequence[int]], classes: Sequence[str], synthetic: Synthetic) -> "Figure":
    """Draw a confusion matrix, shaded by the share of the true class; counts stand below the shares."""
    counts = np.asarray(confusion)
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    small = len(classes) > 4
    with style():
        figure = new_figure(WIDTH, WIDTH * (1.0 if small else 0.85), synthetic)
        axes = figure.add_subplot()
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (row, column), share in np.ndenumerate(shares):
            text = f"{share:.2f}" if small else f"{share:.2f}\n({counts[row, column]})"
            color = "white" if share > 0.55 else INK
            axes.text(column, row, text, ha="center", va="center", color=color, fontsize=9 if small else 11)
        axes.set_xticks(range(len(classes)), classes, rotation=45 if small else 0, ha="right" if small else "center")
        axes.set_yticks(range(len(classes)), classes)
        axes.set_xlabel("predicted")
        axes.set_ylabel("true")
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
    return figure


def draw_curves(histories: Mapping[str, pd.DataFrame], synthetic: Synthetic) -> "Figure":
    """Draw loss and accuracy over the epochs, one line per fold and seed, in training and in selection."""
    kinds = (("", "training", BLUE, "-"), ("val_", "selection", ORANGE, "--"))
    alpha = max(0.15, min(0.9, 6 / max(len(histories), 1)))
    with style():
        figure = new_figure(WIDTH, 4.6, synthetic)
        panels = figure.subplots(2, 1, sharex=True)
        for axes, quantity in zip(panels, ("loss", "accuracy"), strict=True):
            for history in histories.values():
                for prefix, _, color, line in kinds:
                    if prefix + quantity in history:
                        values = history[prefix + quantity]
                        axes.plot(history["epoch"], values, line, color=color, alpha=alpha, linewidth=1.6)
            axes.set_ylabel(quantity)
            axes.grid(color="#e3e7ec", linewidth=0.8)
        panels[1].set_xlabel("epoch")
        panels[1].xaxis.get_major_locator().set_params(integer=True)
        handles = [panels[0].plot([], [], line, color=color)[0] for _, _, color, line in kinds]
        labels = [label for _, label, _, _ in kinds]
        figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    return figure


def draw_subjects(scores: Sequence[float], chance: float, synthetic: Synthetic) -> "Figure":
    """Draw each subject's balanced accuracy as a bar, from the lowest to the highest."""
    ordered = np.sort(np.asarray(scores, dtype=float))
    with style():
        figure = new_figure(WIDTH, 3.2, synthetic)
        axes = figure.add_subplot()
        axes.bar(range(1, ordered.size + 1), ordered, color=BLUE, width=0.8)
        chance_line = axes.axhline(chance, color=RED, linestyle=CHANCE_LINE)
        mean_line = axes.axhline(ordered.mean(), color=ORANGE)
        axes.set_ylim(0, 1)
        axes.set_xlabel("subjects, lowest to highest")
        axes.set_ylabel("balanced accuracy")
        axes.xaxis.get_major_locator().set_params(integer=True)
        handles, labels = [mean_line, chance_line], [f"mean of subjects {ordered.mean():.2f}", "chance"]
        figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    return figure


def draw_reliability(bins: Sequence[Mapping[str, float]], synthetic: Synthetic) -> "Figure":
    """Draw a reliability diagram: how often answers are right by their confidence, and how many clips that is.

    Args:
        bins: those that hold a clip, with low, high, clips, confidence and accuracy.
        synthetic: whether the figure is stamped.
    """
    table = pd.DataFrame(bins)
    with style():
        figure = new_figure(WIDTH, 4.6, synthetic)
        panels = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        ideal = panels[0].plot([0, 1], [0, 1], color=RED, linestyle=CHANCE_LINE)[0]
        found = panels[0].plot(table["confidence"], table["accuracy"], "o-", color=BLUE, markersize=6)[0]
        panels[0].set_ylim(-0.03, 1.03)
        panels[0].set_ylabel("share answered right")
        shares = table["clips"] / table["clips"].sum()
        panels[1].bar(table["low"], shares, width=table["high"] - table["low"], align="edge", color=MUTED, linewidth=0)
        panels[1].set_xlim(-0.02, 1.02)
        panels[1].set_ylabel("clips, share")
        panels[1].set_xlabel("confidence: probability of the answer")
        for axes in panels:
            axes.grid(color="#e3e7ec", linewidth=0.8)
            axes.set_axisbelow(True)
        labels = ["measured", "as right as confident"]
        figure.legend([found, ideal], labels, loc="outside lower center", ncols=2, frameon=False)
    return figure


def draw_ranking(curves: Sequence["Curves"], labels: Sequence[str], synthetic: Synthetic) -> "Figure":
    """Draw ROC and precision-recall curves, one line per class; a thin line is an answer that does not look."""
    import matplotlib

    # Dark enough to be seen on white, and told apart by their dashes where colours are not.
    colors = matplotlib.colormaps["plasma"](np.linspace(0, 0.6, len(curves)))
    dashes = ("-", "--", "-.", ":")
    with style():
        figure = new_figure(WIDTH, 4.8 + 0.2 * ((len(curves) + 1) // 2), synthetic)
        panels = figure.subplots(2, 1)
        panels[0].plot([0, 1], [0, 1], color=MUTED, linewidth=0.8)
        handles = []
        for place, (curve, color) in enumerate(zip(curves, colors, strict=True)):
            line = {"color": color, "linestyle": dashes[place % len(dashes)], "linewidth": 1.8}
            handles += panels[0].plot(curve.rate, curve.true_positives, **line)
            panels[1].plot(curve.rate, curve.precision, **line)
            panels[1].axhline(curve.share, color=color, linewidth=0.8)
        names = (("false-positive rate", "true-positive rate"), ("recall", "precision"))
        for axes, (horizontal, vertical) in zip(panels, names, strict=True):
            axes.set_xlabel(horizontal)
            axes.set_ylabel(vertical)
            axes.set_xlim(-0.02, 1.02)
            axes.set_ylim(-0.02, 1.04)
            axes.grid(color="#e3e7ec", linewidth=0.8)
        figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False, fontsize=10)
    return figure


def as_data_uri(figure: "Figure") -> str:
    """Return the figure as SVG in a `data:` address; the same figure gives the same text."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    buffer = io.BytesIO()
    with style():
        # `savefig` draws twice, once unseen to lay the figure out, which the drawing itself does as well.
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def drawn_uri(draw: Callable[..., "Figure"], *values: object) -> str:
    """Return `as_data_uri(draw(*values))`.

    A report that is written anew in one Python session shows most of its figures again, and to draw them is most of
    the work: what this process has drawn of the same values is taken again.

    Args:
        draw: a function of a module; what it draws depends on its arguments alone.
        values: its arguments, which can be pickled.
    """
    return _uri_of(pickle.dumps((draw, values)))


def drawn_png(draw: Callable[..., "Figure"], *values: object) -> bytes:
    """Return the content of the file that `save_png(draw(*values), ...)` writes; see `drawn_uri`."""
    return _png_of(pickle.dumps((draw, values)))


@lru_cache(maxsize=MOST_KEPT)
def _uri_of(content: bytes) -> str:
    draw, values = pickle.loads(content)
    return as_data_uri(draw(*values))


@lru_cache(maxsize=MOST_KEPT)
def _png_of(content: bytes) -> bytes:
    draw, values = pickle.loads(content)
    buffer = io.BytesIO()
    save_png(draw(*values), buffer)
    return buffer.getvalue()


def save_png(figure: "Figure", path: Path | io.BytesIO) -> None:
    """Write the figure as PNG, 160 dots an inch."""
    with style():
        figure.savefig(path, format="png", dpi=160, metadata={"Software": None})


@contextmanager
def style():
    import matplotlib

    settings = {
        "font.family": "DejaVu Sans",
        "font.size": 11,
        "axes.edgecolor": MUTED,
        "axes.labelcolor": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "svg.hashsalt": "transferpain",
        "text.parse_math": False,  # names of classes and people hold dollars, and are no formulas
    }
    with matplotlib.rc_context(settings):
        yield


def new_figure(width: float, height: float, synthetic: Synthetic) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    if synthetic:
        figure.suptitle(stamp_of(synthetic), fontsize=9, fontweight="bold", color=RED)
    return figure
