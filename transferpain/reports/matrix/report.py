"""The report of a matrix: one self-contained page, and its tables as CSV, Parquet and LaTeX."""

from collections.abc import Sequence
from dataclasses import dataclass
from os.path import relpath
from pathlib import Path
from typing import Any, get_args

import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.store import write_atomically, write_text
from transferpain.core.synthetic_faces import shown_faces, stamp_of
from transferpain.data.places import Places
from transferpain.evaluation.comparisons import Family
from transferpain.evaluation.feasible import power_in_words
from transferpain.evaluation.few_shot import CalibrationCurve
from transferpain.evaluation.resampling import FEWEST_SUBJECTS
from transferpain.experiments.leakage.checks import failed
from transferpain.experiments.matrix.cells import CellRecord, State, write_records
from transferpain.experiments.matrix.settings import Matrix
from transferpain.experiments.registration import Registered
from transferpain.inputs.adaptation.registry import ADAPTATIONS
from transferpain.reports.inputs import PAGE, written_anew
from transferpain.reports.matrix import statistics, tables, trainings
from transferpain.reports.matrix.answer import answer
from transferpain.reports.matrix.declared_tests import (
    PRIOR_DRAWS,
    TestFamily,
    adapted_pairs,
    comparisons_table,
    crossed_pairs,
    gap_pairs,
    run_family,
    source_pairs,
    untrained_sources,
)
from transferpain.reports.matrix.facts import (
    BASELINE_DRAWS,
    KINDS,
    CellRun,
    Grid,
    cells_table,
    is_transductive,
    make_grids,
    read_cells,
)
from transferpain.reports.matrix.promises import PROMISED, promises, promises_text
from transferpain.reports.matrix.shifted import shifted, shifted_text
from transferpain.reports.matrix.views import grid_figures, grid_views, heat_limits, subject_views
from transferpain.reports.page import render, write_csv
from transferpain.reports.sections.registration import differences_table
from transferpain.reports.sections.registration import section_of as registration_section
from transferpain.reports.tables import TITLES
from transferpain.reports.tripod import SheetRun, write_sheet

TEMPLATE = "matrix.html"
GAP_QUESTION = "trained on the target's own dataset minus trained on another, on the same clips"
ADAPTED_QUESTION = "each adapted cell minus the same cell without adaptation"


@dataclass(frozen=True)
class Findings:
    """Everything that the report of a matrix says, as numbers.

    Attributes:
        baselines: each cell against its declared baseline, by kind of grid: their verdicts are the heat maps' marks.
        gaps, adapted: the other families of paired tests; None without such cells.
        permuted, ranked, agreed: a table and its family of tests each.
    """

    grids: list[Grid]
    runs: dict[str, CellRun]
    cells: pd.DataFrame
    baselines: dict[str, TestFamily]
    gaps: TestFamily | None
    adapted: TestFamily | None
    permuted: tuple[pd.DataFrame, Family]
    ranked: tuple[pd.DataFrame, Family]
    spread: pd.DataFrame
    mean_ranks: pd.DataFrame
    diagonals: pd.DataFrame
    predicted: pd.DataFrame
    agreed: tuple[pd.DataFrame, Family]
    few_shot: dict[str, CalibrationCurve]
    promised: pd.DataFrame
    shifted: pd.DataFrame

    @property
    def families(self) -> list[TestFamily]:
        """The families of paired tests, in the order of the page."""
        return [*self.baselines.values(), *filter(None, (self.gaps, self.adapted))]

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdict on each cell against its baseline, by the cell's name."""
        return {test.pair.a.name: test.verdict for family in self.baselines.values() for test in family.tests}


def write_matrix_report(
    matrix: Matrix,
    records: list[CellRecord],
    places: Places,
    registered: Registered | None = None,
    inputs: dict[str, Any] | None = None,
    name: str = "",
) -> Path:
    """Write `reports/<name>/`: `index.html`, `cells.json`, `cells.csv`, `cells.parquet`, `comparisons.csv`,
    `spread.csv`, `prediction_sets.csv`, `label_shift.csv`, `matrix.tex` and `tripod.md`.

    The page loads nothing, runs no script and holds no picture of a dataset.

    Args:
        matrix: as declared.
        records: what became of each cell; the folder of a finished one is read.
        places: where runs are kept and reports are written.
        registered: whether it was registered before; `None` where nothing was.
        inputs: as of `written_anew`.
        name: the report's folder; the matrix' name where it is empty.

    Returns:
        The path of `index.html`.

    Raises:
        UserError: if there is no cell, or the folder of a finished cell is no finished run.
    """
    if not records:
        raise UserError("The matrix has no cells.", rule="A report takes at least one.", received=matrix.matrix)
    findings = find(matrix, records, places.runs)
    report = places.reports / (name or matrix.matrix)
    with written_anew(report, inputs) as folder:
        write_records(folder, records)
        _write_tables(folder, matrix, findings, registered)
        write_text(folder / PAGE, _page(matrix, records, findings, relpath(places.runs, report), registered))
        sheets = [_sheet_run(run) for run in findings.runs.values()]
        write_sheet(folder, matrix.title, matrix.question, sheets, registered)
    return report / PAGE


