"""What a matrix report knows of its cells: their runs, the grids that they stand in, and the table of them all."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from transferpain.data.protocols.settings import PAPER_WARNING
from transferpain.evaluation.baselines import prior_draw_run
from transferpain.evaluation.metrics.registry import OF_SUBJECTS
from transferpain.evaluation.predictions import LINEAR_PROBE, PROBE_TITLES, WHOLE_CLIP, clip_rows, named_alone
from transferpain.evaluation.statistics import score_subjects
from transferpain.experiments.leakage.checks import failed
from transferpain.experiments.leakage.evidence import CheckLine
from transferpain.experiments.matrix.cells import CellRecord
from transferpain.inputs.adaptation.registry import ADAPTATIONS
from transferpain.reports.calibration import calibration_rows
from transferpain.reports.facts import finished_run
from transferpain.reports.matrix import parts
from transferpain.reports.tables import BOUNDS, with_bounds

KINDS = {"transfer": "Transfer", "cross_dataset": "Cross-dataset"}
RECORD_COLUMNS = (
    *("name", "kind", "selection", "head", "source", "trained_on", "tested_on", "state", "strategy", "task"),
    *("adaptation", "transductive", "target_data", "protocol", "seconds"),
)
# The declared metric of each linear probe.
PROBE_COLUMNS = {name: f"{LINEAR_PROBE}_{name}" for name in PROBE_TITLES}
SCORE_COLUMNS = (
    *(metric + bound for metric in (*OF_SUBJECTS, *PROBE_COLUMNS.values()) for bound in BOUNDS),
    *("majority_class_accuracy", "chance", "prior_draws", "coverage", "subjects", "clips", "seeds"),
    *("task_hash", "labels", "failed_checks", "synthetic", "warnings"),
)
BASELINE_DRAWS = 20
LABELS_CHECK = 11


@dataclass(frozen=True, eq=False)
class CellRun:
    """The finished run of a cell, or its runs for each group of subjects as one.

    Attributes:
        facts: `facts.json` of its folder.
        scores: `metrics.json`: scores of its predictions.
        predictions: its clip rows; a clip is named as in its own dataset.
        calibration: the clip rows that prediction sets are calibrated on.
        checks: the leakage checks; empty if the run has none.
        cost: `cost.json`; empty if the run has none.
        transferability: score -> `{value, reason}` from `transferability.json`; empty if the run has none.
        nodes: the machines of a cluster that computed it; "" where it was this one.
    """

    record: CellRecord
    facts: dict[str, Any]
    scores: dict[str, Any]
    predictions: pd.DataFrame
    calibration: pd.DataFrame
    checks: tuple[CheckLine, ...]
    cost: dict[str, Any]
    transferability: dict[str, dict[str, Any]]
    nodes: str = ""

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.facts["classes"])

    @property
    def labels(self) -> str:
        """What the labels mean, in the target and in what the source was trained on."""
        lines = [line for line in self.checks if line.number == LABELS_CHECK]
        stated = [line.figure for line in lines if line.state in ("pass", "declared")]
        return stated[0] if stated else self.facts["label_definition"] or "not stated"

    def score(self, metric: str) -> dict[str, Any]:
        """Return value, low, high and reason of a metric over all clips; None each without a label."""
        whole = self.scores["all"]
        return whole[metric] if whole else dict.fromkeys(BOUNDS.values())

    def probe_score(self, probe: str, metric: str) -> dict[str, Any]:
        """Return value, low, high and reason of a linear probe beside the head; None each where the run has none."""
        scores = self.scores.get(LINEAR_PROBE, {}).get(probe)
        return scores[metric] if scores else dict.fromkeys(BOUNDS.values())

    @cached_property
    def prior_draws(self) -> pd.DataFrame | None:
        """The predictions of draws from the training rows' classes; None where the run does not state their shares.

        Each fold is answered from the shares of its own training part.
        """
        shares = self.facts.get("training_shares")
        if not shares:
            return None
        folds = self.predictions.groupby(self.predictions["fold"].astype(str), observed=True)
        parts = [prior_draw_run(rows, np.array(shares[name]), draws=BASELINE_DRAWS) for name, rows in folds]
        return pd.concat(parts, ignore_index=True)

    def chance(self, metric: str) -> float | None:
        """Return the score of an answer that does not look.

        Of balanced accuracy it is 1 / the number of classes that occur, whatever is drawn; of other metrics the mean
        score of draws from the training rows' classes, None where it is not known.
        """
        if not self.scores["all"]:
            return None
        if metric == "balanced_accuracy":
            return 1 / (len(self.classes) - len(self.scores["absent"]))
        return self.prior_score(metric)

    def prior_score(self, metric: str) -> float | None:
        """Return the mean score of draws from the training rows' classes; None where it is not known."""
        if self.prior_draws is None or not self.scores["all"]:
            return None
        return score_subjects(self.prior_draws, (metric,))[metric].value


