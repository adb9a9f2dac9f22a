"""A study's report is written for its very runs, and not again while they are the same."""

import shutil
from dataclasses import replace

import pytest

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_run
from tests.small_study import write_small_study
from transferpain.core.errors import UserError
from transferpain.core.store import file_hash, write_json, write_text
from transferpain.data.places import Places
from transferpain.evaluation.few_shot_settings import FewShotSettings
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.study import load_batch
from transferpain.reports.studies import keep_former, report_batch, report_runs


@pytest.fixture
def batch(tmp_path):
    return load_batch(write_small_study(tmp_path / "experiments"), Places(tmp_path / "data", tmp_path), [])


@pytest.mark.slow
def test_a_report_is_written_once_for_the_same_runs_and_again_where_it_is_gone_or_for_others(batch):
    runs_folder = batch.places.runs
    runs = [RunFolder(write_run(runs_folder, name, draw_predictions(subjects=4))) for name in ("ann", "lstm")]
    page = report_batch(batch, runs)
    assert page == batch.places.reports / batch.name / "index.html"
    before = page.stat().st_mtime_ns
    assert report_batch(batch, runs) == page
    assert page.stat().st_mtime_ns == before
    page.unlink()
    assert report_batch(batch, runs) == page
    before = page.stat().st_mtime_ns
    assert report_batch(replace(batch, comparisons=()), runs) == page
    assert page.stat().st_mtime_ns > before


@pytest.mark.slow
def test_a_curve_is_asked_of_runs_that_are_older_than_the_question(batch):
    runs = [RunFolder(write_run(batch.places.runs, name, draw_predictions(subjects=4))) for name in ("ann", "lstm")]
    page = report_batch(batch, runs)
    assert "Few-shot" not in page.read_text(encoding="utf-8")
    asked = [one.model_copy(update={"few_shot": FewShotSettings(clips=(0, 1))}) for one in batch.experiments]
    report_batch(replace(batch, experiments=asked), runs)
    assert "Few-shot calibration of ann" in page.read_text(encoding="utf-8")
    assert (page.parent / "few_shot.csv").is_file()


@pytest.mark.slow
def test_a_variant_does_not_write_over_the_report_that_stands(batch):
    runs = [RunFolder(write_run(batch.places.runs, name, draw_predictions(subjects=4))) for name in ("ann", "lstm")]
    page = report_batch(batch, runs)
    former = page.read_text(encoding="utf-8")
    variant = [one.model_copy(update={"seeds": (7,)}) for one in batch.experiments]
    report_batch(replace(batch, title="Another", experiments=variant), runs)
    kept = [folder for folder in batch.places.reports.iterdir() if folder != page.parent]
    assert [(folder / "index.html").read_text(encoding="utf-8") for folder in kept] == [former]
    assert "Another" in page.read_text(encoding="utf-8")


def test_half_of_a_report_takes_no_kept_ones_place(tmp_path):
    folder, aside = tmp_path / "reports" / "demo", tmp_path / "reports" / "demo-01234567"
    write_text(folder / "index.html", "whole")
    files = {"index.html": file_hash(folder / "index.html")}
    write_json(folder / "inputs.json", {"experiments": "0123456789abcdef", "files": files})
    keep_former(folder, {"experiments": "another"})
    write_text(folder / "index.html", "half of another")
    keep_former(folder, {"experiments": "another"})
    assert (aside / "index.html").read_text() == "whole"


def test_a_report_that_is_kept_shows_nothing_from_elsewhere_and_goes_nowhere_else(tmp_path):
    folder, secret, mine = tmp_path / "reports" / "demo", tmp_path / "secret.txt", tmp_path / "mine"
    write_json(folder / "inputs.json", {"experiments": "0123456789abcdef"})
    write_text(secret, "secret")
    (folder / "link.txt").symlink_to(secret)
    keep_former(folder, {"experiments": "another"})
    assert (folder.with_name("demo-01234567") / "link.txt").is_symlink()
    mine.mkdir()
    write_json(folder / "inputs.json", {"experiments": "f" * 16})
    folder.with_name("demo-ffffffff").symlink_to(mine)
    with pytest.raises(UserError, match="leads out of the folder"):
        keep_former(folder, {"experiments": "another"})
    assert list(mine.iterdir()) == []


def test_variants_of_one_experiment_are_told_apart_by_their_folders(tmp_path):
    first = write_run(tmp_path / "a", "ann", draw_predictions(subjects=4))
    second = first.with_name("ann-fedcba9876543210")
    shutil.copytree(first, second)
    page = report_runs([first, second], "both", tmp_path).read_text(encoding="utf-8")
    assert first.name in page
    assert second.name in page
    with pytest.raises(UserError, match="told apart"):
        report_runs([first, first], "twice", tmp_path)


def test_named_runs_are_reported_under_a_name(tmp_path):
    folder = write_run(tmp_path / "runs", "ann", draw_predictions(subjects=4))
    page = report_runs([folder], "mine", tmp_path)
    assert page == tmp_path / "reports" / "mine" / "index.html"
    assert "<h1>mine</h1>" in page.read_text(encoding="utf-8")
