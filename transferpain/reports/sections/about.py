"""What a run predicts, and what a reader must know before using its scores."""

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.evaluation.predictions import clip_rows, subject_names
from transferpain.reports.facts import RunFacts
from transferpain.reports.sections.section import ReportSection
from transferpain.reports.sections.strategy import build as build_strategy
from transferpain.reports.tables import MAKERS, as_pairs, made_with

UNSTATED = "not stated"
MADE_ELSEWHERE = (
    "Predictions made elsewhere: the scores are computed here, from the table of predictions. How they were made "
    "(data, source, training, split) is declared by whoever made them."
)


def build(run: RunFacts) -> Section:
    """Return what was predicted, and on whom it was tested; its notes stand at the head of the run."""
    facts, protocol = run.facts, run.experiment["protocol"]
    about = {
        "Task": f"{run.experiment['task']}: {', '.join(run.classes)}",
        "Label": facts.get("label_definition") or UNSTATED,
        "Classes without any label": ", ".join(facts.get("empty_classes", [])) or "none",
        **({MAKERS[key]: made or UNSTATED for key, made in made_with(run).items()} if run.made_here else {}),
        "Split": "; ".join([protocol["kind"], *facts.get("split_provenance", [])]),
        "Seen of the tested dataset": facts.get("target_data") or UNSTATED,
    }
    table = Table("about", None, as_pairs(about), f"What {run.name} predicts", kind="pairs")
    return Section(title="What it predicts", tables=(table,), notes=(*run.warnings, *_notes(run)))


def _notes(run: RunFacts) -> list[str]:
    scores, notes = run.scores, [] if run.made_here else [MADE_ELSEWHERE]
    if not run.made_here and run.facts["synthetic"] is None:
        notes.append("Nobody has declared whether the faces were drawn.")
    if scores["unlabelled"]:
        notes.append(f"Clips without a label: {scores['unlabelled']}. They are predicted, not scored.")
    if scores["all"] is None:
        return notes
    accuracy, constant = (scores["all"][name]["value"] for name in ("accuracy", "majority_class_accuracy"))
    if accuracy <= constant:
        notes.append(
            f"Always answering the most frequent class gives an accuracy of {constant:.3f}; "
            f"this run's {accuracy:.3f} is no higher."
        )
    if scores["absent"]:
        notes.append(f"No clip of {', '.join(scores['absent'])}: the means are over the other classes.")
    if coverage := _coverage(run):
        notes.append(coverage)
    if scores["selected"]:
        notes.append(
            f"selected: the {scores['selected']['clips']} tested rows that are left when rows without pain are dropped "
            "as in training. It takes the labels to select them, which nobody has in use."
        )
    if undefined := one_class_subjects(run):
        notes.append(
            f"Subjects whose clips are all of one class: {', '.join(undefined)}. Balanced accuracy and macro F1 are "
            "undefined for such a subject, whose row shows the share of right answers; the run's scores pool all "
            "subjects' answers first."
        )
    if not scores["has_subjects"]:
        notes.append("These data name no subjects: the intervals are over single images.")
    return notes


def _coverage(run: RunFacts) -> str:
    """Return what is covered, in the words of the strategy if it has its own; empty where there is nothing to say."""
    if (added := build_strategy(run)) and added.coverage:
        return added.coverage
    lost = run.scores["clips_without_face"]
    return (
        f"Clips without a face in any frame: {lost}. They are answered with the training prior and count in all, not "
        "in covered."
        if lost
        else ""
    )


def one_class_subjects(run: RunFacts) -> list[str]:
    """Return the subjects that show a single class, such as 101-mg101 of UNBC-McMaster, who shows no pain."""
    if not run.scores["has_subjects"]:
        return []
    rows: pd.DataFrame = clip_rows(run.predictions).dropna(subset=["y_true"])
    classes = rows["y_true"].groupby(subject_names(rows)).nunique()
    return classes.index[classes == 1].tolist()


ABOUT = ReportSection("about", "run", build)
