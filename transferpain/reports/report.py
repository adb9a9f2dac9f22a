"""The report of finished runs: one self-contained page, its tables as CSV and LaTeX, and one picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.store import write_atomically, write_text
from transferpain.evaluation.formatting import number, with_interval
from transferpain.evaluation.predictions import clip_rows, subject_names
from transferpain.evaluation.ranking import mean_curves
from transferpain.evaluation.resampling import DRAWS, Interval, read_answers
from transferpain.evaluation.statistics import paired_difference
from transferpain.experiments.leakage.checks import failed
from transferpain.experiments.schema import Comparison
from transferpain.reports import decisions, figures, score_tables, subject_tests, tables, three_models
from transferpain.reports.facts import RunFacts, read_run
from transferpain.reports.page import render, write_csv

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TEMPLATE = "report.html"
RESULT_WIDTH = 7.5
UNSTATED = "not stated"


def write_report(
    name: str,
    title: str,
    question: str,
    run_folders: Sequence[Path],
    comparisons: Sequence[Comparison],
    out: Path,
) -> Path:
    """Write `out/<name>/`: `index.html`, `result.png`, and the tables as `.csv` and `.tex`.

    Every score is computed from the predictions of the runs. The page loads nothing, runs no script and holds
    no picture of a dataset. Without a labelled clip in any run there is no `result.png`.

    Args:
        name: the report's folder.
        title: its heading.
        question: what the runs are to answer; may be empty.
        run_folders: finished runs, in the order of the tables.
        comparisons: paired differences between runs, by the names of their experiments.
        out: where reports are kept.

    Returns:
        The path of `index.html`.

    Raises:
        UserError: if there is no run, a folder is no finished run, two runs have one name, a comparison names
            another run, or its runs were not tested on the same clips.
    """
    runs = [read_run(folder) for folder in run_folders]
    _check(runs, comparisons)
    by_name = {run.name: run for run in runs}
    gaps = [
        (
            pair,
            paired_difference(by_name[pair.better].predictions, by_name[pair.worse].predictions, pair.metric),
        )
        for pair in comparisons
    ]
    folder = out / name
    scored = [run for run in runs if run.scores["all"]]
    if scored:
        picture = draw_result(scored, comparisons, width=RESULT_WIDTH)
        write_atomically(folder / "result.png", lambda path: figures.save_png(picture, path))
    _write_tables(folder, runs, scored, gaps)
    write_text(folder / "index.html", _page(title, question, runs, gaps))
    return folder / "index.html"


def draw_result(runs: Sequence[RunFacts], comparisons: Sequence[Comparison], width: float) -> "Figure":
    """Draw the balanced accuracy of each run with its interval, its seeds and its chance level."""
    baselines = {pair.worse for pair in comparisons}
    rows = []
    for run in runs:
        score = run.scores["all"]["balanced_accuracy"]
        seeds = tuple(by_seed["balanced_accuracy"] for by_seed in run.scores["all"]["per_seed"].values())
        bounds = [score["value"] if bound is None else bound for bound in (score["low"], score["high"])]
        text = with_interval(score["value"], score["low"], score["high"])
        is_baseline = run.name in baselines
        name = f"{run.name} (see its warning)" if run.warnings else run.name
        rows.append(figures.Row(name, text, score["value"], *bounds, run.chance, seeds, is_baseline))
    axis = "balanced accuracy, 95 % interval"
    return figures.draw_intervals(rows, axis, any(run.synthetic for run in runs), width)


def _check(runs: Sequence[RunFacts], comparisons: Sequence[Comparison]) -> None:
    names = [run.name for run in runs]
    if not runs or len(set(names)) != len(names):
        raise UserError(
            "The runs of a report must be told apart.",
            rule="A report takes at least one run, and each run has a name of its own.",
            received=", ".join(run.folder for run in runs) or "no run",
            todo="Give one run folder a name, or set another `name` in the experiment.",
        )
    for pair in comparisons:
        if not {pair.better, pair.worse} <= set(names):
            raise UserError(
                "A comparison names a run that is not in the report.",
                rule=f"It compares two of {', '.join(names)}.",
                received=f"{pair.better} and {pair.worse}",
            )


def _write_tables(
    folder: Path,
    runs: Sequence[RunFacts],
    scored: Sequence[RunFacts],
    gaps: Sequence[tuple[Comparison, Interval]],
) -> None:
    synthetic = any(run.synthetic for run in runs)
    marks = [f"{figures.STAMP}."] if synthetic else []
    warnings = [f"{run}: {warning}" for run, warning in _warnings(runs)]
    mark = " ".join(["", *marks, *warnings])

    def write(name: str, table: pd.DataFrame, text: pd.DataFrame, caption: str) -> None:
        write_csv(folder / f"{name}.csv", table)
        write_text(folder / f"{name}.tex", tables.latex(text, f"{caption} with 95 % intervals over subjects.{mark}"))

    results = tables.results(runs)
    write("results", results, tables.results_as_text(results), "Scores on held-out subjects")
    probabilities, levels = score_tables.probabilities(scored), score_tables.ordinal(scored)
    if len(probabilities):
        text = score_tables.probabilities_as_text(probabilities)
        write("probabilities", probabilities, text, "Scores of the probabilities")
    if len(levels):
        write("ordinal", levels, score_tables.ordinal_as_text(levels), "Scores of the ordered levels")
    if gaps:
        marked = {"synthetic": synthetic, "warnings": " ".join(warnings)}
        differences = tables.differences(gaps).assign(**marked)
        write("differences", differences, tables.differences_as_text(differences), "Paired differences")
        write_csv(folder / "mcnemar.csv", decisions.mcnemar_tests(*_declared(runs, gaps)).assign(**marked))
        write_csv(folder / "subject_tests.csv", subject_tests.subject_tests(*_declared(runs, gaps)).assign(**marked))
    for file, rows_of, of_runs in (
        ("classes.csv", tables.per_class, scored),
        ("subjects.csv", tables.per_subject, scored),
        ("groups.csv", tables.groups, [run for run in scored if run.groups is not None]),
        ("candidates.csv", tables.candidates, [run for run in runs if run.candidates]),
        ("leakage.csv", tables.leakage, [run for run in runs if run.checks]),
        ("forgetting.csv", tables.forgetting, [run for run in runs if run.forgetting is not None]),
        ("thresholds.csv", three_models.thresholds, [run for run in runs if run.three_models]),
        ("importance.csv", three_models.importance, [run for run in runs if run.three_models]),
    ):
        parts = [rows_of(run).assign(**tables.marks(run)) for run in of_runs]
        if parts:
            write_csv(folder / file, pd.concat(parts, ignore_index=True))


def _declared(
    runs: Sequence[RunFacts], gaps: Sequence[tuple[Comparison, Interval]]
) -> tuple[dict[str, pd.DataFrame], list[Comparison]]:
    """Return the predictions of each run, and the comparisons that were declared."""
    return {run.name: run.predictions for run in runs}, [pair for pair, _ in gaps]


def _warnings(runs: Sequence[RunFacts]) -> list[tuple[str, str]]:
    """Return name and warning of each run that must not be shown without one."""
    return [(run.name, warning) for run in runs for warning in run.warnings]


def _page(title: str, question: str, runs: Sequence[RunFacts], gaps: Sequence[tuple[Comparison, Interval]]) -> str:
    scored = [run for run in runs if run.scores["all"]]
    comparisons = [pair for pair, _ in gaps]
    result = draw_result(scored, comparisons, figures.WIDTH) if scored else None
    probabilities, levels = score_tables.probabilities(scored), score_tables.ordinal(scored)
    return render(
        TEMPLATE,
        title=title,
        draws=DRAWS,
        question=question,
        synthetic=[run.name for run in runs if run.synthetic],
        all_synthetic=all(run.synthetic for run in runs),
        warnings=_warnings(runs),
        results=tables.results_as_text(tables.results(runs)),
        result_figure=figures.as_data_uri(result) if result else None,
        result_text="; ".join(_in_words(run) for run in scored),
        probabilities=score_tables.probabilities_as_text(probabilities) if len(probabilities) else None,
        levels=score_tables.ordinal_as_text(levels) if len(levels) else None,
        undefined=score_tables.undefined(scored),
        differences=tables.differences_as_text(tables.differences(gaps)) if gaps else None,
        **_tests_as_text(*_declared(runs, gaps)),
        paper_figures=tables.paper_figures(runs),
        decisions=_decisions(runs),
        runs=[_run_view(run) for run in runs],
    )


def _tests_as_text(
    predictions: dict[str, pd.DataFrame], comparisons: Sequence[Comparison]
) -> dict[str, pd.DataFrame | None]:
    """Return the tables of tests; `None` where nothing was declared."""
    if not comparisons:
        return {"subject_tests": None, "single_clips": None}
    return {
        "subject_tests": subject_tests.subject_tests_as_text(subject_tests.subject_tests(predictions, comparisons)),
        "single_clips": decisions.mcnemar_as_text(decisions.mcnemar_tests(predictions, comparisons)),
    }


def _in_words(run: RunFacts) -> str:
    score = run.scores["all"]["balanced_accuracy"]
    text = with_interval(score["value"], score["low"], score["high"])
    return f"{run.name} {text}, chance {number(run.chance)}"


def _decisions(runs: Sequence[RunFacts]) -> dict[str, list[str]]:
    """Return what we decided where a paper is silent: paper -> decisions, each once."""
    found: dict[str, dict[str, None]] = {}
    for run in runs:
        if paper := run.experiment.get("paper"):
            found.setdefault(paper["name"], {}).update(dict.fromkeys(paper["decisions"]))
    return {paper: list(decisions) for paper, decisions in found.items() if decisions}


def _run_view(run: RunFacts) -> dict[str, Any]:
    has_scores = run.scores["all"] is not None
    return {
        "name": run.name,
        "folder": run.folder,
        "synthetic": run.synthetic,
        "about": _about(run),
        "notes": _notes(run),
        "figures": _figures(run),
        "classes": tables.per_class_as_text(tables.per_class(run)) if has_scores else None,
        "subjects": tables.per_subject_as_text(tables.per_subject(run)) if run.scores["per_subject"] else None,
        "groups": tables.groups_as_text(tables.groups(run)) if has_scores and run.groups is not None else None,
        "candidates": tables.candidates_as_text(tables.candidates(run)) if run.candidates else None,
        "three_models": three_models.view(run),
        "checks": run.checks,
        "unusable": run.unusable,
        "facts": _flat(run.facts),
        "environment": _flat(run.environment),
        "experiment": run.experiment_text,
    }


def _about(run: RunFacts) -> dict[str, str]:
    """Return in words what was predicted, and on whom it was tested."""
    facts, protocol = run.facts, run.experiment["protocol"]
    split = [protocol["kind"], *facts.get("split_provenance", [])]
    return {
        "Task": f"{run.experiment['task']}: {', '.join(run.classes)}",
        "Label": facts.get("label_definition") or UNSTATED,
        "Classes without any label": ", ".join(facts.get("empty_classes", [])) or "none",
        "Split": "; ".join(split),
        "Seen of the tested dataset": facts.get("target_data") or UNSTATED,
    }


def _notes(run: RunFacts) -> list[str]:
    """Return what a reader must know before using the run's scores."""
    scores = run.scores
    notes = list(run.warnings)
    if run.candidates:
        chosen = tables.candidates(run).query("chosen")["candidate"].value_counts()
        notes.append(
            f"Chosen on inner folds of the training subjects ({run.experiment['protocol']['selection_rule']}): "
            + "; ".join(f"{name} in {count} of {len(run.candidates)} trainings" for name, count in chosen.items())
            + "."
        )
    if faults := failed(run.checks):
        notes.append(f"Leakage checks that failed: {'; '.join(f'{line.number} {line.name}' for line in faults)}.")
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
    if run.three_models:
        notes.append(three_models.note(run))
    if scores["clips_without_face"] and not run.three_models:
        notes.append(
            f"Clips without a face in any frame: {scores['clips_without_face']}. They are answered with the "
            "training prior and count in all, not in covered."
        )
    if scores["selected"]:
        notes.append(
            f"selected: the {scores['selected']['clips']} tested rows that are left when rows without pain are dropped "
            "as in training. It takes the labels to select them, which nobody has in use."
        )
    if undefined := _one_class_subjects(run):
        notes.append(
            f"Subjects whose clips are all of one class: {', '.join(undefined)}. Balanced accuracy and macro F1 are "
            "undefined for such a subject, whose row shows the share of right answers; the run's scores pool all "
            "subjects' answers first."
        )
    if run.forgetting is not None:
        before, after = run.forgetting.groupby("tuned")["balanced_accuracy"].mean()
        notes.append(
            f"Forgetting: on the task of its source ({run.experiment['source']}, {run.forgetting['rows'].iloc[0]} test "
            f"rows) the network has a balanced accuracy of {before:.3f} before tuning and {after:.3f} with its tuned "
            "layers put back, a mean over folds and seeds."
        )
    if not scores["has_subjects"]:
        notes.append("These data name no subjects: the intervals are over single images.")
    return notes


