"""The adapted features of a fold: what they are, what they may depend on, and that they are computed once."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import fractional_matrix_power

from tests.inputs.adaptation.tables import DIMENSION, FOLD, PARTS, adapt, job, read_all, small_table, used
from transferpain.core.errors import UserError
from transferpain.core.store import fingerprint
from transferpain.data.protocols.fold import Fold
from transferpain.inputs.adaptation.chosen import adapted_features
from transferpain.inputs.features.cache import read_features, write_features

# Of `small_table`: fingerprint of the names of all files, SHA-256 of their contents, names of the first and a tested
# clip. Computed by version 0.1.0: other names or contents would make every kept cache worthless, or wrong.
PINNED = {
    "subject_standardization": ("dadeb885f87ddc12", "ff504ad2d5b6e5ff", "5f52622b87f44866", "48da073d4e7b3826"),
    "baseline_subtraction": ("c4ac1020d0ff4aec", "23cbc7e38d2f1f99", "318f8ab7d5038f98", "59c55202985acbaf"),
    "coral": ("f86ff4ec4fc62af9", "8ebd090b14c0f1f0", "a8e7eeffeb7a8a3b", "12"),
}


@pytest.fixture
def samples(tmp_path) -> pd.DataFrame:
    return small_table(tmp_path / "before")


@pytest.mark.parametrize("method", PINNED)
def test_names_and_contents_of_cached_files_never_change(method, samples, tmp_path):
    files = adapt(method, samples, tmp_path)
    names = [Path(file).stem if file else "" for file in files]
    # Minus zero is zero.
    contents = b"".join((read_features(Path(file)) + 0).tobytes() for file in files[used(method)])
    digest = hashlib.sha256(contents).hexdigest()[:16]
    assert (fingerprint(names), digest, names[0], names[12]) == PINNED[method]


def expected(method: str, samples: pd.DataFrame) -> np.ndarray:
    """Return what numpy says of the learned and the tested clips."""
    fold, files = PARTS[method], samples["features"].to_numpy()
    learned = np.union1d(fold.train, fold.selection)
    if method == "coral":
        source, target = read_all(files[learned]), read_all(files[fold.reference])
        covariances = [np.cov(one[~np.isnan(one[:, 0])].T) for one in (source, target)]
        whiten, color = (
            fractional_matrix_power(one + np.trace(one) / len(one) * np.eye(len(one)), power)
            for one, power in zip(covariances, (-0.5, 0.5), strict=True)
        )
        recoloured = (source - np.nanmean(source, axis=0)) @ whiten @ color + np.nanmean(target, axis=0)
        return np.concatenate([recoloured, read_all(files[fold.test])])
    adapted = []
    for position in used(method):
        own = np.flatnonzero(samples["subject"] == samples["subject"][position])
        seen = np.intersect1d(own, used(method))
        if method == "baseline_subtraction":
            painless = own[samples["y"].iloc[own] == 0]
            seen = np.intersect1d(painless, np.concatenate([learned, fold.reference]))
        values = read_all(files[seen])
        deviation = np.nanstd(values, axis=0) if method == "subject_standardization" else 1
        adapted.append((read_all(files[[position]]) - np.nanmean(values, axis=0)) / deviation)
    return np.concatenate(adapted)


@pytest.mark.parametrize("method", PARTS)
def test_they_are_those_of_the_definition(method, samples, tmp_path):
    after = adapt(method, samples, tmp_path)
    np.testing.assert_allclose(read_all(after[used(method)]), expected(method, samples), rtol=2e-3, atol=5e-3)
    assert read_features(Path(after[0])).dtype == np.float16
    assert set(np.flatnonzero(after == "")) == set(range(18)) - set(used(method))


def test_coral_sees_the_targets_training_clips(samples, tmp_path):
    before = adapt("coral", samples, tmp_path)
    path = tmp_path / "other.npy"
    write_features(path, np.ones((6, DIMENSION), np.float16))
    samples.loc[8, "features"] = str(path)
    after = adapt("coral", samples, tmp_path)
    assert not set(after[:8]) & set(before[:8])


def test_a_damaged_file_is_computed_again(samples, tmp_path):
    after = adapt("subject_standardization", samples, tmp_path)
    whole = Path(after[3]).read_bytes()
    Path(after[3]).write_bytes(whole[:-8])
    adapt("subject_standardization", samples, tmp_path)
    assert Path(after[3]).read_bytes() == whole


def test_folds_share_what_is_fitted_on_the_same_clips(samples, tmp_path):
    other = Fold("other", np.array([0, 1, 12, 13]), np.arange(2, 4), np.arange(4, 8))
    after = adapted_features("subject_standardization", job(tmp_path), samples, [FOLD, other])
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


def test_features_in_float32_stay_so_beyond_float16(samples, tmp_path):
    before = {}
    for place, file in samples.loc[samples["features"] != "", "features"].items():
        before[place] = read_features(Path(file)).astype(np.float32) * 1e6
        write_features(tmp_path / f"own-{place}.npy", before[place])
        samples.loc[place, "features"] = str(tmp_path / f"own-{place}.npy")
    after = adapt("subject_standardization", samples, tmp_path)
    adapted = read_features(Path(after[0]))
    assert adapted.dtype == np.float32
    wanted = expected("subject_standardization", samples)[: len(adapted)]
    np.testing.assert_allclose(adapted, wanted, rtol=1e-3, atol=1e-3)


def test_without_an_adaptation_the_features_are_the_cached_ones(samples, tmp_path):
    assert list(adapt(None, samples, tmp_path)) == list(samples["features"])
    assert not (tmp_path / "features").exists()
