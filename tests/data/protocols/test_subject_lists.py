import pytest

from transferpain.data.datasets.unbc_facts import FOLD_LISTS, SUBJECTS
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.data.protocols.subject_lists import HOLDOUTS


def test_every_fifth_subject_is_the_first_published_list():
    assert FOLD_LISTS["unbc-5fold-every-fifth"].folds[0] == (SUBJECTS[0], SUBJECTS[5], SUBJECTS[10], *SUBJECTS[15:21:5])
    assert FOLD_LISTS["unbc-5fold-mixed"].folds[4] == ("049-bm049", "115-jy115", "052-dr052", "101-mg101", "080-bn080")


@pytest.mark.parametrize("name", [name for name in HOLDOUTS if name.startswith("unbc")])
def test_every_holdout_of_unbc_has_five_known_subjects(name):
    assert len(HOLDOUTS[name].subjects) == 5
    assert set(HOLDOUTS[name].subjects) < set(SUBJECTS)
    (said,) = ProtocolSettings(kind="holdout", holdout=name).provenance
    assert said.startswith(f"{name}: ")
    assert said.endswith("not official")
