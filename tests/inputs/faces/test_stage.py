import errno
import math
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.data.media.test_video import replace_rate
from tests.disk import Disk
from tests.forked_program import CODE, LIGHT, forked, heavy_modules
from tests.inputs.faces.drawing import draw_plain_face, moving_face, write_video
from tests.inputs.faces.test_detectors import random_face_alignment_weights
from tests.parts import needs
from transferpain.core.errors import UserError
from transferpain.core.store import checksum_path, file_hash, is_intact
from transferpain.data.datasets.index import read_index
from transferpain.data.media.contents import media_hash
from transferpain.inputs.faces.cache import FaceFacts, face_key, faces_path, read_faces, write_faces
from transferpain.inputs.faces.detectors import detector_identity
from transferpain.inputs.faces.stage import compute_faces
from transferpain.models.sources.face_settings import FaceSettings

SETTINGS = FaceSettings(size=96)
COLUMNS = ["clip", "faces", "key", "num_frames", "fps", "found", "problem", "variable", "undecoded", "several"]
PROJECT = Path(__file__).parents[3]


def table(names: list[str], num_frames: int | None = 6) -> pd.DataFrame:
    rows = [(name, f"{name}.mp4", "video", 0, num_frames, 25.0) for name in names]
    columns = ["clip", "media", "kind", "first_frame", "num_frames", "fps"]
    return pd.DataFrame(rows, columns=columns).astype({"num_frames": "Int64"})


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> Path:
    """Three videos: a face, no face, and a face that hides in the middle."""
    root = tmp_path_factory.mktemp("videos")
    empty = np.full((240, 320, 3), 90, np.uint8)
    face = moving_face(6)
    write_video(root / "face.mp4", face)
    write_video(root / "nobody.mp4", [empty] * 5)
    write_video(root / "hiding.mp4", [*face[:2], empty, empty, *face[:3]])
    return root


@pytest.fixture
def data_root(videos, tmp_path) -> Path:
    """The three videos, which a test may change."""
    return shutil.copytree(videos, tmp_path / "data")


def faces_of(clips: pd.DataFrame, data_root: Path, cache: Path, settings: FaceSettings = SETTINGS) -> pd.DataFrame:
    """Compute faces in this process."""
    return compute_faces(clips, data_root, settings, cache, jobs=0)


def modified(faces: pd.DataFrame) -> dict[str, int]:
    return {path: Path(path).stat().st_mtime_ns for path in faces["faces"] if path}


def test_faces_are_found_kept_and_told(data_root, tmp_path):
    clips = table(["face", "nobody", "hiding"]).set_index(pd.Index([7, 3, 5]))
    faces = compute_faces(clips, data_root, SETTINGS, tmp_path / "cache", jobs=2)
    assert list(faces.columns) == COLUMNS
    assert faces.index.tolist() == [7, 3, 5]
    assert faces["clip"].tolist() == ["face", "nobody", "hiding"]
    assert faces["num_frames"].tolist() == [6, 5, 7]
    assert faces["found"].tolist() == [6, 0, 5]
    assert faces["fps"].tolist() == [25.0] * 3
    assert faces["problem"].tolist() == [""] * 3
    for row in faces.itertuples():
        assert Path(row.faces) == tmp_path / "cache" / "faces" / row.key[:2] / f"{row.key}.parquet"
        assert is_intact(Path(row.faces))
    for path in faces_of(clips, data_root, tmp_path / "here")["faces"]:
        assert file_hash(Path(path)) == file_hash(tmp_path / "cache" / Path(path).relative_to(tmp_path / "here"))
    hiding = read_faces(faces["faces"][5])
    assert hiding.found.tolist() == [True] * 2 + [False] * 2 + [True] * 3
    assert hiding.images.shape == (5, 96, 96, 3)
    assert hiding.facts.detector == detector_identity("mediapipe")


def test_the_face_is_in_the_middle_and_in_rgb(data_root, tmp_path):
    faces = faces_of(table(["face"]), data_root, tmp_path / "cache")
    skin = read_faces(faces["faces"][0]).images[0, 20:40, 40:56].mean(axis=(0, 1))
    assert skin == pytest.approx((224, 180, 150), abs=15)


