"""How many changed copies are found, and how many pairs are taken for copies though they are none, on many faces."""

import os
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest

from transferpain.data.datasets.ferplus import read_images
from transferpain.data.datasets.index import read_index
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin
from transferpain.experiments.leakage.likeness import alike, look_at, to_side
from transferpain.inputs.faces.cache import read_faces
from transferpain.inputs.faces.jpeg import decode_jpeg, encode_jpeg
from transferpain.inputs.faces.stage import compute_faces
from transferpain.models.sources.face_settings import FaceSettings

pytestmark = pytest.mark.slow
COPIES = 12
MOST_FALSE = 1 / 1000  # of all pairs


def moved(degrees=0.0, right=0.0, down=0.0):
    def change(grey):
        matrix = cv2.getRotationMatrix2D((31.5, 31.5), degrees, 1)
        matrix[:, 2] += right, down
        return cv2.warpAffine(grey, matrix, (64, 64))

    return change


def mirrored(grey):
    return np.ascontiguousarray(grey[:, ::-1])


CHANGES = {
    "mirrored": mirrored,
    "turned by 10 degrees": moved(10),
    "turned by -10 degrees": moved(-10),
    "turned by 5 degrees": moved(5),
    "mirrored and turned by 10 degrees": lambda grey: moved(10)(mirrored(grey)),
    "shifted by 2 pixels": moved(right=2),
    "shifted by 2 pixels both ways": moved(right=-2, down=2),
}
BETWEEN = {
    "turned by 3.8 degrees": moved(3.8),
    "shifted by parts of a pixel": moved(right=0.5, down=-1.5),
}
MOST_BETWEEN = 10  # of the copies


def saved(grey):
    """Return a picture as it looks once it was written as a JPEG and read again."""
    return cv2.cvtColor(decode_jpeg(encode_jpeg(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB))), cv2.COLOR_RGB2GRAY)


def found_copies(pictures, change) -> tuple[int, int]:
    """Return how many of a few changed pictures are found beside their originals alone, and among all pictures."""
    chosen = np.linspace(0, len(pictures) - 1, COPIES).round().astype(int)
    looks = look_at([*pictures, *(saved(change(pictures[one])) for one in chosen)])
    video = np.arange(len(looks.grey))
    here, there = video[: len(pictures)], video[len(pictures) :]
    alone = sum(int(alike(looks, there[[place]], here[[one]], video)[0]) for place, one in enumerate(chosen))
    return alone, int(alike(looks, there, here, video).sum())


def false_pairs(pictures, pairs) -> int:
    looks, video = look_at(pictures), np.arange(len(pictures))
    return sum(int(alike(looks, np.array([one]), np.array([other]), video)[0]) for one, other in pairs)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Three pictures of each clip of a twin, 64 x 64: person, clip and picture."""
    root = tmp_path_factory.mktemp("twin")
    write_twin("biovid", root, TwinSettings(3, clips=5, seconds=0.4, levels=("BL1", "PA4")), lambda frames: None)
    clips = read_index("biovid", root).clips
    faces = compute_faces(clips, root, FaceSettings(detector="mediapipe", size=64), root / "cache")
    rows = []
    for subject, row in zip(clips["subject"], faces.itertuples(), strict=True):
        jpegs = read_faces(Path(row.faces)).jpegs()
        for place in (0, len(jpegs) // 2, len(jpegs) - 1):
            rows.append((subject, row.clip, to_side(cv2.cvtColor(decode_jpeg(jpegs[place]), cv2.COLOR_RGB2GRAY))))
    return rows


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_every_changed_copy_of_a_drawn_face_is_found(drawn, change):
    assert found_copies([grey for *_, grey in drawn], change) == (COPIES, COPIES)


@pytest.mark.parametrize("change", BETWEEN.values(), ids=list(BETWEEN))
def test_most_copies_between_the_positions_are_found(drawn, change):
    assert min(found_copies([grey for *_, grey in drawn], change)) >= MOST_BETWEEN


def test_different_clips_of_one_drawn_person_are_not_taken_for_copies(drawn):
    people, clips, pictures = zip(*drawn, strict=True)
    pairs = [
        (one, other)
        for one, other in combinations(range(len(drawn)), 2)
        if people[one] == people[other] and clips[one] != clips[other]
    ]
    assert len(pairs) == 1215
    assert false_pairs(pictures, pairs) <= MOST_FALSE * len(pairs)


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """Real pictures of faces, 64 x 64, none of which is there twice or of one grey level."""
    if "TRANSFERPAIN_FER2013" not in os.environ:
        pytest.skip("TRANSFERPAIN_FER2013 names no folder with the real fer2013.csv and fer2013new.csv")
    images = read_images(Path(os.environ["TRANSFERPAIN_FER2013"]), tmp_path_factory.mktemp("cache"))
    some = images[np.linspace(0, len(images) - 1, 400).round().astype(int)]
    return [to_side(one) for one in np.unique(some, axis=0) if one.std() > 0]


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_every_changed_copy_of_a_real_face_is_found(real, change):
    assert found_copies(real, change) == (COPIES, COPIES)


@pytest.mark.parametrize("change", BETWEEN.values(), ids=list(BETWEEN))
def test_most_real_copies_between_the_positions_are_found(real, change):
    assert min(found_copies(real, change)) >= MOST_BETWEEN


def test_different_real_pictures_are_not_taken_for_copies(real):
    generator = np.random.default_rng(0)
    pairs = [tuple(generator.choice(len(real), 2, replace=False)) for _ in range(2000)]
    assert false_pairs(real, pairs) <= MOST_FALSE * len(pairs)
