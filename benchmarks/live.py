"""Live mode on a drawn 640x480 video: from decoding to decision, with each way to run the encoder; and its memory.

The network is El-Ghaish's: VGG16 at 224 pixels, fused with the landmarks of the last seconds; beside it a ResNet-18 at
96, as it is trained on FER+. Their weights are random, which take as long as others.
"""

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

import cv2
import keras
import numpy as np

from benchmarks.measure import Figure, in_turn, main, speed_ratio
from benchmarks.memory import anonymous_gigabytes
from transferpain.apps.edge.export import ExportOptions, export_model
from transferpain.apps.edge.lite import HEAD_KIND, load_lite
from transferpain.apps.edge.openvino import load_openvino, multiplies_int8
from transferpain.apps.live.faces import FaceFinder
from transferpain.apps.live.model import LiveModel, crop_seen, load_live_model
from transferpain.apps.live.source import Frame
from transferpain.apps.live.watch import LiveSettings, View, watch
from transferpain.core.processor import processor_flags
from transferpain.core.store import read_json
from transferpain.data.synthetic.camera import BIOVID
from transferpain.data.synthetic.performance import Stimulus
from transferpain.data.synthetic.subjects import invent_look, invent_temperament
from transferpain.data.synthetic.videos import ClipPlan, Person, seat_person, write_video
from transferpain.models.bundles.bundle import save_bundle
from transferpain.models.sources.face_settings import FaceSettings
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.resnet18 import build_resnet18
from transferpain.networks.backbones.vgg16 import build_vgg16_gap
from transferpain.strategies.fused.network import build_fusion
from transferpain.strategies.fused.settings import FusionSettings

CAMERA = replace(BIOVID, name="webcam", width=640, height=480, zoom=2 * BIOVID.zoom)
LABELS = ("none", "weak", "moderate", "strong", "extreme")
PAUSE = 0.2  # seconds in which threads of the one that answered before stop waiting for more
WARM_UP = 10  # frames in which the mesh opens and memory is set aside
MEDIAN_MS, P95_MS, SKIPPING_MS = 45.0, 80.0, 20.0
GROWTH = 1.05  # our reading of "flat" over the frames of a session


@dataclass(frozen=True)
class Sizes:
    """Frames of the drawn video, how often each model watches it, frames watched for the memory, sides of the networks'
    pictures, frames of a window of landmarks, turns of the encoder alone, kinds of file.
    """

    frames: int
    passes: int
    watched: int
    vgg16_side: int
    resnet18_side: int
    window: int
    turns: int
    kinds: tuple[str, ...]


FULL = Sizes(200, 3, 20_000, 224, 96, 16, 6, ("dynamic", "int8"))
QUICK = Sizes(14, 1, 40, 32, 32, 2, 1, ("int8",))


def measure(folder: Path, quick: bool) -> dict:
    sizes = QUICK if quick else FULL
    lively, calm = (draw_video(folder, name, sizes.frames) for name in ("lively", "calm"))
    fused = build_fusion(
        build_vgg16_gap(sizes.vgg16_side, len(LABELS)), FusionSettings(frames=sizes.window), len(LABELS), seed=0
    )
    bundle = save_network(folder / "fused", fused, sizes.vgg16_side)
    export_model(str(bundle), folder / "edge", ExportOptions(sizes.kinds, os.cpu_count() or 1, head_kinds=(HEAD_KIND,)))
    models = {dtype: load_live_model(str(bundle), dtype) for dtype in ("float32", "bfloat16")}
    models |= {
        kind: load_live_model(str(bundle), encoder=folder / "edge" / f"encoder-{kind}.tflite") for kind in sizes.kinds
    }
    latencies = {name: [] for name in models}
    for _ in range(sizes.passes):
        for name, model in models.items():
            latencies[name] += latencies_of(lively, model)
    medians = {name: float(np.median(times)) for name, times in latencies.items()}
    fastest = min(medians, key=medians.get)
    p95 = float(np.percentile(latencies[fastest], 95))
    resnet18 = build_resnet18(sizes.resnet18_side, len(LABELS))
    resnet18 = save_network(folder / "resnet18", resnet18, sizes.resnet18_side)
    small = latencies_of(lively, load_live_model(str(resnet18)))
    alone = encoder_times(folder / "edge" / "encoder-int8.tflite", sizes)
    skipping, skipped = mean_with_skipping(calm, models[fastest])
    memory = memory_curve(calm, models[fastest], sizes.watched)
    figures = [
        *(Figure(f"{name}: from decoding to decision, median", medians[name], "ms") for name in models),
        Figure(f"the fastest, {fastest}: median", medians[fastest], "ms", most=MEDIAN_MS),
        Figure(f"the fastest, {fastest}: 95th percentile", p95, "ms", most=P95_MS),
        Figure("... a frame of a calm video with skipping, mean", skipping, "ms", most=SKIPPING_MS),
        Figure(
            "the int8 encoder alone: OpenVINO v TensorFlow Lite",
            speed_ratio(alone, "OpenVINO", "TensorFlow Lite"),
            "times as fast",
        ),
        Figure(
            f"ResNet-18 at {sizes.resnet18_side} pixels, as live mode runs it: median", float(np.median(small)), "ms"
        ),
        Figure(
            f"memory after {sizes.watched} frames v after a quarter of them",
            memory[-1] / memory[0],
            "times",
            most=GROWTH,
        ),
    ]
    return {
        "figures": figures,
        "median_ms": medians[fastest],
        "p95_ms": p95,
        "encoder": fastest,
        "latencies_ms": {
            name: [round(time, 2) for time in times] for name, times in (latencies | {"ResNet-18": small}).items()
        },
        "stages_ms": stage_times(lively),
        "int8_encoder_ms": {name: 1000 * statistics.median(times) for name, times in alone.items()},
        "int8_run_by": "OpenVINO" if multiplies_int8(processor_flags()) else "TensorFlow Lite",
        "skipped_share": skipped,
        "memory_gigabytes": memory,
        "parity": parity(folder / "edge" / "edge.json"),
        "threads": os.cpu_count(),
    }