def test_the_same_clips_again_compute_nothing(data_root, tmp_path):
    clips = table(["face", "nobody"])
    first = faces_of(clips, data_root, tmp_path / "cache")
    before = modified(first)
    again = faces_of(clips, data_root, tmp_path / "cache")
    pd.testing.assert_frame_equal(first, again)
    assert modified(again) == before


def test_only_what_is_missing_is_computed(data_root, tmp_path):
    cache = tmp_path / "cache"
    before = modified(faces_of(table(["face"]), data_root, cache))
    both = faces_of(table(["face", "hiding"]), data_root, cache)
    assert before.items() < modified(both).items()


@pytest.mark.parametrize("damage", ["content", "checksum missing"])
def test_a_damaged_file_is_computed_again_and_told(data_root, tmp_path, damage, capfd):
    cache = tmp_path / "cache"
    path = Path(faces_of(table(["face"]), data_root, cache)["faces"][0])
    whole = file_hash(path)
    capfd.readouterr()
    if damage == "content":
        path.write_bytes(path.read_bytes()[:1000])
    else:
        checksum_path(path).unlink()
    faces = faces_of(table(["face"]), data_root, cache)
    assert "faces of clip face are damaged" in capfd.readouterr().err
    assert faces["found"].tolist() == [6]
    assert file_hash(path) == whole


