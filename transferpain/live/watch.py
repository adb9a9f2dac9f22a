"""The loop of live mode: one frame after the other, from picture to decision."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from transferpain.landmarks.mesh import find_points, load_mesh, start_anew
from transferpain.landmarks.settings import LandmarkSettings
from transferpain.live.decision import Alert, Decision, SlidingWindow
from transferpain.live.faces import FaceChooser
from transferpain.live.model import LiveModel
from transferpain.live.past import Past
from transferpain.live.skipping import FrameSkipper, Rule
from transferpain.live.source import Frame

FACES = 4  # that are told apart; one of them is watched


class LiveSettings(BaseModel):
    """What may be chosen about live mode.

    Attributes:
        skip: which frames keep the answer before them, see `FrameSkipper`.
        window: seconds over which answers are averaged.
        clip: seconds of landmarks that a fused network reads, as long as the clips that it was trained on (BioVid's).
        alert_level: class from which on there may be an alert; `None`: no alert.
        alert_seconds: how long it must last.
        landmarks: how sure the face mesh must be.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    skip: Rule = "interocular"
    window: float = Field(default=1.0, gt=0)
    clip: float = Field(default=5.5, gt=0, le=60)
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
    """

    frame: Frame
    landmarks: np.ndarray | None
    decision: Decision | None
    alert: bool
    skipped: bool
    latency: float


def watch(frames: Iterable[Frame], model: LiveModel, settings: LiveSettings) -> Iterator[View]:
    """Yield a view of every frame.

    One face is watched: the largest, then the same one until it leaves or another is much larger. When it changes, the
    answers about the one before are forgotten.
    """
    mesh = load_mesh(settings.landmarks, faces=FACES)
    start_anew(mesh)
    chooser, skipper = FaceChooser(), FrameSkipper(settings.skip)
    window, past = SlidingWindow(settings.window), Past(settings.clip)
    alert = None if settings.alert_level is None else Alert(settings.alert_level, settings.alert_seconds)
    answer = None
    for frame in frames:
        height, width = frame.image.shape[:2]
        choice = chooser.choose(find_points(mesh, frame.image))
        landmarks, decision, skipped = None, None, False
        if choice is None or not choice.same:
            skipper.forget()
            window.clear()
            past.clear()
        if choice is not None:
            landmarks = choice.pixels
            past.add(frame.seconds, landmarks)
            skipped = skipper.skip(landmarks, width, height)
            if not skipped:
                answer = model.answer(frame.image, past.landmarks)
            if answer is None:
                skipper.forget()
            else:
                decision = window.add(frame.seconds, answer)
        raised = alert is not None and alert.update(frame.seconds, decision)
        yield View(frame, landmarks, decision, raised, skipped, time.monotonic() - frame.read_at)
