from dataclasses import replace

import numpy as np

from tests.experiments.leakage.runs import draw_evidence, noise, single_frames, write_pictures
from transferpain.core.contracts import FramesRead
from transferpain.experiments.leakage import near_duplicates
from transferpain.experiments.leakage.near_duplicates import NEAR_DUPLICATES, collect_pictures
from transferpain.inputs.faces.jpeg import decode_jpeg, encode_jpeg


def leak(evidence):
    for number in (0, 20):
        write_pictures(evidence.data_root / f"{number}.parquet", [noise(np.random.default_rng(0))] * 5)
    return evidence


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


def test_frames_of_one_video_are_not_compared(tmp_path):
    evidence = leak(draw_evidence(tmp_path))
    media = evidence.files["media"].to_numpy(copy=True)
    media[20] = media[0]
    keys = evidence.stage["key"].to_numpy(copy=True)
    keys[20] = keys[0]
    files, stage = evidence.files.assign(media=media), evidence.stage.assign(key=keys)
    assert NEAR_DUPLICATES.run(replace(evidence, files=files, stage=stage)).state == "pass"


def test_the_frames_that_are_read_are_compared(tmp_path):
    evidence = draw_evidence(tmp_path)
    copied = noise(np.random.default_rng(100))
    for number, seed in ((0, 200), (20, 300)):
        others = [noise(np.random.default_rng(seed + frame)) for frame in range(4)]
        write_pictures(tmp_path / f"{number}.parquet", [*others[:1], copied, *others[1:]])
    assert NEAR_DUPLICATES.run(evidence).state == "pass"
    second = (np.array([1]),) * 24
    assert NEAR_DUPLICATES.run(replace(evidence, frames=FramesRead(second, second))).state == "fail"
    assert NEAR_DUPLICATES.run(replace(evidence, frames=FramesRead(second, evidence.frames.answered))).state == "fail"


def test_of_many_pictures_some_are_compared(tmp_path, monkeypatch):
    monkeypatch.setattr(near_duplicates, "MAX_TESTED", 30)
    assert NEAR_DUPLICATES.run(leak(draw_evidence(tmp_path))).state == "fail"
    assert NEAR_DUPLICATES.run(draw_evidence(tmp_path)).figure.startswith("0 of 24 ")


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
    assert NEAR_DUPLICATES.run(single_frames(evidence, rows)).state == "fail"
    rows[20] = 1
    assert NEAR_DUPLICATES.run(single_frames(evidence, rows)).state == "pass"
    rows[20] = 3
    assert collect_pictures(single_frames(evidence, rows)).sample.tolist().count(20) == 0


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
