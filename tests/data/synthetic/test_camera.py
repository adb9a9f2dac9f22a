import numpy as np
import pytest

from transferpain.data.synthetic.camera import AI4PAIN, BIOVID, Sensor, seat
from transferpain.data.synthetic.face import Pose, draw_face
from transferpain.data.synthetic.subjects import invent_look


@pytest.mark.parametrize("camera", [BIOVID, AI4PAIN])
def test_the_exposure_holds_whatever_the_face_does(camera):
    sitter, sensor = seat(camera, invent_look(1), 1), Sensor(camera, 1)
    for units in ({}, {"AU26": 5, "AU43": 1, "AU4": 5, "AU9": 5}):
        for aim in (90, 110, 130):
            filmed = sensor.expose(draw_face(sitter, units, Pose()), aim)
            assert filmed.mean() == pytest.approx(aim, rel=0.01)


def test_the_noise_is_new_in_every_frame_and_as_strong_as_the_camera_says():
    picture = np.full((BIOVID.height, BIOVID.width, 3), 100, np.uint8)
    sensor = Sensor(BIOVID, 5)
    first, second = sensor.expose(picture, 100).astype(float), sensor.expose(picture, 100).astype(float)
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


def test_the_mean_colour_holds_however_red_the_face_is():
    sitter, sensor = seat(BIOVID, invent_look(1), 1), Sensor(BIOVID, 1)
    pale, red = (
        sensor.expose(draw_face(sitter, {"flush": flush}, Pose()), 110, sitter.colour).astype(float) for flush in (0, 1)
    )
    np.testing.assert_allclose(pale.mean((0, 1)), red.mean((0, 1)), rtol=0.005)
    assert red.mean() == pytest.approx(110, rel=0.01)
    cheek = slice(130, 150), slice(118, 138)
    assert np.diff([(one[cheek][..., 0] - one[cheek][..., 2]).mean() for one in (pale, red)])[0] > 8


def test_the_white_balance_turns_the_wall_against_a_red_face():
    """Stated in docs/twins.md: the wall tells what the skin does."""
    sitter, sensor = seat(BIOVID, invent_look(1), 1), Sensor(BIOVID, 1)
    pale, red = (
        sensor.expose(draw_face(sitter, {"flush": flush}, Pose()), 110, sitter.colour)[:120, :64].mean((0, 1))
        for flush in (0, 1)
    )
    assert (red[0] - red[2]) - (pale[0] - pale[2]) < -0.5


def test_every_clip_has_its_own_noise_of_one_strength():
    grey = np.full((BIOVID.height, BIOVID.width, 3), 100, np.uint8)
    first, second = (Sensor(BIOVID, seed).expose(grey, 100)[..., 0].ravel().astype(float) for seed in (1, 2))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.02
