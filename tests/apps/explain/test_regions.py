import numpy as np
import pytest

from tests.inputs.landmarks.drawn import drawn_person
from transferpain.apps.explain.regions import REGIONS, region_masks, region_shares
from transferpain.inputs.faces.crop import points_in_crop
from transferpain.inputs.landmarks.mesh import find_points, forget_faces, load_mesh
from transferpain.inputs.landmarks.settings import LandmarkSettings

BOX = (100.0, 60.0, 220.0, 180.0)
SIZE = 96


@pytest.fixture(scope="module")
def frame_points() -> np.ndarray:
    mesh = load_mesh(LandmarkSettings(detection_confidence=0.5))
    forget_faces(mesh)
    return find_points(mesh, drawn_person())[0]


@pytest.fixture(scope="module")
def masks(frame_points) -> dict[str, np.ndarray]:
    return region_masks(points_in_crop(frame_points, BOX, 0.25, SIZE), SIZE)


def test_regions_stand_as_in_a_face_and_do_not_overlap(masks):
    assert set(masks) == {"brow", "eye", "nose", "mouth"} == set(REGIONS)
    heights = {name: np.argwhere(mask)[:, 0].mean() for name, mask in masks.items()}
    assert heights["brow"] < heights["eye"] < heights["nose"] < heights["mouth"]
    areas = {name: mask.mean() for name, mask in masks.items()}
    assert all(0.005 < area < 0.2 for area in areas.values())
    assert sum(masks.values()).max() == 1


def test_each_region_lies_about_its_points(frame_points, masks):
    points = points_in_crop(frame_points, BOX, 0.25, SIZE)
    # Pupils, tip of the nose, middle of the lips, the inner end of a brow.
    for point, name in ((468, "eye"), (473, "eye"), (4, "nose"), (13, "mouth"), (66, "brow"), (296, "brow")):
        column, row = np.rint(points[point]).astype(int)
        assert masks[name][row, column], (point, name)


def test_shares_add_up_and_tell_where_the_map_is(masks):
    cam = masks["mouth"] * 3.0 + masks["nose"] * 1.0
    shares = region_shares(cam, masks)
    mouth, nose = masks["mouth"].sum() * 3, masks["nose"].sum()
    expected = {"mouth": mouth / (mouth + nose), "nose": nose / (mouth + nose), "brow": 0, "eye": 0, "elsewhere": 0}
    assert shares == pytest.approx(expected)
    assert sum(shares.values()) == pytest.approx(1)


def test_an_even_map_gives_each_region_its_area(masks):
    shares = region_shares(np.full((SIZE, SIZE), 0.3, np.float32), masks)
    assert shares["nose"] == pytest.approx(masks["nose"].mean(), rel=1e-5)


def test_an_empty_map_has_no_shares(masks):
    assert all(np.isnan(share) for share in region_shares(np.zeros((SIZE, SIZE)), masks).values())