def test_unusable_videos_are_told_and_the_others_go_on(data_root, tmp_path):
    (data_root / "empty.mp4").touch()
    content = (data_root / "face.mp4").read_bytes()
    (data_root / "half.mp4").write_bytes(content[: len(content) // 2])
    clips = table(["empty", "face", "half", "absent"])
    faces = faces_of(clips, data_root, tmp_path / "cache")
    problems = dict(zip(faces["clip"], faces["problem"], strict=True))
    assert problems["face"] == ""
    assert "empty" in problems["empty"]
    assert "truncated" in problems["half"]
    assert "No such file" in problems["absent"]
    unusable = faces[faces["problem"] != ""]
    assert (unusable["faces"] == "").all()
    assert (unusable["key"] == "").all()
    assert (unusable["num_frames"] == 0).all()
    assert unusable["fps"].isna().all()


def test_a_repaired_video_is_used(data_root, tmp_path):
    content = (data_root / "face.mp4").read_bytes()
    (data_root / "face.mp4").write_bytes(content[:100])
    assert faces_of(table(["face"]), data_root, tmp_path / "cache")["problem"][0]
    (data_root / "face.mp4").write_bytes(content)
    assert faces_of(table(["face"]), data_root, tmp_path / "cache")["found"][0] == 6


def test_the_index_states_the_rate_where_the_header_does_not(data_root, tmp_path):
    replace_rate(data_root / "face.mp4", 1000)
    clips = table(["face"], num_frames=None)
    faces = faces_of(clips, data_root, tmp_path / "cache")
    assert faces["fps"].tolist() == [25.0]
    assert math.isnan(read_faces(faces["faces"][0]).fps)


def test_clips_with_the_same_content_share_their_faces(data_root, tmp_path):
    (data_root / "copy.mp4").write_bytes((data_root / "face.mp4").read_bytes())
    faces = faces_of(table(["face", "copy"]), data_root, tmp_path / "cache")
    assert faces["key"].nunique() == 1
    assert faces["clip"].tolist() == ["face", "copy"]


def test_other_data_under_the_same_names_shares_nothing(data_root, tmp_path):
    other_root = tmp_path / "other"
    write_video(other_root / "face.mp4", [draw_plain_face(scale=1.2)] * 6)
    cache = tmp_path / "cache"
    one = faces_of(table(["face"]), data_root, cache)
    other = faces_of(table(["face"]), other_root, cache)
    assert one["key"][0] != other["key"][0]


@pytest.mark.slow
@pytest.mark.parametrize("change", [{"size": 64}, {"margin": 0.1}, {"detector": "dlib"}])
def test_other_settings_are_other_faces(data_root, tmp_path, change):
    cache = tmp_path / "cache"
    one = faces_of(table(["face"]), data_root, cache)
    other = faces_of(table(["face"]), data_root, cache, FaceSettings(**{"size": 96, **change}))
    assert one["key"][0] != other["key"][0]
    assert other["found"][0] == 6


def test_dlib_crops_a_quarter_wider(data_root, tmp_path):
    tight = FaceSettings(detector="dlib", size=96, margin=0)
    wide = FaceSettings(detector="dlib", size=96)
    tight_face, wide_face = (
        read_faces(faces_of(table(["face"]), data_root, tmp_path / "cache", settings)["faces"][0])
        for settings in (tight, wide)
    )
    assert np.array_equal(tight_face.boxes, wide_face.boxes)
    middle = wide_face.images[0, 10:86, 10:86].mean()
    assert middle == pytest.approx(tight_face.images[0].mean(), rel=0.03)


def test_no_clips_give_an_empty_table(data_root, tmp_path):
    faces = faces_of(table([]), data_root, tmp_path / "cache")
    assert list(faces.columns) == COLUMNS
    assert len(faces) == 0


def test_a_cache_that_cannot_be_written_is_a_message_for_the_user(data_root, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(UserError, match=r"cache .* cannot be read or written"):
        faces_of(table(["face"]), data_root, tmp_path / "cache")


@pytest.mark.slow
@needs("face-alignment")
def test_a_failing_detector_names_the_clip(data_root, tmp_path, monkeypatch):
    # The weights are there but are no weights: the worker fails to load them.
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    weights = tmp_path / "hub" / "checkpoints"
    weights.mkdir(parents=True)
    for name in ("s3fd-619a316812.pth", "2DFAN4-11f355bf06.pth.tar"):
        (weights / name).write_bytes(b"no weights")
    with pytest.raises(RuntimeError, match=r"face_alignment [\d.]+ failed on clip face"):
        compute_faces(table(["face"]), data_root, FaceSettings(detector="face_alignment"), tmp_path / "cache", jobs=1)


def test_cached_faces_start_no_detector_and_no_tensorflow(data_root, tmp_path):
    faces_of(table(["face"]), data_root, tmp_path / "cache")
    code = (
        "from pathlib import Path\n"
        "from tests.inputs.faces.test_stage import SETTINGS, table\n"
        "from transferpain.inputs.faces.stage import compute_faces\n"
        f"compute_faces(table(['face']), Path({str(data_root)!r}), SETTINGS, Path({str(tmp_path / 'cache')!r}))\n"
    )
    assert heavy_modules(code, {"mediapipe", "tensorflow", "torch", "dlib"}) == set()


def test_a_full_disk_is_a_message_and_loses_nothing(data_root, tmp_path):
    cache = tmp_path / "cache"
    code = (
        "import resource\n"
        "from pathlib import Path\n"
        "from tests.inputs.faces.test_stage import SETTINGS, table\n"
        "from transferpain.core.errors import UserError\n"
        "from transferpain.inputs.faces.stage import compute_faces\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))\n"
        "try:\n"
        f"    compute_faces(table(['nobody', 'face']), Path({str(data_root)!r}), SETTINGS, Path({str(cache)!r}), 1)\n"
        "except UserError as error:\n"
        "    print(error)\n"
    )
    answer = forked(code, preload=LIGHT, module=CODE)
    assert answer.returncode == 0, answer.stderr
    assert "cannot be read or written" in answer.stdout
    assert "File too large" in answer.stdout
    assert not list(cache.rglob(".partial-*"))
    assert faces_of(table(["nobody", "face"]), data_root, cache)["found"].tolist() == [0, 6]


def test_all_is_on_the_disk_when_the_stage_is_over(data_root, tmp_path, monkeypatch):
    disk, cache = Disk(monkeypatch), tmp_path / "cache"
    compute_faces(table(["face", "nobody"]), data_root, SETTINGS, cache, jobs=1)
    assert len(list((cache / "faces").rglob("*.parquet"))) == 2
    # A lock holds nothing that could be lost.
    assert [path for path in disk.unsynced(cache / "faces") if ".lock-" not in str(path)] == []
    assert disk.synced[cache] == disk.state(cache)


@pytest.mark.slow
def test_a_disk_that_does_not_keep_what_it_is_given_is_a_message(data_root, tmp_path, monkeypatch):
    def fail(handle):
        raise OSError(errno.EIO, "the disk is broken")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(UserError, match=r"cannot be read or written(.|\n)*the disk is broken"):
        compute_faces(table(["nobody"]), data_root, SETTINGS, tmp_path / "cache", jobs=1)


def start_stage(data_root: Path, names: list[str], cache: Path) -> subprocess.Popen:
    code = (
        "from pathlib import Path\n"
        "from tests.inputs.faces.test_stage import SETTINGS, table\n"
        "from transferpain.inputs.faces.stage import compute_faces\n"
        f"compute_faces(table({names}), Path({str(data_root)!r}), SETTINGS, Path({str(cache)!r}))\n"
    )
    return subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT)


def many_videos(data_root: Path, count: int = 12) -> list[str]:
    names = [f"clip{number}" for number in range(count)]
    for number, name in enumerate(names):
        write_video(data_root / f"{name}.mp4", moving_face(20, scale=1 + 0.02 * number))
    return names


@pytest.mark.slow
def test_a_killed_stage_goes_on_with_the_same_bytes(data_root, tmp_path):
    names = many_videos(data_root)
    whole = compute_faces(table(names), data_root, SETTINGS, tmp_path / "whole")
    cache = tmp_path / "cache"
    stage = start_stage(data_root, names, cache)
    while not list(cache.glob("faces/*/*.sha256")):
        assert stage.poll() is None
        time.sleep(0.02)
    stage.kill()
    stage.wait()
    finished = {path: path.stat().st_mtime_ns for path in cache.glob("faces/*/*.parquet") if is_intact(path)}
    assert 0 < len(finished) < len(names)
    faces = faces_of(table(names), data_root, cache)
    assert finished == {path: path.stat().st_mtime_ns for path in finished}
    for path, undisturbed in zip(faces["faces"], whole["faces"], strict=True):
        assert file_hash(Path(path)) == file_hash(Path(undisturbed))


@pytest.mark.slow
def test_two_processes_on_one_cache_lose_nothing(data_root, tmp_path):
    names = many_videos(data_root, count=6)
    cache = tmp_path / "cache"
    stages = [start_stage(data_root, names, cache) for _ in range(2)]
    assert [stage.wait() for stage in stages] == [0, 0]
    faces = faces_of(table(names), data_root, cache)
    assert faces["found"].tolist() == [20] * 6
    assert all(is_intact(Path(path)) for path in faces["faces"])


@needs("face-alignment")
@pytest.mark.slow
def test_face_alignment_runs_through_the_stage(data_root, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    random_face_alignment_weights(tmp_path / "hub" / "checkpoints", sees_faces=True)
    video = [draw_plain_face(128, 128, center=(64, 64), scale=0.6)] * 2
    write_video(data_root / "small.mp4", video)
    settings = FaceSettings(detector="face_alignment", size=96)
    faces = compute_faces(table(["small"]), data_root, settings, tmp_path / "cache", jobs=1)
    assert faces[["num_frames", "found", "problem"]].values.tolist() == [[2, 2, ""]]
    assert read_faces(faces["faces"][0]).images.shape == (2, 96, 96, 3)


@pytest.mark.slow
@pytest.mark.parametrize("dataset", ["biovid", "ai4pain"])
def test_the_faces_of_a_twin_are_found(small_twin, tmp_path, dataset):
    clips = read_index(dataset, small_twin).clips
    faces = compute_faces(clips, small_twin, SETTINGS, tmp_path / "cache", jobs=os.cpu_count())
    assert (faces["problem"] == "").all()
    assert (faces["num_frames"] - clips["num_frames"]).abs().max() <= 1
    assert faces["found"].sum() >= 0.98 * faces["num_frames"].sum()
    sizes = [len(jpeg) for path in faces["faces"] for jpeg in read_faces(path).jpegs()]
    assert np.mean(sizes) < 30_000


def test_what_a_former_version_found_is_found_again_and_a_note_says_so(data_root, tmp_path, capsys):
    clips, cache, former = table(["face", "nobody"]), tmp_path / "cache", "mediapipe 0.10.21"
    key = face_key(media_hash(data_root / "face.mp4", cache), former, SETTINGS.resolved_margin, SETTINGS.size)
    old = faces_path(cache, key)
    write_faces(old, FaceFacts(key, 25.0, 0, 0, former), [])
    faces = faces_of(clips, data_root, cache)
    assert str(old) not in set(faces["faces"])
    said = " ".join(capsys.readouterr().err.split())
    here = detector_identity("mediapipe")
    assert f"faces of 1 clips were made by {former}; they are computed again by {here}; `transferpain cache" in said
    faces_of(clips, data_root, cache)
    assert former not in capsys.readouterr().err
