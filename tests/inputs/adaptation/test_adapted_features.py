"""The adapted features of a fold: what they are, what they may depend on, and that they are computed once."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.inputs.adaptation.test_target_data import experiment
from transferpain.core.errors import UserError
from transferpain.data.protocols.fold import Fold
from transferpain.inputs.adaptation.adapted_features import adapted_features
from transferpain.inputs.adaptation.baseline_subtraction import subtract_baseline
from transferpain.inputs.adaptation.coral import recolor
from transferpain.inputs.adaptation.subject_standardization import standardize_subjects
from transferpain.inputs.features.cache import read_features, write_features

DIMENSION = 4
# Clips 0-7: four subjects of the source; 8-11: two of the target's training; 12-17: three of its tested subjects.
FOLD = Fold("test", np.arange(6), np.arange(6, 8), np.array([12, 14, 15, 16]), np.empty(0, np.int64))
PARTS = {
    "subject_standardization": FOLD,
    "baseline_subtraction": dataclasses.replace(FOLD, reference=np.array([13, 17])),
    "coral": dataclasses.replace(FOLD, reference=np.arange(8, 12)),
}
PARTS["baseline_subtraction"] = dataclasses.replace(
    PARTS["baseline_subtraction"], test=np.array([12, 16]), reference=np.array([13, 17])
)


@pytest.fixture
def samples(tmp_path) -> pd.DataFrame:
    """Two clips a subject; even ones show no pain, of tested subjects odd ones; one clip has a gap."""
    random, rows = np.random.default_rng(0), []
    for number in range(18):
        features = (random.normal(size=(6, DIMENSION)) * (1 + number % 3) + number).astype(np.float16)
        if number in (1, 9, 12):
            features[2] = np.nan
        path = tmp_path / "before" / f"{number}.npy"
        write_features(path, features)
        dataset = "biovid" if number < 8 else "ai4pain"
        y = number % 2 if number < 12 else 1 - number % 2
        rows.append(
            {"dataset": dataset, "subject": f"S{number // 2}", "clip": f"c{number}", "features": str(path), "y": y}
        )
    return pd.DataFrame(rows).assign(row=-1).astype({"y": "Int64"})


def adapt(method: str, samples: pd.DataFrame, cache: Path) -> np.ndarray:
    return adapted_features(experiment(method), samples, [PARTS[method]], cache)["test"]


def read(files) -> np.ndarray:
    return np.concatenate([read_features(Path(file)) for file in files]).astype(np.float64)


def used(method: str) -> np.ndarray:
    fold = PARTS[method]
    return np.union1d(np.union1d(fold.train, fold.selection), fold.test)


def expected(method: str, samples: pd.DataFrame) -> np.ndarray:
    """Return what the methods on arrays say of the learned and the tested clips."""
    fold, files = PARTS[method], samples["features"].to_numpy()
    learned = np.union1d(fold.train, fold.selection)
    if method == "coral":
        return np.concatenate([recolor(read(files[learned]), read(files[fold.reference])), read(files[fold.test])])
    seen = np.union1d(used(method), fold.reference)
    subjects = np.repeat(samples["subject"].to_numpy()[seen], 6)
    if method == "subject_standardization":
        return standardize_subjects(read(files[seen]), subjects)
    baseline = np.repeat(
        np.isin(seen, fold.reference) | (np.isin(seen, learned) & (samples["y"].to_numpy()[seen] == 0)), 6
    )
    return subtract_baseline(read(files[seen]), subjects, baseline)[np.repeat(np.isin(seen, used(method)), 6)]


@pytest.mark.parametrize("method", PARTS)
def test_they_are_those_of_the_method_on_arrays(method, samples, tmp_path):
    after = adapt(method, samples, tmp_path)
    np.testing.assert_allclose(read(after[used(method)]), expected(method, samples), rtol=2e-3, atol=5e-3)
    assert read_features(Path(after[0])).dtype == np.float16
    assert set(np.flatnonzero(after == "")) == set(range(18)) - set(used(method))


@pytest.mark.parametrize("method", PARTS)
def test_no_forbidden_clip_and_no_tested_label_changes_the_training_input(method, samples, tmp_path):
    """Of the tested subjects nothing at all reaches the training input; with coral the target's training clips do."""
    fold = PARTS[method]
    before = adapt(method, samples, tmp_path)
    changed = samples.copy()
    changed.loc[fold.test, "y"] = 1 - changed.loc[fold.test, "y"]
    for number in range(12, 18):
        path = tmp_path / "other" / f"{number}.npy"
        write_features(path, np.full((6, DIMENSION), number, np.float16))
        changed.loc[number, "features"] = str(path)
    if method == "coral":
        changed.loc[8:11, "y"] = 1 - changed.loc[8:11, "y"]
    learned = np.union1d(fold.train, fold.selection)
    assert list(adapt(method, changed, tmp_path)[learned]) == list(before[learned])


