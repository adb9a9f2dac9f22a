from pathlib import Path

import pandas as pd
import pytest

from tests.forked_program import heavy_modules
from tests.inputs.faces.drawing import write_video
from tests.inputs.landmarks.drawn import NOBODY, drawn_person
from transferpain.core.store import file_hash, is_intact
from transferpain.inputs.faces.measure import FACTS
from transferpain.inputs.landmarks.cache import read_landmarks
from transferpain.inputs.landmarks.settings import LandmarkSettings
from transferpain.inputs.landmarks.stage import compute_landmarks

SETTINGS = LandmarkSettings(detection_confidence=0.5)
NAMES = ("face", "nobody", "broken", "copy")


def table() -> pd.DataFrame:
    rows = [(name, f"{name}.mp4", "video", 0, 4, 25.0) for name in NAMES]
    return pd.DataFrame(rows, columns=["clip", "media", "kind", "first_frame", "num_frames", "fps"], index=[4, 3, 2, 1])


@pytest.fixture(scope="module")
def data_root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("data")
    write_video(root / "face.mp4", [drawn_person()] * 3)
    write_video(root / "nobody.mp4", [NOBODY] * 2)
    (root / "broken.mp4").write_text("no video")
    (root / "copy.mp4").write_bytes((root / "face.mp4").read_bytes())
    return root


@pytest.fixture(scope="module")
def measured(data_root) -> pd.DataFrame:
    return compute_landmarks(table(), data_root, SETTINGS, data_root / "cache", jobs=1)


def test_every_clip_is_told_with_its_coverage(measured, data_root):
    assert measured.index.tolist() == [4, 3, 2, 1]
    assert list(measured.columns) == ["clip", "landmarks", "key", "num_frames", "fps", "found", "problem", *FACTS]
    assert measured["num_frames"].tolist() == [3, 2, 0, 3]
    assert measured["found"].tolist() == [3, 0, 0, 3]
    assert ["opened" in problem for problem in measured["problem"]] == [False, False, True, False]
    assert measured["landmarks"][4] == measured["landmarks"][1]
    path = Path(measured["landmarks"][4])
    assert path.is_relative_to(data_root / "cache" / "landmarks")
    assert is_intact(path)
    assert read_landmarks(path).points.shape == (3, 478, 3)


def test_the_same_clips_again_compute_nothing_and_start_no_library(measured, data_root):
    before = [Path(path).stat().st_mtime_ns for path in measured["landmarks"] if path]
    code = (
        "from pathlib import Path\n"
        "from tests.inputs.landmarks.test_stage import SETTINGS, table\n"
        "from transferpain.inputs.landmarks.stage import compute_landmarks\n"
        "clips = table().drop(index=2)\n"
        f"compute_landmarks(clips, Path({str(data_root)!r}), SETTINGS, "
        f"Path({str(data_root / 'cache')!r}))\n"
    )
    assert heavy_modules(code, {"mediapipe", "tensorflow"}) == set()
    assert [Path(path).stat().st_mtime_ns for path in measured["landmarks"] if path] == before


def test_a_damaged_file_is_computed_again_and_told(measured, data_root, capfd):
    path = Path(measured["landmarks"][4])
    whole = file_hash(path)
    path.write_bytes(path.read_bytes()[:1000])
    again = compute_landmarks(table()[:1], data_root, SETTINGS, data_root / "cache", jobs=0)
    assert "landmarks of clip face are damaged" in capfd.readouterr().err
    assert again["landmarks"][4] == str(path)
    assert file_hash(path) == whole
