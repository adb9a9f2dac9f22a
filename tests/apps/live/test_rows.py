"""What a head on the features of some seconds is given, frame by frame; its features are the face's colour."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tests.networks.heads.windows import SMALL
from transferpain.apps.live.rows import Rows, describe_undecided
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.models.bundles.bundle import Bundle
from transferpain.models.bundles.sklearn_bundle import SklearnHead
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.strategies.common.settings import WindowSettings
from transferpain.strategies.frozen.joined import JoinedModel, Stretch

RATE = 10


@dataclass(frozen=True)
class Colour:
    """An extractor without a network: the mean of each colour."""

    key: ClassVar[tuple[str, ...]] = ("colour 1",)
    width: ClassVar[int] = 3
    reads: ClassVar[str] = "face"

    def open(self, dtype):
        return lambda faces: faces.mean(axis=(1, 2), dtype=np.float32)


def rows_of(seconds: float | None = None, **features: float) -> tuple[Rows, SklearnHead]:
    classifier = LogisticRegression().fit([[0.0, 0, 0], [255, 255, 255]], [0, 1])
    head = SklearnHead(classifier, 2)
    return reading(head, "clip", seconds, **features), head


def reading(head, reads: str, seconds: float | None = None, **features: float) -> Rows:
    bundle = Bundle(head, {}, ("no pain", "pain"), {"synthetic": True}, "")
    preprocessing = Preprocessing(size=16)
    stretch = Stretch(reads, FeatureSettings(**features), WindowSettings(seconds=1.0))
    model = JoinedModel(Path("head"), bundle, None, Colour(), preprocessing, stretch)
    return Rows(model, seconds)


def face(number: int) -> np.ndarray:
    return np.full((16, 16, 3), number, np.uint8)


def expected(head: SklearnHead, *shown: float) -> np.ndarray:
    return head.answer(np.full((1, 3), np.mean(shown), np.float32))[0]


def watched(rows: Rows, numbers) -> list[np.ndarray | None]:
    answers = []
    for place, number in enumerate(numbers):
        rows.see(place / RATE, None if number is None else face(number))
        answers.append(rows.answer())
    return answers


def test_every_frame_of_the_stretch_counts_from_the_moment_it_was_seen_whole():
    rows, head = rows_of()
    answers = watched(rows, range(0, 240, 20))
    assert answers[:9] == [None] * 9
    for last in (9, 10, 11):
        np.testing.assert_allclose(answers[last], expected(head, *range(20 * last - 180, 20 * last + 1, 20)), atol=1e-6)


def test_rows_are_taken_by_time_as_in_the_training():
    rows, head = rows_of(fps=5)
    answers = watched(rows, range(0, 200, 20))
    assert answers[7] is None  # five rows, a fifth of a second apart: eight tenths from the first to the last
    np.testing.assert_allclose(answers[8], expected(head, 0, 40, 80, 120, 160), atol=1e-6)
    np.testing.assert_allclose(answers[9], expected(head, 20, 60, 100, 140, 180), atol=1e-6)


def test_so_many_rows_are_spread_over_the_stretch():
    rows, head = rows_of(frames=2)
    answers = watched(rows, range(0, 240, 20))
    shown = answers[-1]
    np.testing.assert_allclose(shown, expected(head, 80, 180), atol=0.05)
    assert answers[3] is None


def test_a_frame_without_a_face_is_left_out_and_a_still_one_repeats_the_one_before():
    rows, head = rows_of()
    watched(rows, [None] + [100] * 8)
    assert rows.waiting == pytest.approx(0.1)
    rows.hold(0.9)
    assert rows.waiting == 0
    np.testing.assert_allclose(rows.answer(), expected(head, 100), atol=1e-6)


def test_without_any_face_there_is_no_answer():
    rows, _ = rows_of()
    assert watched(rows, [None] * 12) == [None] * 12


def test_another_face_begins_anew_and_a_shorter_stretch_may_be_asked_for():
    rows, head = rows_of(seconds=0.3)
    assert watched(rows, [10, 10, 10])[2] is not None
    rows.clear()
    assert rows.waiting == pytest.approx(0.3)
    rows.see(5.0, face(200))
    assert rows.answer() is None
    rows.see(5.1, face(200))
    rows.see(5.2, face(200))
    np.testing.assert_allclose(rows.answer(), expected(head, 200), atol=1e-6)


def test_frames_of_the_stretch_are_counted():
    rows, _ = rows_of()
    watched(rows, [None] + [100] * 3)
    assert rows.held == 4
    rows.clear()
    assert rows.held == 0


def test_why_nothing_was_decided_is_told_with_what_is_wanted_and_what_came():
    said = describe_undecided(1.5, 25, 12, whole=False)
    assert "reads 1.5 s together, about 38 frames of this source, and 12 came" in said
    assert "--clip SECONDS" in said
    assert "no face that the model could answer to" in describe_undecided(1.5, 25, 38, whole=True)


@pytest.mark.parametrize("name", SMALL)
def test_a_head_on_windows_answers_to_the_last_ones_in_their_order(name):
    network = SMALL[name](5, 3, 2, 0)
    answers = watched(reading(network, "window", fps=5), range(0, 200, 20))
    assert answers[7] is None
    for last, first in ((8, 0), (9, 20)):
        window = np.repeat(np.arange(first, first + 161, 40, dtype=np.float32)[None, :, None], 3, axis=2)
        np.testing.assert_allclose(answers[last], network.predict_on_batch(window)[0], atol=1e-6)
