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