def draw_video(folder: Path, name: str, frames: int) -> Path:
    """Draw somebody who is in pain again and again, or one who sits still."""
    stimuli = tuple(Stimulus(second, 2.0, 1.0) for second in range(0, 60, 3)) if name == "lively" else ()
    person = Person(name, invent_look("live"), invent_temperament("live", low_reactive=name == "calm"))
    speed = 2.0 if name == "lively" else 0.25
    plan = ClipPlan(person, name, f"{name}.mp4", frames, speed, stimuli, seed=0)
    write_video(folder, CAMERA, seat_person(CAMERA, plan), plan)
    return folder / plan.media


def save_network(folder: Path, network: keras.Model, side: int) -> Path:
    """Save a network on pictures with this side as a bundle."""
    save_bundle(folder, network, Preprocessing(size=side).model_dump(), LABELS, {"synthetic": True})
    return folder


def decoded(video: Path, times: int = 1) -> Iterator[Frame]:
    """Yield the frames of a video, again and again; they count as read from before they are decoded.

    Live mode reads in a thread of its own; here nothing is decoded while a frame before is still being dealt with, so
    that decoding is part of what is timed.
    """
    number = 0
    for _ in range(times):
        capture = cv2.VideoCapture(str(video))
        while True:
            started = time.monotonic()
            there, image = capture.read()
            if not there:
                break
            yield Frame(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), number, number / CAMERA.fps, started)
            number += 1
        capture.release()


def latencies_of(video: Path, model: LiveModel) -> list[float]:
    """Return the milliseconds from decoding to decision of each frame with a face, the first ones left out."""
    views = list(watch(decoded(video), model, LiveSettings(skip="none")))[WARM_UP:]
    return [1000 * view.latency for view in views if view.decision is not None]


def mean_with_skipping(video: Path, model: LiveModel) -> tuple[float, float]:
    """Return mean milliseconds of a frame with the default rule, and the share of frames that it skips."""
    views: list[View] = list(watch(decoded(video), model, LiveSettings()))[WARM_UP:]
    return 1000 * float(np.mean([view.latency for view in views])), float(np.mean([view.skipped for view in views]))


def memory_curve(video: Path, model: LiveModel, frames: int) -> list[float]:
    """Return RssAnon in GB at each quarter of a session of so many frames."""
    curve = []
    with closing(watch(decoded(video, times=frames), model, LiveSettings())) as views:
        for number, _ in enumerate(islice(views, frames), start=1):
            if number % (frames // 4) == 0:
                curve.append(anonymous_gigabytes(os.getpid()))
    return curve


def encoder_times(file: Path, sizes: Sizes) -> dict[str, list[float]]:
    """Return the seconds of an int8 encoder alone, with each of the two that can run it."""
    threads, face = os.cpu_count() or 1, np.zeros((1, sizes.vgg16_side, sizes.vgg16_side, 3), np.float32)
    content = file.read_bytes()
    runners = {"OpenVINO": load_openvino(content, threads), "TensorFlow Lite": load_lite(content, threads)}
    times = {name: [] for name in runners}
    for _ in range(sizes.turns):
        for name, run in runners.items():
            time.sleep(PAUSE)
            run(pixels=face)
            times[name] += in_turn({name: partial(run, pixels=face)}, sizes.turns)[name]
    return times


def stage_times(video: Path) -> dict[str, float]:
    """Return the median milliseconds of decoding, of the face mesh, and of detector and crop; the rest is the encoder.

    Where each frame's time goes, so that it is seen what a faster encoder can still gain.
    """
    finder = FaceFinder(LiveSettings().landmarks)
    times: dict[str, list[float]] = {"decode": [], "mesh": [], "detect and crop": []}
    for frame in decoded(video):
        decoded_at = time.monotonic()
        faces = finder.find(frame.image)
        meshed_at = time.monotonic()
        if len(faces):
            crop_seen(frame.image, faces[0], FaceSettings())
            times["detect and crop"].append(time.monotonic() - meshed_at)
        times["decode"].append(decoded_at - frame.read_at)
        times["mesh"].append(meshed_at - decoded_at)
    return {name: 1000 * float(np.median(seconds)) for name, seconds in times.items() if seconds}


def parity(facts: Path) -> list[dict]:
    """Return how faithful the converted files are, from what `export-edge` wrote."""
    kept = ("part", "kind", "megabytes", "median_ms", "difference", "equal", "problem")
    return [{name: row[name] for name in kept} for row in read_json(facts)["rows"]]


if __name__ == "__main__":
    main("live", measure)
