import re

import pytest
from pydantic import ValidationError

from transferpain.core.overrides import merge
from transferpain.core.validation import describe_fault
from transferpain.experiments.schema import Experiment
from transferpain.strategies.common.settings import PhaseSettings

FUSED = {
    "name": "fused",
    "task": "biovid-five",
    "protocol": {"kind": "group_kfold"},
    "source": "untrained",
    "strategy": "fused",
    "head": {"kind": "dense"},
}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"fusion": {"branches": "landmarks"}, "phases": {"images": {"epochs": 3}}},
        {"head": {"kind": "adaboost", "estimators": 10}},
        {"fusion": {"fusion": "bilstm", "frames": 8}, "landmarks": {"detection_confidence": 0.5}},
        {"phases": {"whole": {"learning_rate": 1e-5}}},
    ],
)
def test_what_goes_together(changes):
    experiment = Experiment.model_validate(merge(FUSED, changes))
    assert experiment.strategy == "fused"
    assert all(isinstance(phase, PhaseSettings) for phase in experiment.phases.values())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"strategy": "full", "fusion": {"frames": 8}},
            "fusion: for strategy `fused`, received strategy `full_fine_tuning`",
        ),
        ({"strategy": "full", "landmarks": {"tracking_confidence": 0.1}}, "landmarks: for strategy `fused`"),
        ({"strategy": "full", "head": {"kind": "adaboost"}}, "`adaboost` does not go with strategy `full_fine_tuning`"),
        ({"head": {"kind": "ann"}}, "`ann` does not go with strategy `fused`, which takes `dense` or `adaboost`"),
        ({"backbone": "resnet18"}, "backbone: `fused` reads pictures with VGG16"),
        ({"cut": "gap"}, "feature_layer: for strategy .*received strategy `fused`"),
        ({"rows": {"keep_painless": 0.5}}, "rows: for strategy .*received strategy `fused`"),
        ({"probe_source": True}, "probe_source: for strategy .*received strategy `fused`"),
        ({"images": {"every": 2}}, "images.first_frame, every and test_every"),
        ({"training": {"kernel_l2": 1e-4}}, "`fused` knows none of them"),
        ({"training": {"augment": {"mixup": 0.2}}}, "`fused` knows none of them"),
        ({"training": {"label_mode": "probability"}}, "`fused` knows none of them"),
        ({"head": {"kind": "adaboost"}, "fusion": {"branches": "images"}}, "`adaboost` stands on both branches"),
        ({"fusion": {"branches": "images", "fusion": "bilstm"}}, "joins two branches, and there is one: images"),
        ({"phases": {"block5": {"epochs": 2}}}, "`fused` has images, landmarks, whole.*received block5"),
        ({"phases_up_to": "images"}, "phases_up_to: for strategy `gradual_unfreezing`"),
        ({"adaptation": "coral"}, "adaptation: for strategy `frozen` or .*, received strategy `fused`"),
    ],
)
def test_what_does_not_is_told_by_its_key(changes, message):
    values = merge(FUSED, changes)
    with pytest.raises(ValidationError) as caught:
        Experiment.model_validate(values)
    fault = describe_fault(caught.value, values, Experiment)
    assert len(fault.splitlines()) == 1
    assert re.search(message, fault), fault
