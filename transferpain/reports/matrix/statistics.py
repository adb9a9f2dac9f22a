"""What a matrix report computes besides paired tests: permuted labels, ranks, the diagonal, scores that predict,
and calibration curves. Everything is a table of numbers, with the reason where the sample does not support one."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from transferpain.core.errors import UserError
from transferpain.data.tasks.task import load_task
from transferpain.evaluation.comparisons import Family, holm, subject_scores
from transferpain.evaluation.few_shot import CalibrationCurve, calibration_curve
from transferpain.evaluation.permutation import WIDER, PermutationTest, permute_within_subjects
from transferpain.evaluation.ranks import rank_runs
from transferpain.evaluation.transferability import agreement
from transferpain.reports.matrix.facts import CellRun, Grid

# With 4,000 permutations the smallest p is 1 / 4,001, so that two hundred tests can still be significant together.
PERMUTATIONS = 4000
# Frame-labelled runs have tens of thousands of rows: there are fewer permutations for them, and the table says so.
PERMUTED_ROWS = 8_000_000
CROSS_VALIDATED = f"Cross-validated: permuted scores lie {WIDER:.2f} times as far from their mean."
SCORES = {
    "logme": "LogME",
    "leep": "LEEP",
    "nce": "NCE",
    "h_score": "H-score",
    "regularized_h_score": "Regularised H-score",
    "transrate": "TransRate",
    "proxy_a_distance": "Proxy A-distance, negative",
}
# The one score that looks at the dataset that is tested on in a cross-dataset cell: the others are of the dataset that
# is trained on. As a distance it is turned round: the closer the datasets, the better transfer should be.
DISTANCE = "proxy_a_distance"


def permutations(runs: Mapping[str, CellRun], metric: str) -> tuple[pd.DataFrame, Family]:
    """Test each cell against labels that are permuted within each subject; corrected over all finished cells."""
    rows = []
    for name, run in runs.items():
        row = {"cell": name, "observed": None, "permuted": None, "p": None, "draws": 0, "reason": ""}
        if not run.scores["all"]:
            row["reason"] = "No clip has a label."
        else:
            result, draws = _permute(run, metric)
            row |= {"observed": result.observed, "permuted": result.mean, "draws": draws}
            if np.isnan(result.p):
                row["reason"] = "No subject has clips of two classes: nothing can be permuted."
            else:
                row |= {"p": result.p, "reason": CROSS_VALIDATED if result.widened else ""}
        rows.append(row)
    table = pd.DataFrame(rows, columns=["cell", "observed", "permuted", "p", "draws", "reason"])
    family = holm("each finished cell against labels permuted within subjects", {row["cell"]: row["p"] for row in rows})
    return table.assign(adjusted_p=[family.adjusted[name] for name in table["cell"]]), family


def _permute(run: CellRun, metric: str) -> tuple[PermutationTest, int]:
    draws = int(np.clip(PERMUTED_ROWS // len(run.predictions), 200, PERMUTATIONS))
    in_series = run.facts.get("in_series", load_task(run.record.task).sample == "frame")
    cross_validated = None if _learned_from_target(run) else False
    test = permute_within_subjects(
        run.predictions, metric, in_series=in_series, cross_validated=cross_validated, draws=draws
    )
    return test, draws


def _learned_from_target(run: CellRun) -> bool:
    """Tell whether the head, or its source as far as is known, learned from labels of the dataset that is tested."""
    known = run.facts.get("source", {}).get("datasets")
    return run.record.trained_on == run.record.tested_on or known is None or run.record.tested_on in known


def friedman(grids: Sequence[Grid], runs: Mapping[str, CellRun], metric: str) -> tuple[pd.DataFrame, Family]:
    """Compare the sources of each head and target by Friedman's test over subjects, then Nemenyi's.

    P-values are corrected over all the grids' columns.
    """
    rows = []
    for grid in grids:
        cells = grid.of(runs)
        for target in grid.targets:
            sources = [source for source in grid.sources if (source, target) in cells]
            row = {"kind": grid.kind, "selection": grid.selection, "head": grid.head, "target": target}
            rows.append(row | _rank([cells[source, target] for source in sources], sources, metric))
    columns = ["kind", "selection", "head", "target", "sources", "subjects", "p", "critical_difference"]
    table = pd.DataFrame(rows, columns=[*columns, "mean_ranks", "different", "reason"])
    p_values = {str(place): None if pd.isna(p) else float(p) for place, p in enumerate(table["p"])}
    family = holm("Friedman's test of all sources, for each head and target", p_values)
    return table.assign(adjusted_p=list(family.adjusted.values())), family


def _rank(cells: Sequence[CellRun], sources: Sequence[str], metric: str) -> dict:
    row = {"sources": len(sources), "subjects": 0, "p": None, "critical_difference": None}
    row |= {"mean_ranks": "", "different": "", "reason": ""}
    if not cells:
        return row | {"reason": "No cell is finished."}
    if not cells[0].scores["has_subjects"]:
        return row | {"reason": "The data name no subjects."}
    try:
        test = rank_runs(subject_scores([cell.predictions for cell in cells], metric).to_numpy(), sources)
    except UserError as error:
        return row | {"reason": " ".join(str(error).splitlines())}
    tested = cells[0].scores["subjects"]
    whole = f"Over the {test.subjects} of {tested} subjects who have every class." if test.subjects < tested else ""
    return row | {
        "subjects": test.subjects,
        "p": test.p,
        "critical_difference": test.critical_difference,
        "mean_ranks": "; ".join(f"{name} {rank:.2f}" for name, rank in test.mean_ranks.items()),
        "different": "; ".join(f"{better} above {worse}" for better, worse in test.different),
        "reason": " ".join(filter(None, [whole, test.reason])),
    }


def mean_ranks(grids: Sequence[Grid], runs: Mapping[str, CellRun], metric: str) -> pd.DataFrame:
    """Return each source's rank by its score, 1 is the best, averaged over the targets where every source is done."""
    rows = []
    for grid in grids:
        cells = grid.of(runs)
        whole = [target for target in grid.targets if all((source, target) in cells for source in grid.sources)]
        scores = np.array(
            [[cells[source, target].score(metric)["value"] for source in grid.sources] for target in whole]
        )
        ranks = rankdata(-np.round(scores, 12), axis=1).mean(axis=0) if whole else [None] * len(grid.sources)
        for source, rank in zip(grid.sources, ranks, strict=True):
            row = {"kind": grid.kind, "selection": grid.selection, "head": grid.head, "source": source}
            rows.append(row | {"mean_rank": rank, "targets": len(whole)})
    return pd.DataFrame(rows, columns=["kind", "selection", "head", "source", "mean_rank", "targets"])


