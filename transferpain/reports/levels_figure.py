"""The figure of ordered levels: what was expected of each label, and what is left of the difference."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from transferpain.core.synthetic_faces import Synthetic
from transferpain.reports.figures import BLUE, CHANCE_LINE, RED, WIDTH, new_figure, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_POINTS = 2000  # more make a cloud, and a page of megabytes


def draw_levels(true: np.ndarray, expected: np.ndarray, classes: Sequence[str], synthetic: Synthetic) -> "Figure":
    """Draw expected levels against labels, with the mean of each label, and the residuals below.

    Points are spread sideways so that they are seen one by one, and are every n-th of the answers where there are many.

    Args:
        true: int64 `(samples,)`, levels.
        expected: float64 `(samples,)`.
        classes: names of the levels.
        synthetic: whether the figure is stamped.
    """
    every = max(1, -(-len(true) // MOST_POINTS))
    beside = true[::every] + np.random.default_rng(0).uniform(-0.3, 0.3, len(true[::every]))
    levels = np.unique(true)
    with style():
        figure = new_figure(WIDTH, 5.2, synthetic)
        panels = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        drawn = ((expected, panels[0], lambda level: level), (expected - true, panels[1], lambda level: 0))
        for values, axes, right in drawn:
            axes.plot(beside, values[::every], ".", color=BLUE, alpha=0.25, markersize=4, rasterized=True)
            means = [values[true == level].mean() for level in levels]
            found = axes.plot(levels, means, "o-", color=BLUE, markersize=6)[0]
            ends = np.array([0, len(classes) - 1])
            ideal = axes.plot(ends, [right(end) for end in ends], color=RED, linestyle=CHANCE_LINE)[0]
        panels[0].set_ylabel("expected level")
        panels[1].set_ylabel("minus label")
        panels[1].set_xlabel("label")
        panels[1].set_xticks(range(len(classes)), classes)
        figure.legend(
            [found, ideal], ["mean of the label", "right"], loc="outside lower center", ncols=2, frameon=False
        )
    return figure
