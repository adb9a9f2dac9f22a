from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from tests.inputs.faces.drawing import write_video
from tests.inputs.landmarks.drawn import NOBODY, drawn_person
from transferpain.core.store import file_hash
from transferpain.data.media.medium import Medium
from transferpain.inputs.faces.cache import ClipTask
from transferpain.inputs.landmarks.cache import landmarks_path, read_landmarks
from transferpain.inputs.landmarks.clip import compute_clip
from transferpain.inputs.landmarks.settings import LandmarkSettings, WithBlendshapes

SETTINGS = LandmarkSettings(detection_confidence=0.5)


def compute(folder: Path, video: Path, span: tuple[int, int] | None = None) -> Path:
    path = landmarks_path(folder, video.stem)
    assert compute_clip(ClipTask(video.stem, Medium(video, span=span), "k", path), SETTINGS, folder)[1] == ""
    return path


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> Path:
    """A head that moves to the right, is hidden for two frames, and stays where it is."""
    moving = [drawn_person(1, x=0.1 * number) for number in range(5)]
    return write_video(tmp_path_factory.mktemp("videos") / "clip.mp4", [*moving, NOBODY, NOBODY, *[moving[0]] * 2])


def test_a_clip_is_measured_in_frames_of_the_original_video(video, tmp_path):
    landmarks = read_landmarks(compute(tmp_path, video))
    assert landmarks.found.tolist() == [True] * 5 + [False] * 2 + [True] * 2
    assert landmarks.coverage == 7 / 9
    assert landmarks.facts.fps == 25.0
    assert landmarks.facts.detector == f"mediapipe {version('mediapipe')} face mesh"
    # The drawn head moves by a tenth of the distance between its eyes.
    steps = np.diff(landmarks.centre[:5, 0]) / landmarks.interocular[0]
    assert steps == pytest.approx(np.full(4, 0.1), abs=0.03)
    assert np.abs(np.diff(landmarks.points[:5], axis=0)).mean() < 0.02


def test_the_clip_before_does_not_matter(video, tmp_path):
    other = write_video(tmp_path / "other.mp4", [drawn_person(2, x=0.3)] * 2)
    first = file_hash(compute(tmp_path / "first", video))
    compute(tmp_path / "between", other)
    assert file_hash(compute(tmp_path / "second", video)) == first


def test_a_span_is_followed_from_its_own_first_frame(video, tmp_path):
    assert read_landmarks(compute(tmp_path, video, span=(4, 4))).found.tolist() == [True, False, False, True]


def test_blendshapes_are_kept_of_the_frames_with_a_face(video, tmp_path):
    path = landmarks_path(tmp_path, "with")
    settings = WithBlendshapes(detection_confidence=0.5, still=True)
    compute_clip(ClipTask("with", Medium(video, span=(4, 3)), "k", path), settings, tmp_path)
    kept = read_landmarks(path)
    assert np.isfinite(kept.blendshapes).all(axis=1).tolist() == kept.found.tolist() == [True, False, False]
    assert read_landmarks(compute(tmp_path, video)).blendshapes is None


def test_a_failure_names_the_clip(tmp_path, video):
    task = ClipTask("anna", Medium(video), "k", landmarks_path(tmp_path, "k"))
    with pytest.raises(RuntimeError, match="face mesh failed on clip anna"):
        compute_clip(task, "no settings", tmp_path)
