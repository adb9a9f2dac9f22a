from dataclasses import replace

import numpy as np
import pytest

from transferpain.networks.training.batches import (
    Images,
    array_batches,
    draw_labels,
    image_batches,
    mix,
    one_hot,
    sample_weights,
)
from transferpain.networks.training.settings import AugmentSettings

INPUTS = np.arange(20, dtype=np.float16).reshape(10, 2)
TARGETS = one_hot(np.arange(10) % 3, 3)
WEIGHTS = np.arange(10, dtype=np.float32)


def unscaled(images: np.ndarray) -> np.ndarray:
    return images.astype(np.float32)


def test_one_hot():
    np.testing.assert_array_equal(one_hot(np.array([2, 0]), 3), [[0, 0, 1], [1, 0, 0]])
    assert TARGETS.dtype == np.float32


def test_sample_weights_follow_the_likeliest_class():
    targets = np.array([[0.6, 0.4], [0.1, 0.9]], dtype=np.float32)
    np.testing.assert_array_equal(sample_weights(targets, np.array([2.0, 3.0])), np.float32([2, 3]))
    np.testing.assert_array_equal(sample_weights(targets, None), np.float32([1, 1]))


def test_validation_keeps_order_and_every_row():
    batches = array_batches(INPUTS, TARGETS, WEIGHTS, size=4, shuffle=None)
    assert (batches.rows, batches.steps) == (10, 3)
    parts = list(batches.of(0))
    assert [len(inputs) for inputs, _, _ in parts] == [4, 4, 2]
    assert parts[0][0].dtype == np.float32
    for part, whole in enumerate((INPUTS, TARGETS, WEIGHTS)):
        np.testing.assert_array_equal(np.concatenate([batch[part] for batch in parts]), whole)


def test_training_shuffles_rows_together_and_anew_each_epoch():
    batches = array_batches(INPUTS, TARGETS, WEIGHTS, size=4, shuffle=(0, "fold"))
    epochs = [[np.concatenate(part) for part in zip(*batches.of(epoch), strict=True)] for epoch in (0, 1, 0)]
    inputs, targets, weights = epochs[0]
    rows = weights.astype(int)
    assert sorted(rows) == list(range(10))
    np.testing.assert_array_equal(inputs, INPUTS[rows])
    np.testing.assert_array_equal(targets, TARGETS[rows])
    np.testing.assert_array_equal(weights, epochs[2][2])
    assert not np.array_equal(weights, epochs[1][2])
    other_fold = array_batches(INPUTS, TARGETS, WEIGHTS, size=10, shuffle=(0, "other"))
    assert not np.array_equal(next(other_fold.of(0))[2], weights)


@pytest.mark.parametrize("together", [1, 2, 5])
def test_the_dataset_holds_the_same_batches(together):
    batches = replace(array_batches(INPUTS, TARGETS, WEIGHTS, size=4, shuffle=(1,)), together=together)
    epochs = iter([3, 4])
    dataset = batches.dataset(lambda: next(epochs))
    assert int(dataset.cardinality()) == 3
    for epoch in (3, 4):
        for received, expected in zip(dataset, batches.of(epoch), strict=True):
            for part, whole in zip(received, expected, strict=True):
                np.testing.assert_array_equal(part, whole)


@pytest.mark.parametrize("together", [1, 3])
def test_an_epoch_of_several_passes_sees_each_row_in_each_of_them(together):
    single = array_batches(INPUTS, TARGETS, WEIGHTS, size=4, shuffle=(1,))
    batches = replace(single, together=together, passes=2)
    assert batches.steps == 2 * single.steps
    wanted = [inputs for turn in (6, 7) for inputs, *_ in single.of(turn)]
    seen = [inputs.numpy() for inputs, *_ in batches.dataset(lambda: 3)]
    assert len(seen) == batches.steps
    for one, other in zip(seen, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_batches_of_several_inputs_can_be_handed_over_together():
    single = array_batches(INPUTS, TARGETS, WEIGHTS, size=4, shuffle=None)
    batches = replace(single, of=lambda epoch: (((x, -x), y, w) for x, y, w in single.of(epoch)), together=2)
    (first, second), _, _ = next(iter(batches.dataset(lambda: 0)))
    np.testing.assert_array_equal(first, INPUTS[:4])
    np.testing.assert_array_equal(second, -INPUTS[:4])


@pytest.mark.parametrize("rows", [9, 0])
def test_rows_that_do_not_fit_are_refused(rows):
    with pytest.raises(ValueError, match="differ in rows: 10, 10, 9" if rows else "no rows"):
        array_batches(INPUTS[: rows and 10], TARGETS[: rows and 10], WEIGHTS[:rows], 4, None)


def images(count: int = 6) -> Images:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 12, 12), dtype=np.uint8)
    targets = np.tile(np.float32([[0.5, 0.5, 0]]), (count, 1))
    return Images(lambda rows: pixels[rows], targets, np.arange(count, dtype=np.float32))


def test_grey_images_are_replicated_to_three_channels():
    inputs, _, _ = next(image_batches(images(), unscaled, 16, 4, AugmentSettings(), "majority", None).of(0))
    assert inputs.shape == (4, 16, 16, 3)
    assert inputs.dtype == np.float32
    np.testing.assert_array_equal(inputs[..., 0], inputs[..., 2])


