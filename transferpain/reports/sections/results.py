"""Results: the scores of every run, with their intervals, beside what a constant answer scores."""

from collections.abc import Sequence

import pandas as pd
from markupsafe import Markup

from transferpain.core.contracts import Picture, Section, Table
from transferpain.core.store import fingerprint
from transferpain.core.synthetic_faces import shown_faces
from transferpain.evaluation.formatting import UNDEFINED, number, with_interval
from transferpain.evaluation.interval_limits import interval_limits
from transferpain.evaluation.metrics.registry import HEADLINES, METRICS
from transferpain.evaluation.resampling import FEWEST_SUBJECTS, read_answers
from transferpain.reports import figures
from transferpain.reports.facts import ReportFacts, RunFacts
from transferpain.reports.sections.section import ReportSection
from transferpain.reports.tables import BOUNDS, MAKERS, TITLES, counted_scores, made_with, marks, with_bounds

# What a run is made of, by its facts, and the keys of an experiment that decide which source and data that are.
DATA = ("index", "contents", "task_hash")
SOURCE = ("source", "source_set", "backbone", "faces", "images", "null_draw")
ASKED = ("task", "dataset", "protocol", "window", "adaptation", "rows", "null_draw")
MEASURED = "Measured here, on test data that took no part in training"
DECLARED = (
    "Scores are computed here; that the test data took no part in training is, of {}, declared by whoever made the "
    "predictions"
)
NOTE = Markup(
    "{origin}; means over seeds. In brackets: 95 % interval over subjects, from what a score becomes without each of "
    "them (cluster jackknife with Student's t, on the probit scale); <em>none</em> below {fewest} subjects, where all "
    "subjects are alike, and where a score is not defined without one of them. Majority-class accuracy: what one "
    "constant answer scores. Coverage: mean share of frames in which a face was found, of every clip of the run. "
    "<em>all</em> counts every clip, <em>covered</em> only clips with a face; <em>linear probe</em> is a logistic "
    "regression on the features that the head reads, over every clip."
)


def build(report: ReportFacts) -> Section:
    """Return the scores of all runs as one table, and as one figure where any run has labels."""
    table = results(report.runs)
    return Section(
        title="Results",
        warnings=tuple(Markup("<strong>{}:</strong> {}").format(*warning) for warning in report.warnings),
        pictures=(_picture(report),) if report.scored else (),
        tables=(
            Table(
                name="results",
                numbers=table,
                text=results_as_text(table),
                caption="Results",
                note=NOTE.format(origin=_origin(report), fewest=FEWEST_SUBJECTS),
                latex="Scores on held-out subjects with 95 % intervals over subjects.",
                text_columns=len(MAKERS) + 2,
            ),
        ),
        notes=(*unreliable(report.scored), *of_other_data(report.runs)),
    )


def unreliable(runs: Sequence[RunFacts]) -> tuple[str, ...]:
    """Return a sentence for each run with intervals that are known to be unreliable, with the reasons."""
    sentences = []
    for run in runs:
        score = run.scores["all"]["balanced_accuracy"]["value"]
        limits = interval_limits(read_answers(run.predictions), run.classes, score)
        if limits:
            sentences.append(f"The intervals of {run.name} and of its differences are unreliable: {'; '.join(limits)}.")
    return tuple(sentences)


def of_other_data(runs: Sequence[RunFacts]) -> tuple[str, ...]:
    """Return a sentence for runs that ask for the same data, or source, and were made of different ones."""
    asked: dict[tuple[str, str], dict[str, list[str]]] = {}
    for run in [one for one in runs if one.made_here]:
        source = run.facts.get("source")
        source = source.get("hash") if isinstance(source, dict) else None
        mode = (run.experiment.get("training") or {}).get("label_mode")
        for what, keys, stated in (
            ("data (media, labels or task)", ASKED, [run.facts.get(key) for key in DATA]),
            ("source", SOURCE, [source]),
        ):
            if None not in stated:
                wanted = [run.facts["dataset"], mode, {key: run.experiment.get(key) for key in keys}]
                made_of = asked.setdefault((what, fingerprint(wanted)), {})
                made_of.setdefault(fingerprint(stated), []).append(run.name)
    return tuple(
        f"These runs ask for the same {what}, and were made with different ones: "
        f"{' v '.join(', '.join(names) for names in made_of.values())}. Their scores cannot be compared."
        for (what, _), made_of in asked.items()
        if len(made_of) > 1
    )


