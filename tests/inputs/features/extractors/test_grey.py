import numpy as np
import pytest

from transferpain.core.errors import UserError
from transferpain.inputs.features.extractors.glcm import Glcm, GlcmSettings
from transferpain.inputs.features.extractors.grey import RegionSettings, grey_pictures
from transferpain.inputs.features.extractors.hog import Hog, HogSettings
from transferpain.inputs.features.extractors.lbp import Lbp, LbpSettings

TEXTURES = (Glcm(GlcmSettings()), Lbp(LbpSettings()), Hog(HogSettings()))
each = pytest.mark.parametrize("texture", TEXTURES, ids=lambda texture: texture.settings.kind)
FACES = np.random.default_rng(1).integers(0, 256, (2, 40, 40, 3), dtype=np.uint8)


def test_brightness_is_that_of_jpeg():
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0], [7, 7, 7]], np.uint8)
    assert grey_pictures(colours[None, None], "one", 1).ravel().tolist() == [76, 150, 29, 255, 0, 7]


def test_regions_are_the_whole_face_and_a_grid_that_covers_it():
    picture = np.arange(7 * 5).reshape(7, 5)
    regions = RegionSettings(kind="any").regions(picture)
    assert list(regions) == ["face", *(f"row {row} column {column}" for row in (1, 2, 3) for column in (1, 2))]
    assert regions["face"].shape == (7, 5)
    assert [part.shape for part in regions.values()][1:] == [(3, 3), (3, 2), (2, 3), (2, 2), (2, 3), (2, 2)]
    assert sorted(np.concatenate([part.ravel() for part in list(regions.values())[1:]])) == picture.ravel().tolist()
    assert regions["row 1 column 1"][0, 0] == picture[0, 0]
    assert regions["row 3 column 2"][-1, -1] == picture[-1, -1]


def test_a_grid_of_one_part_is_the_whole_face_alone():
    assert RegionSettings(kind="any", rows=1, columns=1).region_names == ("face",)


@each
def test_every_feature_has_a_name_of_its_own(texture):
    assert len(set(texture.names)) == len(texture.names) == texture.width
    assert texture.open("float32")(FACES).shape == (2, texture.width)


@each
def test_what_it_is_asked_to_compute_in_changes_nothing(texture):
    assert texture.open("float32")(FACES).tobytes() == texture.open("bfloat16")(FACES).tobytes()


@each
@pytest.mark.parametrize("value", [0, 1, 127, 255])
def test_a_flat_face_has_finite_features(texture, value):
    flat = np.full((1, 40, 40, 3), value, np.uint8)
    assert np.isfinite(texture.open("float32")(flat)).all()


@each
def test_no_face_has_no_features(texture):
    assert texture.open("float32")(FACES[:0]).shape == (0, texture.width)


@each
def test_the_smallest_face_that_it_states_is_described(texture):
    size = texture.settings.smallest_face
    assert np.isfinite(texture.open("float32")(FACES[:, :size, :size])).all()
    with pytest.raises(UserError, match=rf"at least {size}x{size} pixels"):
        texture.open("float32")(FACES[:, : size - 1, :size])


@each
@pytest.mark.parametrize(
    ("faces", "received"),
    [
        (FACES[:, :1, :1], r"uint8 of the shape \(2, 1, 1, 3\)"),
        (FACES[..., 0], r"uint8 of the shape \(2, 40, 40\)"),
        (FACES[..., :1], r"uint8 of the shape \(2, 40, 40, 1\)"),
        (FACES[0], r"uint8 of the shape \(40, 40, 3\)"),
        (FACES.astype(np.float32), "float32 of the shape"),
        (FACES / 255, "float64 of the shape"),
    ],
)
def test_what_is_no_face_is_refused(texture, faces, received):
    with pytest.raises(UserError, match=rf"`{texture.settings.kind}` cannot describe(.|\n)*{received}"):
        texture.open("float32")(faces)
