"""The scores of the linear probes beside a run's head, from their predictions, in the terms of the head's own."""

from collections.abc import Mapping, Sequence

import pandas as pd

from transferpain.evaluation.scores import score


def probe_scores(probes: Mapping[str, pd.DataFrame], classes: Sequence[str], ordinal: bool) -> dict[str, dict]:
    """Return probe -> what `score` says of all clips; none for a run without probes, or without a label.

    Args:
        probes: as `RunFolder.probe_predictions` returns them.
        classes, ordinal: as for `score`.
    """
    found = {name: score(table, tuple(classes), ordinal=ordinal)["all"] for name, table in probes.items()}
    return {name: scores for name, scores in found.items() if scores}
