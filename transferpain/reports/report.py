"""The report of finished runs: one self-contained page, its tables as CSV and LaTeX, and one picture."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from transferpain.core.contracts import Section, Table
from transferpain.core.store import write_atomically, write_text
from transferpain.core.synthetic_faces import stamp_of
from transferpain.experiments.leakage.checks import failed
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.study_schema import Comparison
from transferpain.reports import figures
from transferpain.reports.answer import answer
from transferpain.reports.facts import ReportFacts, RunFacts, read_report, reading
from transferpain.reports.inputs import PAGE, written_anew
from transferpain.reports.page import inline_script, render, write_csv
from transferpain.reports.sections.registry import SECTIONS
from transferpain.reports.sections.results import result_rows
from transferpain.reports.tables import latex, marks
from transferpain.reports.tripod import SheetRun, write_sheet

TEMPLATE, SCRIPT = "report.html", "tables.js"
RESULT_WIDTH = 7.5


@dataclass(frozen=True)
class RunPart:
    """The part of one run in the page: its sections by name."""

    run: RunFacts
    sections: dict[str, Section]

    @property
    def notes(self) -> list[str]:
        """What its sections say at its head."""
        return [note for section in self.sections.values() for note in section.notes]


def write_report(
    name: str,
    title: str,
    question: str,
    run_folders: Sequence[Path],
    comparisons: Sequence[Comparison],
    out: Path,
) -> Path:
    """Write `out/<name>/`: `index.html`, `result.png`, `tripod.md`, and the tables as `.csv` and `.tex`.

    Every score is computed from the predictions of the runs. The page loads nothing, runs no script but its
    own, which sorts and filters tables, and holds no picture of a dataset. Without a labelled clip in any run there is
    no `result.png`.

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
    return write_page(read_report(run_folders, comparisons), out / name, title, question)


def write_page(
    report: ReportFacts, folder: Path, title: str, question: str, inputs: dict[str, Any] | None = None
) -> Path:
    """Write a report's page, picture, tables and TRIPOD+AI sheet into its folder; returns the path of `index.html`.

    Args:
        inputs: as of `written_anew`; the runs alone where it is written whenever it is asked for.
    """
    runs = [run.folder for run in report.runs if run.made_here]
    with written_anew(folder, inputs or {"runs": runs}) as fresh:
        _write_files(report, fresh, title, question)
    return folder / PAGE


def _write_files(report: ReportFacts, folder: Path, title: str, question: str) -> None:
    sections = build_sections("report", report)
    parts = [RunPart(run, build_sections("run", run)) for run in report.runs]
    if report.scored:
        picture = figures.drawn_png(figures.draw_intervals, *result_rows(report), RESULT_WIDTH)
        write_atomically(folder / "result.png", lambda path: path.write_bytes(picture))
    _write_tables(folder, report, sections, parts)
    write_text(folder / PAGE, page_text(report, title, question, sections, parts))
    write_sheet(folder, title, question, [sheet_run(run) for run in report.runs], report.registered)


def page_text(
    report: ReportFacts, title: str, question: str, sections: dict[str, Section], parts: Sequence[RunPart]
) -> str:
    """Return the page of a report whose sections are built."""
    script, script_hash = inline_script(SCRIPT)
    return render(
        TEMPLATE,
        title=title,
        question=question,
        synthetic=report.synthetic,
        synthetic_faces=report.synthetic_faces,
        all_synthetic=len(report.synthetic) == len(report.runs),
        answer=answer(report),
        entries=[
            *((name, section.title) for name, section in sections.items() if section.is_shown),
            *((f"run-{number}", f"Run {part.run.name}") for number, part in enumerate(parts, start=1)),
        ],
        sections=sections,
        parts=parts,
        script=Markup(script),
        script_hash=Markup(script_hash),
    )


def sheet_run(run: RunFacts) -> SheetRun:
    """Return what the TRIPOD+AI sheet needs of a run."""
    return SheetRun(
        name=run.name,
        facts=run.facts,
        experiment=run.experiment,
        scores=run.scores,
        groups=() if run.groups is None else tuple(run.groups["by"].unique()),
        failed=tuple(line.name for line in failed(run.checks)),
        commit=run.environment.get("commit", ""),
        made_here=run.made_here,
    )


def build_sections(scope: str, facts: ReportFacts | RunFacts) -> dict[str, Section]:
    """Return name -> section of a report or a run, in the order of the page, without those that it has nothing for.

    Raises:
        UserError: as the sections; whatever else one says of the files of a run is said in the run's name.
    """
    run = RunFolder(facts.path) if isinstance(facts, RunFacts) and facts.made_here else None
    with reading(run) if run else nullcontext():
        built = {entry.name: entry.build(facts) for entry in SECTIONS.values() if entry.scope == scope}
    return {name: section for name, section in built.items() if section}


def _write_tables(folder: Path, report: ReportFacts, sections: dict[str, Section], parts: Sequence[RunPart]) -> None:
    """Write the tables over all runs, and one file for the tables of one name of the single runs."""
    stamp = f"{stamp_of(report.synthetic_faces)}." if report.synthetic else ""
    mark = " ".join(filter(None, [stamp, report.marks["warnings"]]))
    for table in _tables(sections):
        if table.numbers is not None:
            write_csv(folder / f"{table.name}.csv", table.numbers)
        if table.latex:
            write_text(folder / f"{table.name}.tex", latex(table.text, f"{table.latex} {mark}".rstrip()))
    of_runs: dict[str, list[pd.DataFrame]] = {}
    for part in parts:
        for table in _tables(part.sections):
            if table.numbers is not None:
                of_runs.setdefault(table.name, []).append(table.numbers.assign(**marks(part.run)))
    for name, found in of_runs.items():
        write_csv(folder / f"{name}.csv", pd.concat(found, ignore_index=True))


def _tables(sections: dict[str, Section]) -> list[Table]:
    return [table for section in sections.values() for table in section.all_tables]
