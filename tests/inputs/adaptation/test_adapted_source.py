"""AdaBN in an experiment: which pictures are drawn, and whose features change."""

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from tests.experiments.leakage.runs import noise, write_pictures
from tests.inputs.adaptation.test_target_data import experiment
from transferpain.core.errors import UserError
from transferpain.data.protocols.fold import Fold
from transferpain.inputs.adaptation import adapted_source
from transferpain.inputs.adaptation.adapted_source import (
    AdaptedSource,
    ScaledPictures,
    draw_pictures,
    normalized_features,
    read_pictures,
)
from transferpain.inputs.faces.cache import read_faces
from transferpain.inputs.features.cache import read_features
from transferpain.inputs.features.extract import extract_features
from transferpain.inputs.features.extractors.source import SourceExtractor
from transferpain.models.sources.origin import built_origin
from transferpain.models.sources.preprocessing import Preprocessing

ORIGIN = built_origin("untrained", "resnet18", Preprocessing(size=32, detector="mediapipe"))
# A source's clips 0-2, the target's training clips 3-4, its tested clip 5.
FOLD = Fold("test", np.array([0]), np.array([1]), np.array([5]), np.array([3, 4]))


@pytest.fixture
def stage(tmp_path) -> pd.DataFrame:
    """Six clips of three pictures, the second without a face; the target's are darker."""
    rows = []
    for number in range(6):
        generator = np.random.default_rng(number)
        pictures = [cv2.resize(noise(generator), (32, 32)) // (1 + 3 * (number > 2)) for _ in range(3)]
        path = tmp_path / f"{number}.parquet"
        write_pictures(path, [pictures[0], None, pictures[2]])
        rows.append({"clip": f"c{number}", "faces": str(path), "key": f"key{number}"})
    return pd.DataFrame(rows).assign(num_frames=3, fps=5.0, found=2, pictures=2, problem="")


def test_pictures_are_drawn_from_faces_alone_and_in_no_order_of_clips(stage):
    drawn = draw_pictures(stage, "test")
    assert [(key, numbers) for _, key, numbers in drawn] == [(f"key{number}", (0, 1)) for number in range(6)]
    assert draw_pictures(stage[::-1], "test") == drawn
    images = read_pictures(drawn[2:3])
    np.testing.assert_array_equal(images, read_faces(Path(stage["faces"][2])).images)


def test_no_more_pictures_are_drawn_than_stated(stage):
    many = stage.assign(pictures=[500, 0, 400, 300, 200, 100])
    drawn = draw_pictures(many, "test")
    assert sum(len(numbers) for *_, numbers in drawn) == adapted_source.MOST_PICTURES
    for _, key, numbers in drawn:
        assert len(set(numbers)) == len(numbers)
        assert max(numbers) < many.set_index("key")["pictures"][key]
    assert draw_pictures(many, "other") != drawn


@pytest.mark.parametrize("rows", [slice(0, 0), slice(0, 3)])
def test_without_a_face_there_is_nothing_to_adapt_to(stage, rows):
    with pytest.raises(UserError, match="no face in any"):
        draw_pictures(stage.assign(pictures=0).iloc[rows], "test")


def test_the_weights_are_named_by_the_source_and_the_pictures(stage):
    drawn = draw_pictures(stage, "test")
    other = dataclasses.replace(ORIGIN, weights_hash="another")
    hashes = {AdaptedSource(*parts).weights_hash for parts in ((ORIGIN, drawn), (ORIGIN, drawn[1:]), (other, drawn))}
    assert len(hashes | {ORIGIN.weights_hash}) == 4
    moved = tuple((f"/elsewhere/{path}", key, numbers) for path, key, numbers in drawn)
    assert AdaptedSource(ORIGIN, moved).weights_hash == AdaptedSource(ORIGIN, drawn).weights_hash


def test_pictures_are_scaled_slice_by_slice():
    images = np.full((5, 2, 2, 3), 255, np.uint8)
    scaled = ScaledPictures(images, "unit")
    assert len(scaled) == 5
    np.testing.assert_array_equal(scaled[1:3], np.ones((2, 2, 2, 3), np.float32))


@pytest.mark.slow
def test_only_the_tested_datasets_features_change_and_once(stage, tmp_path):
    chosen = experiment("batch_norm", features={"dtype": "float32"})
    own = extract_features(SourceExtractor(ORIGIN), stage, chosen.features, tmp_path)
    samples = stage.assign(file_clip=stage["clip"], features=own["features"], dataset=["biovid"] * 3 + ["ai4pain"] * 3)
    before = samples["features"].to_numpy()
    after = normalized_features(chosen, ORIGIN, stage, samples, [FOLD], tmp_path)["test"]
    assert list(after[:2]) == list(before[:2])
    assert list(after[2:5]) == ["", "", ""]  # no part of the fold, or seen as pictures only
    tested, as_it_was = (read_features(Path(files[5])) for files in (after, before))
    np.testing.assert_array_equal(np.isnan(tested[:, 0]), [False, True, False])
    assert np.abs(tested[0] - as_it_was[0]).max() > 0.01
    written = Path(after[5]).stat().st_mtime_ns
    assert list(normalized_features(chosen, ORIGIN, stage, samples, [FOLD], tmp_path)["test"]) == list(after)
    assert Path(after[5]).stat().st_mtime_ns == written
