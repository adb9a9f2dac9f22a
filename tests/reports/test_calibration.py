"""Whom a promise may be calibrated on: subjects of the selection part that nothing was fitted to."""

import shutil

import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_run
from transferpain.core.schema import write_stamped
from transferpain.core.store import write_json
from transferpain.experiments.leakage.lineage import person_codes
from transferpain.experiments.run_folder import RunFolder
from transferpain.models.bundles.manifest import manifest_hash
from transferpain.reports.calibration import calibration_rows
from transferpain.strategies.common.fitted import FITTED


@pytest.fixture
def run(tmp_path) -> RunFolder:
    tested, selected = draw_predictions(subjects=4), draw_predictions(subjects=3, seed=1)
    selected = selected.assign(part="selection", subject="other-" + selected["subject"])
    return RunFolder(write_run(tmp_path, "drawn", pd.concat([tested.assign(part="test"), selected])))


def state(run: RunFolder, *lines: dict) -> None:
    write_stamped(run.fold("0", 0) / FITTED, {"fitted": list(lines)})


def line(subject: str, use: str = "fit", transductive: bool = False) -> dict:
    return {"step": "one", "use": use, "transductive": transductive, "subjects": [f"ai4pain/other-{subject}"]}


def subjects(run: RunFolder) -> list[str]:
    return sorted(calibration_rows(run)["subject"].unique())


def test_whoever_was_fitted_to_is_left_out(run):
    state(run, line("S00"))
    assert subjects(run) == ["other-S01", "other-S02"]


@pytest.mark.parametrize("harmless", [{"use": "selection"}, {"transductive": True}])
def test_who_chose_an_epoch_or_is_treated_as_tested_ones_are_stays(run, harmless):
    state(run, line("S00", **harmless))
    assert subjects(run) == ["other-S00", "other-S01", "other-S02"]


def test_a_fold_that_does_not_say_what_was_fitted_calibrates_nothing(run):
    assert calibration_rows(run).empty
    assert list(calibration_rows(run)) == list(run.predictions("selection"))


def test_who_is_tested_calibrates_nothing(tmp_path):
    tested = draw_predictions(subjects=4).assign(part="test")
    selected = draw_predictions(subjects=6).assign(part="selection")
    run = RunFolder(write_run(tmp_path, "leaky", pd.concat([tested, selected])))
    state(run)
    assert subjects(run) == ["S04", "S05"]


def test_no_tested_row_is_among_them(run):
    state(run)
    assert not set(subjects(run)) & set(run.predictions()["subject"])
    assert len(calibration_rows(run)) == len(run.predictions("selection"))


def keep_model(run: RunFolder, *lineage: list[str], **stated) -> None:
    """Write the manifest of a run's model; of each training, the last first, who was trained or selected on."""
    trainings = [
        {"dataset": "ai4pain", "task": "a", "definition": "b", "people": person_codes("ai4pain", people)}
        for people in lineage
    ]
    write_json(run.model / "manifest.json", {"lineage": trainings, "fold": "0", "seed": 0, **stated})


@pytest.fixture
def sourced(run) -> tuple[RunFolder, RunFolder]:
    """A run and its source, which was fitted to one of the subjects whom the run selects on, and selected on another"""
    source = RunFolder(write_run(run.path.parent, "source", draw_predictions(subjects=2)))
    state(source, line("S00"), line("S01", use="selection"))
    keep_model(source, ["other-S00", "other-S01"])
    state(run)
    keep_model(run, ["other-S00", "other-S01", "other-S02"], ["other-S00", "other-S01"])
    write_json(
        run.path / "facts.json", run.facts() | {"source": {"name": "source", "hash": manifest_hash(source.model)}}
    )
    return run, source


def test_whoever_a_source_was_fitted_to_is_left_out(sourced):
    assert subjects(sourced[0]) == ["other-S01", "other-S02"]


def test_a_shared_source_does_not_say_who_chose_its_epoch(sourced):
    run, source = sourced
    shutil.rmtree(source.path)
    assert subjects(run) == ["other-S02"]


def test_of_an_ensemble_the_sources_of_its_members_count(sourced):
    run, _ = sourced
    table = pd.concat([run.predictions().assign(part="test"), run.predictions("selection")])
    both = RunFolder(write_run(run.path.parent, "both", table))
    state(both)
    keep_model(both, ["other-S02"], ["other-S00", "other-S01"], members=[{"run": run.path.name}])
    assert subjects(both) == ["other-S01", "other-S02"]
