"""An ensemble beside each of its members: scores, and whether it is better."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.evaluation.comparisons import holm
from transferpain.evaluation.feasible import feasible, too_few
from transferpain.evaluation.formatting import p_value, with_interval
from transferpain.evaluation.paired_permutation import swap_test
from transferpain.evaluation.statistics import paired_difference, score_subjects
from transferpain.experiments.runs.find import name_of
from transferpain.reports.facts import RunFacts
from transferpain.reports.sections.differences import cross_validation_note, power_of, reading
from transferpain.reports.sections.section import ReportSection
from transferpain.strategies.common.finished import fold_files
from transferpain.strategies.ensemble.strategy import MEMBERS

METRIC = "balanced_accuracy"
COMBINED = {
    "averaging": "The answer is the class of the highest mean of the members' probabilities; nothing is fitted.",
    "stacking": "A logistic regression reads the members' probabilities. In each fold it is fitted to what the fold's "
    "own models said of the subjects that the fold set aside for selection: they have not been fitted to them, and "
    "nobody whom the fold tests takes part. These subjects are few, and the members stopped by them.",
}
NOTE = (
    "Balanced accuracy over all clips, with 95 % intervals over subjects. p: the ensemble and the member are swapped "
    "within whole subjects, two-sided, corrected by Holm's method over all members that their numbers of subjects can "
    "support. Which member is the best is seen on the tested clips: its row is one of the family. An ensemble that is "
    "not above its best member has not been shown to be of use. {power}"
)
COLUMNS = {
    "member": "Member",
    "score": "Member's score",
    "difference": "The ensemble minus the member",
    "p": "p",
    "p_holm": "... after Holm",
    "reading": "The ensemble is",
}


def build(run: RunFacts) -> Section | None:
    """Return the ensemble's section; `None` of a run that is none."""
    if not run.made_here:
        return None
    files = fold_files(run.path, MEMBERS)
    if not files:
        return None
    table = compared(run.predictions, read_members(files))
    note = NOTE.format(power=power_of(table)) + cross_validation_note([run])
    shown = Table(
        name="members",
        numbers=table.assign(run=run.name),
        text=as_text(table),
        caption=f"Members of {run.name}",
        note=note,
    )
    combination = COMBINED[run.experiment["head"]["kind"]]
    return Section(title="The ensemble and its members", paragraphs=(combination,), tables=(shown,))


def read_members(files: Mapping[str, Path]) -> dict[str, pd.DataFrame]:
    """Return the tested predictions of each member, by the name of its run's folder."""
    rows = pd.concat([pd.read_parquet(path) for path in files.values()], ignore_index=True)
    return {str(name): table.reset_index(drop=True) for name, table in rows.groupby("member", sort=False)}


def compared(ensemble: pd.DataFrame, members: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one row per member: its score, and the ensemble's minus it, with interval and test.

    Args:
        ensemble: predictions of the tested clips.
        members: those of each member, for the same clips.
    """
    tests = {name: swap_test(ensemble, table, METRIC) for name, table in members.items()}
    able = feasible({name: test.subjects if test else 0 for name, test in tests.items()})
    family = holm("members of the ensemble", {name: tests[name].p for name in members if name in able})
    rows = []
    for name, table in members.items():
        score, gap = score_subjects(table, (METRIC,))[METRIC], paired_difference(ensemble, table, METRIC)
        subjects = tests[name].subjects if tests[name] else 0
        rows.append(
            {
                "member": name,
                **{"score": score.value, "score_low": score.low, "score_high": score.high},
                **{"score_reason": score.reason, "difference": gap.value, "low": gap.low, "high": gap.high},
                **{"reason": gap.reason, "p": tests[name].p if name in able else None},
                **{"p_holm": family.adjusted.get(name), "tests": family.size, "subjects": subjects},
                "limits": tests[name].reason if name in able else too_few(subjects),
            }
        )
    table = pd.DataFrame(rows)
    return table.assign(best=table["score"] == table["score"].max())


def as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the comparisons as text; the best member is marked."""
    alone = table["member"].map(lambda name: name_of(Path(name)))
    names = alone.where(~alone.duplicated(keep=False), table["member"])
    text = pd.DataFrame({"member": names + table["best"].map({True: " (best)", False: ""})})
    text["score"] = [with_interval(*row) for row in _bounds(table, "score", "score_")]
    text["difference"] = [with_interval(*row, signed=True) for row in _bounds(table, "difference", "")]
    text["p"], text["p_holm"] = table["p"].map(p_value), table["p_holm"].map(p_value)
    text["reading"] = [reading(row.difference, row.p_holm, row.limits) for row in table.itertuples()]
    return text.rename(columns=COLUMNS)


def _bounds(table: pd.DataFrame, value: str, prefix: str):
    columns = [value, *(f"{prefix}{bound}" for bound in ("low", "high", "reason"))]
    return table[columns].itertuples(index=False, name=None)


ENSEMBLE = ReportSection("ensemble", "run", build)
