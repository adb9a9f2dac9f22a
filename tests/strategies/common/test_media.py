"""The media of a job: faces, or images that are faces already; nothing usable is said before anything is trained."""

import pandas as pd
import pytest

from tests.command_line import EXPERIMENTS
from tests.small_study import tiny
from transferpain.core.errors import UserError
from transferpain.data.places import Places
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin
from transferpain.experiments.runner import make_plan
from transferpain.experiments.schema import load_experiment
from transferpain.strategies.common.media import check_frames_exist, media_of, pictures_of


def test_images_are_read_as_they_are(tmp_path):
    write_twin("ferplus", tmp_path, TwinSettings(subjects=8, clips=4), lambda images: None)
    experiment = load_experiment(EXPERIMENTS / "ferplus-resnet18-64.yaml", {"images": {"size": 32}})
    plan = make_plan(experiment, EXPERIMENTS, Places(tmp_path, tmp_path))
    faces, images = media_of(plan, Places(tmp_path, tmp_path))
    assert faces is None
    assert images.shape[1:] == (48, 48)
    frames, found, shown = pictures_of(plan, faces, images).tested(3)
    assert (frames.tolist(), found.tolist()) == ([0], [True])
    assert (shown[0] == images[plan.samples["first_frame"].iloc[3]]).all()


@pytest.mark.slow
def test_videos_of_which_none_can_be_read_are_refused(tmp_path):
    write_twin("ai4pain", tmp_path, TwinSettings(subjects=6, clips=1, seconds=0.2), lambda frames: None)
    for video in tmp_path.rglob("*.mp4"):
        video.write_bytes(b"no video")
    places = Places(tmp_path, tmp_path / "workspace")
    with pytest.raises(UserError, match="Not one clip could be used"):
        media_of(make_plan(tiny(EXPERIMENTS), EXPERIMENTS, places), places)


def test_a_label_of_a_frame_behind_the_clips_end_is_refused():
    faces = pd.DataFrame({"clip": ["a", "b"], "num_frames": [3, 0], "problem": ["", "it cannot be read"]})
    samples = pd.DataFrame({"file_clip": ["a", "a", "b"], "row": [0, 2, 9]})
    check_frames_exist(samples, faces)
    with pytest.raises(UserError, match="a: its frame at place 3 of 3, and 1 more"):
        check_frames_exist(pd.DataFrame({"file_clip": ["a", "a", "a"], "row": [1, 3, 7]}), faces)