def _write_tables(folder: Path, matrix: Matrix, findings: Findings, registered: Registered | None) -> None:
    write_csv(folder / "cells.csv", findings.cells)
    write_atomically(folder / "cells.parquet", lambda path: findings.cells.to_parquet(path, index=False))
    if len(findings.spread):
        write_csv(folder / "spread.csv", findings.spread)
    if len(findings.promised):
        write_csv(folder / "prediction_sets.csv", findings.promised)
    if len(findings.shifted):
        write_csv(folder / "label_shift.csv", findings.shifted)
    marks = {"synthetic": any(run.facts["synthetic"] for run in findings.runs.values())}
    write_csv(folder / "comparisons.csv", comparisons_table(findings.families, matrix.metric).assign(**marks))
    write_text(folder / "matrix.tex", _latex(matrix, findings))
    if registered and registered.differences:
        write_csv(folder / "registration.csv", differences_table(registered))


def _sheet_run(run: CellRun) -> SheetRun:
    record = run.record
    protocol = {"kind": record.kind.replace("_", "-"), "selection": record.selection}
    return SheetRun(
        name=record.name,
        facts=run.facts,
        experiment={"strategy": record.strategy, "head": record.head, "protocol": protocol},
        scores=run.scores,
        failed=tuple(line.name for line in failed(run.checks)),
    )


def find(matrix: Matrix, records: Sequence[CellRecord], runs_folder: Path) -> Findings:
    """Read the cells and compute everything that the report says of them."""
    metric = matrix.metric
    runs, grids = read_cells(records, runs_folder), make_grids(records)
    baselines = {}
    question, pairs = source_pairs(matrix, records)
    declared = {"transfer": (trainings.in_words(matrix, question), pairs)}
    declared["cross_dataset"] = (f"each cross-dataset cell against {PRIOR_DRAWS}", crossed_pairs(records))
    for kind, (question, pairs) in declared.items():
        if pairs:
            baselines[kind] = run_family(question, pairs, runs, metric)
    gaps, adapted = gap_pairs(records), adapted_pairs(records)
    plain = [grid for grid in grids if not grid.adaptation]
    predicted = statistics.predicted(plain, runs, metric)
    return Findings(
        grids=grids,
        runs=runs,
        cells=cells_table(records, runs, metric),
        baselines=baselines,
        gaps=run_family(trainings.in_words(matrix, GAP_QUESTION), gaps, runs, metric) if gaps else None,
        adapted=run_family(ADAPTED_QUESTION, adapted, runs, metric) if adapted else None,
        permuted=statistics.permutations(runs, metric),
        ranked=statistics.friedman(plain, runs, metric),
        spread=trainings.spread(matrix, plain, runs, metric),
        mean_ranks=statistics.mean_ranks(plain, runs, metric),
        diagonals=statistics.diagonals(plain, runs, metric),
        predicted=predicted,
        agreed=statistics.agreements(predicted),
        few_shot=statistics.few_shot(plain, runs, metric),
        promised=promises(runs),
        shifted=shifted(plain, runs, metric),
    )


def _latex(matrix: Matrix, findings: Findings) -> str:
    """Return the heat maps and the paired tests as LaTeX tables."""
    metric = TITLES[matrix.metric]
    faces = shown_faces(run.facts for run in findings.runs.values())
    stamp = f" {stamp_of(faces)}." if faces else ""
    parts = []
    for grid in findings.grids:
        cells = tables.heat_cells(grid, findings.runs, matrix.metric, findings.verdicts)
        caption = f"{grid.title}: {metric.lower()} with 95 % intervals over subjects; (+) and (-): significantly "
        caption += f"higher and lower than the declared baseline. {grid.warning}".rstrip() + stamp
        parts.append(tables.latex_with_marks(tables.grid_text(grid, cells), caption))
    for family in findings.families:
        caption = f"{metric}: {family.question}. Holm's correction over {family.family.size} tests.{stamp}"
        parts.append(tables.latex_with_marks(tables.family_text(family), caption))
    return "\n".join(parts)


