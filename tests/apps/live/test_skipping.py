import numpy as np
import pytest

from transferpain.apps.live.skipping import FrameSkipper

WIDTH, HEIGHT = 640, 480
FACE = np.random.default_rng(0).normal((320, 240, 0), 60, size=(478, 3)).astype(np.float32)


def decisions(rule: str, *faces: np.ndarray) -> list[bool]:
    skipper = FrameSkipper(rule)
    return [skipper.skip(face, WIDTH, HEIGHT) for face in faces]


@pytest.mark.parametrize("rule", ["paper", "interocular"])
def test_a_still_face_is_looked_at_every_tenth_frame(rule):
    skipped = decisions(rule, *[FACE] * 25)
    assert [number for number, skip in enumerate(skipped) if not skip] == [0, 10, 20]


def test_without_a_rule_nothing_is_skipped():
    assert not any(decisions("none", *[FACE] * 5))


@pytest.mark.parametrize(("share", "skipped"), [(0.04, True), (0.06, False)])
def test_the_paper_measures_in_the_frame(share, skipped):
    moved = FACE + np.float32((share * WIDTH, share * HEIGHT, share * WIDTH))
    assert decisions("paper", FACE, moved) == [False, skipped]


def test_displacements_do_not_cancel():
    apart = FACE.copy()
    apart[::2] += 60
    apart[1::2] -= 60
    assert np.mean(apart - FACE) == pytest.approx(0, abs=1e-5)
    assert decisions("paper", FACE, apart) == [False, False]
    assert decisions("interocular", FACE, apart) == [False, False]


def test_between_the_eyes_neither_the_head_s_movement_nor_its_size_counts():
    assert decisions("interocular", FACE, FACE + np.float32((90, -50, 10)), FACE * 1.4) == [False, True, True]


def test_what_changes_slowly_is_noticed_since_the_frame_that_was_looked_at():
    # El-Ghaish, Algorithm 1: the reference is replaced only when a frame is processed.
    interocular = np.linalg.norm(FACE[[33, 133]].mean(axis=0) - FACE[[263, 362]].mean(axis=0))
    steps = []
    for number in range(6):
        face = FACE.copy()
        face[400:] += 0.05 * number * interocular
        steps.append(face)
    # 78 of 478 points move: .0082 in the mean, .0163, .0245 of the distance between the eyes; then from there on.
    assert decisions("interocular", *steps) == [False, True, True, False, True, True]


def test_another_face_is_looked_at():
    skipper = FrameSkipper("interocular")
    skipper.skip(FACE, WIDTH, HEIGHT)
    skipper.forget()
    assert not skipper.skip(FACE, WIDTH, HEIGHT)
