import numpy as np
import pandas as pd
import pytest

from tests.inputs.faces.drawing import write_video
from tests.inputs.landmarks.drawn import NOBODY, drawn_person
from transferpain.data.media.video import open_video
from transferpain.inputs.action_units.frames import frame_units
from transferpain.inputs.action_units.measures import MESH, estimate, shipped_measures
from transferpain.inputs.action_units.mesh import load_still_mesh, stack_meshes
from transferpain.inputs.action_units.units import UNITS


@pytest.mark.slow
def test_each_frame_is_measured_as_a_picture_by_itself(tmp_path):
    write_video(tmp_path / "face.mp4", [drawn_person(), NOBODY, drawn_person()])
    (tmp_path / "broken.mp4").write_text("no video")
    clips = pd.DataFrame(
        [("face", "face.mp4", "video", 0, 3, 25.0), ("broken", "broken.mp4", "video", 0, 3, 25.0)],
        columns=["clip", "media", "kind", "first_frame", "num_frames", "fps"],
    )
    frames = pd.DataFrame({"file_clip": ["face", "broken", "face", "face", "face"], "row": [2, 0, 1, 0, 7]})
    found = frame_units(clips, frames, tmp_path, tmp_path / "cache", jobs=1)
    assert (found.estimator, found.numbers, found.measures) == (MESH, UNITS, shipped_measures())
    measured = found.intensities
    assert measured.shape == (5, len(UNITS))
    assert np.isnan(measured).all(axis=1).tolist() == [False, True, True, False, True]
    _, pictures = open_video(tmp_path / "face.mp4", None)
    expected = estimate(stack_meshes([load_still_mesh()(picture.image) for picture in pictures])).intensities.to_numpy()
    np.testing.assert_allclose(measured[[3, 0]], expected[[0, 2]], atol=1e-3)
