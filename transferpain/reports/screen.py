"""What the command line shows of finished runs: a table, what must be said beside it, and where the report stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from transferpain.core.csv_file import read_csv
from transferpain.core.synthetic_faces import faces_of, in_words, merge_faces
from transferpain.evaluation.formatting import p_value, with_interval
from transferpain.evaluation.metrics.registry import HEADLINES
from transferpain.evaluation.predictions import LINEAR_PROBE, PROBE_TITLES
from transferpain.experiments.leakage.checks import failed, read_checks
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.upgrade import read_experiment
from transferpain.reports.facts import reading, run_scores
from transferpain.reports.inputs import written_files
from transferpain.reports.tables import MAKERS, makers_of
from transferpain.strategies.common.stated import FinishedFacts

MAJORITY = "majority_class_accuracy"  # no answer of a run: where subjects have equal shares, all are alike in it
DIFFERENCES = "differences.csv"
ONE_EACH = "one training of each source"
COLUMNS = ["run", *(metric.headline for metric in HEADLINES.values()), "coverage", "subjects", "clips", "seeds"]


@dataclass(frozen=True)
class Result:
    """What the command line prints after a run."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    notes: list[str]


def synthetic_mark(runs: list[RunFolder]) -> str:
    """Return what a title says when synthetic faces took part in any of the runs."""
    faces: tuple[str, ...] = ()
    for run in runs:
        with reading(run):
            faces = merge_faces(faces, faces_of(run.facts(FinishedFacts)))
    return f" - SYNTHETIC data: {in_words(faces)}" if faces else ""


def table_row(run: RunFolder) -> list[str]:
    """Return a run's row of the result table; a run without labels has no score."""
    with reading(run):
        return score_row(name_of(run), run_scores(run))


def score_row(name: str, metrics: dict[str, Any]) -> list[str]:
    """Return the row of what has these scores, under a name."""
    scores = metrics["all"]
    values = [shown(scores[name]) if scores else "no labels" for name in HEADLINES]
    subjects = metrics["subjects"] if metrics["has_subjects"] else "-"
    counts = [f"{metrics['coverage']:.1%}", subjects, metrics["clips"], len(metrics["seeds"])]
    return [name, *values, *map(str, counts)]


def table_rows(runs: list[RunFolder]) -> list[list[str]]:
    """Return the rows of the result table: each run's, and below it those of its linear probes."""
    return [row for run in runs for row in (table_row(run), *probe_rows(run))]


def probe_rows(run: RunFolder) -> list[list[str]]:
    """Return a row for each linear probe beside a run's head, over the clips of the run's own row."""
    with reading(run):
        return probe_score_rows(run_scores(run))


def probe_score_rows(metrics: dict[str, Any]) -> list[list[str]]:
    """Return the rows of the linear probes whose scores stand among others."""
    _, *_, subjects, clips, seeds = score_row("", metrics)
    probes = metrics.get(LINEAR_PROBE, {})
    coverage = f"{metrics['coverage']:.1%}"
    return [
        [f"  {PROBE_TITLES[name]}", *(shown(scores[metric]) for metric in HEADLINES), coverage, subjects, clips, seeds]
        for name, scores in probes.items()
    ]


def name_of(run: RunFolder) -> str:
    """Return the name of a run's experiment: its folder's name without the hash."""
    return run.path.name.rsplit("-", 1)[0]


def warning_lines(runs: list[RunFolder]) -> list[str]:
    """Return what must be said beside the scores of each run: warnings of its protocol, leakage checks that fail."""
    lines = []
    for run in runs:
        with reading(run):
            lines += [f"warning: {name_of(run)}: {warning}" for warning in run.facts().get("warnings", ())]
            checks = read_checks(run.path)
        if faults := failed(checks):
            named = ", ".join(f"{line.number} ({line.name})" for line in faults)
            lines.append(f"warning: {name_of(run)}: {len(faults)} of {len(checks)} leakage checks fail: {named}")
    return lines


def maker_lines(runs: list[RunFolder]) -> list[str]:
    """Return a line for each run: its source, backbone, head and detector."""
    lines = []
    for run in runs:
        with reading(run):
            made = makers_of(read_experiment(run.path), run.facts())
        lines.append(f"{name_of(run)}: " + ", ".join(f"{key} {made[key] or 'not stated'}" for key in MAKERS))
    return lines


def declared_lines(runs: list[RunFolder]) -> list[str]:
    """Return, for each set of leakage checks that rest on what was declared, the runs of which that is true."""
    by_checks: dict[str, list[str]] = {}
    for run in runs:
        with reading(run):
            declared = [line for line in read_checks(run.path) if line.state == "declared"]
        named = ", ".join(f"{line.number} ({line.name})" for line in declared)
        if named:
            by_checks.setdefault(named, []).append(name_of(run))
    return [f"declared, not compared: leakage checks {named} of {', '.join(who)}" for named, who in by_checks.items()]


def shown(score: dict[str, float | None]) -> str:
    """Return `0.612 [0.560, 0.655]`, the value alone where there is no interval, or a dash."""
    return with_interval(score["value"], score["low"], score["high"], undefined="-")


def missing_lines(runs: list[RunFolder]) -> list[str]:
    """Return a line for each reason why scores of the result table have no interval, with the runs that it concerns."""
    return missing_score_lines([(name_of(run), run_scores(run)) for run in runs])


def missing_score_lines(named: Iterable[tuple[str, dict[str, Any]]]) -> list[str]:
    """Return the same lines for scores by name."""
    by_reason: dict[str, list[str]] = {}
    for name, metrics in named:
        tables = [metrics["all"], *metrics.get(LINEAR_PROBE, {}).values()]
        scores = [table[name] for table in tables if table for name in HEADLINES if name != MAJORITY]
        reasons = {score["reason"] for score in scores if score["value"] is not None and score["low"] is None}
        for reason in sorted(filter(None, reasons)):
            by_reason.setdefault(reason, []).append(name)
    return [f"no interval: {reason} ({', '.join(who)})" for reason, who in by_reason.items()]


def difference_lines(report: Path) -> list[str]:
    """Return a line for each paired difference of a report, none where it has none."""
    if DIFFERENCES not in written_files(report):
        return []
    lines = []
    for row in read_csv(report / DIFFERENCES, ("better", "worse")).to_dict("records"):
        found = with_interval(row["difference"], row["low"], row["high"], row.get("reason"), signed=True, undefined="-")
        p = row.get("p_holm")
        tested = "not tested" if p is None or pd.isna(p) else f"p {p_value(p)}"
        trainings = f"; {ONE_EACH}" if row.get("one_training") else ""
        lines.append(
            f"{row['better']} minus {row['worse']}, {row['metric']}: {found}, {tested} "
            f"(paired over subjects, averaged over seeds{trainings})"
        )
    return lines
