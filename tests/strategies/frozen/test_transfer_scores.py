"""The scores of a frozen source: which clips they see, and that they are those of the functions."""

from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import scale

from transferpain.core.errors import UserError
from transferpain.data.protocols.fold import Fold
from transferpain.evaluation import transferability as scores
from transferpain.inputs.features.cache import write_features
from transferpain.models.bundles.bundle import save_bundle
from transferpain.models.sources.origin import built_origin, bundle_origin
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.strategies.frozen.transfer_scores import NO_FACE, ONE_DATASET, measure_transfer

DIMENSION = 6
CLASSES = 3
FOLD = Fold("fold0", np.arange(24), np.arange(24, 27), np.arange(27, 36))
UNTRAINED = built_origin("untrained", "vgg16", Preprocessing(size=32))


def frames_of(number: int) -> np.ndarray:
    """Features after a ReLU, which show the clip's class; the third frame of every clip has no face."""
    features = np.random.default_rng(number).normal(size=(5, DIMENSION))
    features[:, number % CLASSES] += 2
    features = np.maximum(features, 0)
    features[2] = np.nan
    return features.astype(np.float16)


@pytest.fixture
def samples(tmp_path) -> pd.DataFrame:
    """36 clips of twelve subjects: 24 to train on, three to select on, nine to test on."""
    rows = []
    for number in range(36):
        path = tmp_path / f"{number}.npy"
        write_features(path, frames_of(number))
        rows.append({"subject": f"s{number // 3}", "clip": f"c{number}", "features": str(path), "y": number % CLASSES})
    table = pd.DataFrame(rows).assign(dataset="biovid", row=-1, stretch_rows=-1).astype({"y": "Int64"})
    return table.assign(file_clip=table["clip"])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The model of a small source with four classes, and its origin."""
    images = keras.Input((32, 32, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(images)
    embedded = keras.layers.Dense(DIMENSION, "relu", name="embedding")(pooled)
    logits = keras.layers.Dense(4, name="logits")(embedded)
    model = keras.Model(images, keras.layers.Activation("softmax", name="probabilities")(logits))
    random = np.random.default_rng(1)
    model.get_layer("logits").set_weights([random.normal(size=(DIMENSION, 4)), random.normal(size=4)])
    folder = tmp_path_factory.mktemp("source") / "model"
    facts = {"synthetic": True, "backbone": "vgg16"}
    save_bundle(folder, model, Preprocessing(size=32).model_dump(), ("a", "b", "c", "d"), facts)
    return model, bundle_origin("small", folder)


def means_of(numbers) -> np.ndarray:
    return np.array([frames_of(number)[[0, 1, 3, 4]].astype(np.float64).mean(axis=0) for number in numbers])


def values(result: dict) -> dict:
    return {name: score["value"] for name, score in result["scores"].items()}


def test_the_scores_are_those_of_the_training_clips(samples, trained):
    model, origin = trained
    means, labels = means_of(range(24)), np.arange(24) % CLASSES
    head = keras.Model(model.get_layer("embedding").output, model.output)
    outputs = head.predict(means, verbose=0)
    result = measure_transfer(samples, FOLD, origin)
    assert (result["fold"], result["clips"]) == ("fold0", 24)
    expected = {
        "logme": scores.logme(scale(means), labels),
        "leep": scores.leep(outputs, labels),
        "nce": scores.nce(outputs.argmax(axis=1), labels),
        "h_score": scores.h_score(scale(means), labels),
        "regularized_h_score": scores.regularized_h_score(scale(means), labels),
        "transrate": scores.transrate(scale(means), labels),
    }
    assert result["scores"].pop("proxy_a_distance") == {"value": None, "reason": ONE_DATASET}
    assert values(result) == pytest.approx(expected, rel=1e-5)


def test_no_label_but_those_of_training_clips_is_looked_at(samples, trained):
    _, origin = trained
    result = measure_transfer(samples, FOLD, origin)
    for changed in (1, pd.NA):
        others = samples.copy()
        others.loc[24:, "y"] = changed
        assert measure_transfer(others, FOLD, origin) == result
    others = samples.copy()
    others.loc[0, "y"] = 2
    assert values(measure_transfer(others, FOLD, origin)) != values(result)


def test_an_untrained_source_says_why_it_has_no_leep(samples):
    result = measure_transfer(samples, FOLD, UNTRAINED)
    for name in ("leep", "nce"):
        assert result["scores"][name] == {"value": None, "reason": "The source has no trained outputs."}
    assert values(result)["logme"] is not None


def test_features_from_elsewhere_are_scored_without_the_source(samples):
    assert measure_transfer(samples, FOLD, None) == measure_transfer(samples, FOLD, UNTRAINED)


def test_the_scale_of_a_sources_features_does_not_count(samples):
    result = measure_transfer(samples, FOLD, UNTRAINED)
    for number, path in enumerate(samples["features"]):
        write_features(Path(path), frames_of(number) * np.float16(16))
    scaled = values(measure_transfer(samples, FOLD, UNTRAINED))
    for name in ("logme", "h_score", "regularized_h_score", "transrate"):
        assert scaled[name] == pytest.approx(values(result)[name])


def test_clips_without_a_face_and_unusable_ones_are_left_out(samples):
    write_features(Path(samples["features"][0]), np.full((5, DIMENSION), np.nan, np.float16))
    samples.loc[1, "features"] = ""
    result = measure_transfer(samples, FOLD, UNTRAINED)
    means, labels = means_of(range(2, 24)), np.arange(2, 24) % CLASSES
    assert result["clips"] == 22
    assert values(result)["logme"] == pytest.approx(scores.logme(scale(means), labels))


def test_of_labelled_frames_a_row_is_the_mean_of_one_class_in_one_clip(samples):
    frames = pd.concat([samples[:6].assign(row=row, y=int(row == 4)) for row in range(5)], ignore_index=True)
    result = measure_transfer(frames, Fold("fold0", np.arange(30), np.arange(0), np.arange(0)), UNTRAINED)
    painless = [frames_of(number)[[0, 1, 3]].astype(np.float64).mean(axis=0) for number in range(6)]
    painful = [frames_of(number)[4].astype(np.float64) for number in range(6)]
    assert result["clips"] == 12
    expected = scores.regularized_h_score(scale(np.array(painless + painful)), np.repeat([0, 1], 6))
    assert values(result)["regularized_h_score"] == pytest.approx(expected)


def test_two_datasets_are_compared_without_labels_and_by_subject(samples):
    samples.loc[FOLD.test, "dataset"] = "ai4pain"
    result = values(measure_transfer(samples, FOLD, UNTRAINED))["proxy_a_distance"]
    subjects = samples["subject"].to_numpy()
    parts = means_of(range(24)), means_of(range(27, 36))
    assert result == scores.proxy_a_distance(*parts, subjects[:24], subjects[27:]).value
    unlabelled = samples.assign(y=samples["y"].where(samples.index < 24))
    assert values(measure_transfer(unlabelled, FOLD, UNTRAINED))["proxy_a_distance"] == result


def test_tested_clips_that_cannot_be_read_leave_no_distance(samples):
    samples.loc[FOLD.test, ["dataset", "features"]] = ["ai4pain", ""]
    scored = measure_transfer(samples, FOLD, UNTRAINED)["scores"]
    assert scored["proxy_a_distance"] == {"value": None, "reason": NO_FACE}
    assert scored["logme"]["value"] is not None


def test_training_clips_none_of_which_can_be_read_are_refused_by_number(samples):
    samples["features"] = ""
    with pytest.raises(UserError, match=r"Nothing can be learned in the fold fold0(.|\n)*24 training clips, none with"):
        measure_transfer(samples, FOLD, UNTRAINED)
