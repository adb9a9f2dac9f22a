"""Reads what runs leave behind into entries: a hash of every number, and a few of the numbers themselves.

Only columns and keys that are named here are hashed, so that new ones, new wording and new places change nothing.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Entry = dict[str, Any]

ROW = ["dataset", "subject", "clip", "frame", "fold", "seed"]
COUNTED = ("all", "covered", "selected", "without_copies")
SCORES = (
    "accuracy", "auc", "balanced_accuracy", "brier", "calibration_error", "clips", "confusion", "log_loss", "macro_f1",
    "macro_precision", "majority_class_accuracy", "ordinal", "per_class", "per_seed", "reliability", "subjects",
)  # fmt: skip
SHOWN_SCORES = ("accuracy", "balanced_accuracy")
COUNTS = ("absent", "seeds", "subjects", "clips", "unlabelled", "coverage", "clips_without_face", "copies")
FOLD_TABLES = {
    "history": ("phase", "epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"),
    "candidates": ("candidate", "inner_fold", "loss", "balanced_accuracy", "clips", "subjects", "chosen"),
    "forgetting": ("fold", "seed", "tuned", "accuracy", "balanced_accuracy", "macro_f1", "rows"),
}
# The columns of each CSV table of a report, apart from wording.
REPORT_TABLES = {
    "results": (
        "run counted balanced_accuracy balanced_accuracy_low balanced_accuracy_high macro_f1 macro_f1_low "
        "macro_f1_high accuracy accuracy_low accuracy_high majority_class_accuracy majority_class_accuracy_low "
        "majority_class_accuracy_high coverage subjects clips seeds"
    ),
    "probabilities": (
        "run counted auc auc_low auc_high log_loss log_loss_low log_loss_high brier brier_low brier_high "
        "calibration_error calibration_error_low calibration_error_high"
    ),
    "ordinal": (
        "run counted mae mae_low mae_high icc icc_low icc_high quadratic_kappa quadratic_kappa_low "
        "quadratic_kappa_high pcc pcc_low pcc_high"
    ),
    "differences": "better worse metric difference low high kept p p_holm tests subjects differing",
    "mcnemar": "better worse counted clips only_better only_worse p p_holm tests",
    "subject_tests": (
        "better worse metric subjects differing rank_biserial wilcoxon_p cliffs_delta mann_whitney_p "
        "wilcoxon_p_holm tests mann_whitney_p_holm"
    ),
    "classes": "run class precision recall recall_low recall_high f1 auc support",
    "subjects": "run subject clips coverage balanced_accuracy macro_f1 accuracy",
    "groups": "run by group subjects clips balanced_accuracy low high",
    "recalibration": "run class slope slope_low slope_high intercept intercept_low intercept_high",
    "within_subjects": (
        "run auc auc_low auc_high within_auc within_auc_low within_auc_high subjects worst_subject "
        "worst_balanced_accuracy worst_clips"
    ),
    "error_gaps": (
        "run by rate group other group_rate other_rate gap gap_low gap_high p p_holm group_subjects other_subjects"
    ),
    "candidates": "run training candidate loss balanced_accuracy inner_folds chosen",
    "leakage": "run number state",
    "forgetting": "run fold seed tuned accuracy balanced_accuracy macro_f1 rows",
    "thresholds": "run training threshold score reached coverage",
    "importance": "run unit fall least largest trainings",
    "cells": (
        "name state transductive balanced_accuracy balanced_accuracy_low balanced_accuracy_high macro_f1 "
        "macro_f1_low macro_f1_high accuracy accuracy_low accuracy_high majority_class_accuracy chance "
        "prior_draws coverage subjects clips seeds failed_checks"
    ),
    "comparisons": (
        "cell family_size metric difference difference_low difference_high wilcoxon_p adjusted_p subjects "
        "differing smallest_p rank_biserial median_difference median_difference_low median_difference_high "
        "mcnemar_p only_first_right only_second_right clips"
    ),
}
# Tables of a page that hold these words tell of time, place or version.
NOT_RECORDED = ("hours", "seconds", "minutes", "commit", "version")
# The version of a file's format is no number of a result.
NO_RESULT = ("schema",)
# Names of phases in a fold's history as older runs wrote them -> as they are written now.
PHASES = {"head": "last_layer", "full": "whole"}
NUMBER = re.compile(r"(?<![\w.])[+\-−]?\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.]*\w)")


def digest(value: Any) -> str:
    """Return the hash of JSON types, or of bytes."""
    content = value if isinstance(value, bytes) else json.dumps(value, sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()[:32]


def entry(value: Any, **values: float | None) -> Entry:
    """Return an entry: the hash of `value`, and the numbers that are compared where the processor differs."""
    return {"hash": digest(value), "values": values}


def numbers_of(value: Any) -> Any:
    """Return JSON types without the words in them, and without a file's version; other keys stay."""
    if isinstance(value, dict):
        kept = {key: one for key, one in value.items() if key not in NO_RESULT and not isinstance(one, str)}
        return {key: numbers_of(one) for key, one in kept.items()}
    if isinstance(value, list):
        return [numbers_of(one) for one in value if not isinstance(one, str)]
    return value


