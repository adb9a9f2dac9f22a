"""In training mode batch normalisation takes the statistics of its batch: of all images at once, those of AdaBN."""

import dataclasses
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from tests.inputs.adaptation.tables import ORIGIN, faces_stage, job
from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.data.protocols.fold import Fold
from transferpain.inputs.adaptation.batch_norm import BATCH_NORM, MOST_PICTURES, AdaptedSource, adapt_batch_norm
from transferpain.inputs.adaptation.pictures import draw_pictures
from transferpain.inputs.features.cache import features_path, read_features, write_features
from transferpain.inputs.features.extract import extract_features
from transferpain.inputs.features.extractors.source import SourceExtractor
from transferpain.networks.backbones.resnet18 import build_resnet18
from transferpain.networks.backbones.vgg16 import build_vgg16_gap

# A source's clips 0-2, the target's training clips 3-4, its tested clip 5.
FOLD = Fold("test", np.array([0]), np.array([1]), np.array([5]), np.array([3, 4]))


def small_network() -> keras.Model:
    """Two normalised convolutions and a shortcut with a third."""
    images = keras.Input((8, 8, 3), name="images")
    x = keras.layers.Conv2D(4, 3, name="a")(images)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization(name="a_bn")(x))
    shortcut = keras.layers.BatchNormalization(name="shortcut_bn")(keras.layers.Conv2D(4, 1, name="shortcut")(x))
    x = keras.layers.BatchNormalization(name="b_bn")(keras.layers.Conv2D(4, 3, padding="same", name="b")(x))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Add()([x, shortcut]))
    return keras.Model(images, keras.layers.Dense(2, name="logits")(x), name="small")


def other_domain(number: int, size: int) -> np.ndarray:
    images = np.random.default_rng(0).normal(size=(number, size, size, 3)) * [1, 3, 9] + 5
    return images.astype(np.float32)


def test_inference_uses_the_targets_statistics():
    model, images = small_network(), other_domain(37, 8)
    adapted = adapt_batch_norm(model, images)
    expected = model(images, training=True)
    np.testing.assert_allclose(adapted(images, training=False), expected, rtol=1e-4, atol=1e-4)
    assert np.abs(np.asarray(model(images, training=False)) - expected).max() > 0.1


def test_the_batch_size_does_not_matter():
    model, images = small_network(), other_domain(37, 8)
    outputs = [adapt_batch_norm(model, images, batch)(images, training=False) for batch in (5, 64)]
    np.testing.assert_allclose(*outputs, rtol=1e-4, atol=1e-5)


def test_only_the_statistics_change_and_only_in_the_copy():
    model = small_network()
    before = [weight.numpy() for weight in model.weights]
    adapted = adapt_batch_norm(model, other_domain(9, 8))
    for old, own, new in zip(before, model.weights, adapted.weights, strict=True):
        np.testing.assert_array_equal(own, old)
        assert np.array_equal(new, old) == (not own.name.startswith("moving"))


@pytest.mark.slow
def test_resnet18_is_adapted_in_all_of_its_20_layers():
    model, images = build_resnet18(32, 2), other_domain(16, 32)
    adapted = adapt_batch_norm(model, images)
    np.testing.assert_allclose(adapted(images, training=False), model(images, training=True), atol=1e-3)
    changed = [
        layer.name
        for layer in adapted.layers
        if isinstance(layer, keras.layers.BatchNormalization) and np.any(layer.moving_mean)
    ]
    assert len(changed) == 20


def test_vgg16_is_refused_because_it_has_no_batch_normalisation():
    with pytest.raises(UserError, match=r"vgg16_gap(.|\n)*no BatchNormalization"):
        adapt_batch_norm(build_vgg16_gap(16, 2), other_domain(2, 16))


def test_without_an_image_nothing_is_adapted():
    with pytest.raises(UserError, match="0 images"):
        adapt_batch_norm(small_network(), other_domain(0, 8))


