"""Which clips a run fails, by subject: for whoever wants to look at them."""

from collections.abc import Sequence

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.evaluation.formatting import UNDEFINED
from transferpain.evaluation.predictions import labelled_rows, subject_names
from transferpain.reports.facts import RunFacts
from transferpain.reports.sections.section import ReportSection

# Rows of a table that a page still shows at once; the file holds all.
MOST_SHOWN = 300
COLUMNS = ["run", "subject", "clip", "label", "failed", "wrong_seeds", "seeds", "wrong_answer", "p_label", "coverage"]
SUBJECT_TITLES = ["Subject", "Clips", "Failed", "Share failed", "Taken for"]
CLIP_TITLES = {
    "subject": "Subject",
    "clip": "Clip",
    "label": "Label",
    "wrong_answer": "Answer",
    "wrong": "Wrong with",
    "p_label": "Probability of the label",
    "coverage": "Coverage",
}
NOTE = (
    "Failed: answered wrong with at least half of the seeds. Answer: the most frequent wrong one. Probability of the "
    "label: mean over seeds. The most wrong clips and subjects stand first; clips.csv holds every clip."
)


def build(run: RunFacts) -> Section | None:
    """Return the failed clips and how many each subject has; `None` without a label, or where no subject is named."""
    if run.scores["all"] is None or not run.scores["has_subjects"]:
        return None
    table = clips(run)
    failed = table[table["failed"]].sort_values(["wrong_seeds", "p_label"], ascending=[False, True], kind="stable")
    caption = f"Failed clips of each subject of {run.name}"
    tables = [Table("clips", table), Table("failures", None, by_subject(table), caption, sortable=True)]
    if len(failed):
        shown = clips_as_text(failed[:MOST_SHOWN])
        note = NOTE if len(failed) <= MOST_SHOWN else f"{MOST_SHOWN} of {len(failed)} failed clips. {NOTE}"
        caption = f"Failed clips of {run.name}"
        tables.append(Table("failed_clips", None, shown, caption, note, text_columns=4, sortable=True))
    return Section(f"Failed clips by subject ({len(failed)} of {len(table)})", tables=tuple(tables), folded=True)


def clips(run: RunFacts) -> pd.DataFrame:
    """Return one row per labelled clip, in the order of the predictions, with the columns `COLUMNS`.

    `wrong_answer` is the most frequent wrong answer, empty where no seed is wrong; `p_label` the mean probability of
    the label over seeds.
    """
    rows = labelled_rows(run.predictions)
    label, answer = rows["y_true"].to_numpy(dtype=int), rows["y_pred"].to_numpy(dtype=int)
    probabilities = rows[[f"p_{k}" for k in range(len(run.classes))]].to_numpy(dtype=float)
    each = pd.DataFrame(
        {
            "subject": subject_names(rows).to_numpy(),
            "clip": rows["clip"].astype(str).to_numpy(),
            "label": label,
            "wrong": answer != label,
            "p_label": probabilities[range(len(rows)), label],
            "coverage": rows["coverage"].to_numpy(dtype=float),
        }
    )
    keys = ["subject", "clip", "label"]
    groups = each.groupby(keys, sort=False)
    table = groups.agg(
        wrong_seeds=("wrong", "sum"),
        seeds=("wrong", "size"),
        p_label=("p_label", "mean"),
        coverage=("coverage", "mean"),
    ).reset_index()
    table["failed"] = 2 * table["wrong_seeds"] >= table["seeds"]
    votes = [((answer == k) & each["wrong"]).groupby(groups.ngroup()).sum() for k in range(len(run.classes))]
    wrong = pd.Series(_names(run.classes, pd.concat(votes, axis=1).to_numpy().argmax(axis=1)))
    table["wrong_answer"] = wrong.where(table["wrong_seeds"] > 0, "")
    table["label"] = _names(run.classes, table["label"])
    return table.assign(run=run.name)[COLUMNS]


def _names(classes: Sequence[str], numbers: Sequence[int]) -> list[str]:
    return [classes[number] for number in numbers]


def by_subject(table: pd.DataFrame) -> pd.DataFrame:
    """Return as text how many clips each subject has and how many of them fail, the largest shares first."""
    rows = []
    for subject, part in table.groupby("subject", sort=False):
        failed = part[part["failed"]]
        pairs = (failed["label"] + " as " + failed["wrong_answer"]).value_counts(sort=False)
        said = ", ".join(f"{pair}: {count}" for pair, count in sorted(pairs.items(), key=lambda one: (-one[1], one[0])))
        rows.append((len(failed) / len(part), subject, len(part), len(failed), said or UNDEFINED))
    rows.sort(key=lambda row: -row[0])
    text = [(subject, str(clips), str(failed), f"{share:.2f}", said) for share, subject, clips, failed, said in rows]
    return pd.DataFrame(text[:MOST_SHOWN], columns=SUBJECT_TITLES)


def clips_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return clips as text, without the run's name."""
    text = table[["subject", "clip", "label", "wrong_answer"]].copy()
    text["wrong"] = [f"{row.wrong_seeds} of {row.seeds} seeds" for row in table.itertuples()]
    for column in ("p_label", "coverage"):
        text[column] = [f"{value:.2f}" for value in table[column]]
    return text.rename(columns=CLIP_TITLES)


FAILED_CLIPS = ReportSection("failed-clips", "run", build)
