"""The state of an unfinished training, in one file that is whole or not there."""

import json
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from transferpain.core.progress import note
from transferpain.core.store import write_atomically


@dataclass
class Progress:
    """How far a training has come.

    `epoch` counts finished epochs, `wait` those since the lowest validation loss `best_loss`, which was reached in
    `best_epoch` (0 before the first); `history` holds a row for each finished epoch. After the last one a training is
    `finished`: its file holds the weights that are kept, and no optimiser.
    """

    epoch: int = 0
    best_epoch: int = 0
    best_loss: float = float("inf")
    wait: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    finished: bool = False


@contextmanager
def checkpoint_writer(path: Path, key: str) -> Iterator[Callable[[keras.Model, Progress, list[np.ndarray]], None]]:
    """Yield a `save(model, progress, best)` that copies the state and writes it to `path` while the next epoch runs.

    What is saved is everything that the next epoch depends on: weights, random states, optimiser, best weights,
    progress; of a finished training the model alone. The last one is on the disk on leaving, also where an error ends
    the training.

    Args:
        key: names the training; only a training with the same key goes on from this file.

    Raises:
        OSError: from the next `save`, or on leaving, if the file could not be written.
    """
    with ThreadPoolExecutor(1) as pool:
        writing: list[Future] = []
        arrays: dict[str, np.ndarray] = {}

        def save(model: keras.Model, progress: Progress, best: list[np.ndarray]) -> None:
            while writing:  # never two states in memory for the disk
                writing.pop().result()
            if progress.finished:
                arrays.clear()
            _copy_state(arrays, model, [] if progress.finished else [*model.optimizer.variables], best)
            arrays["progress"] = np.array(json.dumps({"key": key, **asdict(progress)}))
            writing.append(pool.submit(_write, path, arrays))

        yield save
        while writing:
            writing.pop().result()


def _copy_state(
    arrays: dict[str, np.ndarray], model: keras.Model, optimizer: list[keras.Variable], best: list[np.ndarray]
) -> None:
    """Copy a state into `arrays`, and over the state before where there is one: new memory costs more than the copy."""
    parts = (("model", model.variables), ("optimizer", optimizer))
    values = {f"{kind}_{i}": variable.value for kind, variables in parts for i, variable in enumerate(variables)}
    for name, value in (values | {f"best_{i}": weights for i, weights in enumerate(best)}).items():
        seen = value if isinstance(value, np.ndarray) else memoryview(tf.convert_to_tensor(value))
        if name in arrays:
            np.copyto(arrays[name], seen, casting="no")
        else:
            arrays[name] = np.array(seen)


def _write(path: Path, arrays: dict[str, np.ndarray]) -> None:
    def write(temporary: Path) -> None:
        # NumPy's own writer complains once more, when it is thrown away, of a disk that was full.
        with open(temporary, "wb") as file, zipfile.ZipFile(file, "w") as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                    # NumPy's own `write_array` copies what it writes into an archive.
                    np.lib.format.write_array_header_1_0(entry, np.lib.format.header_data_from_array_1_0(array))
                    entry.write(array.reshape(-1).view(np.uint8).data)

    write_atomically(path, write)


def read_arrays(path: Path) -> tuple[dict[str, np.ndarray], dict]:
    """Return the arrays of a checkpoint by their names, and its progress; of a damaged one it raises anything."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return arrays, dict(json.loads(str(arrays["progress"])))


def load_checkpoint(path: Path, key: str, model: keras.Model) -> tuple[Progress, list[np.ndarray]]:
    """Set the model and its optimiser to the state in `path`; return the progress and the best weights.

    A missing file means a fresh start; so does, with a note, a damaged one or one of another training. The optimiser
    stays as it is where the training is finished.
    """
    if not path.is_file():
        return Progress(), []
    try:
        arrays, state = read_arrays(path)
    except Exception:  # as `foreign.border` says of readers: a bit of an archive may say that it is encrypted
        note(f"{path} is damaged: this training starts again.")
        return Progress(), []
    if state.pop("key") != key:
        note(f"{path} belongs to another training: this one starts at its first epoch.")
        return Progress(), []
    for kind, variables in (("model", model.variables), ("optimizer", model.optimizer.variables)):
        for i, variable in enumerate([] if kind == "optimizer" and state.get("finished") else variables):
            variable.assign(arrays[f"{kind}_{i}"])
    num_best = sum(name.startswith("best_") for name in arrays)
    return Progress(**state), [arrays[f"best_{i}"] for i in range(num_best)]
