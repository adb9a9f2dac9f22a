import numpy as np
import pytest

from tests.inputs.faces.drawing import write_video
from tests.inputs.landmarks.drawn import NOBODY, drawn_person
from transferpain.apps.live.faces import LOOK_FOR_OTHERS, FaceChooser, FaceFinder, PersonWatcher
from transferpain.apps.live.source import Frame
from transferpain.data.media.medium import Medium
from transferpain.data.media.reader import open_moving
from transferpain.inputs.faces.cache import ClipTask
from transferpain.inputs.landmarks.cache import read_landmarks
from transferpain.inputs.landmarks.clip import compute_clip
from transferpain.inputs.landmarks.settings import LandmarkSettings

SHAPE = np.random.default_rng(0).uniform(-0.5, 0.5, size=(478, 3))


def face(x: float, size: float) -> np.ndarray:
    return SHAPE * size + (x, 100, 0)


def choose(chooser: FaceChooser, *faces: np.ndarray):
    return chooser.choose(np.array(faces).reshape(-1, 478, 3))


def test_the_largest_face_is_watched_and_kept():
    chooser = FaceChooser()
    first = choose(chooser, face(100, 60), face(300, 80))
    assert not first.same
    assert first.pixels[:, 0].mean() > 250
    # The other one is larger now, but not by half, and listed first.
    second = choose(chooser, face(100, 95), face(305, 80))
    assert second.same
    assert second.pixels[:, 0].mean() > 250


def test_a_face_half_as_large_again_takes_over():
    chooser = FaceChooser()
    choose(chooser, face(300, 60))
    taken = choose(chooser, face(100, 95), face(300, 60))
    assert not taken.same
    assert taken.pixels[:, 0].mean() < 150


def test_who_leaves_is_followed_by_another():
    chooser = FaceChooser()
    choose(chooser, face(300, 80), face(100, 60))
    other = choose(chooser, face(100, 60))
    assert not other.same
    assert choose(chooser, face(102, 60)).same


def test_without_a_face_nothing_is_chosen_and_nobody_remembered():
    chooser = FaceChooser()
    choose(chooser, face(100, 60))
    assert choose(chooser) is None
    assert not choose(chooser, face(100, 60)).same


ALONE, BOTH, EMPTY = (
    np.concatenate(pair, axis=1)
    for pair in [(drawn_person(1), NOBODY), (drawn_person(1), drawn_person(2)), (NOBODY, NOBODY)]
)


def find(pictures: list[np.ndarray]) -> list[np.ndarray]:
    finder = FaceFinder(LandmarkSettings(detection_confidence=0.5))
    return [finder.find(picture) for picture in pictures]


def halves(pictures: list[np.ndarray]) -> list[list[int]]:
    """Return in which halves of each picture faces are found."""
    width = NOBODY.shape[1]
    return [sorted(int(face[:, 0].mean()) // width for face in faces) for faces in find(pictures)]


def test_one_face_is_followed_and_others_are_found_when_they_come():
    found = halves([ALONE] * 3 + [BOTH] * (LOOK_FOR_OTHERS + 2) + [ALONE] * 3 + [EMPTY] * 2)
    assert found[:3] == [[0]] * 3
    # In a tenth frame at the latest.
    assert found[LOOK_FOR_OTHERS : LOOK_FOR_OTHERS + 5] == [[0, 1]] * 5
    assert found[-5:] == [[0], [0], [0], [], []]


def test_a_face_that_is_suddenly_elsewhere_is_found_at_once():
    assert halves([ALONE] * 3 + [ALONE[:, ::-1]] * 2) == [[0]] * 3 + [[1]] * 2


def test_several_faces_are_all_found_from_the_first_frame_on():
    assert halves([BOTH] * 3) == [[0, 1]] * 3


def test_who_comes_into_an_empty_room_is_found_at_once():
    assert halves([EMPTY, EMPTY, ALONE, ALONE]) == [[], [], [0], [0]]


def test_a_face_that_is_followed_is_where_it_is_found_among_several():
    followed = find([ALONE] * LOOK_FOR_OTHERS)[-1][0]
    among = min(find([BOTH] * LOOK_FOR_OTHERS)[-1], key=lambda face: face[:, 0].mean())
    # Of eight drawn people the median is at most .46 pixels, and a single point of the mesh at most 2.3.
    apart = np.abs(followed[:, :2] - among[:, :2])
    assert np.median(apart) < 0.5
    assert apart.max() < 3


@pytest.mark.slow
def test_in_a_recording_the_person_of_the_stages_is_watched(tmp_path):
    video = write_video(tmp_path / "clip.mp4", [ALONE] * 8 + [BOTH] * 14 + [EMPTY] * 2 + [BOTH] * 2)
    settings = LandmarkSettings(detection_confidence=0.5)
    assert compute_clip(ClipTask("clip", Medium(video), "k", tmp_path / "k.parquet"), settings, tmp_path)[1] == ""
    stage = read_landmarks(tmp_path / "k.parquet")
    assert stage.found.tolist() == [True] * 22 + [False] * 2 + [True] * 2
    assert stage.pixels[stage.found][..., 0].mean(axis=1).max() < ALONE.shape[1] / 2
    assert stage.facts.several >= 12
    watcher = PersonWatcher(settings)
    for frame in open_moving(video)[1]:
        choice = watcher.watch(Frame(frame.image, frame.number, frame.seconds, 0.0))
        assert (choice is not None) == stage.found[frame.number]
        if choice is not None:
            assert choice.same == (frame.number not in (0, 24))
            np.testing.assert_allclose(choice.pixels, stage.pixels[frame.number], atol=1e-2)


def test_a_frame_that_cannot_be_decoded_shows_nobody_and_the_person_stays():
    watcher = PersonWatcher(LandmarkSettings(detection_confidence=0.5))
    choices = [watcher.watch(Frame(ALONE, number, number / 25, 0.0, decoded=number != 2)) for number in range(4)]
    assert [choice is not None for choice in choices] == [True, True, False, True]
