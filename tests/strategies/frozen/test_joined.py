"""A head and its source as one model: what it refuses, and that its answers are those of the run."""

from pathlib import Path

import keras
import numpy as np
import pytest
import yaml

from tests.strategies.frozen.frozen_clips import experiment
from transferpain.apps.live.rows import Rows
from transferpain.apps.predict.loaded_model import load_model
from transferpain.core.errors import UserError
from transferpain.data.places import Places
from transferpain.evaluation.predictions import WHOLE_CLIP
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runner import make_plan
from transferpain.experiments.schema import load_experiment
from transferpain.inputs.faces.cache import read_faces
from transferpain.inputs.faces.jpeg import decode_jpeg
from transferpain.inputs.features.cache import read_features
from transferpain.models.bundles.manifest import Contents, read_contents
from transferpain.strategies.frozen.features import features_of
from transferpain.strategies.frozen.joined import join, read_stretch, reads_features

LSTM = {"head": {"kind": "lstm"}, "features": {"fps": 10.0}, "window": {"seconds": 0.5}}
BUILT = {"reads": "features", "start": "untrained", "parents": [], "backbone": "resnet18", "synthetic": True}


def contents(folder: Path, values: dict, **facts: object) -> Contents:
    files = {
        "experiment.yaml": yaml.safe_dump(values).encode(),
        "preprocess.json": b'{"size": 32}',
        "labels.json": b'["no pain", "pain"]',
    }
    return Contents(folder, BUILT | facts, "0" * 64, files)


def test_which_bundles_are_heads_on_features():
    assert reads_features({"reads": "features"})
    assert reads_features({"strategy": "head"})  # as it was called before `reads` was stated
    assert not reads_features({"reads": "faces", "strategy": "full_fine_tuning"})
    assert not reads_features({})


@pytest.mark.parametrize(("head", "reads"), [("ann", "frame"), ("lstm", "window"), ("logistic_regression", "clip")])
def test_the_experiment_says_what_a_head_reads(tmp_path, head, reads):
    values = experiment(head={"kind": head}, features={"fps": 10}).resolved()
    stretch = read_stretch(contents(tmp_path, values))
    assert (stretch.reads, stretch.window_frames) == (reads, round(10 * values["window"]["seconds"]))


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"extractor": "action_units"}, r"cannot be given pictures[\s\S]*features: action_units"),
        ({"extractor": "own features"}, r"cannot be given pictures[\s\S]*features: own features"),
        ({"extractor": ["lbp"]}, r"cannot be given pictures[\s\S]*features: \['lbp'\]"),
        ({"extractor": "lbp"}, r"does not say what makes[\s\S]*lbp and source"),
        ({"extractor": "source"}, r"does not say what makes[\s\S]*source and source"),
        ({"adaptation": "subject_standardization"}, r"single people[\s\S]*adaptation: subject_standardization"),
        ({"adaptation": "unknown"}, r"single people[\s\S]*adaptation: unknown"),
        ({"start": "shared", "parents": ["f" * 64]}, rf"source of the head in [\s\S]*shared, {'f' * 64}"),
        ({"start": "elsewhere"}, r"is not here[\s\S]*elsewhere, without a digest"),
    ],
)
def test_a_head_whose_features_cannot_be_made_here_is_refused(tmp_path, facts, said):
    with pytest.raises(UserError, match=said):
        join(contents(tmp_path / "weights" / "head", LSTM, **facts))


@pytest.mark.parametrize(
    "values", [{}, {"head": {"kind": "dense"}}, LSTM | {"features": {"fps": "often"}}, LSTM | {"window": [1]}, [1]]
)
def test_a_bundle_that_does_not_say_what_its_head_reads_is_refused(tmp_path, values):
    with pytest.raises(UserError, match=r"does not say what its head reads|is no known head|[Hh]ead") as refused:
        join(contents(tmp_path, values))
    assert "validation error" not in str(refused.value)


def test_a_bundle_without_its_experiment_is_refused(tmp_path):
    without = contents(tmp_path, LSTM)
    del without.files["experiment.yaml"]
    with pytest.raises(UserError, match=r"does not say what its head reads[\s\S]*no experiment\.yaml"):
        join(without)


