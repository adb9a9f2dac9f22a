"""The stage that turns faces into features by an extractor, and keeps them."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.numerics import threads_here
from transferpain.core.progress import note, progress_bar
from transferpain.core.store import fingerprint, is_intact, one_process, read_made, remove_leftovers, using
from transferpain.core.threads import threads_stated
from transferpain.data.media.times import duration, nearest_in_time, spread_in_time
from transferpain.inputs.faces.cache import keeping, read_faces, read_facts
from transferpain.inputs.faces.jpeg import decode_jpeg
from transferpain.inputs.faces.shards import holding, shard_of
from transferpain.inputs.features.cache import (
    FirstFrames,
    Sampling,
    feature_key,
    features_path,
    read_features,
    write_features,
)
from transferpain.inputs.features.extractors.extractor import Extractor
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.inputs.features.steady_batch import steady_batch
from transferpain.inputs.features.windows import nearest_frames, spread_frames, stretch_frames
from transferpain.networks.compute import choose_compute_dtype

FACE_COLUMNS = ["clip", "faces", "key", "num_frames", "fps", "found"]
COLUMNS = ["clip", "features", "frames", "found"]
FLOAT16_MAX = float(np.finfo(np.float16).max)
BATCHES_AHEAD = 2
WRITES_AHEAD = 4


@dataclass(frozen=True)
class ClipTask:
    """One clip to compute.

    Attributes:
        clip: its name.
        faces: the cache file of its faces.
        sampling: see `feature_key`.
        path: the cache file of its features.
        pictures: about how many pictures it takes.
        made: what they are made with, in the words of the cache: extractor, faces, sampling, dtype.
    """

    clip: str
    faces: Path
    sampling: Sampling
    path: Path
    pictures: float
    made: dict

    @property
    def shard(self) -> int:
        """See `inputs.faces.shards`."""
        return shard_of(self.made["faces"])


@dataclass(frozen=True)
class ClipLayout:
    """Which pictures a clip needs, and where their features go.

    Attributes:
        task: the clip.
        rows: bool `(frames,)`, which rows of the features have a face.
        wanted: int, the pictures to embed, each once, counted among the found frames of the video.
        picture_of_row: int, for each row with a face, its position in `wanted`.
    """

    task: ClipTask
    rows: np.ndarray
    wanted: np.ndarray
    picture_of_row: np.ndarray


def extract_features(
    extractor: Extractor,
    faces: pd.DataFrame,
    settings: FeatureSettings,
    cache: Path,
    on_embedded: Callable[[], object] = lambda: None,
) -> pd.DataFrame:
    """Compute the features of every face; what the cache holds is not computed again, and then nothing is loaded.

    Every finished clip is a file, so an interrupted call goes on with the clips that it had not finished. Of two
    processes with one extractor and the same settings the second waits, and computes only what the first did not.

    Args:
        extractor: of faces; it is opened only if something is missing.
        faces: the table of `compute_faces`; rows with a problem are left out. With `stretch`, frames from a clip's
            beginning, `settings.frames` are spread over these, and not over all of the clip.
        settings: frame rate or features per clip, compute dtype and batch.
        cache: the cache folder.
        on_embedded: called once a clip that was embedded, when its file stands; from another thread.

    Returns:
        A table with the row labels of `faces`: clip, features (path of a float16 `.npy` file, see
        `read_features`), frames (rows in it) and found (rows with a face).

    Raises:
        ValueError: if the extractor reads anything but faces.
        UserError: if a feature is beyond float16, the faces have another size than the extractor takes, a frame
            rate is unknown but needed, or the cache cannot be written.
    """
    tasks = feature_tasks(extractor, faces, settings, cache)
    if missing := missing_tasks(tasks):
        with ExitStack() as alone, keeping(cache):
            with using(cache):
                alone.enter_context(one_process(_lock(extractor, settings, cache), _note_waiting))
                remove_leftovers(cache / "features")
            # Another process may have computed them in the meantime.
            _compute_missing(missing_tasks(missing), extractor, settings, cache, on_embedded)
    _note_other_threads(tasks)
    rows = []
    for task in tasks:
        found = ~np.isnan(read_features(task.path)[:, 0])
        rows.append((task.clip, str(task.path), len(found), int(found.sum())))
    return pd.DataFrame(rows, columns=COLUMNS, index=faces.index[faces["problem"] == ""])


def extract_shards(
    extractor: Extractor,
    faces: pd.DataFrame,
    settings: FeatureSettings,
    cache: Path,
    shards: Sequence[int],
    on_embedded: Callable[[], object] = lambda: None,
) -> None:
    """Compute the features of the clips of some shards alone, see `inputs.faces.shards`, beside who computes others.

    Other arguments, and what is raised, are those of `extract_features`.
    """
    tasks = [task for task in feature_tasks(extractor, faces, settings, cache) if task.shard in shards]
    with keeping(cache), ExitStack() as held:
        with using(cache):
            held.enter_context(holding(_lock(extractor, settings, cache), shards, _note_waiting))
        _compute_missing(missing_tasks(tasks), extractor, settings, cache, on_embedded)


def missing_features(
    extractor: Extractor, faces: pd.DataFrame, settings: FeatureSettings, cache: Path
) -> dict[int, float]:
    """Return shard -> about how many pictures are to be embedded of the clips of it that the cache does not hold.

    Arguments, and what is raised, are those of `extract_features`.
    """
    found: dict[int, float] = {}
    for task in missing_tasks(feature_tasks(extractor, faces, settings, cache)):
        found[task.shard] = found.get(task.shard, 0.0) + max(1.0, task.pictures)
    return found


def feature_tasks(extractor: Extractor, faces: pd.DataFrame, settings: FeatureSettings, cache: Path) -> list[ClipTask]:
    """Return what is to be there for each clip without a problem. Arguments are those of `extract_features`.

    Raises:
        ValueError, UserError: as `extract_features`.
    """
    if extractor.reads != "face":
        raise ValueError(f"features are extracted from faces, and this extractor reads {extractor.reads}")
    dtype, _ = choose_compute_dtype(settings.dtype)
    faces = faces[faces["problem"] == ""]
    tasks = []
    stretches = faces["stretch"] if "stretch" in faces else faces["num_frames"]
    rows = faces[FACE_COLUMNS].assign(stretch=stretches).itertuples(index=False)
    for clip, path, face_key, num_frames, fps, found, stretch in rows:
        if settings.fps is not None:
            _check_rate_is_known(clip, fps)
        sampling, share = sampling_of(settings, num_frames, fps, stretch), 1.0
        if settings.frames is not None:
            share = settings.frames / num_frames
        elif settings.fps is not None:
            share = settings.fps / fps
        key = feature_key(extractor.key, face_key, sampling, dtype)
        stated = {"first": sampling.frames, "rows": sampling.rows} if isinstance(sampling, FirstFrames) else sampling
        made = {"extractor": list(extractor.key), "faces": face_key, "sampling": stated, "dtype": dtype}
        tasks.append(ClipTask(clip, Path(path), sampling, features_path(cache, key), found * min(1.0, share), made))
    return tasks


def missing_tasks(tasks: list[ClipTask]) -> list[ClipTask]:
    """Return the tasks of which the cache holds nothing, or something damaged; of two clips with the same faces one."""
    unique = list({task.path: task for task in tasks}.values())
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        intact = threads.map(lambda task: is_intact(task.path), unique)
        return [task for task, whole in zip(unique, intact, strict=True) if not whole]


def _lock(extractor: Extractor, settings: FeatureSettings, cache: Path) -> Path:
    dtype, _ = choose_compute_dtype(settings.dtype)
    key = [*extractor.key, settings.fps, settings.frames, dtype]
    return cache / "features" / f".lock-{fingerprint(key)}"


def sampling_of(settings: FeatureSettings, num_frames: int, fps: float, stretch: int) -> Sampling:
    """Return how the rows of a clip's features are taken from its frames; see `feature_key`.

    Args:
        num_frames, fps: of the clip.
        stretch: its frames that are read where `settings.frames` of them are taken.
    """
    if settings.frames is not None:
        return settings.frames if stretch == num_frames else FirstFrames(int(stretch), settings.frames)
    return None if settings.fps is None else (float(fps), float(settings.fps))


def _check_rate_is_known(clip: str, fps: float) -> None:
    if not fps > 0:
        raise UserError(
            f"The frame rate of clip {clip} is unknown, so that it cannot be resampled.",
            rule="A video's header or the dataset's index states the rate",
            received=fps,
            todo="Take `frames`, so many features per clip, in place of `fps`, or repair the video's header.",
        )


def _note_other_threads(tasks: list[ClipTask]) -> None:
    """Say whose features another number of threads has computed than an experiment asks for, where that is known."""
    if (here := threads_stated()) is None:
        return
    told = [str(read_made(task.path).get("threads", here)) for task in tasks]
    if others := [number for number in told if number != str(here)]:
        note(
            f"warning: the features of {len(others)} clips were computed before with threads: "
            f"{', '.join(sorted(set(others)))}, and the experiment states {here}: their last bits may be others. Where "
            "that matters, remove cache/features and compute them again."
        )


def _note_waiting() -> None:
    note("Another process computes features with these settings: waiting for it.")


def _compute_missing(
    tasks: list[ClipTask], extractor: Extractor, settings: FeatureSettings, cache: Path, on_embedded: Callable
) -> None:
    for task in tasks:
        if task.path.is_file():
            note(f"The features of clip {task.clip} are damaged in the cache: they are computed again.")
    if not tasks:
        return
    dtype, _ = choose_compute_dtype(settings.dtype)
    embed = extractor.open(dtype)
    with (
        progress_bar("features", sum(task.pictures for task in tasks), "frames") as advance,
        ThreadPoolExecutor(1) as writer,
    ):
        writes = deque()
        for task, features in _embed_clips(tasks, embed, extractor.width, settings.batch, advance):
            # Syncing to disk takes as long as a few pictures: it runs beside the next batch.
            writes.append(writer.submit(_write, task, features, cache, on_embedded))
            if len(writes) > WRITES_AHEAD:
                writes.popleft().result()
        for write in writes:
            write.result()


def _write(task: ClipTask, features: np.ndarray, cache: Path, on_embedded: Callable) -> None:
    with using(cache):
        # Who found the faces says whether anyone can still ask for these features.
        facts = read_facts(task.faces)
        makers = {"detector": facts.detector, "reader": facts.reader, "threads": threads_here()}
        write_features(task.path, features, task.made | makers)
    on_embedded()


def _embed_clips(
    tasks: list[ClipTask], embed: Callable, width: int, batch: int, advance: Callable
) -> Iterator[tuple[ClipTask, np.ndarray]]:
    """Yield `(task, features)` of clip after clip; batches run across their borders."""
    started: deque[ClipLayout] = deque()
    embedded = np.zeros((0, width), np.float32)
    with ThreadPoolExecutor(os.cpu_count()) as decoders:
        pictures = _decode_ahead(_jpegs(tasks, started), decoders, BATCHES_AHEAD * batch)
        first = list(islice(pictures, 1))
        batch = steady_batch(embed, first[0].shape, batch) if first else batch
        pictures, more = chain(first, pictures), True
        while more:
            chunk = list(islice(pictures, batch))
            more = len(chunk) == batch
            if chunk:
                # The last batch is filled up, so that the extractor sees one shape only.
                images = np.stack(chunk + chunk[-1:] * (batch - len(chunk)))
                embedded = np.concatenate([embedded, embed(images)[: len(chunk)]])
                advance(len(chunk))
            while started and len(started[0].wanted) <= len(embedded):
                layout = started.popleft()
                clip, embedded = np.split(embedded, [len(layout.wanted)])
                yield layout.task, _arrange(layout, clip)


def _jpegs(tasks: list[ClipTask], started: deque[ClipLayout]) -> Iterator[bytes]:
    """Yield the wanted pictures of clip after clip; each clip's layout is put into `started` before them."""
    for task in tasks:
        faces = read_faces(task.faces)
        ticks = sampled_frames(faces.num_frames, task.sampling, faces.seconds if faces.facts.variable else None)
        rows = faces.found[ticks]
        picture_of_frame = np.cumsum(faces.found) - 1
        wanted, picture_of_row = np.unique(picture_of_frame[ticks[rows]], return_inverse=True)
        started.append(ClipLayout(task, rows, wanted, picture_of_row))
        jpegs = faces.jpegs()
        yield from (jpegs[picture] for picture in wanted)


