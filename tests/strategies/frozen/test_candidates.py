import pytest

from tests.command_line import EXPERIMENTS
from transferpain.core.errors import UserError
from transferpain.experiments.schema import Experiment, load_experiment
from transferpain.strategies.frozen.candidates import candidate_experiment

NESTED = {"protocol": {"selection": "nested", "selection_rule": "lowest_loss"}}
TWO = {"small": {"head.hidden": [32]}, "slow": {"training": {"optimizer": {"learning_rate": 0.1}}}}


def load(changes: dict, name: str = "ai4pain-ann") -> Experiment:
    return load_experiment(EXPERIMENTS / f"{name}.yaml", changes)


def test_a_candidate_is_the_experiment_with_its_changes():
    experiment = load(NESTED | {"candidates": TWO})
    small, slow = (candidate_experiment(experiment, name) for name in TWO)
    assert (small.head.hidden, small.head.dropout) == ((32,), experiment.head.dropout)
    assert slow.training.optimizer.learning_rate == 0.1
    assert slow.training.optimizer.name == experiment.training.optimizer.name
    assert small.training == experiment.training
    assert slow.head == experiment.head
    assert (small.protocol.selection, small.candidates) == ("inner", {})
    assert small.protocol.kind == experiment.protocol.kind


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (NESTED, "two or more go with"),
        (NESTED | {"candidates": {"only": {"training.epochs": 3}}}, "two or more go with"),
        ({"candidates": TWO}, "two or more go with"),
        (NESTED | {"candidates": TWO | {"Big Head": {"training.epochs": 3}}}, "candidates"),
        (NESTED | {"candidates": TWO | {"odd": {"features.fps": 3}}}, "candidates.odd: it changes keys of"),
        (NESTED | {"candidates": TWO | {"odd": {"seeds": [3]}}}, "candidates.odd: it changes keys of"),
        (NESTED | {"candidates": TWO | {"odd": {}}}, "candidates.odd: it changes keys of"),
        (
            NESTED | {"candidates": TWO | {"odd": {"head": {"kind": "lstm"}}}},
            "candidates.odd: it keeps the head",
        ),
        (NESTED | {"candidates": TWO | {"odd": {"head": 3}}}, "candidates.odd: `head`"),
        (NESTED | {"candidates": TWO | {"odd": {"training.epoch": 3}}}, "candidates.odd: `training.epoch` is not a"),
        (NESTED | {"candidates": TWO | {"odd": {"training.epochs": 0}}}, "candidates.odd: `training.epochs`"),
        (
            NESTED | {"candidates": {"number": {"training.loss": "mse"}, "order": {"training.loss": "corn"}}},
            "candidates: the error of a number, `mse`, is no measure of the others, received",
        ),
        ({"protocol": {"selection": "nested"}, "candidates": TWO}, "selection_rule: goes with selection: nested"),
        ({"protocol": {"selection_rule": "lowest_loss"}}, "selection_rule: goes with selection: nested"),
        ({"protocol": {"selection": "nested", "selection_rule": "best"}, "candidates": TWO}, "protocol.selection_rule"),
        (NESTED | {"protocol": NESTED["protocol"] | {"inner_folds": 1}, "candidates": TWO}, "protocol.inner_folds"),
    ],
)
def test_what_cannot_be_compared_is_refused(changes, message):
    with pytest.raises(UserError) as refused:
        load(changes)
    assert message in str(refused.value)


def test_numbers_and_classes_are_compared_by_their_accuracy():
    losses = {"number": {"training.loss": "mse"}, "classes": {"training.loss": "cross_entropy"}}
    by_accuracy = {"protocol": {"selection": "nested", "selection_rule": "best_balanced_accuracy"}}
    assert load(by_accuracy | {"candidates": losses}).candidates == losses


def test_a_whole_network_is_not_selected_so():
    with pytest.raises(UserError, match="candidates: for strategy `frozen`, received strategy `full_fine_tuning`"):
        load(NESTED | {"candidates": TWO}, "biovid-vgg16")


def test_a_split_without_subjects_cannot_be_nested():
    leaky = {"kind": "random_frames", "allow_leakage": True, **NESTED["protocol"]}
    with pytest.raises(UserError, match="splits without subjects"):
        load({"protocol": leaky, "candidates": TWO}, "unbc-frames-ann")
