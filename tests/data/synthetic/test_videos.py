import cv2
import numpy as np
import pytest

from tests.data.synthetic.properties import clip_hash
from transferpain.data.synthetic.biovid import plan_biovid
from transferpain.data.synthetic.camera import BIOVID
from transferpain.data.synthetic.face import ACTION_UNITS
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.videos import (
    FRAMES_A_JOB,
    draw_clip,
    seat_person,
    true_action_units,
    write_clips,
    write_video,
)


@pytest.fixture(scope="module")
def plans():
    return plan_biovid(TwinSettings(2, seed=5, clips=2, seconds=0.4))


def decode(path) -> np.ndarray:
    capture, frames = cv2.VideoCapture(str(path)), []
    while (got := capture.read())[0]:
        frames.append(got[1][..., ::-1])
    return np.array(frames)


def test_the_drawn_frames_depend_on_the_plan_alone(plans):
    assert clip_hash(BIOVID, plans[3]) == clip_hash(BIOVID, plans[3])
    assert clip_hash(BIOVID, plans[3]) != clip_hash(BIOVID, plans[4])
    other = plan_biovid(TwinSettings(2, seed=6, clips=2, seconds=0.4))
    assert clip_hash(BIOVID, plans[3]) != clip_hash(BIOVID, other[3])


def test_a_shared_sitter_changes_no_frame(plans):
    sitter = seat_person(BIOVID, plans[0])
    for plan in plans[:3]:
        fresh = list(draw_clip(BIOVID, seat_person(BIOVID, plan), plan))
        np.testing.assert_array_equal(fresh, list(draw_clip(BIOVID, sitter, plan)))


@pytest.mark.slow
def test_the_files_do_not_depend_on_the_number_of_workers(plans, tmp_path):
    long = plan_biovid(TwinSettings(1, seed=5, clips=1, seconds=6.2))
    assert FRAMES_A_JOB < sum(plan.frames for plan in long) < 2 * FRAMES_A_JOB, "a person's clips are to be two jobs"
    for drawn in (plans, long):
        counted, trees = [], []
        for workers in (1, 2):
            top = tmp_path / str(workers)
            write_clips(write_video, top, BIOVID, drawn, counted.append, workers)
            trees.append({path.relative_to(top): path.read_bytes() for path in top.rglob("*") if path.is_file()})
        assert sum(counted) == 2 * sum(plan.frames for plan in drawn)
        assert trees[0] == trees[1]
    for plan in plans:
        one = decode(tmp_path / "1" / plan.media)
        assert len(one) == plan.frames == 10
        drawn = np.array(list(draw_clip(BIOVID, seat_person(BIOVID, plan), plan)))
        assert abs(one.astype(int) - drawn).mean() < 6


def test_the_true_action_units_are_a_row_a_frame(plans):
    table = true_action_units(BIOVID, plans)
    assert list(table.columns) == ["subject", "clip", "frame", *ACTION_UNITS]
    assert len(table) == sum(plan.frames for plan in plans)
    clip = table[table["clip"] == plans[7].clip]
    np.testing.assert_array_equal(clip["frame"], np.arange(plans[7].frames))
    np.testing.assert_array_equal(clip[list(ACTION_UNITS)], plans[7].performance(BIOVID).action_units)
