"""What every stage that measures something in each frame of a clip shares: hashing, the cache, worker processes."""

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd

from transferpain.core.progress import note, progress_bar
from transferpain.core.store import fingerprint, is_intact, one_process, remove_leftovers, sync_checked, using
from transferpain.core.threads import processes_at_once
from transferpain.core.workers import run_in_workers
from transferpain.data.datasets.dataset import FEATURES_SUFFIX, TABLE_SUFFIX
from transferpain.data.datasets.unit_tables import holds_action_units
from transferpain.data.media.contents import media_hash, pictures_hash
from transferpain.data.media.medium import Medium, UnreadableMedium, check_file, picture_files
from transferpain.data.media.paths import resolve_media
from transferpain.inputs.faces.cache import ClipTask, keeping, read_facts
from transferpain.inputs.faces.makers import former_makers
from transferpain.inputs.faces.shards import holding, shard_of

# Of `FaceFacts`, in every table.
FACTS = ["variable", "undecoded", "several"]
MEDIUM_COLUMNS = ["media", "kind", "first_frame", "num_frames"]


@dataclass(frozen=True)
class Measurement:
    """Something that is measured in each frame of a clip and kept, one parquet file per clip with `FaceFacts` in it.

    Attributes:
        name: plural, e.g. `faces`: the column of the table and the folder in the cache.
        identity: what measures, and its version.
        key: takes the hash of a clip's content, what measures, and the clip's span (`None`: all of it), returns the
            cache key.
        path: takes the cache folder and a key, returns the cache file.
        prepare: called once if something has to be computed, before worker processes start; returns the function of
            a module that computes a `ClipTask` in one of them: the number of frames, and a problem or nothing.
    """

    name: str
    identity: str
    key: Callable[[str, str, tuple[int, int | None] | None], str]
    path: Callable[[Path, str], Path]
    prepare: Callable[[], Callable[[ClipTask], tuple[int, str]]]

    @property
    def columns(self) -> list[str]:
        """The columns of the table that `measure_clips` returns."""
        return ["clip", self.name, "key", "num_frames", "fps", "found", "problem", *FACTS]


def measure_clips(
    clips: pd.DataFrame, data_root: Path, measurement: Measurement, cache: Path, jobs: int | None = None
) -> pd.DataFrame:
    """Measure every clip; what the cache holds is not computed again.

    A clip whose media cannot be read gets a `problem` and the others go on. An interrupted call goes on
    with the clips that it had not finished. Of a clip of pictures, frame i is picture i of `list_pictures`; one that
    cannot be decoded is a frame without a face.

    Args:
        clips: rows of an index, with the columns clip, media, kind ("video", "span", "images" or "image_span"),
            first_frame, num_frames and fps.
        data_root: the folder that `media` is relative to.
        measurement: what is measured.
        cache: the cache folder.
        jobs: worker processes; `processes_at_once` by default, 0 for none: this process computes.

    Returns:
        A table with one row per clip, in the order and with the row labels of `clips`: clip, a column with the name of
        the measurement (path of the cache file), key, num_frames (decoded or not), fps (see `medium_rate`, or the
        index's where there is none, else NaN), found (frames with the person's face) and problem (empty, or why the
        clip cannot be used; path and key are empty then), and of `FaceFacts` variable, undecoded and several.

    Raises:
        UserError: if the cache cannot be written, or what the measurement needs is missing.
    """
    looked = _look(clips, data_root, measurement, cache)
    missing = looked.missing
    problems = {}
    if missing:
        nominal = clips.loc[clips["clip"].isin([task.clip for task in missing]), "num_frames"].sum(skipna=False)
        note_former(missing, looked.contents, measurement, cache)
        total = None if pd.isna(nominal) else float(nominal)
        with keeping(cache), ExitStack() as alone:
            with using(cache):
                lock = _lock(measurement, cache)
                alone.enter_context(one_process(lock, partial(_note_waiting, measurement)))
            # Another process may have measured them in the meantime.
            if missing := [task for task in missing if not is_intact(task.path)]:
                advance = alone.enter_context(progress_bar(measurement.name, total, "frames"))
                workers = processes_at_once() if jobs is None else jobs
                problems = _compute_missing(missing, measurement, cache, workers, advance)
    rows, rates = [], clips["fps"].astype("Float64").to_numpy(float, na_value=math.nan)
    for task, nominal in zip(looked.tasks, rates, strict=True):
        problem = looked.unread[task.medium] or problems.get(task.key, "")
        rows.append(_unusable(task.clip, problem) if problem else _usable(task, nominal))
    return pd.DataFrame(rows, columns=measurement.columns, index=clips.index)


