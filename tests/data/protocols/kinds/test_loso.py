from tests.data.protocols.protocol_clips import make_clips, make_unbc_clips, subjects
from transferpain.data.datasets.unbc_facts import SUBJECTS
from transferpain.data.protocols.make import make_folds
from transferpain.data.protocols.settings import ProtocolSettings


def test_loso_tests_each_subject_once():
    clips = make_clips({"": 10})
    folds = make_folds(clips, ProtocolSettings(kind="loso"), seed=0)
    assert [fold.name for fold in folds] == sorted(set(clips["subject"]))
    assert all(subjects(clips, fold.test) == {fold.name} for fold in folds)
    assert len({tuple(sorted(subjects(clips, fold.selection))) for fold in folds}) > 1


def test_loso_has_a_fold_for_the_subject_without_pain():
    clips = make_unbc_clips()
    folds = {fold.name: fold for fold in make_folds(clips, ProtocolSettings(kind="loso"), seed=0)}
    assert list(folds) == list(SUBJECTS)
    assert set(clips["y"].iloc[folds["101-mg101"].test]) == {0}
