"""How often a source of a matrix was trained, and how far networks of one kind lie apart."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from transferpain.core.store import fingerprint
from transferpain.evaluation.formatting import number
from transferpain.evaluation.predictions import MEANS
from transferpain.experiments.matrix.settings import Changes, Matrix
from transferpain.models.sources.origin import UNTRAINED
from transferpain.reports.matrix.facts import CellRun, Grid

# Fewer networks of a kind say nothing of the kind: that one is above another may be luck with either.
ENOUGH = 3
ONE_EACH = "one training each, so that a difference is one of these networks and not of their kinds"
COLUMNS = [
    *("kind", "selection", "head", "target", "sources", "networks"),
    *("mean", "lowest", "highest", "probe_mean", "probe_lowest", "probe_highest"),
]


def kinds_of_sources(matrix: Matrix) -> dict[str, str]:
    """Return source -> the first source of its kind, which differs from it in the seed alone."""
    grids = [*(grid.sources for grid in matrix.transfer), *(grid.trained_on for grid in matrix.cross_dataset)]
    first: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for name, changes in (entry for sources in grids for entry in sources.items()):
        kinds.setdefault(name, first.setdefault(_without_luck(changes), name))
    return kinds


def _without_luck(changes: Changes) -> str:
    source = changes.get("source")
    trained = {key: value for key, value in changes.get("source_set", {}).items() if key != "seeds"}
    return fingerprint(changes | {"source": "untrained" if source in UNTRAINED else source, "source_set": trained})


def in_words(matrix: Matrix, question: str) -> str:
    """Return what a family of tests asks, with what it cannot say where a kind of source has too few trainings."""
    kinds = list(kinds_of_sources(matrix).values())
    return question if all(kinds.count(kind) >= ENOUGH for kind in kinds) else f"{question} ({ONE_EACH})"


def spread(matrix: Matrix, grids: Sequence[Grid], runs: Mapping[str, CellRun], metric: str) -> pd.DataFrame:
    """Return mean, lowest and highest score of the networks of one kind, of the head and of the linear probe on means.

    One row per grid, target and kind of which a grid has several sources that are done.
    """
    kinds, rows = kinds_of_sources(matrix), []
    for grid in grids:
        cells = grid.of(runs)
        for target in grid.targets:
            for kind in dict.fromkeys(kinds.get(source, source) for source in grid.sources):
                alike = [name for name in grid.sources if kinds.get(name, name) == kind and (name, target) in cells]
                if len(alike) < 2:
                    continue
                row = {"kind": grid.kind, "selection": grid.selection, "head": grid.head, "target": target}
                row |= {"sources": ", ".join(alike), "networks": len(alike)}
                found = [cells[name, target] for name in alike]
                row |= _ends("", [run.score(metric)["value"] for run in found])
                rows.append(row | _ends("probe_", [run.probe_score(MEANS, metric)["value"] for run in found]))
    return pd.DataFrame(rows, columns=COLUMNS)


def _ends(prefix: str, values: Sequence[float | None]) -> dict[str, float | None]:
    if any(value is None for value in values):
        return {}
    return {f"{prefix}mean": np.mean(values), f"{prefix}lowest": min(values), f"{prefix}highest": max(values)}


def spread_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the spread as text."""
    text = table[["selection", "head", "target"]].rename(columns=str.capitalize)
    text["Sources"] = table["sources"]
    for title, prefix in (("Head", ""), ("Linear probe", "probe_")):
        text[title] = [
            f"{number(row[f'{prefix}mean'])}, {number(row[f'{prefix}lowest'])} to {number(row[f'{prefix}highest'])}"
            for row in table.to_dict("records")
        ]
    return text
