"""Phases of the fused network."""

from transferpain.networks.training.settings import TrainingSettings
from transferpain.strategies.common.settings import PhaseSettings
from transferpain.strategies.fused.phases import fusion_phases

TRAINING = TrainingSettings(
    optimizer={"name": "sgd", "learning_rate": 0.4, "momentum": 0.8},
    schedule={"name": "step", "at": [60, 120]},
    epochs=180,
    patience=None,
)


def test_a_branch_is_trained_alone_and_then_with_the_last_block_of_vgg16():
    phases = {phase.name: phase for phase in fusion_phases("both", TRAINING, {})}
    assert list(phases) == ["images", "landmarks", "whole"]
    layers = {
        "images": ("squeeze", "excite", "image_dense", "image_dense_norm", "logits"),
        "landmarks": ("landmark_lstm", "landmark_lstm_norm", "landmark_attention", "logits"),
        "whole": (
            "block5_conv1",
            "squeeze",
            "image_dense",
            "landmark_lstm",
            "fusion_norm",
            "fusion_dense",
            "embedding",
        ),
    }
    for name, phase in phases.items():
        assert all(phase.trains(layer) for layer in layers[name])
        assert not any(phase.trains(f"block{number}_conv1") for number in (1, 2, 3, 4))
        assert phase.trains("block5_conv3") == (name == "whole")
    assert not phases["images"].trains("landmark_lstm")
    assert not phases["landmarks"].trains("image_dense")


def test_each_phase_of_the_fusion_has_all_epochs_or_its_own():
    changes = {"whole": PhaseSettings(learning_rate=0.1, epochs=90), "images": PhaseSettings(patience=3)}
    phases = fusion_phases("images", TRAINING, changes)
    assert [(phase.name, phase.training.epochs) for phase in phases] == [("images", 180), ("whole", 90)]
    assert [phase.training.optimizer.learning_rate for phase in phases] == [0.4, 0.1]
    assert phases[0].training.patience == 3
    assert phases[1].training.schedule.at == (30, 60)
