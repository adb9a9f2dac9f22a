"""What an experiment may say of federated training, and what is refused by name."""

import pytest

from tests.strategies.federated.federated_clips import experiment
from tests.strategies.frozen import frozen_clips


def test_defaults_are_one_epoch_of_all_subjects():
    how = experiment().federated
    assert (how.client, how.local_epochs, how.share, how.personal) == ("subject", 1, 1.0, "none")


def test_experiments_of_other_strategies_do_not_name_it():
    assert "federated" not in frozen_clips.experiment().resolved()
    assert experiment().resolved()["federated"]["client"] == "subject"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"federated": None}, r"federated: the strategy needs it; `federated: \{\}`"),
        ({"strategy": "frozen"}, "federated: for strategy `federated`, received strategy `frozen`"),
        ({"federated": {"share": 0}}, "share"),
        ({"federated": {"share": 1.1}}, "share"),
        ({"federated": {"local_epochs": 0}}, "local_epochs"),
        ({"federated": {"personal": "body"}}, "personal"),
        ({"federated": {"rounds": 3}}, "rounds"),
        ({"federated": {"client": ""}}, "client"),
        ({"federated": {"client": "clip"}}, "a client has several clips, which `clip`"),
        ({"federated": {"client": "y"}}, "a client has several clips, which `y`"),
        ({"head": {"kind": "svm"}}, "`svm` does not go with strategy `federated`, which takes `ann`"),
        ({"training": {"schedule": {"name": "cosine"}}}, "training.schedule: `federated` knows `constant` alone"),
        ({"training": {"ema": 0.9}}, "training.ema: not with `federated`, received 0.9"),
        ({"training": {"epoch_steps": 20}}, "training.epoch_steps: not with `federated`, received 20"),
        ({"training": {"tensorboard": True}}, "training.tensorboard: `federated` writes no such logs"),
        ({"training": {"kernel_l2": 0.1}}, "training.kernel_l2: for strategies that train a network, not `federated`"),
        ({"adaptation": "coral"}, "adaptation: for strategy `frozen` or .*, received strategy `federated`"),
        ({"protocol": {"kind": "group_kfold", "selection": "nested"}}, "selection"),
        ({"head": {"kind": "lstm"}, "features": {}}, "features.fps: `lstm` needs windows of one length"),
    ],
)
def test_what_it_cannot_follow_is_refused(changes, reason):
    values = experiment().resolved() | changes
    with pytest.raises(ValueError, match=reason):
        type(experiment()).model_validate(values)
