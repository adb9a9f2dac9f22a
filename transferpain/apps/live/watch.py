"""The loop of live mode: one frame after the other, from picture to decision."""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from transferpain.apps.live.decision import Alert, Decision, LastSeconds, decide
from transferpain.apps.live.faces import AnybodyWatcher, PersonWatcher
from transferpain.apps.live.model import LiveModel
from transferpain.apps.live.rows import Rows
from transferpain.apps.live.skipping import FrameSkipper, Rule
from transferpain.apps.live.source import Frame
from transferpain.inputs.landmarks.settings import LandmarkSettings

FUSED_SECONDS = 5.5  # a clip of BioVid


class LiveSettings(BaseModel):
    """What may be chosen about live mode.

    Attributes:
        skip: which frames keep the answer before them, see `FrameSkipper`.
        window: seconds over which answers are averaged.
        clip: seconds that a model reads together, as long as the clips that it was trained on. `None`: of a head on
            features what its training says, of a fused network `FUSED_SECONDS`.
        alert_level: class from which on there may be an alert; `None`: no alert.
        alert_seconds: how long it must last.
        landmarks: how sure the face mesh must be.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    skip: Rule = "interocular"
    window: float = Field(default=1.0, gt=0)
    clip: float | None = Field(default=None, gt=0, le=60)
    alert_level: int | None = Field(default=None, ge=0)
    alert_seconds: float = Field(default=3.0, ge=0)
    landmarks: LandmarkSettings = LandmarkSettings()


@dataclass(frozen=True)
class View:
    """What is known when a frame has been dealt with.

    Attributes:
        frame: as it was read.
        landmarks: float32 `(478, 3)` of the watched face, in pixels; `None` without a face.
        decision: what the window says; `None` without a face.
        alert: whether the level has lasted.
        skipped: whether the frame kept the answer before it.
        latency: seconds from reading to decision.
        waiting: seconds that a head on several frames still has to see before it answers.
        held: frames that it has seen of them.
    """

    frame: Frame
    landmarks: np.ndarray | None
    decision: Decision | None
    alert: bool
    skipped: bool
    latency: float
    waiting: float = 0.0
    held: int = 0


def watch(
    frames: Iterable[Frame], model: LiveModel, settings: LiveSettings, one_person: bool = False
) -> Iterator[View]:
    """Yield a view of every frame.

    One face is watched: the largest, then the same one until it leaves or another is much larger. When it changes, the
    answers about the one before are forgotten.

    Args:
        one_person: whether the first person is watched to the end, as in the clips of a dataset.
    """
    faces = (PersonWatcher if one_person else AnybodyWatcher)(settings.landmarks)
    skipper = FrameSkipper(settings.skip)
    answers, landmarks_before = LastSeconds(settings.window), LastSeconds(settings.clip or FUSED_SECONDS)
    rows = None if model.over_time is None else Rows(model.over_time, settings.clip)
    alert = None if settings.alert_level is None else Alert(settings.alert_level, settings.alert_seconds)
    answer, moving = None, None
    with ThreadPoolExecutor(1) as beside:
        for frame in frames:
            # A face that moved will most likely be looked at closely again: its detector runs beside the mesh.
            early = None if moving is None else beside.submit(model.see, frame.image, moving)
            choice = faces.watch(frame)
            face = None if early is None else early.result()
            moving, landmarks, decision, skipped = None, None, None, False
            if choice is None or not choice.same:
                skipper.forget()
                answers.clear()
                landmarks_before.clear()
                face = None
                if rows is not None and not one_person:
                    rows.clear()
            if rows is not None and one_person and choice is None:
                rows.see(frame.seconds, None)  # a frame without a face, as in a clip of the training
            if choice is not None:
                landmarks = choice.pixels
                landmarks_before.add(frame.seconds, landmarks)
                skipped = skipper.skip(landmarks, *frame.image.shape[1::-1])
                if not skipped:
                    face = model.see(frame.image, landmarks) if face is None else face
                    if rows is not None:
                        rows.see(frame.seconds, face)
                        answer = rows.answer()
                    else:
                        answer = None if face is None else model.answer(face, landmarks_before.by_time)
                    if answer is not None and not np.isfinite(answer).all():
                        answer = None  # a frame without an answer, not one of the first class
                    moving = landmarks
                elif rows is not None:
                    rows.hold(frame.seconds)
                if answer is None:
                    skipper.forget()
                else:
                    # A skipped frame counts with the answer before it.
                    answers.add(frame.seconds, answer)
                    decision = decide(answers.entries)
            raised = alert is not None and alert.update(frame.seconds, decision)
            latency = time.monotonic() - frame.read_at
            waiting, held = (0.0, 0) if rows is None else (rows.waiting, rows.held)
            yield View(frame, landmarks, decision, raised, skipped, latency, waiting, held)