def run_entries(key: str, folder: Path) -> dict[str, Entry]:
    """Return everything that is recorded of one run.

    Args:
        key: what its entries' names begin with.
        folder: the run's.
    """
    found = prediction_entries(key, read_predictions(folder)) | {f"{key}/scores": scores_entry(folder)}
    checks = json.loads((folder / "leakage.json").read_text(encoding="utf-8"))["checks"]
    lines = [[line["number"], line["state"], NUMBER.findall(line["figure"])] for line in checks]
    found[f"{key}/leakage"] = entry(lines, rows=len(lines))
    for name in ("transferability", "three-models"):
        files = sorted(folder.rglob(f"{name}.json"))
        if files:
            values = [numbers_of(json.loads(file.read_text(encoding="utf-8"))) for file in files]
            found[f"{key}/{name}"] = entry(values, rows=len(values))
    for name, columns in FOLD_TABLES.items():
        files = sorted(folder.rglob(f"{name}.csv"))
        if files:
            rows = [row for file in files for row in named_cells(file, columns)]
            found[f"{key}/{name}"] = entry(rows, rows=len(rows))
    return found


def read_predictions(folder: Path) -> pd.DataFrame:
    """Return the predictions of the test part of a run, in a fixed order."""
    table = pd.concat(map(pd.read_parquet, sorted(folder.rglob("predictions.parquet"))), ignore_index=True)
    if "part" in table:
        table = table[table["part"] == "test"]
    return table.sort_values(ROW, kind="stable").reset_index(drop=True)


def prediction_entries(key: str, table: pd.DataFrame) -> dict[str, Entry]:
    """Return, of each seed, what was answered, and apart from it for which rows."""
    columns = sorted((name for name in table if re.fullmatch(r"p_\d+", name)), key=lambda name: int(name[2:]))
    found = {}
    for seed, rows in table.groupby("seed"):
        parts = [rows["y_true"].astype("Int64").fillna(-1).to_numpy(np.int64), rows["y_pred"].to_numpy(np.int64)]
        parts += [rows[name].to_numpy(np.float32) for name in columns]
        means = {f"mean_{name}": float(rows[name].mean()) for name in columns}
        content = b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
        found[f"{key}/seed{seed}/predictions"] = entry(content, rows=len(rows), **means)
        names = rows[ROW[:4]].astype(str).to_numpy().tolist()
        found[f"{key}/seed{seed}/rows"] = entry(names, rows=len(rows))
    return found


def scores_entry(folder: Path) -> Entry:
    """Return the scores of a run."""
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    kept: dict[str, Any] = {name: metrics[name] for name in COUNTS}
    for counted in COUNTED:
        scores = metrics[counted]
        kept[counted] = scores and {name: numbers_of(scores[name]) for name in SCORES}
    kept["per_subject"] = [
        {name: row[name] for name in ("subject", "clips", "coverage", "balanced_accuracy", "macro_f1", "accuracy")}
        for row in metrics["per_subject"]
    ]
    shown = {name: metrics["all"][name]["value"] for name in SHOWN_SCORES} if metrics["all"] else {}
    return entry(kept, rows=metrics["clips"], **shown)


def named_cells(file: Path, columns: Iterable[str]) -> list[list[str]]:
    """Return the text of the cells in those of the named columns that a CSV file has, row by row."""
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    if "phase" in table:
        table["phase"] = table["phase"].replace(PHASES)
    return table[[name for name in columns if name in table]].to_numpy().tolist()


def report_entries(key: str, folder: Path) -> dict[str, Entry]:
    """Return everything that is recorded of one report: its CSV tables, and the numbers in the tables of its page."""
    found = {}
    for name, columns in REPORT_TABLES.items():
        file = folder / f"{name}.csv"
        if file.is_file():
            rows = named_cells(file, columns.split())
            found[f"{key}/{name}"] = entry(rows, rows=len(rows))
    for header, tables in page_tables((folder / "index.html").read_text(encoding="utf-8")).items():
        found[f"{key}/page/{header}"] = entry(tables, rows=sum(map(len, tables)))
    return found


class Tables(HTMLParser):
    """Collects the tables of a page: `tables` holds the rows of each, a row its cells as (tag, text)."""

    def __init__(self):
        super().__init__()
        self.tables: list[list[list[list[str]]]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append([tag, ""])
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.tables[-1][-1][-1][1] += data


def page_tables(page: str) -> dict[str, list[list[list[str]]]]:
    """Return the numbers in the tables of a page: the table's header -> its tables, of each row the numbers.

    Tables without a header, and those that tell of time or versions, are left out.
    """
    parser = Tables()
    parser.feed(page)
    found: dict[str, list[list[list[str]]]] = {}
    for rows in parser.tables:
        header = " ".join(text for _, text in rows[0]).lower() if rows else ""
        if not header or {tag for tag, _ in rows[0]} != {"th"} or any(word in header for word in NOT_RECORDED):
            continue
        name = re.sub(r"[^a-z0-9]+", "-", header).strip("-")
        found.setdefault(name, []).append([NUMBER.findall(" ".join(text for _, text in row)) for row in rows[1:]])
    return found
