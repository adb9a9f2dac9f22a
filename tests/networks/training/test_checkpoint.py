import gc
import io
import resource
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from transferpain.networks.training.checkpoint import Progress, checkpoint_writer, load_checkpoint


def trained_model(seed: int) -> keras.Model:
    initializer = keras.initializers.GlorotUniform(seed=seed)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3, kernel_initializer=initializer),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5, seed=seed),
        ]
    )
    model.compile(keras.optimizers.Adam(use_ema=True), "mse")
    model.fit(np.full((8, 4), seed + 1.0), np.ones((8, 3)), epochs=2, verbose=0)
    return model


def state_of(model: keras.Model) -> list[np.ndarray]:
    return [variable.numpy() for variable in (*model.variables, *model.optimizer.variables)]


def equal(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.fixture(scope="module")
def models() -> tuple[keras.Model, keras.Model]:
    """A trained model, and another one that keeps its state where a file is not used; no test changes them."""
    return trained_model(0), trained_model(1)


@pytest.fixture
def saved(models, tmp_path):
    model = models[0]
    progress = Progress(epoch=2, best_epoch=1, best_loss=0.25, wait=1, history=[{"epoch": 1, "loss": 0.1 + 0.2}])
    best = [weights + 1 for weights in model.get_weights()]
    path = tmp_path / "fold" / "checkpoint.npz"
    with checkpoint_writer(path, "key") as save:
        save(model, progress, best)
    return path, model, progress, best


@pytest.fixture
def another(models) -> keras.Model:
    """The second model; it has its state again after the test."""
    model = models[1]
    before = state_of(model)
    yield model
    for variable, value in zip((*model.variables, *model.optimizer.variables), before, strict=True):
        variable.assign(value)


def test_everything_comes_back(saved, another):
    path, model, progress, best = saved
    assert not equal(state_of(another), state_of(model))
    loaded_progress, loaded_best = load_checkpoint(path, "key", another)
    assert loaded_progress == progress
    assert equal(loaded_best, best)
    assert equal(state_of(another), state_of(model))
    assert sorted(path.parent.iterdir()) == [path]


def test_a_missing_file_is_a_fresh_start(models, tmp_path):
    model = models[1]
    before = state_of(model)
    assert load_checkpoint(tmp_path / "none.npz", "key", model) == (Progress(), [])
    assert equal(state_of(model), before)


def save_epochs(model: keras.Model, path: Path, epochs: int, error: Exception | None = None) -> None:
    with checkpoint_writer(path, "key") as save:
        for epoch in range(1, epochs + 1):
            save(model, Progress(epoch=epoch), [])
        if error is not None:
            raise error


def test_what_is_written_is_the_state_of_the_moment_and_the_last_one_stays(another, tmp_path):
    model, path = another, tmp_path / "checkpoint.npz"
    with checkpoint_writer(path, "key") as save:
        for epoch in (1, 2, 3):
            model.set_weights([np.full_like(weights, epoch) for weights in model.get_weights()])
            save(model, Progress(epoch=epoch), [])
            model.set_weights([np.zeros_like(weights) for weights in model.get_weights()])
    progress, _ = load_checkpoint(path, "key", model)
    assert progress.epoch == 3
    assert all((weights == 3).all() for weights in model.get_weights())


def test_an_error_of_the_training_leaves_the_last_state_on_the_disk(models, another, tmp_path):
    path = tmp_path / "checkpoint.npz"
    with pytest.raises(RuntimeError, match="power cut"):
        save_epochs(models[0], path, 1, RuntimeError("power cut"))
    assert load_checkpoint(path, "key", another)[0].epoch == 1


@pytest.mark.parametrize("times", [1, 2])
def test_a_state_that_cannot_be_written_is_an_error(models, tmp_path, times):
    (tmp_path / "file").write_text("in the way of the folder")
    with pytest.raises(OSError, match="file"):
        save_epochs(models[0], tmp_path / "file" / "checkpoint.npz", times)


def test_a_full_disk_is_one_error_and_leaves_the_state_before(models, tmp_path, monkeypatch):
    path, complaints = tmp_path / "checkpoint.npz", []
    save_epochs(models[0], path, 1)
    whole = path.read_bytes()
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            save_epochs(models[0], path, 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    gc.collect()
    assert complaints == []
    assert path.read_bytes() == whole
    assert list(tmp_path.iterdir()) == [path]


def _archive(arrays: dict[str, np.ndarray]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "text", "encrypted", "packed otherwise", "no progress"])
def test_a_damaged_file_is_a_fresh_start_with_a_note(saved, models, damage, capsys):
    path = saved[0]
    content = path.read_bytes()
    middle, listed = len(content) // 2, content.rindex(b"PK\x01\x02")
    damaged = {
        "cut": content[:middle],
        "flip": content[:200] + bytes([content[200] ^ 255]) + content[201:],
        "empty": b"",
        "text": b"not a checkpoint",
        # Single bits of the archive's list.
        "encrypted": content[: listed + 8] + bytes([content[listed + 8] ^ 1]) + content[listed + 9 :],
        "packed otherwise": content[: listed + 10] + bytes([content[listed + 10] ^ 64]) + content[listed + 11 :],
        "no progress": _archive({"progress": np.array("[1]")}),
    }[damage]
    path.write_bytes(damaged)
    model = models[1]
    before = state_of(model)
    assert load_checkpoint(path, "key", model) == (Progress(), [])
    assert equal(state_of(model), before)
    assert "is damaged: this training starts again" in capsys.readouterr().err


def test_a_file_of_another_training_is_not_used(saved, models, capsys):
    model = models[1]
    before = state_of(model)
    assert load_checkpoint(saved[0], "other key", model) == (Progress(), [])
    assert equal(state_of(model), before)
    assert "belongs to another training" in capsys.readouterr().err
