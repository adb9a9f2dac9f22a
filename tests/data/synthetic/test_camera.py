import numpy as np
import pytest

from transferpain.data.synthetic.camera import AI4PAIN, BIOVID, Sensor, seat
from transferpain.data.synthetic.face import Pose, draw_face
from transferpain.data.synthetic.subjects import invent_look

REST = np.full(3, 100.0)
ACTS = ({"AU26": 5, "AU43": 1, "AU4": 5, "AU9": 5}, {"AU6": 4, "AU12": 5, "AU25": 5}, {"flush": 1, "strain": 1})
BESIDE = slice(0, 120), slice(0, 48)  # of BioVid's and AI4Pain's pictures: no head is there


@pytest.mark.parametrize("camera", [BIOVID, AI4PAIN])
@pytest.mark.parametrize("acts", ACTS)
def test_the_background_is_the_same_whatever_the_face_does(camera, acts):
    sitter = seat(camera, invent_look(1), 1)
    calm, acting = (
        Sensor(camera, 1).expose(draw_face(sitter, units, Pose()), 110, sitter.rest) for units in ({}, acts)
    )
    np.testing.assert_array_equal(calm[BESIDE], acting[BESIDE])
    assert not np.array_equal(calm, acting)


@pytest.mark.parametrize("camera", [BIOVID, AI4PAIN])
@pytest.mark.parametrize("acts", ACTS)
def test_the_mean_colour_holds_whatever_the_face_does(camera, acts):
    sitter, sensor = seat(camera, invent_look(1), 1), Sensor(camera, 1)
    for pose in (Pose(), Pose(x=0.1, y=-0.1, roll=0.1, yaw=0.2, scale=1.05)):
        calm, acting = (
            sensor.expose(draw_face(sitter, units, pose), 110, sitter.rest).mean((0, 1)) for units in ({}, acts)
        )
        np.testing.assert_allclose(acting, calm, atol=0.05)


@pytest.mark.parametrize("camera", [BIOVID, AI4PAIN])
def test_the_exposure_is_that_of_the_picture_at_rest(camera):
    sitter, sensor = seat(camera, invent_look(1), 1), Sensor(camera, 1)
    for aim in (90, 110, 130):
        assert sensor.expose(draw_face(sitter, {}, Pose()), aim, sitter.rest).mean() == pytest.approx(aim, rel=0.01)


def test_the_noise_is_new_in_every_frame_and_as_strong_as_the_camera_says():
    picture = np.full((BIOVID.height, BIOVID.width, 3), 100, np.uint8)
    sensor = Sensor(BIOVID, 5)
    first, second = (sensor.expose(picture, 100, REST).astype(float) for _ in range(2))
    assert first[..., 0].std() == pytest.approx(BIOVID.noise, rel=0.1)
    assert (first - second).std() == pytest.approx(BIOVID.noise * np.sqrt(2), rel=0.1)


def test_the_places_differ():
    assert (BIOVID.fps, AI4PAIN.fps) == (25, 30)
    looks = [invent_look(number) for number in range(12)]
    grey, bright = (
        np.mean([seat(camera, look, 1).background.mean() for look in looks]) for camera in (BIOVID, AI4PAIN)
    )
    assert bright - grey > 30
    left, right = (seat(camera, looks[0], 1).light[0] for camera in (AI4PAIN, BIOVID))
    assert left < 0 < right


def test_a_red_face_is_redder_where_blood_shows():
    sitter, sensor = seat(BIOVID, invent_look(1), 1), Sensor(BIOVID, 1)
    pale, red = (
        sensor.expose(draw_face(sitter, {"flush": flush}, Pose()), 110, sitter.rest).astype(float) for flush in (0, 1)
    )
    cheek = slice(130, 150), slice(118, 138)
    assert np.diff([(one[cheek][..., 0] - one[cheek][..., 2]).mean() for one in (pale, red)])[0] > 8


def test_every_clip_has_its_own_noise_of_one_strength():
    grey = np.full((BIOVID.height, BIOVID.width, 3), 100, np.uint8)
    first, second = (Sensor(BIOVID, seed).expose(grey, 100, REST)[..., 0].ravel().astype(float) for seed in (1, 2))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.02
