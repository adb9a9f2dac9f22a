import numpy as np
import pytest

from tests.strategies.clip_network.recorded import NO_FACE, window_of
from tests.strategies.fused.recorded import SIZE, grey
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.training.settings import AugmentSettings, TrainingSettings
from transferpain.strategies.clip_network.rows import drawn_order, rows_of
from transferpain.strategies.common.row_batches import row_batches

READS = Preprocessing(size=SIZE, scaling="unit", detector="mediapipe", margin=0.0)
LEVELS = [(10, 20, 30), (40, 50, 60), (70, 80, 90)]


def rows(order: str = "time", windows=None):
    windows = [(window_of([grey(level) for level in clip]),) for clip in LEVELS] if windows is None else windows
    return rows_of(windows, ["a", "b", "c"], np.arange(3), order, READS)


def grey_levels(x: np.ndarray) -> list[list[int]]:
    return np.round(255 * x.mean(axis=(2, 3, 4))).astype(int).tolist()


def test_a_row_is_a_window_of_scaled_pictures_in_the_order_of_time():
    x = rows().load(np.array([2, 0]))
    assert (x.shape, x.dtype) == ((2, 3, SIZE, SIZE, 3), np.float32)
    assert grey_levels(x) == [[70, 80, 90], [10, 20, 30]]


def test_windows_without_a_face_are_no_rows_and_each_row_knows_its_sample():
    one = window_of([grey(10)] * 3)
    some = rows(windows=[(NO_FACE, one), (), (one, one)])
    assert some.sample.tolist() == [0, 2, 2]
    assert len(rows(windows=[(NO_FACE,), (), (NO_FACE,)])) == 0


def test_a_shuffled_order_is_drawn_once_for_each_window():
    orders = [drawn_order(16, "shuffled", name, number).tolist() for name in ("a", "b") for number in (0, 1)]
    assert all(sorted(order) == list(range(16)) for order in orders)
    assert len({tuple(order) for order in orders}) == 4
    assert orders[0] == drawn_order(16, "shuffled", "a", 0).tolist()
    shown = rows("shuffled")
    levels = grey_levels(shown.load(np.arange(3)))
    assert levels == [[LEVELS[row][place] for place in shown.orders[row]] for row in range(3)]
    assert drawn_order(4, "time", "a", 0).tolist() == [0, 1, 2, 3]


def test_all_frames_of_a_window_are_changed_alike_and_windows_differently():
    random = np.random.default_rng(0)
    picture = random.integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    many = rows(windows=[(window_of([picture] * 3),)] * 3)
    settings = TrainingSettings(batch=3, augment=AugmentSettings(flip=0.5, rotation=20, shift=0.2, brightness=0.3))
    (batch,) = row_batches(many, np.eye(3, dtype=np.float32), np.ones(3, np.float32), settings, (0, "fold")).of(0)
    x = batch[0]
    for frame in (1, 2):
        np.testing.assert_array_equal(x[:, frame], x[:, 0])
    assert not np.array_equal(x[0], x[1])


def test_batches_depend_on_seed_and_epoch_alone_and_validation_changes_nothing():
    settings = TrainingSettings(batch=2, augment=AugmentSettings(brightness=0.5))
    targets, weights = np.eye(3, dtype=np.float32), np.array([1, 2, 3], np.float32)

    def of(seed, epoch):
        return [part for batch in row_batches(rows(), targets, weights, settings, seed).of(epoch) for part in batch]

    for one, again in zip(of((0, "f"), 1), of((0, "f"), 1), strict=True):
        np.testing.assert_array_equal(one, again)
    assert not all(np.array_equal(one, other) for one, other in zip(of((0, "f"), 1), of((0, "f"), 2), strict=True))
    x, y, w = of(None, 0)[:3]
    assert grey_levels(x) == [list(LEVELS[0]), list(LEVELS[1])]
    np.testing.assert_array_equal(y, targets[:2])
    np.testing.assert_array_equal(w, weights[:2])


def test_mixup_mixes_windows_and_their_classes_by_one_share():
    settings = TrainingSettings(batch=3, augment=AugmentSettings(mixup=1.0))
    targets = np.eye(3, dtype=np.float32)
    batches = row_batches(rows(), targets, np.ones(3, np.float32), settings, (0, "fold"))
    mixed = [batch for epoch in range(4) for batch in batches.of(epoch)]
    for x, y, _ in mixed:
        np.testing.assert_allclose(255 * x[:, 1].mean(axis=(1, 2, 3)), y @ np.array([20, 50, 80]), atol=1)
        assert y.sum(axis=1) == pytest.approx(np.ones(3))
    assert any(y.max() < 1 for _, y, _ in mixed)  # a row may be mixed with itself