def test_coral_sees_the_targets_training_clips(samples, tmp_path):
    before = adapt("coral", samples, tmp_path)
    path = tmp_path / "other" / "8.npy"
    write_features(path, np.ones((6, DIMENSION), np.float16))
    samples.loc[8, "features"] = str(path)
    after = adapt("coral", samples, tmp_path)
    assert not set(after[:8]) & set(before[:8])


@pytest.mark.parametrize("method", PARTS)
def test_a_second_time_nothing_is_computed(method, samples, tmp_path):
    before = adapt(method, samples, tmp_path)
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npy*")}
    assert list(adapt(method, samples, tmp_path)) == list(before)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npy*")} == written


def test_a_damaged_file_is_computed_again(samples, tmp_path):
    after = adapt("subject_standardization", samples, tmp_path)
    whole = Path(after[3]).read_bytes()
    Path(after[3]).write_bytes(whole[:-8])
    adapt("subject_standardization", samples, tmp_path)
    assert Path(after[3]).read_bytes() == whole


def test_folds_share_what_is_fitted_on_the_same_clips(samples, tmp_path):
    other = Fold("other", np.array([0, 1, 12, 13]), np.arange(2, 4), np.arange(4, 8))
    after = adapted_features(experiment("subject_standardization"), samples, [FOLD, other], tmp_path)
    assert list(after["test"][:8]) == list(after["other"][:8])
    assert after["test"][12] != after["other"][12]  # there without the subject's other clip


def test_clips_that_cannot_be_adapted_are_treated_as_without_a_face(samples, tmp_path, capsys):
    path = tmp_path / "faceless.npy"
    write_features(path, np.full((6, DIMENSION), np.nan, np.float16))
    samples.loc[13, "features"] = str(path)  # the only baseline of its subject
    samples.loc[5, "features"] = ""
    after = adapt("baseline_subtraction", samples, tmp_path)
    assert (after[12], after[5]) == ("", "")
    assert after[16] != ""
    assert "1 clips cannot be adapted" in capsys.readouterr().err


def test_a_domain_without_faces_is_refused(samples, tmp_path):
    samples.loc[8:11, "features"] = ""
    with pytest.raises(UserError, match="cannot be recoloured"):
        adapt("coral", samples, tmp_path)


def test_a_feature_beyond_float16_is_refused(samples, tmp_path):
    write_features(Path(samples.loc[0, "features"]), np.full((6, DIMENSION), -60000, np.float16))
    write_features(Path(samples.loc[1, "features"]), np.full((6, DIMENSION), 60000, np.float16))
    with pytest.raises(UserError, match="does not fit into the cache"):
        adapt("baseline_subtraction", samples, tmp_path)


def test_without_an_adaptation_the_features_are_the_cached_ones(samples, tmp_path):
    after = adapted_features(experiment(None), samples, [FOLD], tmp_path)
    assert list(after["test"]) == list(samples["features"])
    assert not (tmp_path / "features").exists()