def drawn(stage: pd.DataFrame):
    return draw_pictures(stage, MOST_PICTURES, derive_seed("test", "batch_norm"))


def test_the_weights_are_named_by_the_source_and_the_pictures(tmp_path):
    pictures = drawn(faces_stage(tmp_path))
    other = dataclasses.replace(ORIGIN, weights_hash="another")
    hashes = {
        AdaptedSource(*parts).weights_hash for parts in ((ORIGIN, pictures), (ORIGIN, pictures[1:]), (other, pictures))
    }
    assert len(hashes | {ORIGIN.weights_hash}) == 4
    moved = tuple((f"/elsewhere/{path}", key, numbers) for path, key, numbers in pictures)
    assert AdaptedSource(ORIGIN, moved).weights_hash == AdaptedSource(ORIGIN, pictures).weights_hash


def test_names_of_cached_files_never_change_and_nothing_is_computed_twice(tmp_path):
    """The names were computed by version 0.1.0; there are no faces, so that nothing could be computed again."""
    stage = pd.DataFrame([{"clip": f"c{number}", "faces": "none", "key": f"key{number}"} for number in range(6)])
    stage = stage.assign(num_frames=3, fps=5.0, found=2, pictures=[2, 2, 2, 700, 800, 2], stretch=800, problem="")
    pictures = drawn(stage[3:5])
    assert pictures[0][2][:5] == (0, 1, 3, 4, 6)
    assert AdaptedSource(ORIGIN, pictures).weights_hash == "912a5124010d897c"
    path = features_path(tmp_path, "5cdfa4a4e5d4ca09")
    write_features(path, np.zeros((3, 2), np.float16))
    samples = stage.assign(file_clip=stage["clip"], features="as it was", dataset=["biovid"] * 3 + ["ai4pain"] * 3)
    after = BATCH_NORM.adapt(job(tmp_path, stage), samples, [FOLD])["test"]
    assert list(after) == ["as it was"] * 2 + [""] * 3 + [str(path)]


@pytest.mark.slow
def test_only_the_tested_datasets_features_change(tmp_path):
    stage = faces_stage(tmp_path)
    work = job(tmp_path, stage)
    own = extract_features(SourceExtractor(ORIGIN), stage, work.settings, tmp_path)
    samples = stage.assign(file_clip=stage["clip"], features=own["features"], dataset=["biovid"] * 3 + ["ai4pain"] * 3)
    before = samples["features"].to_numpy()
    after = BATCH_NORM.adapt(work, samples, [FOLD])["test"]
    assert list(after[:2]) == list(before[:2])
    assert list(after[2:5]) == ["", "", ""]  # no part of the fold, or seen as pictures only
    tested, as_it_was = (read_features(Path(files[5])) for files in (after, before))
    np.testing.assert_array_equal(np.isnan(tested[:, 0]), [False, True, False])
    assert np.abs(tested[0] - as_it_was[0]).max() > 0.01
    written = Path(after[5]).stat().st_mtime_ns
    assert list(BATCH_NORM.adapt(work, samples, [FOLD])["test"]) == list(after)
    assert Path(after[5]).stat().st_mtime_ns == written


def test_of_what_it_adapts_to_only_pictures_are_needed():
    samples = pd.DataFrame({"file_clip": list("abcdef")})
    assert set(BATCH_NORM.needed_clips(samples, [FOLD])) == set("abf")


@pytest.mark.parametrize(("backbone", "fits"), [("resnet18", True), ("vgg16", False), ("another", False)])
def test_only_a_backbone_with_batch_normalisation_can_be_adapted(backbone, fits):
    if fits:
        BATCH_NORM.check_source("mine", backbone)
        return
    with pytest.raises(UserError, match=rf"source mine(.|\n)*has none(.|\n)*backbone: {backbone}"):
        BATCH_NORM.check_source("mine", backbone)
