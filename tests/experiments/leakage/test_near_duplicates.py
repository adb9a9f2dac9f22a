from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.experiments.leakage.runs import draw_evidence, noise, write_pictures
from transferpain.experiments.leakage.near_duplicates import (
    NEAR_DUPLICATES,
    Pictures,
    collect_pictures,
    difference_hash,
    near_duplicates,
)
from transferpain.inputs.faces.jpeg import decode_jpeg, encode_jpeg


def leak(evidence):
    for number in (0, 20):
        write_pictures(evidence.data_root / f"{number}.parquet", [noise(np.random.default_rng(0))] * 5)
    return evidence


def pictures_of(*images):
    grey = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in images]
    small = [cv2.resize(image, (32, 32), interpolation=cv2.INTER_AREA) for image in grey]
    return Pictures(np.arange(len(images)), np.stack([difference_hash(image) for image in grey]), np.stack(small))


def is_near(first, second):
    pictures = pictures_of(first, second)
    return len(near_duplicates(pictures, np.array([0]), np.array([1]))) == 1


@pytest.fixture
def image():
    return noise(np.random.default_rng(5))


def test_the_hash_compares_right_neighbours():
    ramp = np.tile(np.arange(0, 90, 10, dtype=np.uint8), (8, 1))
    assert difference_hash(ramp).all()
    assert not difference_hash(ramp[:, ::-1]).any()
    step = np.where(np.arange(9) >= 4, 200, 10).astype(np.uint8)
    np.testing.assert_array_equal(difference_hash(np.tile(step, (8, 1))).reshape(8, 8)[0], np.arange(8) == 3)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: decode_jpeg(encode_jpeg(image)),
        lambda image: np.clip(image.astype(int) + 20, 0, 255).astype(np.uint8),
        lambda image: cv2.resize(image, (96, 96)),
        lambda image: cv2.GaussianBlur(image, (3, 3), 0),
    ],
    ids=["jpeg", "brighter", "resized", "blurred"],
)
def test_small_changes_stay_near_duplicates(image, change):
    assert is_near(image, change(image))


def test_other_pictures_are_not(image):
    assert not is_near(image, noise(np.random.default_rng(6)))
    assert not is_near(image, image[:, ::-1])


def test_equal_hashes_are_not_enough(image):
    """A hash keeps only which neighbour is brighter, so squares of a picture have the hash of the picture."""
    contrast = (255 * (image / 255.0) ** 8).round().astype(np.uint8)
    grey = [cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in (image, contrast)]
    apart = (difference_hash(grey[0]) != difference_hash(grey[1])).sum()
    assert apart <= 12
    assert not is_near(image, contrast)


def test_black_frames_are_never_paired():
    black = np.zeros((64, 64, 3), np.uint8)
    assert not is_near(black, black)


def test_pairs_are_found_in_any_block():
    generator = np.random.default_rng(0)
    images = [noise(generator) for _ in range(600)]
    pictures = pictures_of(*images, images[3], images[590])
    pairs = near_duplicates(pictures, np.arange(600), np.array([600, 601]))
    assert sorted(map(tuple, pairs)) == [(3, 600), (590, 601)]


def test_a_clean_run_passes(tmp_path):
    evidence = draw_evidence(tmp_path)
    line = NEAR_DUPLICATES.run(evidence)
    assert line.state == "pass"
    assert line.figure.startswith("0 of 72 tested pictures")
    assert len(collect_pictures(evidence).sample) == 24 * 3


def test_a_copied_frame_in_another_split_fails(tmp_path):
    evidence = draw_evidence(tmp_path)
    pictures = [noise(np.random.default_rng(0)) for _ in range(5)]
    write_pictures(tmp_path / "0.parquet", pictures)
    write_pictures(tmp_path / "20.parquet", [decode_jpeg(encode_jpeg(picture)) for picture in pictures])
    line = NEAR_DUPLICATES.run(evidence)
    assert line.state == "fail"
    assert line.figure.startswith("6 of 72")


def test_copies_inside_one_split_are_expected(tmp_path):
    evidence = draw_evidence(tmp_path)
    write_pictures(tmp_path / "0.parquet", [noise(np.random.default_rng(0))] * 5)
    write_pictures(tmp_path / "1.parquet", [noise(np.random.default_rng(0))] * 5)
    assert NEAR_DUPLICATES.run(evidence).state == "pass"


def test_of_single_frames_their_own_picture_is_compared(tmp_path):
    evidence = draw_evidence(tmp_path)
    copied = noise(np.random.default_rng(100))
    others = [noise(np.random.default_rng(seed)) for seed in range(200, 208)]
    write_pictures(tmp_path / "0.parquet", [others[0], None, copied, others[1], others[2]])
    write_pictures(tmp_path / "20.parquet", [others[3], others[4], others[5], None, copied])
    rows = evidence.samples["row"].to_numpy(copy=True)
    rows[[0, 20]] = 2, 4
    assert NEAR_DUPLICATES.run(replace(evidence, samples=evidence.samples.assign(row=rows))).state == "fail"
    rows[20] = 1
    assert NEAR_DUPLICATES.run(replace(evidence, samples=evidence.samples.assign(row=rows))).state == "pass"
    rows[20] = 3
    assert collect_pictures(replace(evidence, samples=evidence.samples.assign(row=rows))).sample.tolist().count(20) == 0


def test_images_without_a_faces_stage_are_compared():
    evidence = draw_evidence()
    generator = np.random.default_rng(0)
    images = np.stack([noise(generator)[..., 0] for _ in range(24)])
    evidence = replace(evidence, images=images, files=evidence.files.assign(first_frame=range(24)))
    assert NEAR_DUPLICATES.run(evidence).state == "pass"
    images[20] = images[0]
    assert NEAR_DUPLICATES.run(evidence).state == "fail"


def test_a_run_without_a_face_has_nothing_to_compare(tmp_path):
    evidence = draw_evidence(tmp_path)
    stage = evidence.stage.assign(problem="the video holds no frame", faces="", found=0)
    assert NEAR_DUPLICATES.run(replace(evidence, stage=stage)).state == "not applicable"
    assert NEAR_DUPLICATES.run(replace(evidence, stage=None)).state == "not applicable"
    write_pictures(tmp_path / "0.parquet", [])
    assert NEAR_DUPLICATES.run(evidence).figure.startswith("0 of 69")
