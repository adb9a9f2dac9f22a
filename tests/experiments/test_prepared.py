"""Data that are prepared once: for experiments that read and split alike, and for no others."""

from typing import Any

import pytest

from tests.small_study import tiny, write_small_study
from transferpain.data.places import Places
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin
from transferpain.experiments.prepared import WHOLE, prepared_data
from transferpain.experiments.samples import labelled_samples, split_samples

# Of these one value decides, which stands in the key by itself; or it is asked anew for every experiment, as is the
# name, which stands in messages.
BINARY = {"task": "cross-binary", "dataset": "biovid", "protocol": {"kind": "group_kfold", "folds": 3}}
IN_PART = {"window", "training", "strategy", "features", "head", "name", "rows", "few_shot"}


class Noting:
    """An experiment that notes which of its keys are asked for."""

    def __init__(self, experiment: Any):
        self._experiment, self.asked = experiment, set()

    def __getattr__(self, key: str) -> Any:
        if key in type(self._experiment).model_fields:
            self.asked.add(key)
        return getattr(self._experiment, key)


@pytest.fixture
def folder(tmp_path):
    return write_small_study(tmp_path / "experiments").parent


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """A data root with a BioVid twin of five people, two clips of each of two levels."""
    root = tmp_path_factory.mktemp("data")
    settings = TwinSettings(subjects=5, clips=2, seconds=0.3, fps=8, levels=("BL1", "PA4"))
    write_twin("biovid", root, settings, lambda frames: None)
    return root


@pytest.mark.parametrize(
    "changes", [{}, {"reference": {"form": "withheld"}}, {"adaptation": "subject_standardization"}]
)
def test_every_key_that_samples_and_folds_go_by_is_in_what_tells_them_apart(folder, twice, tmp_path, changes):
    noting = Noting(tiny(folder, **BINARY, **changes))
    _, _, samples = labelled_samples(noting, Places(twice, tmp_path))
    split_samples(noting, samples)
    assert noting.asked <= {*WHOLE, *IN_PART}
    assert noting.asked >= {"task", "protocol", "null_draw", "reference"}


def test_experiments_that_read_alike_share_their_data_and_no_others_do(folder, twice, tmp_path):
    places = Places(twice, tmp_path)
    first = prepared_data(tiny(folder, **BINARY), places)
    assert prepared_data(tiny(folder, **BINARY, head={"hidden": [8]}, seeds=[5]), places) is first
    assert (
        prepared_data(tiny(folder, **BINARY | {"protocol": {"kind": "group_kfold", "folds": 2}}), places) is not first
    )


def test_an_experiment_whose_neutral_clips_are_taken_out_has_other_samples(folder, twice, tmp_path):
    places = Places(twice, tmp_path)
    whole = prepared_data(tiny(folder, **BINARY), places)
    without = prepared_data(tiny(folder, **BINARY, reference={"form": "withheld"}), places)
    tested = [sum(len(fold.test) for fold in one.folds) for one in (whole, without)]
    assert tested[0] - tested[1] == whole.samples["subject"].nunique()
