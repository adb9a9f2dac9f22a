"""Convert a model for small devices, and say of each file how large, how fast and how faithful it is."""

import hashlib
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from transferpain.apps.edge.lite import EDGE, KINDS, load_lite
from transferpain.apps.edge.samples import Samples, drawn_samples, pictures_of_run
from transferpain.core.errors import UserError
from transferpain.core.foreign import reason_of
from transferpain.core.quiet import import_tensorflow
from transferpain.core.schema import write_stamped
from transferpain.core.store import write_atomically
from transferpain.core.synthetic_faces import faces_fact, faces_of
from transferpain.core.workers import run_in_workers
from transferpain.data.places import Places
from transferpain.experiments.environment import environment
from transferpain.models.sources.picture_model import PictureModel, note_classifiers, read_picture_model

REPETITIONS = 30
KERAS = "keras float32"
Call = Callable[..., np.ndarray]  # float32 arrays by name, with a batch of 1 -> what a part answers


@dataclass(frozen=True)
class Row:
    """One file, or the part in Keras that it is held against.

    `difference`: the highest between an output's numbers and Keras'; `equal`: the share of equal decisions of the whole
    model, of samples; `problem`: why there is no file. What could not be measured is `None`.
    """

    part: str
    kind: str
    file: str = ""
    sha256: str = ""
    megabytes: float | None = None
    median_ms: float | None = None
    difference: float | None = None
    equal: float | None = None
    problem: str = ""


@dataclass(frozen=True)
class ExportOptions:
    """Which kinds of file (see `lite.KINDS`), the threads that they are timed with, and pictures of a class.

    `head_kinds`: of a head; `None`: the same.
    """

    kinds: tuple[str, ...]
    threads: int = 2
    per_class: int = 16
    head_kinds: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Exported:
    """What was written: `rows`, a line for each, what they were compared on, and what the model is not valid for."""

    rows: list[Row]
    calibrated_on: str
    compared_on: str
    synthetic_faces: tuple[str, ...]


@dataclass(frozen=True)
class Conversion:
    """One conversion, for a process of its own: TensorFlow's converter may end the process that it runs in."""

    folder: str
    part: str
    kind: str
    representative: Path
    file: Path


def export_model(address: str, folder: Path, wanted: ExportOptions, places: Places | None = None) -> Exported:
    """Convert a model; `folder` gets the files and `edge.json`, which says what they are.

    Args:
        address: the folder of a run or of a bundle.
        places: where the data of the model's run are; `None` calibrates and compares on drawn faces, as always with a
            fused network.

    Raises:
        UserError: if the model reads no pictures, a kind is unknown, or data are not there.
    """
    unknown = sorted(set(wanted.kinds) - set(KINDS))
    if unknown:
        raise UserError(
            "There is no such kind of file.", rule=f"There are {', '.join(KINDS)}.", received=", ".join(unknown)
        )
    model = read_picture_model(address, "a network that can be converted", landmarks=True)
    note_classifiers(model.bundle.manifest, model.folder)
    from transferpain.apps.edge.parts import compiled, split_model

    parts = split_model(model.bundle.model)
    own = places is not None and len(parts) == 1
    calibration, comparison = pictures_of_run(model, wanted.per_class, places) if own else drawn_samples(model)
    keras = {part.name: compiled(part) for part in parts}
    expected = [follow(keras, sample) for sample in _samples(comparison)]
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        Row(part.name, KERAS, median_ms=_median_ms(keras[part.name], _inputs_of(part.name, keras, comparison)[0]))
        for part in parts
    ]
    with tempfile.TemporaryDirectory(prefix="transferpain-") as scratch:  # which nobody else may enter
        for part in parts:
            _save_representative(Path(scratch) / f"{part.name}.npz", part.name, keras, calibration)
        head_kinds = wanted.kinds if wanted.head_kinds is None else wanted.head_kinds
        for kind in dict.fromkeys((*wanted.kinds, *head_kinds)):
            calls = dict(keras)
            for part in parts:
                if kind not in (wanted.kinds if part.name == "encoder" else head_kinds):
                    continue
                conversion = Conversion(
                    str(model.folder), part.name, kind, Path(scratch) / f"{part.name}.npz",
                    Path(scratch) / f"{part.name}-{kind}.tflite",
                )  # fmt: skip
                (folder / conversion.file.name).unlink(missing_ok=True)
                row, call = _convert_and_measure(conversion, folder, calls, keras, comparison, expected, wanted.threads)
                calls[part.name] = call or keras[part.name]
                rows.append(row)
    exported = Exported(rows, calibration.origin, comparison.origin, faces_of(model.bundle.manifest))
    write_stamped(folder / EDGE, _facts(model, parts, exported, wanted))
    return exported


def follow(calls: dict[str, Call], sample: tuple[np.ndarray, np.ndarray | None]) -> dict[str, np.ndarray]:
    """Return what each part answers to a sample: pixels `(frames, size, size, 3)`, and landmarks or `None`."""
    pixels, landmarks = sample
    encoded = np.array([calls["encoder"](pixels=frame[None])[0] for frame in pixels])
    if "head" not in calls:
        return {"encoder": encoded}
    return {"encoder": encoded, "head": calls["head"](**_head_inputs(encoded, landmarks))}


