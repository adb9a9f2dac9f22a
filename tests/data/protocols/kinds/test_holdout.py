import numpy as np
import pytest

from tests.data.protocols.protocol_clips import OFFICIAL, make_clips, make_unbc_clips, subjects
from transferpain.core.errors import UserError
from transferpain.data.datasets.biovid import HOLDOUT_SUBJECTS
from transferpain.data.protocols.make import make_folds
from transferpain.data.protocols.settings import ProtocolSettings


def test_holdout_is_the_creators_list():
    clips = make_clips({"": 87}, dataset="biovid")
    names = [*HOLDOUT_SUBJECTS, *(f"{number:06d}_m_30" for number in range(61))]
    clips["subject"] = np.repeat(names, 3)
    (fold,) = make_folds(clips, ProtocolSettings(kind="holdout", holdout="biovid-61-26"), seed=0)
    assert subjects(clips, fold.test) == set(HOLDOUT_SUBJECTS)
    assert len(subjects(clips, fold.train)) == 49
    assert len(subjects(clips, fold.selection)) == 12


def test_holdout_of_another_dataset_or_without_its_subjects_is_refused():
    chosen = ProtocolSettings(kind="holdout", holdout="biovid-61-26")
    with pytest.raises(UserError, match=r"subjects of biovid(.|\n)*Received: ai4pain"):
        make_folds(make_clips(OFFICIAL), chosen, seed=0)
    with pytest.raises(UserError, match="test part empty"):
        make_folds(make_clips({"": 5}, dataset="biovid"), chosen, seed=0)


def test_holdouts_of_unbc_and_mintpain():
    clips = make_unbc_clips()
    (fold,) = make_folds(clips, ProtocolSettings(kind="holdout", holdout="unbc-20-5"), seed=0)
    tested = subjects(clips, fold.test)
    assert tested == {"115-jy115", "120-kz120", "121-vw121", "123-jh123", "124-dn124"}
    assert len(subjects(clips, fold.train)) == 16
    clips = make_clips({"": 20}, dataset="mintpain")
    clips["subject"] = "Sub" + clips["subject"]
    (fold,) = make_folds(clips, ProtocolSettings(kind="holdout", holdout="mintpain-15-5"), seed=0)
    assert subjects(clips, fold.test) == {"Sub16", "Sub17", "Sub18", "Sub19", "Sub20"}
