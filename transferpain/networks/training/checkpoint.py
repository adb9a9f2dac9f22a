"""The state of an unfinished training, in one file that is whole or not there."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras
import numpy as np

from transferpain.core.progress import note
from transferpain.core.store import write_atomically


@dataclass
class Progress:
    """How far a training has come.

    `epoch` counts finished epochs, `wait` those since the lowest validation loss `best_loss`, which was reached in
    `best_epoch` (0 before the first); `history` holds a row for each finished epoch.
    """

    epoch: int = 0
    best_epoch: int = 0
    best_loss: float = float("inf")
    wait: int = 0
    history: list[dict[str, float]] = field(default_factory=list)


@contextmanager
def checkpoint_writer(path: Path, key: str) -> Iterator[Callable[[keras.Model, Progress, list[np.ndarray]], None]]:
    """Yield a `save(model, progress, best)` that copies the state and writes it to `path` while the next epoch runs.

    What is saved is everything that the next epoch depends on: weights, random states, optimiser, best weights,
    progress. The last one is on the disk on leaving, also where an error ends the training.

    Args:
        key: names the training; only a training with the same key goes on from this file.

    Raises:
        OSError: from the next `save`, or on leaving, if the file could not be written.
    """
    with ThreadPoolExecutor(1) as pool:
        writing: list[Future] = []

        def save(model: keras.Model, progress: Progress, best: list[np.ndarray]) -> None:
            arrays = _state(key, model, progress, best)
            while writing:  # never two states in memory for the disk
                writing.pop().result()
            writing.append(pool.submit(_write, path, arrays))

        yield save
        while writing:
            writing.pop().result()


def _state(key: str, model: keras.Model, progress: Progress, best: list[np.ndarray]) -> dict[str, np.ndarray]:
    arrays = {f"model_{i}": variable.numpy() for i, variable in enumerate(model.variables)}
    arrays |= {f"optimizer_{i}": variable.numpy() for i, variable in enumerate(model.optimizer.variables)}
    arrays |= {f"best_{i}": weights for i, weights in enumerate(best)}
    return arrays | {"progress": np.array(json.dumps({"key": key, **asdict(progress)}))}


def _write(path: Path, arrays: dict[str, np.ndarray]) -> None:
    # Into memory first: where a write fails, NumPy's archive complains once more when it is thrown away.
    content = io.BytesIO()
    np.savez(content, **arrays)
    write_atomically(path, lambda temporary: temporary.write_bytes(content.getbuffer()))


def load_checkpoint(path: Path, key: str, model: keras.Model) -> tuple[Progress, list[np.ndarray]]:
    """Set the model and its optimiser to the state in `path`; return the progress and the best weights.

    A missing file means a fresh start; so does, with a note, a damaged one or one of another training.
    """
    if not path.is_file():
        return Progress(), []
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        state = json.loads(str(arrays["progress"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        note(f"{path} is damaged: this training starts again.")
        return Progress(), []
    if state.pop("key") != key:
        note(f"{path} belongs to another training: this one starts at its first epoch.")
        return Progress(), []
    for kind, variables in (("model", model.variables), ("optimizer", model.optimizer.variables)):
        for i, variable in enumerate(variables):
            variable.assign(arrays[f"{kind}_{i}"])
    num_best = sum(name.startswith("best_") for name in arrays)
    return Progress(**state), [arrays[f"best_{i}"] for i in range(num_best)]