def _page(
    matrix: Matrix,
    records: Sequence[CellRecord],
    findings: Findings,
    runs_place: str,
    registered: Registered | None,
) -> str:
    runs, metric = findings.runs, matrix.metric
    synthetic = [name for name, run in runs.items() if run.facts["synthetic"]]
    states = {state: [record for record in records if record.state == state] for state in get_args(State)}
    limits = heat_limits(findings.grids, runs, metric)
    views = grid_views(findings.grids, runs, findings.cells, metric, findings.verdicts, limits)
    agreed, agreed_family = findings.agreed
    permuted, permuted_family = findings.permuted
    ranked, ranked_family = findings.ranked
    single = [findings.permuted, findings.ranked, findings.agreed]
    families = [family.family for family in findings.families] + [family for _, family in single if family.size]
    return render(
        TEMPLATE,
        title=matrix.title,
        question=matrix.question,
        answer=answer(records, runs, findings.families, metric, registered),
        registration=registration_section(registered),
        synthetic=synthetic,
        synthetic_faces=shown_faces(run.facts for run in runs.values()),
        all_synthetic=len(synthetic) == len(runs),
        metric=TITLES[metric].lower(),
        fewest=FEWEST_SUBJECTS,
        baseline_draws=BASELINE_DRAWS,
        states=states,
        kinds={kind: [view for view in views if view["kind"] == kind] for kind in KINDS},
        kind_titles=KINDS,
        untrained=sorted(set(untrained_sources(matrix).values())),
        runs_place=runs_place,
        protocol=matrix.protocol,
        tested=tables.subjects_text(findings.cells),
        families=_families_text(families),
        baselines=[_family_view(family) for family in findings.baselines.values()],
        gaps=_family_view(findings.gaps) if findings.gaps else None,
        adapted=_family_view(findings.adapted) if findings.adapted else None,
        adapted_cells=_adapted_cells(records),
        adapted_alone=_adapted_alone(records, findings.adapted),
        permuted=tables.permutations_text(permuted),
        permutations=statistics.PERMUTATIONS,
        permuted_size=permuted_family.size,
        ranked=tables.friedman_text(ranked),
        ranked_size=ranked_family.size,
        spread=trainings.spread_text(findings.spread) if len(findings.spread) else None,
        mean_ranks=tables.ranks_text(findings.mean_ranks),
        diagonals=tables.diagonals_text(findings.diagonals) if len(findings.diagonals) else None,
        agreed=tables.agreements_text(agreed) if len(agreed) else None,
        agreed_size=agreed_family.size,
        few_shot=tables.few_shot_text(findings.few_shot) if findings.few_shot else None,
        promises=promises_text(findings.promised) if len(findings.promised) else None,
        promised=f"{PROMISED:.0%}",
        shifted=shifted_text(findings.shifted) if len(findings.shifted) else None,
        subject_figures=subject_views(findings.grids, runs, metric),
        **grid_figures(findings.grids, runs, findings.predicted, findings.few_shot, metric),
        leakage=tables.leakage_text(runs) if runs else None,
        leaking=[name for name, run in runs.items() if failed(run.checks)],
        costs=[tables.costs_text(runs, by) for by in ("source", "tested_on")] if runs else [],
    )


def _family_view(family: TestFamily) -> dict[str, Any]:
    tested = [test.subjects for test in family.tests if test.adjusted is not None]
    return {
        "question": family.question,
        "size": family.family.size,
        "reason": family.family.reason,
        "power": power_in_words(tested, family.family.size) if tested else "",
        "table": tables.family_text(family),
    }


def _families_text(families: Sequence[Family]) -> pd.DataFrame:
    rows = [(family.name, str(family.size), family.reason or "all computed") for family in families]
    return pd.DataFrame(rows, columns=["Declared family", "Tests", "Counted"])


def _adapted_cells(records: Sequence[CellRecord]) -> pd.DataFrame:
    """Return what each adapted cell saw of the target."""
    rows = [
        {
            "Cell": record.name,
            "Method": record.adaptation,
            "Sees of the target": record.target_data or ADAPTATIONS[record.adaptation].sees,
            "Transductive": "transductive: fitted on the tested clips" if is_transductive(record) else "no",
        }
        for record in records
        if record.adaptation
    ]
    return pd.DataFrame(rows)


def _adapted_alone(records: Sequence[CellRecord], family: TestFamily | None) -> list[str]:
    """Return the adapted cells that have no cell without adaptation to be compared with."""
    compared = {test.pair.a.name for test in family.tests} if family else set()
    return [record.name for record in records if record.adaptation and record.name not in compared]
