import numpy as np
import pandas as pd
import pytest

from tests.data.protocols.protocol_clips import OFFICIAL, make_clips, subjects
from transferpain.core.errors import UserError
from transferpain.data.protocols.make import make_folds
from transferpain.data.protocols.settings import ProtocolSettings


def test_folders_keep_the_official_split():
    clips = make_clips(OFFICIAL)
    (fold,) = make_folds(clips, ProtocolSettings(kind="folders"), seed=0)
    assert fold.name == "test"
    assert set(clips["split"].iloc[fold.test]) == {"validation"}
    assert len(subjects(clips, fold.test)) == 12
    assert len(subjects(clips, fold.selection)) == 8
    assert len(subjects(clips, fold.train)) == 33
    assert set(clips["split"].iloc[np.concatenate([fold.train, fold.selection])]) == {"train"}
    assert fold.train.dtype == np.int64


def test_folders_can_test_on_an_unlabelled_test_set():
    clips = make_clips(OFFICIAL)
    clips.loc[clips["split"] == "test", "y"] = pd.NA
    (fold,) = make_folds(clips, ProtocolSettings(kind="folders", test_split="test"), seed=0)
    assert set(clips["split"].iloc[fold.test]) == {"test"}
    assert len(fold.test) == 36


def test_paper_selection_before_the_test_folder_is_the_validation_folder():
    clips = make_clips(OFFICIAL)
    chosen = ProtocolSettings(kind="folders", selection="paper", test_split="test")
    (fold,) = make_folds(clips, chosen, seed=0)
    assert set(clips["split"].iloc[fold.selection]) == {"validation"}
    assert set(clips["split"].iloc[fold.test]) == {"test"}


def test_a_subject_in_two_folders_is_refused():
    clips = make_clips({"train": 6, "validation": 2})
    clips.loc[clips["subject"] == "07", "subject"] = "01"
    for selection in ("inner", "paper"):
        with pytest.raises(UserError, match=r"two parts(.|\n)*Received: ai4pain/01"):
            make_folds(clips, ProtocolSettings(kind="folders", selection=selection), seed=0)


def test_marked_copies_of_training_images_may_stay_in_the_official_split():
    clips = make_clips({"train": 6, "validation": 2}, clips=1, dataset="ferplus")
    clips.loc[6, "subject"] = "01"
    clips["in_training"] = clips.index == 6
    (fold,) = make_folds(clips, ProtocolSettings(kind="folders"), seed=0)
    assert fold.test.tolist() == [6, 7]
    clips["in_training"] = False
    with pytest.raises(UserError, match="two parts"):
        make_folds(clips, ProtocolSettings(kind="folders"), seed=0)