def test_colour_images_keep_their_channels():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    colour = Images(lambda rows: pixels[rows], one_hot(np.array([0, 1]), 2), np.ones(2, np.float32))
    inputs, _, _ = next(image_batches(colour, unscaled, 16, 2, AugmentSettings(), "majority", None).of(0))
    np.testing.assert_array_equal(inputs, pixels)


def test_changes_differ_between_epochs_and_come_again():
    batches = image_batches(images(), unscaled, 12, 6, AugmentSettings(rotation=15), "majority", (0,))
    first, again, next_epoch = (next(batches.of(epoch)) for epoch in (0, 0, 1))
    np.testing.assert_array_equal(first[0], again[0])
    order_first, order_next = first[2].argsort(), next_epoch[2].argsort()
    assert not np.array_equal(first[0][order_first], next_epoch[0][order_next])


def test_validation_images_are_not_changed():
    settings = AugmentSettings(flip=1, rotation=15)
    changed = image_batches(images(), unscaled, 12, 6, settings, "majority", None)
    plain = image_batches(images(), unscaled, 12, 6, AugmentSettings(), "majority", None)
    np.testing.assert_array_equal(next(changed.of(0))[0], next(plain.of(5))[0])


def test_only_the_rows_that_are_named_are_changed():
    marked = replace(images(), changed=np.arange(6) >= 4)
    batch = next(image_batches(marked, unscaled, 12, 6, AugmentSettings(flip=1), "majority", (0,)).of(0))
    plain = images().load(np.arange(6))[..., None]
    row = batch[2].astype(int)  # the weights of these images are their row numbers
    same = [
        np.array_equal(pixels, np.repeat(plain[number], 3, axis=2))
        for pixels, number in zip(batch[0], row, strict=True)
    ]
    np.testing.assert_array_equal(same, row < 4)


def test_probability_mode_draws_one_label_each_epoch():
    batches = image_batches(images(200), unscaled, 12, 200, AugmentSettings(), "probability", (0,))
    targets = [next(batches.of(epoch))[1] for epoch in (0, 0, 1)]
    np.testing.assert_array_equal(targets[0].sum(axis=1), 1)
    np.testing.assert_array_equal(targets[0].max(axis=1), 1)
    assert targets[0][:, 2].sum() == 0
    assert targets[0][:, 0].mean() == pytest.approx(0.5, abs=0.12)
    np.testing.assert_array_equal(targets[0], targets[1])
    assert not np.array_equal(targets[0], targets[2])
    validation = image_batches(images(), unscaled, 12, 6, AugmentSettings(), "probability", None)
    assert next(validation.of(0))[1].max() == 0.5


def test_drawn_labels_follow_their_distribution():
    targets = np.tile(np.float32([[0.2, 0.0, 0.8]]), (20_000, 1))
    drawn = draw_labels(targets, np.random.default_rng(0))
    np.testing.assert_allclose(drawn.mean(axis=0), [0.2, 0, 0.8], atol=0.01)


def test_an_epoch_starts_no_tuner_that_its_end_would_wait_for():
    batches = array_batches(np.zeros((4, 2)), one_hot([0, 1, 0, 1], 2), np.ones(4, np.float32), 2, None)
    assert batches.dataset(lambda: 0).options().autotune.enabled is False


def test_mixup_mixes_inputs_targets_and_weights_by_the_same_shares():
    inputs = np.eye(4, dtype=np.float32)
    ones, random = np.ones(4, np.float32), np.random.default_rng(0)
    mixed, targets, weights = mix(inputs, one_hot(np.arange(4), 4), ones, 1.0, random)
    np.testing.assert_array_equal(mixed, targets)
    np.testing.assert_allclose(mixed.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(weights, 1, rtol=1e-6)
    assert ((mixed > 0).sum(axis=1) <= 2).all()
    assert (mixed.max(axis=1) < 1).any()


def test_mixup_is_for_training_and_the_same_each_time():
    settings = AugmentSettings(mixup=0.2)
    first, again, validation = (
        next(image_batches(images(), unscaled, 12, 6, settings, "majority", shuffle).of(0))
        for shuffle in ((3,), (3,), None)
    )
    np.testing.assert_array_equal(first[0], again[0])
    assert (first[0] != first[0].round()).any()
    np.testing.assert_array_equal(validation[0], validation[0].round())


def test_what_stands_beside_a_picture_goes_with_it_also_where_pictures_are_mixed():
    beside = np.arange(6, dtype=np.float32)[:, None] + np.float32([[0, 10]])
    beside[2, 1] = np.nan
    both = replace(images(), beside=beside)
    plain = next(image_batches(both, unscaled, 12, 6, AugmentSettings(), "majority", (0,)).of(0))
    (pixels, known), _, weights = plain
    np.testing.assert_array_equal(known, beside[weights.astype(int)])  # the weights are the row numbers
    alone = next(image_batches(images(), unscaled, 12, 6, AugmentSettings(), "majority", (0,)).of(0))
    np.testing.assert_array_equal(pixels, alone[0])
    settings = AugmentSettings(mixup=0.5)
    (_, mixed), _, weights = next(image_batches(both, unscaled, 12, 6, settings, "majority", (0,)).of(0))
    np.testing.assert_allclose(mixed[:, 0], weights, rtol=1e-6)
    unknown = np.isnan(mixed[:, 1])
    assert unknown.any()
    np.testing.assert_allclose(mixed[~unknown, 1], weights[~unknown] + 10, rtol=1e-6)
