"""A video as a telephone makes it (turned in its header, of variable frame rate, one frame damaged) in every stage."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from tests.apps.live.live_models import LABELS, PREPROCESSING, SIZE, save_live_model
from tests.data.datasets.trees import touch
from tests.data.media import odd_videos
from tests.forked_program import forked
from tests.inputs.faces.drawing import write_video
from tests.inputs.features.small_source import SmallSource
from tests.inputs.landmarks.drawn import NOBODY, drawn_person
from transferpain.apps.live.session import SessionOptions, live_settings, run_session
from transferpain.data.datasets.index import read_index
from transferpain.experiments.estimate import clip_frames
from transferpain.experiments.leakage.covariates import first_frames
from transferpain.inputs.action_units.frames import frame_units
from transferpain.inputs.faces.cache import read_faces
from transferpain.inputs.faces.stage import compute_faces
from transferpain.inputs.features.cache import read_features
from transferpain.inputs.features.extract import extract_features
from transferpain.inputs.features.extractors.source import SourceExtractor
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.inputs.landmarks.cache import read_landmarks
from transferpain.inputs.landmarks.settings import LandmarkSettings
from transferpain.inputs.landmarks.stage import compute_landmarks
from transferpain.models.sources.face_settings import FaceSettings

pytestmark = pytest.mark.slow

FRAMES, DAMAGED, HIDDEN = 24, 13, (4, 5)
# Ever slower, from 50 frames a second to 8.
TIMES = np.cumsum([0, *np.linspace(0.02, 0.12, FRAMES - 1)])
FOUND = [number != DAMAGED and number not in HIDDEN for number in range(FRAMES)]
CONFIDENCE = 0.5


def film(path: Path, sideways: bool) -> Path:
    frames = [NOBODY if number in HIDDEN else drawn_person(2, x=0.02 * number) for number in range(FRAMES)]
    # Key frames come every twelfth: the damaged one is the last but one before the next.
    write_video(path, [np.ascontiguousarray(np.rot90(frame)) if sideways else frame for frame in frames])
    odd_videos.show_at(path, TIMES.tolist())
    odd_videos.spoil_frame(path, DAMAGED)
    if sideways:
        odd_videos.turn_in_header(path)
    return path


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A data root with one video that was filmed sideways."""
    root = tmp_path_factory.mktemp("data")
    touch(root / "phones" / "index.csv", b"media,subject,label\nphone.mp4,anna,pain\n")
    film(root / "phones" / "phone.mp4", sideways=True)
    return root


@pytest.fixture(scope="module")
def clips(root) -> pd.DataFrame:
    return read_index("phones", root).clips


@pytest.fixture(scope="module")
def stage(root, clips, tmp_path_factory) -> pd.DataFrame:
    settings = FaceSettings(size=SIZE, detector="mediapipe")
    return compute_faces(clips, root, settings, tmp_path_factory.mktemp("cache"), jobs=0)


def test_faces_are_upright_and_keep_numbers_and_times(stage):
    faces = read_faces(stage["faces"][0])
    assert faces.found.tolist() == FOUND
    assert faces.seconds == pytest.approx(TIMES, abs=2e-3)
    assert (faces.facts.variable, faces.facts.undecoded, faces.facts.several) == (True, 1, 0)
    assert faces.fps == pytest.approx((FRAMES - 1) / TIMES[-1], rel=1e-3)
    # In a picture that lies on its side a box is wider than high, or there is none.
    assert np.nanmax(faces.boxes[:, 2]) <= NOBODY.shape[1]
    assert np.nanmax(faces.boxes[:, 3]) <= NOBODY.shape[0]


def test_a_video_that_stands_upright_in_the_file_gives_the_same_frames(stage, tmp_path):
    touch(tmp_path / "phones" / "index.csv", b"media,subject,label\nphone.mp4,anna,pain\n")
    film(tmp_path / "phones" / "phone.mp4", sideways=False)
    settings = FaceSettings(size=SIZE, detector="mediapipe")
    upright = compute_faces(read_index("phones", tmp_path).clips, tmp_path, settings, tmp_path / "cache", jobs=0)
    one, other = (read_faces(table["faces"][0]) for table in (stage, upright))
    assert one.found.tolist() == other.found.tolist()
    assert np.nanmax(np.abs(one.boxes - other.boxes)) < 8


def test_all_other_stages_read_the_same_frames(root, clips, stage, tmp_path):
    settings = LandmarkSettings(detection_confidence=CONFIDENCE)
    table = compute_landmarks(clips, root, settings, tmp_path, jobs=0)
    mesh = read_landmarks(table["landmarks"][0])
    assert mesh.found.tolist() == FOUND
    assert mesh.seconds == pytest.approx(TIMES, abs=2e-3)
    faces = read_faces(stage["faces"][0])
    middle = (faces.boxes[:, :2] + faces.boxes[:, 2:]) / 2
    side = (faces.boxes[:, 2:] - faces.boxes[:, :2]).max(axis=1)
    assert (np.abs(mesh.centre[FOUND, :2] - middle[FOUND]).max(axis=1) < side[FOUND] / 2).all()

    rows = pd.DataFrame({"file_clip": "phone", "row": range(FRAMES)})
    units = frame_units(clips, rows, root, tmp_path, jobs=0)
    assert np.isfinite(units.intensities).all(axis=1).tolist() == FOUND

    small = compute_faces(clips, root, FaceSettings(size=16, detector="mediapipe"), tmp_path, jobs=0)
    features = extract_features(SourceExtractor(SmallSource()), small, FeatureSettings(fps=10.0), tmp_path)
    rows = read_features(Path(features["features"][0]))
    # At ten rows a second there are as many as the video lasts, whatever its frames are.
    assert len(rows) == round((TIMES[-1] + TIMES[-1] / (FRAMES - 1)) * 10)

    assert clip_frames(clips, root).tolist() == [FRAMES]
    assert first_frames(root, clips)[0].shape == NOBODY.shape


def test_the_deep_check_names_the_frame(root, tmp_path):
    checked = forked("data", "check", "phones", "--deep", "--data-root", root, "--workspace", tmp_path)
    said = " ".join((checked.stdout + checked.stderr).split())
    assert f"phone: 1 of {FRAMES} frames cannot be decoded (frame {DAMAGED})" in said
    assert "frames at uneven distances in time" in said


def test_live_mode_answers_as_the_stages_do(root, clips, stage, tmp_path):
    model = save_live_model(tmp_path / "bundle")
    chosen = {"skip": "none", "window": 1e-6, "landmarks": LandmarkSettings(detection_confidence=CONFIDENCE)}
    wanted = SessionOptions(csv=tmp_path / "live.csv", video=tmp_path / "live.mp4")
    summary = run_session(str(model), str(root / "phones" / "phone.mp4"), live_settings(**chosen), wanted)
    assert (summary.frames, summary.dropped, summary.without_face) == (FRAMES, 0, FRAMES - sum(FOUND))
    with open(tmp_path / "live.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["frame"]) for row in rows] == list(range(FRAMES))
    assert [bool(int(row["face"])) for row in rows] == FOUND
    assert [float(row["seconds"]) for row in rows] == pytest.approx(TIMES, abs=2e-3)
    images = read_faces(stage["faces"][0]).images
    assert PREPROCESSING["size"] == images.shape[1]
    answers = [LABELS[int(image.mean(axis=(0, 1)).argmax())] for image in images]
    assert [row["label"] for row in rows if int(row["face"])] == answers
    shown = cv2.VideoCapture(str(tmp_path / "live.mp4"))
    assert shown.read()[1].shape == NOBODY.shape