def sampled_frames(num_frames: int, sampling: Sampling, seconds: np.ndarray | None = None) -> np.ndarray:
    """Return which frame each row of the features takes, int64 `(rows,)`, counted from the clip's beginning.

    Args:
        num_frames: of the clip.
        sampling: see `feature_key`.
        seconds: of a clip whose frames lie at uneven distances in time, each one's time, float64 `(frames,)`.
    """
    if sampling is None:
        return np.arange(num_frames)
    if seconds is not None:
        return _sampled_by_time(seconds, sampling)
    if isinstance(sampling, FirstFrames):
        return stretch_frames(num_frames, sampling.frames, sampling.rows)
    if isinstance(sampling, int):
        return spread_frames(num_frames, sampling)
    return nearest_frames(num_frames, *sampling)


def _sampled_by_time(seconds: np.ndarray, sampling: Sampling) -> np.ndarray:
    if isinstance(sampling, FirstFrames):
        return spread_in_time(seconds, sampling.rows, sampling.frames)
    if isinstance(sampling, int):
        return spread_in_time(seconds, sampling, len(seconds))
    _, rate = sampling
    ticks = max(1, round(duration(seconds) * rate))
    return nearest_in_time(seconds, seconds[0] + np.arange(ticks) / rate)


def _decode_ahead(jpegs: Iterator[bytes], decoders: ThreadPoolExecutor, ahead: int) -> Iterator[np.ndarray]:
    """Yield decoded pictures in order, while threads decode up to `ahead` more."""
    decoding = deque(decoders.submit(decode_jpeg, jpeg) for jpeg in islice(jpegs, ahead))
    while decoding:
        image = decoding.popleft().result()
        decoding.extend(decoders.submit(decode_jpeg, jpeg) for jpeg in islice(jpegs, 1))
        yield image


def _arrange(layout: ClipLayout, embedded: np.ndarray) -> np.ndarray:
    """Put the features `(wanted pictures, D)` into their rows: float16 `(frames, D)`, NaN without a face."""
    largest = np.abs(embedded).max(initial=0)
    if not largest <= FLOAT16_MAX:
        raise UserError(
            f"A feature of clip {layout.task.clip} does not fit into the cache.",
            rule=f"Features are kept as float16, up to {FLOAT16_MAX:.0f}",
            received=f"a value of magnitude {largest}",
            todo="Check the extractor; of a source, that its weights and preprocessing belong together.",
        )
    features = np.full((len(layout.rows), embedded.shape[1]), np.nan, np.float16)
    features[layout.rows] = embedded[layout.picture_of_row]
    return features