def _head_inputs(encoded: np.ndarray, landmarks: np.ndarray) -> dict[str, np.ndarray]:
    """One frame's embedding stands alone; those of a window stand in a row."""
    return {"image_embedding": encoded if len(encoded) == 1 else encoded[None], "landmarks": landmarks[None]}


def _samples(samples: Samples) -> list[tuple[np.ndarray, np.ndarray | None]]:
    landmarks = [None] * len(samples.pixels) if samples.landmarks is None else samples.landmarks
    return list(zip(samples.pixels, landmarks, strict=True))


def _inputs_of(part: str, calls: dict[str, Call], samples: Samples) -> list[dict[str, np.ndarray]]:
    """Return what a part reads of samples, a mapping for each time that it is called."""
    if part == "encoder":
        return [{"pixels": frame[None]} for pixels, _ in _samples(samples) for frame in pixels]
    return [_head_inputs(follow(calls, sample)["encoder"], sample[1]) for sample in _samples(samples)]


def _save_representative(path: Path, part: str, calls: dict[str, Call], samples: Samples) -> None:
    inputs = _inputs_of(part, calls, samples)
    arrays = {name: np.array([one[name] for one in inputs]) for name in inputs[0]}
    if part == "encoder":
        # Pictures brighter or darker than all of these are to be told apart, too.
        arrays["pixels"][0, 0, 0, :2] = [[0.0] * 3, [255.0] * 3]
    np.savez(path, **arrays)


def convert_part(conversion: Conversion) -> str:
    """Convert in a worker process; returns what went wrong, or nothing."""
    import_tensorflow()  # before anything imports it with all its messages
    from transferpain.apps.edge.convert import convert
    from transferpain.apps.edge.parts import split_model

    model = read_picture_model(conversion.folder, "a network that can be converted", landmarks=True)
    (part,) = (part for part in split_model(model.bundle.model) if part.name == conversion.part)
    with np.load(conversion.representative, allow_pickle=False) as arrays:
        names = list(arrays)
        representative = [
            dict(zip(names, given, strict=True)) for given in zip(*(arrays[name] for name in names), strict=True)
        ]
    try:
        convert(part, conversion.kind, representative, conversion.file)
    except Exception as error:  # the converter has no exceptions of its own to be told by
        return (str(error).strip().splitlines() or [type(error).__name__])[0]
    return ""


def convert_apart(conversion: Conversion) -> str:
    """Convert in a process of its own, and return what went wrong, or nothing; a file that was there is replaced."""
    conversion.file.unlink(missing_ok=True)
    try:
        with closing(run_in_workers(convert_part, [conversion], 1)) as results:
            ((_, problem),) = results
    except UserError:
        return "TensorFlow's converter ended its own process."
    return problem


def _convert_and_measure(
    conversion: Conversion,
    folder: Path,
    calls: dict[str, Call],
    keras: dict[str, Call],
    comparison: Samples,
    expected: list[dict],
    threads: int,
) -> tuple[Row, Call | None]:
    problem, call = convert_apart(conversion), None
    if not problem:
        try:
            content = conversion.file.read_bytes()
            call = load_lite(content, threads)
            inputs = _inputs_of(conversion.part, keras, comparison)[0]
            median = _median_ms(call, inputs)
        except Exception as error:  # neither the converter nor what runs its files has exceptions of its own
            problem = f"The file does not run: {reason_of(error)}"
    if problem:
        return Row(conversion.part, conversion.kind, problem=problem), None
    write_atomically(folder / conversion.file.name, lambda temporary: temporary.write_bytes(content))
    answers = [follow({**calls, conversion.part: call}, sample) for sample in _samples(comparison)]
    return (
        Row(
            conversion.part,
            conversion.kind,
            conversion.file.name,
            hashlib.sha256(content).hexdigest(),
            len(content) / 1e6,
            median,
            max(
                float(np.abs(a[conversion.part] - b[conversion.part]).max())
                for a, b in zip(answers, expected, strict=True)
            ),
            statistics.fmean(decision(a) == decision(b) for a, b in zip(answers, expected, strict=True)),
        ),
        call,
    )


def decision(answer: dict[str, np.ndarray]) -> int:
    """Return the class that the last part answers."""
    return int(list(answer.values())[-1].argmax())


def _median_ms(call: Call, inputs: dict[str, np.ndarray]) -> float:
    call(**inputs)  # what is built or allocated once is nobody's time
    times = []
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        call(**inputs)
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def _facts(model: PictureModel, parts: list, exported: Exported, wanted: ExportOptions) -> dict:
    manifest = model.bundle.manifest
    return {
        "model": model.bundle.digest,
        "experiment": manifest.get("experiment", ""),
        "terms": manifest.get("terms"),
        "synthetic": bool(exported.synthetic_faces),
        **faces_fact(exported.synthetic_faces),
        "labels": list(model.bundle.labels),
        "preprocessing": model.preprocessing.model_dump(),
        "parts": {
            part.name: {"inputs": {name: [1, *shape] for name, shape in part.inputs.items()}, "output": part.output}
            for part in parts
        },
        "threads": wanted.threads,
        "calibrated_on": exported.calibrated_on,
        "compared_on": exported.compared_on,
        "rows": [asdict(row) for row in exported.rows],
        "environment": environment(),
    }
