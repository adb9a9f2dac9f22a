"""The section of levels as a number: which runs have it, its table, and its picture."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.evaluation.drawn import draw_predictions
from transferpain.evaluation.detection import NO_THRESHOLD, detect
from transferpain.experiments.run_folder import RunFolder
from transferpain.reports.facts import ReportFacts
from transferpain.reports.levels_figure import MOST_POINTS, draw_levels
from transferpain.reports.sections.detection import build, detection, detection_as_text


def test_runs_of_three_ordered_levels_have_a_table_and_a_picture(read):
    ordered = read("ordered", draw_predictions())
    section = build(ReportFacts((ordered, read("emotions", draw_predictions(), stated={"ordinal": False}))))
    (table,), (picture,) = section.tables, section.pictures
    assert table.numbers["run"].unique().tolist() == ["ordered"]
    assert table.numbers["from_level"].tolist() == list(ordered.classes[1:])
    assert "ordered" in picture.title
    assert picture.uri.startswith("data:image/")


def test_no_ordered_run_no_section(read):
    assert build(ReportFacts((read("emotions", draw_predictions(), stated={"ordinal": False}),))) is None


def test_figures_are_those_of_the_predictions_with_thresholds_of_the_selection_part(read):
    tested = draw_predictions().assign(part="test")
    selected = draw_predictions(subjects=5, spread=0.5).assign(part="selection")
    selected["fold"] = tested["fold"].iloc[0]
    run = read("ordered", pd.concat([tested, selected], ignore_index=True))
    assert len(run.predictions) == len(tested)
    selected = RunFolder(run.path).predictions("selection")
    table = detection([run])
    for level, row in zip((1, 2), table.itertuples(), strict=True):
        found = detect(run.predictions, selected, level)
        assert (row.auroc, row.f1) == pytest.approx((found.auroc.value, found.f1.value))
        assert row.threshold_low == pytest.approx(found.thresholds[0])
        assert row.threshold_high == pytest.approx(found.thresholds[-1])
    assert " to " in detection_as_text(table)["Threshold of F1"][0]


def test_a_run_without_selected_rows_says_why_it_has_no_f1(read):
    text = detection_as_text(detection([read("ordered", draw_predictions())]))
    assert NO_THRESHOLD in text["F1"][0]
    assert text["Threshold of F1"].tolist() == [""] * len(text)


def test_a_figure_of_many_answers_is_no_larger_than_one_of_some(tmp_path):
    random = np.random.default_rng(0)
    sizes = []
    for samples in (MOST_POINTS, 20 * MOST_POINTS):
        true = random.integers(0, 16, samples)
        figure = draw_levels(true, true + random.normal(0, 1, samples), tuple(map(str, range(16))), synthetic=True)
        figure.savefig(tmp_path / f"{samples}.png")
        sizes.append((tmp_path / f"{samples}.png").stat().st_size)
        assert np.asarray(Image.open(tmp_path / f"{samples}.png").convert("L")).std() > 10
    assert sizes[1] < 1.5 * sizes[0]
