"""Whom a network in training may see of the dataset that it is tested on."""

import numpy as np
import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.data.protocols.fold import Fold
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.inputs.adaptation.domain import DOMAIN_ADAPTATIONS, DomainAdaptation
from transferpain.inputs.adaptation.registry import ADAPTATIONS
from transferpain.networks.domain.registry import DOMAIN_LOSSES

CROSS = ProtocolSettings(kind="cross_dataset", test_dataset="ai4pain")
SAMPLES = pd.DataFrame(
    {
        "dataset": ["biovid"] * 4 + ["ai4pain"] * 4,
        "subject": list("aabbccdd"),
        "clip": list("01234567"),
        "split": [""] * 4 + ["train"] * 2 + ["validation"] * 2,
        "y": pd.array([0, 1, 0, 1, pd.NA, pd.NA, 0, 1], dtype="Int64"),
    }
)
FOLD = Fold("test", np.arange(2), np.arange(2, 4), np.arange(6, 8))
each = pytest.mark.parametrize("method", DOMAIN_ADAPTATIONS, ids=[method.name for method in DOMAIN_ADAPTATIONS])


def test_each_loss_is_there_twice_and_under_its_name():
    names = [name for loss in DOMAIN_LOSSES for name in (loss, f"{loss}_transductive")]
    assert [method.name for method in DOMAIN_ADAPTATIONS] == names
    assert [name for name, method in ADAPTATIONS.items() if isinstance(method, DomainAdaptation)] == names


@each
def test_it_sees_training_subjects_of_the_target_or_the_tested_clips_and_nothing_else(method):
    (fold,) = method.add_references(SAMPLES, [FOLD], CROSS, 0)
    assert fold.reference.tolist() == ([] if method.transductive else [4, 5])
    assert method.shown(fold).tolist() == ([6, 7] if method.transductive else [4, 5])
    assert method.fitted_on(SAMPLES, fold).tolist() == [0, 1, 2, 3, *method.shown(fold)]
    assert ("tested clips" in method.sees) == ("transductive" in method.describe(CROSS)) == method.transductive
    assert method.needs_target_training != method.transductive


@each
@pytest.mark.parametrize("protocol", [{"kind": "group_kfold"}, {"kind": "loso"}])
def test_where_there_is_no_target_but_the_training_data_it_is_refused(method, protocol):
    with pytest.raises(ValueError, match=f"adaptation: `{method.name}` draws .* on one dataset there is no other"):
        method.check(ProtocolSettings.model_validate(protocol))


@each
def test_without_training_subjects_of_the_target_only_a_transductive_one_has_something_to_see(method):
    samples = SAMPLES.assign(split=["", "", "", "", *["validation"] * 4])
    if method.transductive:
        assert method.add_references(samples, [FOLD], CROSS, 0) == [FOLD]
        return
    with pytest.raises(UserError, match=f"{method.name} has no clip to adapt to"):
        method.add_references(samples, [FOLD], CROSS, 0)