@pytest.fixture(scope="module")
def runs(finished_study, request):
    """Of the small study's heads: the model with its source, the stage's table, and the predictions of its own fold."""
    workspace, study, _ = finished_study

    def read(name: str):
        (path,) = (workspace / "runs").glob(f"{name}-*")
        places = Places(workspace / "experiments" / "data", workspace)
        if not places.data_root.is_dir():
            places = Places(workspace / "data", workspace)
        plan = make_plan(load_experiment(path / "experiment.yaml"), study.parent, places)
        table = features_of(plan, places)
        model = join(read_contents(path / "model"))
        rows = RunFolder(path).predictions()
        facts = model.bundle.manifest
        own = rows[(rows["fold"] == facts["fold"]) & (rows["seed"] == facts["seed"]) & (rows["part"] == "test")]
        return model, table[table["problem"] == ""], own[own["frame"] == WHOLE_CLIP].set_index("clip")

    return {name: read(name) for name in ("ann", "lstm")}


def pictures_of(row) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the faces that were found in a clip, which frames show them, and the time of each frame."""
    faces = read_faces(Path(row.faces))
    pictures = np.stack([decode_jpeg(jpeg) for jpeg in faces.jpegs()])
    return pictures, faces.found, np.arange(faces.num_frames) / row.fps


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ann", "lstm"])
def test_the_answers_are_those_of_the_run(runs, name):
    model, table, predictions = runs[name]
    classes = [f"p_{number}" for number in range(len(model.bundle.labels))]
    compared = 0
    for row in table[table["clip"].isin(predictions.index)].head(2).itertuples():
        kept = np.array(read_features(Path(row.features)))
        pictures, found, seconds = pictures_of(row)
        own = model.embed(pictures)
        memory = Rows(model)
        answer = None
        for number, time in enumerate(seconds):
            memory.see(time, pictures[found[:number].sum()] if found[number] else None)
            answer = answer if answer is not None else memory.answer()
        window = kept[: model.stretch.window_frames]
        expected = predictions.loc[row.clip, classes].to_numpy(dtype=float)
        np.testing.assert_allclose(model.answer_stretch(np.float32(window)), expected, atol=2e-6)
        if model.stretch.reads == "frame":
            np.testing.assert_allclose(model.answer_frames(own).mean(axis=0), model.answer_stretch(own), atol=1e-6)
        np.testing.assert_allclose(own[0], np.float32(kept[~np.isnan(kept[:, 0])][0]), rtol=2e-2, atol=2e-3)
        np.testing.assert_allclose(answer, expected, atol=2e-3)
        compared += 1
    assert compared


@pytest.mark.slow
def test_a_head_on_windows_answers_to_no_single_picture(runs):
    model, _, _ = runs["lstm"]
    with pytest.raises(UserError, match=r"answers to no single picture[\s\S]*the 5 frames of a window"):
        model.answer_frames(np.zeros((1, model.origin.embedding_size), np.float32))
    with pytest.raises(UserError, match="a head on windows"):
        model.network()
    with pytest.raises(UserError, match="answers to no single picture"):
        load_model(model.folder).predict(np.zeros((1, 40, 40, 3), np.uint8))


@pytest.mark.slow
def test_a_head_on_frames_is_one_network_with_its_source(runs):
    model, table, _ = runs["ann"]
    pictures, _, _ = pictures_of(next(table.itertuples()))
    answers = model.answer_frames(model.embed(pictures))
    network = model.network()
    assert {"logits", "probabilities"} <= {layer.name for layer in network.layers}
    assert network.output_shape == (None, answers.shape[1])
    np.testing.assert_allclose(network.predict(pictures, verbose=0), answers, atol=2e-2)  # features are rounded there
    assert keras.Model(network.inputs, network.get_layer("logits").output)  # as Grad-CAM reads it
    loaded = load_model(model.folder)
    assert not loaded.reads_faces
    np.testing.assert_array_equal(loaded.predict(pictures), answers)
