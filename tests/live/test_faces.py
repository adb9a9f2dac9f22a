import numpy as np

from transferpain.live.faces import FaceChooser

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