def nominal_shards(
    clips: pd.DataFrame, data_root: Path, measurement: Measurement, cache: Path, missing: bool
) -> dict[int, float]:
    """Return shard -> nominal frames of the clips of it, at least one a clip.

    Other arguments are those of `measure_clips`.

    Args:
        missing: whether only clips count that the cache does not hold.
    """
    frames = dict(zip(clips["clip"], clips["num_frames"].astype("Float64").fillna(1.0), strict=True))
    found: dict[int, float] = {}
    looked = _look(clips, data_root, measurement, cache)
    for task in looked.missing if missing else {task.key: task for task in looked.tasks if task.key}.values():
        shard = shard_of(task.key)
        found[shard] = found.get(shard, 0.0) + max(1.0, float(frames[task.clip]))
    return found


def measure_shards(
    clips: pd.DataFrame, data_root: Path, measurement: Measurement, cache: Path, shards: Sequence[int]
) -> None:
    """Measure the clips of some shards alone, see `inputs.faces.shards`; what the cache holds is not computed again.

    Arguments, and what is raised, are those of `measure_clips`. A clip that cannot be used is left for that to tell.
    """
    with keeping(cache), ExitStack() as held:
        with using(cache):
            held.enter_context(holding(_lock(measurement, cache), shards, partial(_note_waiting, measurement)))
        missing = [one for one in _look(clips, data_root, measurement, cache).missing if shard_of(one.key) in shards]
        if missing:
            nominal = clips.loc[clips["clip"].isin([task.clip for task in missing]), "num_frames"].sum(skipna=False)
            with progress_bar(measurement.name, None if pd.isna(nominal) else float(nominal), "frames") as advance:
                _compute_missing(missing, measurement, cache, processes_at_once(), advance)


def _lock(measurement: Measurement, cache: Path) -> Path:
    return cache / measurement.name / f".lock-{fingerprint([measurement.name, measurement.identity])}"


def _note_waiting(measurement: Measurement) -> None:
    note(f"Another process computes {measurement.name}: waiting for it.")


@dataclass(frozen=True)
class _Looked:
    """What was found of clips before anything is computed.

    Attributes:
        tasks: one a clip, in their order.
        missing: the tasks of which the cache holds nothing, each cache key once, the longest first.
        unread: medium of a task -> why it cannot be read; empty where it can.
        contents: cache key -> hash of the clip's content.
    """

    tasks: list[ClipTask]
    missing: list[ClipTask]
    unread: dict[Medium, str]
    contents: dict[str, str]


def _look(clips: pd.DataFrame, data_root: Path, measurement: Measurement, cache: Path) -> _Looked:
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        media = [medium_of(row, data_root) for row in clips[MEDIUM_COLUMNS].itertuples()]
        # Of a video with many spans the bytes are read once.
        whole = list(dict.fromkeys(replace(medium, span=None) for medium in media))
        hashed = dict(zip(whole, threads.map(partial(_hash_medium, cache=cache), whole), strict=True))
        tasks, contents, unread = [], {}, {}
        for clip, medium in zip(clips["clip"], media, strict=True):
            content, unread[medium] = hashed[replace(medium, span=None)]
            key = content and measurement.key(content, measurement.identity, medium.span)
            tasks.append(ClipTask(clip, medium, key, measurement.path(cache, key)))
            contents[key] = content
        # Two clips with the same bytes have the same faces. The longest come first, so that no process is left alone
        # with one in the end.
        lengths = clips["num_frames"].astype("Float64").fillna(math.inf)
        longest = sorted(zip(lengths, tasks, strict=True), key=lambda each: each[0], reverse=True)
        unique = {task.key: task for _, task in longest if task.key}
        intact = threads.map(lambda task: is_intact(task.path), unique.values())
        missing = [task for task, is_whole in zip(unique.values(), intact, strict=True) if not is_whole]
    return _Looked(tasks, missing, unread, contents)


