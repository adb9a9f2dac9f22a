import pytest
from pydantic import ValidationError

from transferpain.data.protocols.settings import ProtocolSettings


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "random_frames"},
        {"kind": "random_frames", "allow_leakage": False},
        {"kind": "loso", "leave_out": "biovid-67"},
        {"kind": "loso", "allow_leakage": True},
        {"kind": "published_folds"},
        {"kind": "published_folds", "fold_list": "unbc-5fold"},
        {"kind": "loso", "fold_list": "unbc-5fold-mixed"},
        {"kind": "holdout"},
        {"kind": "holdout", "holdout": "biovid-60-27"},
        {"kind": "loso", "holdout": "biovid-61-26"},
        {"kind": "group_kfold", "folds": 1},
        {"kind": "loso", "selection_share": 0},
        {"kind": "loso", "selection_share": 1},
        {"kind": "folders", "test_split": "train"},
        {"kind": "loso", "selection": "test"},
        {"kind": "loso", "shuffle": True},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        ProtocolSettings(**wrong)


def test_settings_survive_being_written_out():
    for chosen in (ProtocolSettings(), ProtocolSettings(kind="holdout", holdout="biovid-61-26")):
        assert ProtocolSettings(**chosen.model_dump()) == chosen


def test_protocols_that_keep_subjects_apart_warn_of_nothing():
    assert ProtocolSettings(kind="loso").warnings == ()
    assert "optimistic" in ProtocolSettings(kind="loso", selection="paper").warnings[0]


@pytest.mark.parametrize(
    ("values", "selects"),
    [
        ({"kind": "loso"}, False),
        ({"kind": "loso", "selection": "paper"}, True),
        ({"kind": "folders", "selection": "paper"}, True),
        ({"kind": "folders", "selection": "paper", "test_split": "test"}, False),
    ],
)
def test_a_paper_selects_on_the_test_part_unless_it_has_a_folder_for_it(values, selects):
    assert ProtocolSettings(**values).selects_on_test == selects
