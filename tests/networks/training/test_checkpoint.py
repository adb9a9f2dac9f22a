import keras
import numpy as np
import pytest

from transferpain.networks.training.checkpoint import Progress, load_checkpoint, save_checkpoint


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


@pytest.fixture
def saved(tmp_path):
    model = trained_model(0)
    progress = Progress(epoch=2, best_epoch=1, best_loss=0.25, wait=1, history=[{"epoch": 1, "loss": 0.1 + 0.2}])
    best = [weights + 1 for weights in model.get_weights()]
    path = tmp_path / "fold" / "checkpoint.npz"
    save_checkpoint(path, "key", model, progress, best)
    return path, model, progress, best


def test_everything_comes_back(saved):
    path, model, progress, best = saved
    other = trained_model(1)
    assert not equal(state_of(other), state_of(model))
    loaded_progress, loaded_best = load_checkpoint(path, "key", other)
    assert loaded_progress == progress
    assert equal(loaded_best, best)
    assert equal(state_of(other), state_of(model))
    assert sorted(path.parent.iterdir()) == [path]


def test_a_missing_file_is_a_fresh_start(tmp_path):
    model = trained_model(0)
    before = state_of(model)
    assert load_checkpoint(tmp_path / "none.npz", "key", model) == (Progress(), [])
    assert equal(state_of(model), before)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "text"])
def test_a_damaged_file_is_a_fresh_start_with_a_note(saved, damage, capsys):
    path = saved[0]
    content = path.read_bytes()
    middle = len(content) // 2
    damaged = {
        "cut": content[:middle],
        "flip": content[:200] + bytes([content[200] ^ 255]) + content[201:],
        "empty": b"",
        "text": b"not a checkpoint",
    }[damage]
    path.write_bytes(damaged)
    model = trained_model(1)
    before = state_of(model)
    assert load_checkpoint(path, "key", model) == (Progress(), [])
    assert equal(state_of(model), before)
    assert "is damaged: this training starts again" in capsys.readouterr().err


def test_a_file_of_another_training_is_not_used(saved, capsys):
    model = trained_model(1)
    before = state_of(model)
    assert load_checkpoint(saved[0], "other key", model) == (Progress(), [])
    assert equal(state_of(model), before)
    assert "belongs to another training" in capsys.readouterr().err
