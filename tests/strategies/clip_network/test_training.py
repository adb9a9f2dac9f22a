import numpy as np
import pandas as pd
import pytest

from tests.command_line import EXPERIMENTS
from tests.strategies.clip_network.recorded import NO_FACE, window_of
from tests.strategies.fused.recorded import SIZE, grey
from transferpain.core.errors import UserError
from transferpain.data.protocols.fold import Fold
from transferpain.experiments.schema import Experiment, load_experiment
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.clips.registry import CLIP_NETWORKS
from transferpain.networks.outputs.registry import OUTPUTS, ending_in
from transferpain.strategies.clip_network.training import Recordings, train_clip_network

SMALL = {
    "network": {"frames": 3, "channels": [2, 3]},
    "faces": {"size": SIZE},
    "training": {"epochs": 2, "batch": 4, "class_weights": True, "checkpoint_seconds": 0},
}
FOLD = Fold("fold0", np.arange(6), np.arange(6, 8), np.arange(8, 11))


def experiment(**changes) -> Experiment:
    return load_experiment(EXPERIMENTS / "biovid-clip.yaml", SMALL | changes)


def recordings(blind: tuple[int, ...] = ()) -> Recordings:
    """Eleven clips of two classes, of which `blind` show no face; training takes two windows of each."""
    samples = pd.DataFrame(
        {
            "dataset": "biovid",
            "subject": [f"s{number}" for number in range(11)],
            "clip": [f"c{number}" for number in range(11)],
            "y": pd.array([number % 2 for number in range(11)], "Int64"),
            "kind": "video",
            "first_frame": 0,
        }
    )
    windows = [
        window_of([grey(20 * number + 5 * frame) for frame in range(3)], [True, True, number != 9])
        for number in range(11)
    ]
    trained = [(NO_FACE,) if number in blind else (window, window) for number, window in enumerate(windows)]
    settings = Preprocessing(size=SIZE, scaling="unit", detector="mediapipe", margin=0.0)
    return Recordings(samples, trained, [one[:1] for one in trained], 2, settings)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return train_clip_network(experiment(), recordings((1, 10)), (FOLD, 0), tmp_path_factory.mktemp("fold"))


def test_each_clip_of_both_parts_has_one_answer_and_its_coverage(result):
    table = result.predictions
    assert table["clip"].tolist() == ["c8", "c9", "c10", "c6", "c7"]
    assert table["part"].tolist() == ["test"] * 3 + ["selection"] * 2
    assert (table["frame"] == -1).all()
    assert table["coverage"].tolist() == pytest.approx([1, 2 / 3, 0, 1, 1])


def test_a_clip_without_a_face_gets_the_prior_of_the_training_clips(result):
    row = result.predictions.set_index("clip").loc["c10"]
    assert (row["p_0"], row["p_1"]) == (0.5, 0.5)


def test_what_was_fitted_is_told_by_the_clips_that_show_a_face(result):
    fitted = {one.step: (one.use, one.rows.tolist()) for one in result.fitted}
    shown = [0, 2, 3, 4, 5]
    assert fitted["weights of the network"] == ("fit", shown)
    assert fitted["class weights"] == ("fit", shown)
    assert fitted["batch normalisation"] == ("fit", shown)
    assert fitted["prior for clips without a face"] == ("fit", list(range(6)))
    assert fitted["choice of the epoch"] == ("selection", [6, 7])


@pytest.mark.parametrize("loss", [name for name, output in OUTPUTS.items() if output.ordered])
def test_ordered_levels_stay_probabilities_in_training(loss, tmp_path):
    changed = experiment(training=SMALL["training"] | {"loss": loss, "epochs": 3})
    found = train_clip_network(changed, recordings((1, 10)), (FOLD, 0), tmp_path)
    np.testing.assert_allclose(found.predictions[["p_0", "p_1"]].sum(axis=1), 1, atol=1e-5)
    start = ending_in(CLIP_NETWORKS["cnn_3d"].build(changed.network, SIZE, 2, 0), loss, 2, 0)
    for layer in start.layers:
        if layer.name.startswith("levels_"):
            for one, other in zip(layer.get_weights(), found.model.get_layer(layer.name).get_weights(), strict=True):
                np.testing.assert_array_equal(one, other)


def test_the_manifest_names_the_network_and_no_backbone(result):
    assert result.facts["backbone"] == "cnn_3d"
    assert result.facts["clip_network"]["frames"] == 3
    assert result.model.input_shape == (None, 3, SIZE, SIZE, 3)


def test_the_same_seed_gives_the_same_bits_and_another_others(result, tmp_path):
    again = train_clip_network(experiment(), recordings((1, 10)), (FOLD, 0), tmp_path / "again")
    pd.testing.assert_frame_equal(again.predictions, result.predictions, check_exact=True)
    other = train_clip_network(experiment(), recordings((1, 10)), (FOLD, 1), tmp_path / "other")
    assert not np.array_equal(other.predictions["p_0"], result.predictions["p_0"])


@pytest.mark.parametrize(
    ("blind", "purpose"), [(tuple(range(6)), "to train on"), ((6, 7), "to select on")], ids=["train", "selection"]
)
def test_nothing_to_learn_from_is_refused(blind, purpose, tmp_path):
    with pytest.raises(UserError, match=purpose):
        train_clip_network(experiment(), recordings(blind), (FOLD, 0), tmp_path)


def test_shuffled_frames_are_other_inputs_to_the_same_network(result, tmp_path):
    changed = experiment(network=SMALL["network"] | {"order": "shuffled"})
    other = train_clip_network(changed, recordings((1, 10)), (FOLD, 0), tmp_path)
    assert other.facts["clip_network"]["order"] == "shuffled"
    assert not np.array_equal(other.predictions["p_0"], result.predictions["p_0"])