def _one_class_subjects(run: RunFacts) -> list[str]:
    """Return the subjects that show a single class, such as 101-mg101 of UNBC-McMaster, who shows no pain."""
    if not run.scores["has_subjects"]:
        return []
    rows = clip_rows(run.predictions).dropna(subset=["y_true"])
    classes = rows["y_true"].groupby(subject_names(rows)).nunique()
    return classes.index[classes == 1].tolist()


def _figures(run: RunFacts) -> list[dict[str, str]]:
    """Return the run's figures with a title, a description for those who do not see them, and the picture."""
    views = []

    def add(title: str, alt: str, figure: "Figure") -> None:
        views.append({"title": title, "alt": alt, "uri": figures.as_data_uri(figure)})

    scores = run.scores
    if scores["all"]:
        recalls = ", ".join(f"{k} {number(v['recall'])}" for k, v in scores["all"]["per_class"].items())
        add(
            "Confusion matrix: share of the true class, and clips summed over seeds",
            f"Confusion matrix of {run.name}. Recall by class: {recalls}.",
            figures.draw_confusion(scores["all"]["confusion"], run.classes, run.synthetic),
        )
        error = scores["all"]["calibration_error"]["value"]
        add(
            "Calibration: how often answers are right by their confidence, all seeds",
            f"Reliability diagram of {run.name}: expected calibration error {number(error)}.",
            figures.draw_reliability(scores["all"]["reliability"], run.synthetic),
        )
        if curves := mean_curves(read_answers(run.predictions)):
            names = [run.classes[curve.number] for curve in curves]
            areas = [f"{name}: AUC {number(scores['all']['per_class'][name]['auc'])}" for name in names]
            add(
                "ROC and precision-recall curves, each class against the rest, means over seeds",
                f"ROC and precision-recall curves of {run.name}. {'; '.join(areas)}.",
                figures.draw_ranking(curves, areas, run.synthetic),
            )
    if run.histories:
        epochs = [len(history) for history in run.histories.values()]
        add(
            "Learning curves: a line a fold and seed",
            f"Loss and accuracy of {run.name} by epoch: {len(epochs)} trainings of {min(epochs)} to "
            f"{max(epochs)} epochs.",
            figures.draw_curves(run.histories, run.synthetic),
        )
    if scores["per_subject"]:
        values = [row["balanced_accuracy"] for row in scores["per_subject"]]
        add(
            "Balanced accuracy of each subject",
            f"Balanced accuracy of {len(values)} subjects of {run.name}, from {min(values):.2f} to {max(values):.2f}.",
            figures.draw_subjects(values, run.chance, run.synthetic),
        )
    return views


def _flat(values: Mapping[str, Any], above: str = "") -> dict[str, str]:
    """Return a nested mapping as one level of text: `{"versions keras": "3.15.1"}`."""
    flat: dict[str, str] = {}
    for key, value in values.items():
        name = f"{above} {key}".strip()
        if isinstance(value, Mapping):
            flat |= _flat(value, name)
        else:
            flat[name] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return flat
