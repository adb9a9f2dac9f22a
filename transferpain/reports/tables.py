"""The tables of a report: as numbers for CSV, as text for the page and for LaTeX."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

import pandas as pd

from transferpain.evaluation.formatting import UNDEFINED, number, with_interval
from transferpain.evaluation.groups import COLUMNS as GROUP_COLUMNS
from transferpain.evaluation.metrics.registry import COMPARED, HEADLINES, METRICS
from transferpain.evaluation.resampling import Interval
from transferpain.experiments.leakage.evidence import CheckLine
from transferpain.experiments.schema import Comparison
from transferpain.reports.facts import RunFacts

TITLES = {
    "run": "Run",
    "counted": "Clips counted",
    **{name: metric.title for name, metric in METRICS.items()},
    "coverage": "Coverage",
    "subjects": "Subjects",
    "clips": "Clips",
    "seeds": "Seeds",
    "difference": "Difference",
    "better": "Run",
    "worse": "minus",
    "metric": "Metric",
    "class": "Class",
    "training": "Training",
    "candidate": "Candidate",
    "loss": "Cross-entropy",
    "inner_folds": "Inner folds",
    "chosen": "Chosen",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "answer": "Answer",
    "support": "Clips",
    "subject": "Subject",
    "by": "By",
    "group": "Group",
    "paper": "Paper",
    "figure": "Figure",
    "stated": "Stated in the paper",
}


def results(runs: Sequence[RunFacts]) -> pd.DataFrame:
    """Return a row a run; another without the clips in which no face was found, if there are any; and another over
    the selected rows, where the run's training dropped rows.

    Each metric has the columns `<metric>`, `<metric>_low`, `<metric>_high` (95 % interval over subjects). The
    number of subjects is missing where the data name none.
    """
    rows = []
    for run in runs:
        whole = run.scores
        for counted, scores in counted_scores(run):
            row = {"run": run.name, "counted": counted}
            for metric in HEADLINES:
                row |= with_bounds(metric, scores[metric] if scores else None)
            row |= {
                "coverage": whole["coverage"],
                "subjects": (scores or whole)["subjects"] if whole["has_subjects"] else None,
                "clips": scores["clips"] if scores else whole["unlabelled"],
                "seeds": len(whole["seeds"]),
            }
            rows.append(row | marks(run))
    return pd.DataFrame(rows).astype({"subjects": "Int64"})


def counted_scores(run: RunFacts) -> list[tuple[str, dict[str, Any] | None]]:
    """Return the scores of all clips, of the clips with a face where they are fewer, and of the selected rows if any.

    Those of all clips are None without a label.
    """
    scores = run.scores
    counted = ["all", "covered"] if scores["all"] and scores["clips_without_face"] else ["all"]
    return [(name, scores[name]) for name in [*counted, *(["selected"] if scores["selected"] else [])]]


def marks(run: RunFacts) -> dict[str, Any]:
    """Return the columns that stand beside every score of a run: whether its data were drawn, and its warnings."""
    return {"synthetic": run.synthetic, "warnings": " ".join(run.warnings)}


def with_bounds(metric: str, score: dict[str, Any] | None) -> dict[str, float | None]:
    """Return the cells `<metric>`, `<metric>_low` and `<metric>_high` of a score, empty ones for None."""
    keys = {"": "value", "_low": "low", "_high": "high"}
    return {metric + ending: score[key] if score else None for ending, key in keys.items()}


def results_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the results as text: a score and its interval in one cell, that of a yardstick alone."""
    text = table[["run", "counted"]].copy()
    for metric in HEADLINES:
        text[metric] = [
            number(row[metric])
            if METRICS[metric].larger_is_better is None
            else with_interval(row[metric], row[f"{metric}_low"], row[f"{metric}_high"])
            for _, row in table.iterrows()
        ]
    text["coverage"] = table["coverage"].map(number)
    text["subjects"] = [UNDEFINED if pd.isna(count) else str(count) for count in table["subjects"]]
    for column in ("clips", "seeds"):
        text[column] = table[column].astype(str)
    return text.rename(columns=TITLES)


def differences(pairs: Sequence[tuple[Comparison, Interval]]) -> pd.DataFrame:
    """Return a row a declared comparison: `better` minus `worse`, with its 95 % interval over subjects."""
    columns = ["better", "worse", "metric", "difference", "low", "high", "draws"]
    rows = [(pair.better, pair.worse, pair.metric, gap.value, gap.low, gap.high, gap.draws) for pair, gap in pairs]
    return pd.DataFrame(rows, columns=columns)