@dataclass(frozen=True)
class Grid:
    """The cells of one heat map: one kind, selection rule and head; sources down, targets across.

    `records` maps (source, target) to the cell's record.
    """

    kind: str
    selection: str
    head: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    records: Mapping[tuple[str, str], CellRecord]

    @property
    def title(self) -> str:
        return f"{KINDS[self.kind]}, head {self.head}, selection rule {self.selection}"

    @property
    def warning(self) -> str:
        return PAPER_WARNING if self.selection == "paper" else ""

    @property
    def adaptation(self) -> str:
        return next(iter(self.records.values())).adaptation

    def of(self, runs: Mapping[str, CellRun]) -> dict[tuple[str, str], CellRun]:
        """Return the finished cells that have a label: (source, target) -> run."""
        cells = {place: runs.get(record.name) for place, record in self.records.items()}
        return {place: run for place, run in cells.items() if run is not None and run.scores["all"]}


def read_cells(records: Sequence[CellRecord], runs: Path) -> dict[str, CellRun]:
    """Return the runs of the finished cells, by the cell's name.

    Args:
        records: what became of the cells.
        runs: the folder of all runs.

    Raises:
        UserError: if the folder of a finished cell is no finished run.
    """
    return {
        record.name: read_cell(record, [runs / run for run in record.runs])
        for record in records
        if record.state == "done"
    }


def read_cell(record: CellRecord, folders: Sequence[Path]) -> CellRun:
    """Read the runs of a finished cell, one at least. Raises `UserError` if a folder is no finished run."""
    runs = [finished_run(folder) for folder in folders]
    crossed = record.tested_on if record.trained_on != record.tested_on else None
    predictions = named_alone(clip_rows(parts.predictions(runs)).reset_index(drop=True), crossed)
    return CellRun(
        record=record,
        facts=parts.facts(runs),
        scores=parts.scores(runs),
        predictions=predictions,
        calibration=pd.concat([_whole_clips(calibration_rows(run)) for run in runs], ignore_index=True),
        checks=parts.checks(runs),
        cost=parts.cost(runs),
        transferability=parts.transferability(runs),
        nodes=parts.nodes(runs),
    )


def _whole_clips(selected: pd.DataFrame) -> pd.DataFrame:
    """Return the clip rows of selection parts: several folds may select on the same subjects."""
    return selected[selected["frame"] == WHOLE_CLIP]


def make_grids(records: Sequence[CellRecord]) -> list[Grid]:
    """Return the grids in the order of their first cells, each with the sources and targets of its own cells."""
    grids = []
    for kind in KINDS:
        of_kind = [record for record in records if record.kind == kind]
        # A selection rule's tables stand together.
        pairs = dict.fromkeys((record.selection, record.head) for record in of_kind)
        rules = list(dict.fromkeys(selection for selection, _ in pairs))
        for selection, head in sorted(pairs, key=lambda pair: rules.index(pair[0])):
            chosen = [record for record in of_kind if (record.selection, record.head) == (selection, head)]
            sources = tuple(dict.fromkeys(record.source for record in chosen))
            targets = tuple(dict.fromkeys(record.tested_on for record in chosen))
            cells = {(record.source, record.tested_on): record for record in chosen}
            grids.append(Grid(kind, selection, head, sources, targets, cells))
    return grids


def cells_table(records: Sequence[CellRecord], runs: Mapping[str, CellRun], metric: str) -> pd.DataFrame:
    """Return one row per cell, as numbers: its record, its scores with 95 % intervals, baselines, counts and cost.

    Args:
        records: what became of the cells; those that are not done have no score.
        runs: the finished cells.
        metric: the declared one, of which `chance`, `prior_draws` and the linear probes are given.
    """
    rows = []
    for record in records:
        row = asdict(record) | {"transductive": is_transductive(record), "run": " ".join(record.runs)}
        rows.append(row | (_scored(runs[record.name], metric) if record.name in runs else {}))
    where = ["node"] if any(run.nodes for run in runs.values()) else []
    return pd.DataFrame(rows, columns=[*RECORD_COLUMNS, *SCORE_COLUMNS, *where, "reason", "run"])


def is_transductive(record: CellRecord) -> bool:
    """Tell whether the cell's adaptation is fitted on the very clips that are tested."""
    return record.adaptation in ADAPTATIONS and ADAPTATIONS[record.adaptation].transductive


def _scored(run: CellRun, metric: str) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name in OF_SUBJECTS:
        row |= with_bounds(name, run.score(name))
    for name, column in PROBE_COLUMNS.items():
        row |= with_bounds(column, run.probe_score(name, metric))
    scores = run.scores
    return row | {
        "majority_class_accuracy": run.score("majority_class_accuracy")["value"],
        "chance": run.chance(metric),
        "prior_draws": run.prior_score(metric),
        "coverage": scores["coverage"],
        "subjects": scores["subjects"] if scores["has_subjects"] else None,
        "clips": scores["clips"] or scores["unlabelled"],
        "seeds": len(scores["seeds"]),
        "task_hash": run.facts["task_hash"],
        "labels": run.labels,
        "seconds": run.cost.get("seconds", run.record.seconds),
        "failed_checks": ", ".join(str(line.number) for line in failed(run.checks)),
        "synthetic": bool(run.facts["synthetic"]),
        "warnings": " ".join(run.facts.get("warnings", ())),
        "node": run.nodes,
    }