def _origin(report: ReportFacts) -> str:
    declared = [run.name for run in report.runs if not run.made_here]
    return DECLARED.format(", ".join(declared)) if declared else MEASURED


def results(runs: Sequence[RunFacts]) -> pd.DataFrame:
    """Return one row per run; another without the clips in which no face was found, if there are any; and another over
    the selected rows, where the run's training dropped rows.

    Each metric has the columns `<metric>`, `<metric>_low`, `<metric>_high` (95 % interval over subjects) and
    `<metric>_reason` (why there is none). The number of subjects is missing where the data name none.
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
            rows.append(row | made_with(run) | marks(run))
    return pd.DataFrame(rows).astype({"subjects": "Int64"})


def results_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the results as text: a score and its interval in one cell, that of a yardstick alone."""
    text = table[["run", *MAKERS, "counted"]].copy()
    for column in MAKERS:
        text[column] = text[column].replace("", UNDEFINED)
    for metric in HEADLINES:
        text[metric] = [
            number(row[metric])
            if METRICS[metric].larger_is_better is None
            else with_interval(*(row[metric + ending] for ending in BOUNDS))
            for _, row in table.iterrows()
        ]
    text["coverage"] = table["coverage"].map(number)
    text["subjects"] = [UNDEFINED if pd.isna(count) else str(count) for count in table["subjects"]]
    for column in ("clips", "seeds"):
        text[column] = table[column].astype(str)
    return text.rename(columns=TITLES | MAKERS)


def result_rows(report: ReportFacts) -> tuple[list[figures.Row], str, bool]:
    """Return what `figures.draw_intervals` needs to show each scored run with its interval, seeds and chance level."""
    baselines = {pair.worse for pair in report.comparisons}
    rows = []
    for run in report.scored:
        score = run.scores["all"]["balanced_accuracy"]
        seeds = tuple(by_seed["balanced_accuracy"] for by_seed in run.scores["all"]["per_seed"].values())
        bounds = [score["value"] if bound is None else bound for bound in (score["low"], score["high"])]
        text = with_interval(score["value"], score["low"], score["high"], score["reason"])
        is_baseline = run.name in baselines
        name = f"{run.name} (see its warning)" if run.warnings else run.name
        rows.append(figures.Row(name, text, score["value"], *bounds, run.chance, seeds, is_baseline))
    return (
        rows,
        "balanced accuracy, 95 % interval",
        shown_faces(run.facts for run in report.scored),
    )


def _picture(report: ReportFacts) -> Picture:
    words = "; ".join(_in_words(run) for run in report.scored)
    title = "Dot: mean over seeds. Line: 95 % interval over subjects. Ticks: single seeds."
    if report.comparisons:
        title += " Grey: what the others are compared with."
    rows = result_rows(report)
    return Picture(
        title,
        f"Balanced accuracy with 95 % interval: {words}.",
        figures.drawn_uri(figures.draw_intervals, *rows),
        figures.drawn_uri(figures.draw_intervals, *rows, figures.WHOLE_WIDTH),
    )


def _in_words(run: RunFacts) -> str:
    score = run.scores["all"]["balanced_accuracy"]
    text = with_interval(score["value"], score["low"], score["high"], score["reason"])
    return f"{run.name} {text}, chance {number(run.chance)}"


RESULTS = ReportSection("results", "report", build)
