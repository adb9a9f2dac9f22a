"""The levels of a session over time, as a picture."""

from array import array
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from transferpain.apps.live.model import synthetic_warning
from transferpain.apps.live.overlay import RESEARCH_ONLY
from transferpain.apps.live.watch import View
from transferpain.core.store import write_atomically
from transferpain.core.synthetic_faces import Synthetic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GAP_SECONDS = 1.0  # without a decision are shown as a gap, not as a line across
WIDTH, HEIGHT = 9.0, 3.2  # inches
BLUE, RED, MUTED = "#0b5c9e", "#9b1c1c", "#5b6675"


class Timeline:
    """Collects what a session decided; 25 bytes per frame with a face."""

    def __init__(self, labels: tuple[str, ...], synthetic: Synthetic):
        self._labels, self._synthetic = labels, synthetic
        self._seconds, self._levels, self._confidences, self._alerts = array("d"), array("q"), array("d"), array("b")

    def add(self, view: View) -> None:
        """Take one more frame."""
        if view.decision is not None:
            self._seconds.append(view.frame.seconds)
            self._levels.append(view.decision.level)
            self._confidences.append(view.decision.confidence)
            self._alerts.append(view.alert)

    def save(self, path: Path) -> None:
        """Write the picture as a PNG file."""
        import matplotlib

        with matplotlib.rc_context({"text.parse_math": False}):  # a class may be called `$5`
            write_atomically(path, lambda temporary: self.draw().savefig(temporary, format="png", dpi=150))

    def draw(self) -> "Figure":
        """Draw the level over time, red while there was an alert, and below it the confidence."""
        from matplotlib.figure import Figure

        seconds, levels, confidences = (
            np.array(one, float) for one in (self._seconds, self._levels, self._confidences)
        )
        alarmed = np.array(self._alerts, bool)
        gaps = np.flatnonzero(np.diff(seconds) > GAP_SECONDS) + 1
        seconds, levels, confidences = (np.insert(one, gaps, np.nan) for one in (seconds, levels, confidences))
        figure = Figure((WIDTH, HEIGHT), layout="constrained")
        upper, lower = figure.subplots(2, sharex=True, height_ratios=(3, 1))
        upper.step(seconds, levels, where="post", color=BLUE)
        upper.plot(seconds, np.where(np.insert(alarmed, gaps, False), levels, np.nan), ".", color=RED)
        upper.set_yticks(range(len(self._labels)), self._labels)
        upper.set_ylim(-0.3, len(self._labels) - 0.7)
        lower.plot(seconds, confidences, color=MUTED, linewidth=1)
        lower.set(ylim=(0, 1), ylabel="confidence", xlabel="seconds")
        notes = [RESEARCH_ONLY, *([synthetic_warning(self._synthetic)] if self._synthetic else [])]
        figure.suptitle("; ".join(notes), fontsize="small", color=RED if self._synthetic else MUTED)
        return figure