def diagonals(grids: Sequence[Grid], runs: Mapping[str, CellRun], metric: str) -> pd.DataFrame:
    """Return the mean score of the cells on a cross-dataset grid's diagonal, and of those off it.

    A target counts only where its diagonal cell and at least one other are done, so that both means are over the same
    targets; off the diagonal a target's cells are averaged first.
    """
    rows = []
    for grid in grids:
        if grid.kind != "cross_dataset":
            continue
        values = {place: run.score(metric)["value"] for place, run in grid.of(runs).items()}
        on, off = [], []
        for target in grid.targets:
            others = [value for (source, column), value in values.items() if column == target and source != target]
            if (target, target) in values and others:
                on.append(values[target, target])
                off.append(float(np.mean(others)))
        row = {"selection": grid.selection, "head": grid.head, "targets": len(on)}
        row |= {"diagonal": None, "off_diagonal": None, "difference": None}
        if on:
            row |= {"diagonal": np.mean(on), "off_diagonal": np.mean(off), "difference": np.mean(on) - np.mean(off)}
        rows.append(row)
    return pd.DataFrame(rows, columns=["selection", "head", "targets", "diagonal", "off_diagonal", "difference"])


def predicted(grids: Sequence[Grid], runs: Mapping[str, CellRun], metric: str) -> pd.DataFrame:
    """Return each transferability score beside what was achieved: one row per finished cell and score.

    A transfer cell's scores are those of its source on the target's training clips; of a cross-dataset cell only the
    proxy A-distance tells of the target. `value` is missing where the score is, with its reason; the distance is
    negative, so that higher is better. `left_out` says why a transfer cell does not count: of clips that a source has
    learned from, its scores tell how well it knows them.
    """
    rows = []
    for grid in grids:
        for (source, target), run in grid.of(runs).items():
            for score, entry in run.transferability.items():
                if (score == DISTANCE) != (grid.kind == "cross_dataset"):
                    continue
                value = entry["value"]
                if value is not None and score == DISTANCE:
                    value = -value
                row = {"kind": grid.kind, "selection": grid.selection, "head": grid.head, "target": target}
                row |= {"source": source, "score": score, "value": value, "achieved": run.score(metric)["value"]}
                left_out = _why_left_out(run) if grid.kind == "transfer" else ""
                rows.append(row | {"reason": entry["reason"], "left_out": left_out})
    columns = ["kind", "selection", "head", "target", "source", "score", "value", "achieved", "reason", "left_out"]
    return pd.DataFrame(rows, columns=columns)


def _why_left_out(run: CellRun) -> str:
    """Return why a cell's scores say nothing of transfer; "" where they do."""
    known = run.facts.get("source", {}).get("datasets")
    if known is None:
        return f"{run.record.source} is left out: the run does not say what its source learned from."
    learned = run.record.tested_on in known
    return f"{run.record.source} is left out: it learned from these very clips." if learned else ""


def agreements(table: pd.DataFrame) -> tuple[pd.DataFrame, Family]:
    """Return Kendall's tau of each score with what was achieved, over the sources of each head and target.

    Args:
        table: what `predicted` returns.

    Returns:
        One row per head, target and score; and the family of tests, all of them.
    """
    keys = ["kind", "selection", "head", "target", "score"]
    rows = []
    for axes, part in table.groupby(keys, sort=False):
        known = part[part["left_out"] == ""].dropna(subset=["value"])
        found = agreement(known["value"].to_numpy(float), known["achieved"].to_numpy(float))
        missing = "; ".join(dict.fromkeys(part.loc[part["value"].isna(), "reason"]))
        left_out = " ".join(dict.fromkeys(filter(None, part["left_out"])))
        row = dict(zip(keys, axes, strict=True)) | {"sources": found.pairs, "kendall": found.kendall}
        row |= {"weighted": found.weighted, "p": found.p}
        rows.append(row | {"reason": " ".join(filter(None, [found.reason, missing, left_out]))})
    result = pd.DataFrame(rows, columns=[*keys, "sources", "kendall", "weighted", "p", "reason"])
    p_values = {str(place): None if pd.isna(p) else float(p) for place, p in enumerate(result["p"])}
    family = holm("Kendall's tau of each transferability score, for each head and target", p_values)
    return result.assign(adjusted_p=list(family.adjusted.values())), family


def few_shot(grids: Sequence[Grid], runs: Mapping[str, CellRun], metric: str) -> dict[str, CalibrationCurve]:
    """Return the calibration curve of each finished cross-dataset cell that is not adapted: name -> curve."""
    return {
        run.record.name: calibration_curve(run.predictions, metric)
        for grid in grids
        if grid.kind == "cross_dataset" and not grid.adaptation
        for run in grid.of(runs).values()
    }
