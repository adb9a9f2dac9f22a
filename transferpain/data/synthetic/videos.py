"""Draws the clips of a twin and writes them on all processors, as mp4 files or as their dataset has them."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from transferpain.core.quiet import silence_opencv
from transferpain.core.store import write_atomically
from transferpain.core.workers import run_in_workers
from transferpain.data.synthetic.camera import Camera, Sensor, seat
from transferpain.data.synthetic.face import ACTION_UNITS, Sitter, draw_face
from transferpain.data.synthetic.performance import Performance, Stimulus, perform
from transferpain.data.synthetic.subjects import SubjectLook, Temperament

# Writes one clip into the dataset's folder.
WriteClip = Callable[[Path, Camera, Sitter, "ClipPlan"], None]
# Small enough that the progress bar moves, large enough that a person's plates are painted seldom.
FRAMES_A_JOB = 600


@dataclass(frozen=True)
class Person:
    """Somebody who is filmed: the dataset's name for the subject, looks, and manner; none of who never moves."""

    name: str
    look: SubjectLook
    temperament: Temperament | None = None


@dataclass(frozen=True)
class ClipPlan:
    """One clip to be drawn.

    `media`: path inside the dataset's folder; it is there only when the clip is finished. `frames`: how many.
    `speed`: seconds of the official clip in one second of the drawn one. `stimuli`: what is felt in it, in official
    seconds. `seed`: what all randomness hangs on.
    """

    person: Person
    clip: str
    media: str
    frames: int
    speed: float
    stimuli: tuple[Stimulus, ...]
    seed: int

    def performance(self, camera: Camera) -> Performance:
        """Return the clip's action units, skin, head motion and exposure, frame by frame."""
        return perform(self.person.temperament, self.stimuli, self.times(camera), self.seed, self.clip)

    def times(self, camera: Camera) -> np.ndarray:
        """Return when each frame is taken, float64 (frames,): seconds of the official clip."""
        return np.arange(self.frames) * self.speed / camera.fps


def draw_clip(camera: Camera, sitter: Sitter, plan: ClipPlan) -> Iterator[np.ndarray]:
    """Yield the clip's frames as they are filmed: uint8 RGB (height, width, 3)."""
    performance = plan.performance(camera)
    sensor = Sensor(camera, plan.seed, plan.clip)
    for number in range(plan.frames):
        yield film_frame(sensor, sitter, performance, number)


def film_frame(sensor: Sensor, sitter: Sitter, performance: Performance, number: int) -> np.ndarray:
    """Return one frame of a performance as it is filmed: uint8 RGB (height, width, 3)."""
    camera, (units, pose) = sensor.camera, performance.frame(number)
    exposure = camera.exposure * (1 + camera.exposure_spread * float(performance.exposure[number]))
    return sensor.expose(draw_face(sitter, units, pose), exposure, sitter.rest)


def seat_person(camera: Camera, plan: ClipPlan) -> Sitter:
    """Set the plan's person before the camera, the same way for all clips."""
    return seat(camera, plan.person.look, plan.seed, plan.person.name)


def write_video(folder: Path, camera: Camera, sitter: Sitter, plan: ClipPlan) -> None:
    """Write one clip as an mp4 file."""
    path = folder / plan.media

    def encode(temporary: Path) -> None:
        encode_video(temporary, camera, draw_clip(camera, sitter, plan))
        _require_whole(temporary, path.name, plan.frames)

    write_atomically(path, encode)


def encode_video(path: Path, camera: Camera, pictures: Iterable[np.ndarray]) -> None:
    """Write pictures, uint8 RGB of the camera's size, as an mp4 file at the camera's rate.

    Raises:
        OSError: if OpenCV cannot write the file.
    """
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), camera.fps, (camera.width, camera.height))
    if not writer.isOpened():
        raise OSError(f"OpenCV cannot write mp4 files here: {path.name}")
    for picture in pictures:
        writer.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    writer.release()


def _require_whole(video: Path, name: str, frames: int) -> None:
    # OpenCV's writer reports no failed write: on a full disk it leaves a video without its table of frames.
    reader = cv2.VideoCapture(str(video))
    written = int(reader.get(cv2.CAP_PROP_FRAME_COUNT)) if reader.isOpened() else 0
    reader.release()
    if written != frames:
        raise OSError(f"{name} has {written} of {frames} frames; the disk may be full")


Job = tuple[WriteClip, Path, Camera, list["ClipPlan"]]


def _written(jobs: list[Job], workers: int) -> Iterator[int]:
    """Write the clips of all jobs; yields the number of frames of each that is done."""
    # What is no more than one job is drawn before other processes would have started.
    if sum(plan.frames for *_, plans in jobs for plan in plans) <= FRAMES_A_JOB:
        threads = cv2.getNumThreads()
        try:
            yield from map(_write_job, jobs)
        finally:
            cv2.setNumThreads(threads)
        return
    with closing(run_in_workers(_write_job, jobs, workers)) as results:
        for _, frames in results:
            yield frames


def _write_job(job: Job) -> int:
    """Write some clips of one person; returns the number of frames written."""
    write, folder, camera, plans = job
    cv2.setNumThreads(1)
    silence_opencv()
    sitter = seat_person(camera, plans[0])
    for plan in plans:
        write(folder, camera, sitter, plan)
    return sum(plan.frames for plan in plans)


def _chunks(plans: Iterable[ClipPlan]) -> Iterator[list[ClipPlan]]:
    for _, of_person in groupby(plans, key=lambda plan: plan.person.name):
        clips, frames = [], 0
        for plan in of_person:
            clips.append(plan)
            frames += plan.frames
            if frames >= FRAMES_A_JOB:
                yield clips
                clips, frames = [], 0
        if clips:
            yield clips


def write_clips(
    write: WriteClip,
    folder: Path,
    camera: Camera,
    plans: list[ClipPlan],
    advance: Callable[[int], object],
    workers: int | None = None,
) -> None:
    """Write every clip of `plans` that is not there yet, then `true_action_units.parquet`.

    The frames depend on the plans alone, not on the number of workers (all processors unless given).

    Args:
        write: a function of a module that writes one clip, and its `media` last.
        folder: the dataset's.
        camera: what the clips are filmed with.
        plans: the clips of a person in a row.
        advance: called with the number of frames that were drawn, or were there.
        workers: the number of processes.
    """
    missing = [plan for plan in plans if not (folder / plan.media).exists()]
    advance(sum(plan.frames for plan in plans) - sum(plan.frames for plan in missing))
    jobs = [(write, folder, camera, clips) for clips in _chunks(missing)]
    with closing(_written(jobs, workers or os.cpu_count() or 1)) as written:
        for frames in written:
            advance(frames)
    table = true_action_units(camera, plans)
    write_atomically(folder / "true_action_units.parquet", lambda path: table.to_parquet(path, index=False))


def true_action_units(camera: Camera, plans: list[ClipPlan]) -> pd.DataFrame:
    """Return the drawn intensities: subject, clip, frame, and a float32 column for each action unit."""
    counts = [plan.frames for plan in plans]
    return pd.DataFrame({
        "subject": np.repeat([plan.person.name for plan in plans], counts),
        "clip": np.repeat([plan.clip for plan in plans], counts),
        "frame": np.concatenate([np.arange(count) for count in counts]),
        **dict(zip(
            ACTION_UNITS,
            np.concatenate([plan.performance(camera).action_units for plan in plans]).T,
            strict=True,
        )),
    })  # fmt: skip
