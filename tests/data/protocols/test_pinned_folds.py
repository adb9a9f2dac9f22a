"""The folds of every kind of protocol stay what they are: published scores rest on them."""

import hashlib

import pytest

from tests.data.protocols.protocol_clips import CLIPS
from transferpain.data.datasets.unbc_facts import FOLD_LISTS
from transferpain.data.protocols.make import make_folds
from transferpain.data.protocols.settings import ProtocolSettings

CASES = {
    "folders": ("own", {"kind": "folders"}, "95d7a8d14a9e1145"),
    "folders, test": ("own", {"kind": "folders", "test_split": "test"}, "c175c02e130b34fc"),
    "folders, paper": ("own", {"kind": "folders", "selection": "paper"}, "345a9ad75d0f87a9"),
    "folders, paper, test": (
        "own",
        {"kind": "folders", "selection": "paper", "test_split": "test"},
        "9d04a2679e9a4702",
    ),
    "folders, few": ("own", {"kind": "folders", "train_subjects": 4}, "02a4411ecac80685"),
    "holdout of BioVid": ("biovid", {"kind": "holdout", "holdout": "biovid-61-26"}, "f1e8bac9e87628ce"),
    "holdout of MIntPAIN": ("mintpain", {"kind": "holdout", "holdout": "mintpain-15-5"}, "9c62f6f02f3f63e7"),
    "holdout of UNBC": ("unbc", {"kind": "holdout", "holdout": "unbc-20-5", "selection": "paper"}, "c35c2a0eaf82342a"),
    "loso": ("own", {"kind": "loso"}, "f7a14823944ea28a"),
    "loso, paper": ("own", {"kind": "loso", "selection": "paper"}, "6f21cf0c3271a9eb"),
    "loso, nested": (
        "own",
        {"kind": "loso", "selection": "nested", "selection_rule": "lowest_loss"},
        "f7a14823944ea28a",
    ),
    "loso, without some": ("biovid", {"kind": "loso", "leave_out": "biovid-low-reactive"}, "c87aa61dd0045579"),
    "groups": ("own", {"kind": "group_kfold"}, "931b4078c112ab00"),
    "groups, few": ("own", {"kind": "group_kfold", "folds": 3, "train_subjects": 5}, "17f4675beadb4659"),
    "stratified groups": ("own", {"kind": "stratified_group_kfold", "folds": 4}, "cb5eae8d2e050785"),
    "stratified groups of UNBC": (
        "unbc",
        {"kind": "stratified_group_kfold", "selection_share": 0.4},
        "65f2df11d729552a",
    ),
    "published folds": ("unbc", {"kind": "published_folds", "fold_list": min(FOLD_LISTS)}, "c6067e6e0f86eac0"),
    "from BioVid": ("two", {"kind": "cross_dataset", "test_dataset": "own", "test_split": "test"}, "e051e8b46dbdece7"),
    "to BioVid": ("two", {"kind": "cross_dataset", "test_dataset": "biovid", "train_subjects": 3}, "00749f30774b1b6b"),
    "random frames": ("own", {"kind": "random_frames", "allow_leakage": True}, "950dc8b67835190f"),
    "random frames, paper": (
        "own",
        {"kind": "random_frames", "allow_leakage": True, "selection": "paper", "folds": 3},
        "380e364dabd8fa3e",
    ),
}


def digest(folds) -> str:
    """16 hexadecimal digits over the names and positions of folds."""
    whole = hashlib.sha256()
    for fold in folds:
        whole.update(fold.name.encode())
        for name, part in fold.parts.items():
            whole.update(f"|{name}:{part.dtype}:{part.tolist()}".encode())
    return whole.hexdigest()[:16]


@pytest.mark.parametrize("case", CASES)
def test_the_folds_are_those_that_were_published(case):
    clips, settings, pinned = CASES[case]
    drawn = [fold for seed in (0, 7) for fold in make_folds(CLIPS[clips], ProtocolSettings(**settings), seed)]
    assert digest(drawn) == pinned
