import numpy as np
import pytest

from tests.strategies.fused.recorded import SIZE, clip_of, face_points, grey
from transferpain.inputs.landmarks.geometry import MIRRORED
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.training.augment import draw_changes
from transferpain.networks.training.settings import AugmentSettings, TrainingSettings
from transferpain.strategies.common.row_batches import row_batches
from transferpain.strategies.fused.batches import WHOLE, select_rows
from transferpain.strategies.fused.inputs import UNREADABLE, Clip
from transferpain.strategies.fused.settings import FusionSettings

FRAMES = 3
READING = Preprocessing(size=SIZE, scaling="unit")
FLIPS = TrainingSettings(batch=4, augment=AugmentSettings(flip=0.5))


def half_bright() -> np.ndarray:
    picture = grey(0)
    picture[:, : SIZE // 2] = 255
    return picture


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    random = np.random.default_rng(0)
    shown = [[face_points(random) for _ in range(FRAMES)] for _ in range(3)]
    whole = clip_of([half_bright()] * FRAMES, shown[0])
    return [
        whole,
        clip_of([half_bright()] * FRAMES, shown[1], [False, True, True]),
        UNREADABLE,
        clip_of([half_bright()] * FRAMES, shown[2]),
    ]


def rows_of(clips, branches="both", positions=(0, 1, 2, 3), **settings):
    return select_rows(clips, np.array(positions), branches, FusionSettings(frames=FRAMES, **settings), READING)


@pytest.mark.parametrize(
    ("branches", "settings", "whole"),
    [
        ("both", {}, False),
        ("images", {}, False),
        ("landmarks", {}, True),
        ("landmarks", {"axis": "points"}, False),
        ("both", {"axis": "points"}, False),
        ("both", {"fusion": "bilstm"}, True),
        ("images", {"fusion": "bilstm"}, False),  # what is trained before
    ],
)
def test_a_row_is_a_found_frame_or_a_whole_clip(clips, branches, settings, whole):
    rows = rows_of(clips, branches, positions=(3, 1, 2), **settings)
    if whole:
        assert rows.clip.tolist() == [3, 1]
        assert set(rows.frame) == {WHOLE}
    else:
        assert list(zip(rows.clip, rows.frame, strict=True)) == [(3, 0), (3, 1), (3, 2), (1, 1), (1, 2)]
    inputs = rows.load(np.arange(2))
    inputs = inputs if isinstance(inputs, tuple) else (inputs,)
    shapes = {"images": (2, SIZE, SIZE, 3), "landmarks": (2, *rows.settings.landmark_shape)}
    if settings.get("fusion") == "bilstm" and branches == "both":
        shapes["images"] = (2, FRAMES, SIZE, SIZE, 3)
    assert [one.shape for one in inputs] == [shapes[name] for name in shapes if branches in (name, "both")]
    assert all(one.dtype == np.float32 for one in inputs)


@pytest.mark.parametrize("settings", [{}, {"fusion": "bilstm"}, {"axis": "points"}])
def test_a_mirrored_picture_has_mirrored_landmarks(clips, settings):
    rows = rows_of(clips, **settings)
    chosen = np.arange(len(rows))
    changes = draw_changes(len(chosen), SIZE, AugmentSettings(flip=0.5), np.random.default_rng(3))
    assert 0 < changes.flipped.sum() < len(chosen)
    before, landmarks = (one.reshape(len(chosen), -1, *shape) for one, shape in
                         zip(rows.load(chosen), [(SIZE, SIZE, 3), (478, 3)], strict=True))  # fmt: skip
    after, moved = (one.reshape(len(chosen), -1, *shape) for one, shape in
                    zip(rows.load(chosen, changes), [(SIZE, SIZE, 3), (478, 3)], strict=True))  # fmt: skip
    flipped = changes.flipped
    np.testing.assert_array_equal(after[~flipped], before[~flipped])
    np.testing.assert_allclose(after[flipped], before[flipped][..., ::-1, :], atol=0.02)
    np.testing.assert_allclose(moved[~flipped], landmarks[~flipped], atol=1e-4)
    np.testing.assert_allclose(moved[flipped], (landmarks * (-1, 1, 1))[flipped][..., MIRRORED, :], atol=1e-4)


def test_pixels_are_scaled_as_the_source_reads_them(clips):
    images, _ = rows_of(clips).load(np.arange(1))
    assert images.max() == pytest.approx(1, abs=0.02)
    assert images.min() == pytest.approx(0, abs=0.02)


def test_an_epoch_gives_the_same_batches_again_and_another_one_others(clips):
    rows = rows_of(clips)
    targets = np.eye(len(rows), dtype=np.float32)
    batches = row_batches(rows, targets, np.ones(len(rows), np.float32), FLIPS, (0, "fold0"))
    assert batches.steps == 2

    def epoch(number: int) -> list[np.ndarray]:
        return [part for (images, points), wanted, _ in batches.of(number) for part in (images, points, wanted)]

    first, again, other = epoch(0), epoch(0), epoch(1)
    assert all(np.array_equal(one, same) for one, same in zip(first, again, strict=True))
    assert not all(np.array_equal(one, another) for one, another in zip(first, other, strict=True))
    wanted = np.concatenate(first[2::3])
    assert sorted(wanted.argmax(axis=1)) == list(range(len(rows)))


def test_validation_is_in_order_and_unchanged(clips):
    rows = rows_of(clips)
    weights = np.arange(len(rows), dtype=np.float32)
    batches = row_batches(rows, np.eye(len(rows), dtype=np.float32), weights, FLIPS, None)
    images = np.concatenate([inputs[0] for inputs, _, _ in batches.of(5)])
    np.testing.assert_array_equal(images, rows.load(np.arange(len(rows)))[0])
    assert np.concatenate([given for _, _, given in batches.of(5)]).tolist() == weights.tolist()
    (pictures, points), _, _ = batches.signature
    assert pictures.shape.as_list() == [None, SIZE, SIZE, 3]
    assert points.shape.as_list() == [None, FRAMES, 1434]