def differences_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the differences as text, with what each interval says."""
    text = table[["better", "worse"]].copy()
    text["metric"] = table["metric"].map(lambda name: TITLES[name].lower())
    text["difference"] = [with_interval(row.difference, row.low, row.high, signed=True) for row in table.itertuples()]
    text["Reading"] = [reading(row.low, row.high) for row in table.itertuples()]
    return text.rename(columns=TITLES)


def reading(low: float, high: float) -> str:
    """Say in words what the interval of a difference shows."""
    if pd.isna(low):
        return "no interval: too few subjects"
    if low > 0:
        return "better: the interval lies above 0"
    if high < 0:
        return "worse: the interval lies below 0"
    return "not shown: the interval covers 0"


def per_class(run: RunFacts) -> pd.DataFrame:
    """Return precision, recall, F1 and one-v-rest AUC of each class over all clips, means over seeds."""
    scores = run.scores["all"]["per_class"]
    return pd.DataFrame([{"run": run.name, "class": name, **scores[name]} for name in run.classes])


def per_class_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of the classes as text, without the run's name."""
    text = table[["class"]].copy()
    for column in ("precision", "recall", "f1", "auc"):
        text[column] = table[column].map(number)
    text["support"] = table["support"].astype(str)
    return text.rename(columns=TITLES)


def per_subject(run: RunFacts) -> pd.DataFrame:
    """Return the scores of each subject, means over seeds."""
    columns = ["run", "subject", "clips", "coverage", *COMPARED]
    return pd.DataFrame([{"run": run.name, **row} for row in run.scores["per_subject"]], columns=columns)


def per_subject_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of the subjects as text, without the run's name."""
    text = table[["subject"]].copy()
    text["clips"] = table["clips"].astype(str)
    for column in ("coverage", *COMPARED):
        text[column] = table[column].map(number)
    return text.rename(columns=TITLES)


def candidates(run: RunFacts) -> pd.DataFrame:
    """Return what nested selection compared: a row a fold, seed and candidate, means over inner folds."""
    columns = ["loss", "balanced_accuracy"]
    parts = []
    for training, scores in run.candidates.items():
        by_candidate = scores.groupby("candidate", sort=False)
        means = (
            by_candidate[columns].mean().assign(inner_folds=by_candidate.size(), chosen=by_candidate["chosen"].all())
        )
        parts.append(means.reset_index().assign(run=run.name, training=training))
    return pd.concat(parts)[["run", "training", "candidate", *columns, "inner_folds", "chosen"]]


def candidates_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the candidates' scores as text, without the run's name."""
    text = table[["training", "candidate"]].copy()
    for column in ("loss", "balanced_accuracy"):
        text[column] = table[column].map(number)
    text["inner_folds"] = table["inner_folds"].astype(str)
    text["chosen"] = table["chosen"].map({True: "chosen", False: ""})
    return text.rename(columns=TITLES)


def groups(run: RunFacts) -> pd.DataFrame:
    """Return the balanced accuracy of each group of subjects by sex and age, with its interval; a row a group."""
    table = pd.DataFrame(columns=GROUP_COLUMNS) if run.groups is None else run.groups
    return table.assign(run=run.name)[["run", *table.columns]]


def groups_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of the groups as text, without the run's name."""
    text = table[["by", "group"]].copy()
    text["balanced_accuracy"] = [with_interval(row.balanced_accuracy, row.low, row.high) for row in table.itertuples()]
    for column in ("subjects", "clips"):
        text[column] = table[column].astype(str)
    return text.rename(columns=TITLES)


def leakage(run: RunFacts) -> pd.DataFrame:
    """Return the leakage checks of a run, a row a check; none if the run has none."""
    columns = [field.name for field in fields(CheckLine)]
    return pd.DataFrame([{"run": run.name, **asdict(line)} for line in run.checks], columns=["run", *columns])


def forgetting(run: RunFacts) -> pd.DataFrame:
    """Return the source's scores on its own task, before and after each training."""
    return run.forgetting.assign(run=run.name)[["run", *run.forgetting.columns]]


def paper_figures(runs: Sequence[RunFacts]) -> pd.DataFrame:
    """Return what the papers state, as text: a row a figure, under the runs that reproduce it."""
    rows = [
        (run.name, paper["name"], figure, str(stated))
        for run in runs
        if (paper := run.experiment.get("paper"))
        for figure, stated in paper["figures"].items()
    ]
    table = pd.DataFrame(rows, columns=["run", "paper", "figure", "stated"])
    keys = ["paper", "figure", "stated"]
    return table.groupby(keys, sort=False, as_index=False)["run"].agg(", ".join).rename(columns=TITLES)


def latex(text: pd.DataFrame, caption: str) -> str:
    """Return a table of text as LaTeX; needs `\\usepackage{booktabs}`."""
    plain = text.replace(UNDEFINED, "--")
    # pandas escapes the cells, not the caption, where a bare % would hide the rest of the line.
    caption = caption.replace("%", r"\%")
    return plain.to_latex(index=False, escape=True, caption=caption, column_format="l" * len(plain.columns))
