import re

import pytest
from pydantic import ValidationError

from transferpain.core.overrides import merge
from transferpain.core.validation import describe_fault
from transferpain.experiments.schema import Experiment

CLIPS = {
    "name": "clips",
    "task": "biovid-five",
    "protocol": {"kind": "group_kfold"},
    "faces": {"size": 64},
    "source": "untrained",
    "strategy": "clip_network",
    "network": {"kind": "cnn_3d"},
    "head": {"kind": "dense"},
}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"network": {"kind": "vivit", "patch": 8, "order": "shuffled"}},
        {"network": {"kind": "cnn_3d", "channels": [4, 8]}, "images": {"first_frame": 10, "scaling": "symmetric"}},
        {"training": {"kernel_l2": 1e-4, "augment": {"mixup": 0.2}}, "window": {"seconds": 5, "train": "first"}},
    ],
)
def test_what_goes_together(changes):
    experiment = Experiment.model_validate(merge(CLIPS, changes))
    assert experiment.network.kind == changes.get("network", {}).get("kind", "cnn_3d")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "imagenet"}, "source: `clip_network` begins with random weights, received `imagenet`"),
        ({"source": "weights/ferplus-resnet18"}, "source: `clip_network` begins with random weights"),
        ({"source": "untrained-1"}, "other `seeds` for other weights"),
        ({"backbone": "resnet18"}, "backbone: `clip_network` has none, received `resnet18`.*cnn_3d or vivit"),
        ({"images": {"every": 2}}, "images.every and test_every: .*`network.frames`"),
        ({"images": {"test_every": 2}}, "images.every and test_every"),
        ({"window": {"missing": "mask"}}, "window.missing: .*hold_last"),
        ({"training": {"label_mode": "probability"}}, "training.label_mode: `clip_network` knows `majority` alone"),
        ({"head": {"kind": "lstm"}}, "`lstm` does not go with strategy `clip_network`, which takes `dense`"),
        ({"faces": {"size": 50}, "network": {"kind": "vivit"}}, "network.patch: .*received patch 16, faces.size 50"),
        ({"faces": {"size": 24}}, "faces.size: `cnn_3d` reads at least 32x32 pixels; received 24"),
        ({"faces": {"size": 224}, "network": {"kind": "cnn_3d", "frames": 32}}, "network.frames: 32 frames of 224x224"),
        ({"network": {"kind": "vivit", "frames": 5}}, "multiple of `tubelet`"),
        ({"network": {"kind": "resnet_3d"}}, "network"),
        ({"network": None}, "network: `clip_network` trains one; name its kind: cnn_3d or vivit"),
        ({"strategy": "full_fine_tuning", "network": {"kind": "vivit"}}, "network: for strategy `clip_network`"),
        ({"fusion": {"frames": 4}}, "fusion: for strategy `fused`, received strategy `clip_network`"),
        ({"rows": {"keep_painless": 0.5}}, "rows: for strategy .*received strategy `clip_network`"),
        ({"adaptation": "coral"}, "adaptation: for strategy `frozen` or .*, received strategy `clip_network`"),
    ],
)
def test_what_does_not_is_told_by_its_key(changes, message):
    values = merge(CLIPS, changes)
    with pytest.raises(ValidationError) as caught:
        Experiment.model_validate(values)
    fault = describe_fault(caught.value, values, Experiment)
    assert len(fault.splitlines()) == 1
    assert re.search(message, fault), fault
