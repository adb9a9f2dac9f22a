import numpy as np
import pytest

from tests.inputs.faces.drawing import moving_face, write_video
from transferpain.data.media.medium import Medium
from transferpain.inputs.faces.cache import ClipTask, faces_path, read_faces
from transferpain.inputs.faces.clip import compute_clip
from transferpain.models.sources.face_settings import FaceSettings


def task(tmp_path, name: str = "clip") -> ClipTask:
    return ClipTask(name, Medium(tmp_path / f"{name}.mp4"), "abcd", faces_path(tmp_path / "cache", "abcd"))


def test_boxes_follow_the_face(tmp_path):
    write_video(tmp_path / "clip.mp4", moving_face(20))
    num_frames, problem = compute_clip(task(tmp_path), FaceSettings(size=64), tmp_path / "cache")
    assert (num_frames, problem) == (20, "")
    faces = read_faces(faces_path(tmp_path / "cache", "abcd"))
    assert faces.facts.key == "abcd"
    assert (faces.scores > 0.5).all()
    middle = faces.boxes[:, [0, 2]].mean(axis=1)
    # The drawn face moves two pixels per frame; the detector's box trembles.
    assert np.polyfit(np.arange(20), middle, 1)[0] == pytest.approx(2, abs=0.3)


def test_an_unreadable_video_writes_no_file(tmp_path):
    (tmp_path / "clip.mp4").write_text("no video")
    num_frames, problem = compute_clip(task(tmp_path), FaceSettings(size=64), tmp_path / "cache")
    assert num_frames == 0
    assert "cannot be opened" in problem
    assert not (tmp_path / "cache").exists()
