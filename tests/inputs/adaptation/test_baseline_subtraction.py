import numpy as np
import pytest

from tests.inputs.adaptation.test_chosen import CROSS, folds_of, protocol_of, two_datasets
from transferpain.core.errors import UserError
from transferpain.data.protocols.make import make_folds
from transferpain.inputs.adaptation.baseline_subtraction import BASELINE_SUBTRACTION, subtract

METHOD = "baseline_subtraction"
BASELINE = [np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]


def test_the_mean_of_the_baseline_is_taken_off():
    change = subtract(BASELINE)
    np.testing.assert_array_equal(change(np.array([[1.0, 2.0], [9.0, 9.0]])), [[-1, -1], [7, 6]])


def test_frames_without_a_face_stay_missing_and_count_nowhere():
    gap = np.full((1, 2), np.nan)
    change = subtract([gap, *BASELINE])
    np.testing.assert_array_equal(change(np.vstack([gap, BASELINE[0]])), [[np.nan, np.nan], [-1, -1]])


@pytest.mark.parametrize("clips", [[], [np.full((2, 2), np.nan)]])
def test_without_a_face_there_is_no_baseline(clips):
    assert subtract(clips) is None


@pytest.mark.parametrize("protocol", [CROSS, {"kind": "group_kfold", "folds": 2}, CROSS | {"selection": "paper"}])
def test_a_baseline_clip_of_each_tested_subject_is_taken_out_of_the_test(protocol):
    samples = two_datasets()
    if protocol is not CROSS:
        samples = samples[samples["dataset"] == ("biovid" if "folds" in protocol else samples["dataset"])].reset_index(
            drop=True
        )
    before = make_folds(samples, protocol_of(protocol), 0)
    for fold, whole in zip(folds_of(METHOD, samples, protocol), before, strict=True):
        taken = samples.iloc[fold.reference]
        assert (taken["y"] == 0).all()
        assert sorted(taken["subject"]) == sorted(samples["subject"].iloc[whole.test].unique())
        assert np.array_equal(np.union1d(fold.test, fold.reference), whole.test)
        for part in (fold.train, fold.selection, fold.test):
            assert not np.intersect1d(part, fold.reference).size
        seen = samples.iloc[BASELINE_SUBTRACTION.fitted_on(samples, fold)]
        assert (seen["y"] == 0).all()
        learned = samples.iloc[np.setdiff1d(np.union1d(whole.train, whole.selection), whole.test)]
        assert len(seen) == len(taken) + (learned["y"] == 0).sum()


def test_the_draw_of_baseline_clips_depends_on_no_order_and_no_other_subject():
    samples = two_datasets()
    (fold,) = folds_of(METHOD, samples)
    turned = samples[::-1].reset_index(drop=True)
    (again,) = folds_of(METHOD, turned)
    assert set(turned["clip"].iloc[again.reference]) == set(samples["clip"].iloc[fold.reference])
    fewer = samples[samples["subject"] != "f"].reset_index(drop=True)
    (fold_of_fewer,) = folds_of(METHOD, fewer)
    assert set(fewer["clip"].iloc[fold_of_fewer.reference]) < set(samples["clip"].iloc[fold.reference])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda samples: samples.assign(row=0), "Single frames have no baseline clip"),
        (lambda samples: samples.assign(y=samples["y"].where(samples["subject"] != "e", 1)), "ai4pain/e"),
        (lambda samples: samples.assign(y=samples["y"].where(samples["subject"] != "a", 1)), "biovid/a"),
        (
            lambda samples: samples[~samples["clip"].str.endswith("2")].reset_index(drop=True),
            "no clip without pain to be",
        ),
        (
            lambda samples: samples.assign(y=samples["y"].where(samples["split"] != "validation")),
            "labelled as without pain",
        ),
    ],
)
def test_who_has_no_baseline_is_refused(change, message):
    samples = change(two_datasets())
    with pytest.raises(UserError, match=message):
        folds_of(METHOD, samples)
