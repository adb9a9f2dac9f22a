"""The linear probe beside each head: what a logistic regression makes of the very features that the head reads."""

from collections.abc import Sequence

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.evaluation.comparisons import ALPHA
from transferpain.evaluation.feasible import smallest_p, too_few
from transferpain.evaluation.formatting import UNDEFINED, p_value, with_interval
from transferpain.evaluation.paired_permutation import swap_test
from transferpain.evaluation.predictions import LINEAR_PROBE, PROBE_TITLES
from transferpain.evaluation.statistics import paired_difference
from transferpain.reports.facts import ReportFacts, RunFacts
from transferpain.reports.sections.differences import cross_validation_note, reading
from transferpain.reports.sections.section import ReportSection
from transferpain.reports.tables import BOUNDS, marks, with_bounds
from transferpain.strategies.common.finished import fold_files
from transferpain.strategies.common.stated import LinearProbes, read_stated

METRIC = "balanced_accuracy"
NOTE = (
    "Balanced accuracy over all clips. A linear probe is a logistic regression on standardised features, of a clip's "
    "frames with a face their mean, or their mean and maximum; its C is chosen on inner folds by subject, and all of "
    "it is fitted to the training rows of the fold. It reads the clips, windows and features that the head reads. It "
    "has no seed, so that a difference is one of the head's mean over seeds; p is that of swaps of whole subjects, "
    "not corrected. A head that is not above it has not been "
    "shown to use more than is linear in the features, or its recipe does not suit these data."
)
NOT_FROZEN = "none: it trains its network on pictures, and no features stay as they are"
NO_FEATURES = "none: it is an ensemble, and reads answers; its members have their own"
NOT_MADE = "none: the run was made before linear probes were, or elsewhere"
NO_LABEL = "none: no clip has a label"
READS = {name: title.removeprefix("linear probe, ") for name, title in PROBE_TITLES.items()}
COLUMNS = {
    "run": "Run",
    "head": "The run",
    "probe": "Linear probe on",
    "score": "Linear probe",
    "gap": "The run minus the probe",
    "p": "p",
    "reading": "Reading",
    "c": "C",
}


def build(report: ReportFacts) -> Section | None:
    """Return each run beside its probes; `None` where no run has one."""
    if not any(run.probes for run in report.runs):
        return None
    table = probes(report.runs)
    note = NOTE + cross_validation_note([run for run in report.runs if run.probes])
    return Section(
        title="The linear probe beside each head",
        tables=(Table(LINEAR_PROBE, table, as_text(table), "Heads and linear probes", note, text_columns=1),),
    )


def probes(runs: Sequence[RunFacts]) -> pd.DataFrame:
    """Return one row per run and probe; of a run without any, one that says why in `reading`."""
    rows = []
    for run in runs:
        whole = run.scores["all"]
        row = {"run": run.name, **with_bounds("head", whole[METRIC] if whole else None)}
        scores = run.scores.get(LINEAR_PROBE, {})
        for name, table in scores.items():
            rows.append(
                row
                | {"probe": name, **with_bounds("score", table[METRIC]), **_compared(run, name)}
                | {"c": _strengths(run, name)}
                | marks(run)
            )
        if not scores:
            rows.append(row | {"probe": "", "reading": _why_none(run)} | marks(run))
    return pd.DataFrame(rows).reindex(columns=[*_columns(), "synthetic", "warnings"])


def _compared(run: RunFacts, name: str) -> dict:
    """Return the paired difference of a run and its probe, and what the swaps of subjects say of it, uncorrected."""
    sides = run.predictions, run.probes[name], METRIC
    gap, test = paired_difference(*sides), swap_test(*sides)
    p = test.p if test and smallest_p(test.subjects) < ALPHA else None
    found = {"gap": gap.value, "gap_low": gap.low, "gap_high": gap.high, "gap_reason": gap.reason, "p": p}
    return found | {"reading": reading(gap.value, p, too_few(test.subjects if test else 0))}


def _columns() -> list[str]:
    bounds = [name + end for name in ("head", "score", "gap") for end in BOUNDS]
    return ["run", *bounds[: len(BOUNDS)], "probe", *bounds[len(BOUNDS) :], "p", "reading", "c"]


def _why_none(run: RunFacts) -> str:
    if run.scores["all"] is None:
        return NO_LABEL
    if run.experiment.get("strategy") == "ensemble":
        return NO_FEATURES
    frozen = run.experiment.get("strategy", "") in ("frozen", "head", "")
    return NOT_MADE if frozen or not run.made_here else NOT_FROZEN


def _strengths(run: RunFacts, name: str) -> str:
    """Return the values of C that the folds chose, ascending, and what stood in the way of choosing."""
    stated = [read_stated(path, LinearProbes) for path in fold_files(run.path, "linear_probe.json").values()]
    facts = [fact for one in stated if (fact := one.get(name))]
    chosen = sorted({fact["c"] for fact in facts if fact["c"] is not None})
    reasons = dict.fromkeys(fact["reason"] for fact in facts if fact["reason"])
    return " ".join([", ".join(f"{value:g}" for value in chosen), *reasons]).strip()


def as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the probes as text."""
    text = table[["run"]].copy()
    text["head"] = _cells(table, "head")
    text["probe"] = [READS.get(name, UNDEFINED) for name in table["probe"]]
    text["score"] = _cells(table, "score")
    text["gap"] = _cells(table, "gap", signed=True)
    text["p"] = table["p"].map(p_value)
    text["reading"] = table["reading"]
    text["c"] = table["c"].fillna(UNDEFINED)
    return text.rename(columns=COLUMNS)


def _cells(table: pd.DataFrame, name: str, signed: bool = False) -> list[str]:
    return [with_interval(*(row[name + end] for end in BOUNDS), signed=signed) for _, row in table.iterrows()]


LINEAR_PROBES = ReportSection("linear-probe", "report", build)
