"""What the page of a matrix shows of its grids: heat maps, tables, and the figures behind them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from transferpain.core.synthetic_faces import shown_faces
from transferpain.evaluation.comparisons import subject_scores
from transferpain.evaluation.few_shot import CalibrationCurve
from transferpain.evaluation.formatting import number
from transferpain.evaluation.interval_limits import interval_limits
from transferpain.evaluation.predictions import MEANS
from transferpain.evaluation.resampling import read_answers
from transferpain.reports.figures import as_data_uri
from transferpain.reports.matrix import figures
from transferpain.reports.matrix.facts import KINDS, CellRun, Grid
from transferpain.reports.matrix.statistics import SCORES
from transferpain.reports.matrix.tables import cells_text, heat_cells, heat_text, probe_cells
from transferpain.reports.tables import TITLES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A wide figure is not shrunk below this, and scrolls instead: CSS pixels for an inch.
LEAST_PIXELS = 62
CURVES_IN_FIGURE = 6
FEWEST_POINTS = 3


def picture(figure: "Figure", title: str, alt: str) -> dict[str, Any]:
    """Return a figure as the page takes it: with title, description and the width below which it scrolls."""
    width = round(figure.get_size_inches()[0] * LEAST_PIXELS)
    return {"uri": as_data_uri(figure), "title": title, "alt": alt, "least_width": width}


def heat_limits(grids: Sequence[Grid], runs: Mapping[str, CellRun], metric: str) -> tuple[float, float]:
    """Return the scores of the lightest and the darkest cell, the same for all heat maps of a page."""
    cells = [run for grid in grids for run in grid.of(runs).values()]
    values = [run.score(metric)["value"] for run in cells]
    values += [value for run in cells if (value := run.probe_score(MEANS, metric)["value"]) is not None]
    values += [chance for run in cells if (chance := run.chance(metric)) is not None]
    return (min(values), max(values)) if values else (0.0, 1.0)


def unreliable(runs: Sequence[CellRun]) -> list[str]:
    """Return a sentence for each reason why intervals are known to be unreliable, with the cells that it concerns."""
    by_reason: dict[str, list[str]] = {}
    for run in runs:
        answers, score = read_answers(run.predictions), run.score("balanced_accuracy")["value"]
        for reason in interval_limits(answers, run.classes, score):
            by_reason.setdefault(reason, []).append(run.record.name)
    return [
        f"The intervals of {', '.join(cells)}, and of differences from them, are unreliable: {reason}."
        for reason, cells in by_reason.items()
    ]


def grid_views(
    grids: Sequence[Grid],
    runs: Mapping[str, CellRun],
    table: pd.DataFrame,
    metric: str,
    verdicts: Mapping[str, str],
    limits: tuple[float, float],
) -> list[dict[str, Any]]:
    """Return for each grid its title, warnings, heat map and table of cells.

    Args:
        grids: of the matrix.
        runs: the finished cells.
        table: what `cells_table` returns.
        metric: the declared one.
        verdicts: of each cell against its baseline.
        limits: scores of the lightest and the darkest cell.
    """
    views = []
    for grid in grids:
        cells = heat_cells(grid, runs, metric, verdicts)
        of_grid = grid.of(runs)
        chances = {column: run.chance(metric) for (_, column), run in of_grid.items()}
        targets = [f"{name}\nchance {number(chances.get(name))}" for name in grid.targets]
        synthetic = shown_faces(run.facts for run in of_grid.values())
        names = ("tested on", "source" if grid.kind == "transfer" else "trained on")

        def heat_map(shown, title, grid=grid, targets=targets, names=names, synthetic=synthetic) -> dict[str, Any]:
            figure = figures.draw_heat_map(shown, grid.sources, targets, limits, names, synthetic)
            return picture(figure, f"{title}, 95 % interval over subjects", f"{grid.title}. {_said(grid, shown)}.")

        probes = probe_cells(grid, runs, metric)
        in_grid = table[table["name"].isin([record.name for record in grid.records.values()])]
        views.append(
            {
                "kind": grid.kind,
                "head": grid.head,
                "selection": grid.selection,
                "unreliable": unreliable(list(of_grid.values())),
                "adaptation": grid.adaptation,
                "warning": grid.warning,
                "figure": heat_map(cells, TITLES[metric]),
                "probe": heat_map(probes, f"Linear probe on the same features: {TITLES[metric].lower()}")
                if probes
                else None,
                "done": bool(of_grid),
                "cells": cells_text(in_grid, metric),
            }
        )
    return views


def _said(grid: Grid, cells: Sequence[Sequence[figures.HeatCell]]) -> str:
    """Return in words what a heat map shows."""
    return "; ".join(
        f"{source} on {target}: {heat_text(cell)}"
        for source, line in zip(grid.sources, cells, strict=True)
        for target, cell in zip(grid.targets, line, strict=True)
    )


def subject_views(grids: Sequence[Grid], runs: Mapping[str, CellRun], metric: str) -> list[dict[str, Any]]:
    """Return one figure per kind, selection rule and target: one dot per subject, one row per source and head."""
    views = []
    for kind, selection in dict.fromkeys((grid.kind, grid.selection) for grid in grids):
        chosen = [grid for grid in grids if (grid.kind, grid.selection) == (kind, selection)]
        for target in dict.fromkeys(target for grid in chosen for target in grid.targets):
            cells = {
                f"{source}, {grid.head}": run
                for grid in chosen
                for (source, column), run in grid.of(runs).items()
                if column == target and run.scores["has_subjects"]
            }
            scores = {name: subject_scores([run.predictions], metric)[0].tolist() for name, run in cells.items()}
            scores = {name: values for name, values in scores.items() if values}
            if not scores:
                continue
            first = next(iter(cells.values()))
            figure = figures.draw_subject_dots(
                scores,
                first.chance(metric),
                f"{TITLES[metric].lower()} of a subject",
                shown_faces(run.facts for run in cells.values()),
            )
            said = "; ".join(f"{name}: {min(values):.2f} to {max(values):.2f}" for name, values in scores.items())
            title = f"{KINDS[kind]}, tested on {target}, selection rule {selection}"
            views.append(picture(figure, title, f"Scores of single subjects. {title}. {said}."))
    return views


def grid_figures(
    grids: Sequence[Grid],
    runs: Mapping[str, CellRun],
    predicted: pd.DataFrame,
    curves: Mapping[str, CalibrationCurve],
    metric: str,
) -> dict[str, list[dict[str, Any]]]:
    """Return the page's lists of figures: `scatters`, `curve_figures`, `confusions` and `reliabilities`."""
    synthetic = shown_faces(run.facts for run in runs.values())
    axis = TITLES[metric].lower()
    found: dict[str, list[dict[str, Any]]] = {
        "scatters": [],
        "curve_figures": [],
        "confusions": [],
        "reliabilities": [],
    }
    titles = SCORES | {name: name for name in predicted["score"] if name not in SCORES}
    known = predicted[predicted["left_out"] == ""].dropna(subset=["value"])
    for (kind, selection, head, target), points in known.groupby(["kind", "selection", "head", "target"], sort=False):
        if points["source"].nunique() >= FEWEST_POINTS:
            title = f"{KINDS[kind]} to {target}, head {head}, selection rule {selection}"
            figure = figures.draw_agreement(points, titles, f"achieved: {axis}", synthetic)
            alt = (
                f"What transferability scores predict against what was achieved. {title}. The taus stand in the table."
            )
            found["scatters"].append(picture(figure, title, alt))
    for grid in grids:
        cells = grid.of(runs)
        names = [run.record.name for run in cells.values()]
        shown = {name: curves[name] for name in names if name in curves and curves[name].scores}
        for start in range(0, len(shown), CURVES_IN_FIGURE):
            part = dict(list(shown.items())[start : start + CURVES_IN_FIGURE])
            figure = figures.draw_few_shot(part, axis, synthetic)
            title = f"Head {grid.head}, selection rule {grid.selection}"
            alt = f"Score by the number of labelled clips of each subject. {title}: {', '.join(part)}."
            found["curve_figures"].append(picture(figure, title, alt))
        if not cells:
            continue
        sources = [source for source in grid.sources if any(place[0] == source for place in cells)]
        targets = [target for target in grid.targets if any(place[1] == target for place in cells)]
        whole = {place: run.scores["all"] for place, run in cells.items()}
        classes = {"/".join(run.classes) for run in cells.values()}
        matrices = {place: scores["confusion"] for place, scores in whole.items()}
        title = f"{grid.title}. Classes in order: {'; '.join(sorted(classes))}"
        figure = figures.draw_confusions(matrices, sources, targets, synthetic)
        alt = f"Confusion matrices, rows true, columns predicted, percent of the true class. {title}."
        found["confusions"].append(picture(figure, title, alt))
        bins = {place: scores["reliability"] for place, scores in whole.items()}
        errors = "; ".join(
            f"{source} on {target} {number(scores['calibration_error']['value'])}"
            for (source, target), scores in whole.items()
        )
        figure = figures.draw_reliabilities(bins, sources, targets, synthetic)
        found["reliabilities"].append(
            picture(figure, grid.title, f"Reliability diagrams. {grid.title}. Expected calibration error: {errors}.")
        )
    return found