def medium_of(row, data_root: Path) -> Medium:
    """Return the medium of a clip; `row` has `MEDIUM_COLUMNS`."""
    span = None
    if row.kind in ("span", "image_span"):
        span = (int(row.first_frame), None if pd.isna(row.num_frames) else int(row.num_frames))
    return Medium(resolve_media(data_root, row.media), row.kind in ("images", "image_span"), span)


def _hash_medium(medium: Medium, cache: Path) -> tuple[str, str]:
    """Return the hash of a medium's content, and a problem; one of them is empty."""
    try:
        if medium.path.suffix == FEATURES_SUFFIX:
            return "", "it holds own features: no face can be looked for (source: {features: FOLDER})"
        if medium.path.suffix == TABLE_SUFFIX:
            if not holds_action_units(medium.path):
                return "", "it holds signals: no face can be looked for (source: {signal_measures: FOLDER, rate: 512})"
            return "", "it holds action units: no face can be looked for (source: {action_units: FOLDER})"
        if medium.pictures:
            return pictures_hash(picture_files(medium.path), cache), ""
        check_file(medium.path)
        return media_hash(medium.path, cache), ""
    except UnreadableMedium as error:
        return "", str(error)
    except OSError as error:
        return "", f"the {'pictures' if medium.pictures else 'video'} cannot be read: {error.strerror}"


def _usable(task: ClipTask, nominal_fps: float) -> tuple:
    facts = read_facts(task.path)
    fps = nominal_fps if math.isnan(facts.fps) else facts.fps
    plain = (getattr(facts, name) for name in FACTS)
    return task.clip, str(task.path), task.key, facts.num_frames, fps, facts.found, "", *plain


def _unusable(clip: str, problem: str) -> tuple:
    return clip, "", "", 0, math.nan, 0, problem, False, 0, 0


def note_former(missing: list[ClipTask], contents: dict[str, str], measurement: Measurement, cache: Path) -> None:
    """Say, once, of how many clips the cache holds what a former version measured, which is measured again.

    Args:
        contents: cache key -> hash of the clip's content.
    """
    with using(cache):
        former = former_makers(cache / measurement.name, measurement.identity)
    counts = {}
    for identity in former:
        keys = [measurement.key(contents[task.key], identity, task.medium.span) for task in missing]
        counts[identity] = sum(measurement.path(cache, key).is_file() for key in keys)
    if any(counts.values()):
        made = ", ".join(f"of {count} clips were made by {identity}" for identity, count in counts.items() if count)
        note(
            f"{measurement.name} {made}; they are computed again by {measurement.identity}; "
            "`transferpain cache prune` removes the old ones."
        )


def _compute_missing(
    missing: list[ClipTask], measurement: Measurement, cache: Path, jobs: int, advance: Callable
) -> dict[str, str]:
    """Compute clips in worker processes; return the problem of every key that cannot be used."""
    for task in missing:
        if task.path.is_file():
            note(f"The {measurement.name} of clip {task.clip} are damaged in the cache: they are computed again.")
    with using(cache):
        remove_leftovers(cache / measurement.name)
    problems, syncing = {}, []
    # A worker that waited for the disk would leave its processor idle; this process has nothing else to do.
    with (
        ThreadPoolExecutor(max(1, jobs)) as threads,
        closing(run_in_workers(measurement.prepare(), missing, jobs)) as results,
    ):
        for task, (num_frames, problem) in results:
            advance(num_frames)
            if problem:
                problems[task.key] = problem
            else:
                syncing.append(threads.submit(sync_checked, task.path, cache))
    with using(cache):
        for each in syncing:
            each.result()
    return problems
