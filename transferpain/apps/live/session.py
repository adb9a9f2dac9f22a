"""One session of live mode: open the source, load the model, watch, show and keep what was asked for."""

import time
from array import array
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from transferpain.apps.live.encoder import converted_encoder
from transferpain.apps.live.model import LiveModel, load_live_model, synthetic_warning
from transferpain.apps.live.outputs import CsvFile, VideoFile, Window
from transferpain.apps.live.overlay import draw_overlay
from transferpain.apps.live.rows import describe_undecided
from transferpain.apps.live.source import RETRY_SECONDS, FrameSource
from transferpain.apps.live.timeline import Timeline
from transferpain.apps.live.watch import LiveSettings, View, watch
from transferpain.core.errors import UserError
from transferpain.core.validation import describe_fault

RATE_FRAMES = 30  # over which the shown rate is measured


@dataclass(frozen=True)
class SessionOptions:
    """What a session shows and keeps, by default nothing; and what answers.

    `encoder`: a file that answers in place of Keras. `cache`: where one may be converted to and found again, if that is
    faster here; with neither, Keras answers.
    """

    video: Path | None = None
    csv: Path | None = None
    timeline: Path | None = None
    window: bool = False
    encoder: Path | None = None
    cache: Path | None = None


@dataclass(frozen=True)
class Summary:
    """What a session saw.

    `levels`: frames with each level, by its name. `warning`: what the model is not valid for. `median_ms` and `p95_ms`:
    from reading to decision, of the frames that were not skipped; NaN without any. `answered_by`: a converted
    encoder, or Keras. `ended`: why there were no more. `undecided`: why a head on several frames decided nothing; empty
    if it did.
    """

    frames: int
    without_face: int
    skipped: int
    dropped: int
    alerts: int
    levels: dict[str, int]
    warning: str
    median_ms: float
    p95_ms: float
    answered_by: str
    ended: str
    undecided: str


def live_settings(**chosen: object) -> LiveSettings:
    """Check what was chosen.

    Raises:
        UserError: if it is not what live mode takes.
    """
    try:
        return LiveSettings(**chosen)
    except ValidationError as error:
        raise UserError(
            "Live mode cannot be run like this.",
            rule=describe_fault(error, chosen, LiveSettings),
            todo="`transferpain live --help` lists what there is.",
        ) from error


def run_session(
    address: str,
    place: str,
    settings: LiveSettings,
    wanted: SessionOptions,
    retry_seconds: tuple[float, ...] = RETRY_SECONDS,
) -> Summary:
    """Watch a source with a model until it ends, or the window is closed.

    Whatever ends the session, files are closed, so that a video can be played.

    Args:
        address: the bundle's folder, see `load_live_model`.
        place, retry_seconds: camera, file or URL, see `FrameSource`.

    Raises:
        UserError: if source, model, window or files are not as they must be.
    """
    with ExitStack() as open_things:
        source = open_things.enter_context(FrameSource(place, retry_seconds))
        window = open_things.enter_context(Window()) if wanted.window else None
        encoder = wanted.encoder
        if encoder is None and wanted.cache is not None:
            encoder = converted_encoder(address, wanted.cache)
        model = load_live_model(address, encoder=encoder)
        if settings.alert_level is not None and settings.alert_level >= len(model.labels):
            raise UserError(
                "There is no such level to alert at.",
                rule=f"The model has the levels {', '.join(f'{n} ({name})' for n, name in enumerate(model.labels))}.",
                received=settings.alert_level,
                todo="Name one of them.",
            )
        video = open_things.enter_context(VideoFile(wanted.video, source.rate)) if wanted.video else None
        rows = open_things.enter_context(CsvFile(wanted.csv, model.labels)) if wanted.csv else None
        if wanted.timeline:
            timeline = Timeline(model.labels, model.synthetic)
            open_things.callback(timeline.save, wanted.timeline)
        tally, times = _Tally(model, settings.clip), deque([time.monotonic()], maxlen=RATE_FRAMES)
        for view in watch(source, model, settings, source.recording):
            times.append(time.monotonic())
            tally.add(view)
            if rows is not None:
                rows.write(view)
            if wanted.timeline:
                timeline.add(view)
            if video is None and window is None:
                continue
            rate = (len(times) - 1) / max(times[-1] - times[0], 1e-6)
            picture = draw_overlay(view, model.labels, model.synthetic, rate)
            if video is not None:
                video.write(picture, view.frame.seconds)
            if window is not None and not window.show(picture):
                break
        return tally.summary(source, encoder)


class _Tally:
    """Counts what a session sees; its size does not grow but for eight bytes per frame."""

    def __init__(self, model: LiveModel, clip: float | None):
        self._model, self._clip = model, clip
        self._levels = [0] * len(model.labels)
        self._frames = self._without_face = self._skipped = self._alerts = 0
        self._latencies = array("d")
        self._raised = self._whole = False
        self._held = 0

    def add(self, view: View) -> None:
        self._frames += 1
        self._without_face += view.landmarks is None
        self._skipped += view.skipped
        self._alerts += view.alert and not self._raised
        self._raised = view.alert
        self._held = max(self._held, view.held)
        self._whole |= not view.waiting
        if view.decision is not None:
            self._levels[view.decision.level] += 1
            if not view.skipped:
                self._latencies.append(1000 * view.latency)

    def summary(self, source: FrameSource, encoder: Path | None) -> Summary:
        latencies = np.array(self._latencies or [np.nan])
        return Summary(
            frames=self._frames,
            without_face=self._without_face,
            skipped=self._skipped,
            dropped=source.dropped,
            alerts=self._alerts,
            levels=dict(zip(self._model.labels, self._levels, strict=True)),
            warning=synthetic_warning(self._model.synthetic) if self._model.synthetic else "",
            median_ms=float(np.median(latencies)),
            p95_ms=float(np.percentile(latencies, 95)),
            answered_by="Keras" if encoder is None else encoder.name,
            ended=source.ended or "the window was closed",
            undecided=self._undecided(source.rate),
        )

    def _undecided(self, rate: float) -> str:
        if self._model.over_time is None or any(self._levels):
            return ""
        seconds = self._clip or self._model.over_time.stretch.window.seconds
        return describe_undecided(seconds, rate, self._held, self._whole)
