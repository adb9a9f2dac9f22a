"""A ward of eight people as a user's own data: drawn clips of no pain and of high pain; a leak can be planted."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import yaml

from transferpain.data.datasets.index import read_index
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin
from transferpain.experiments.schema import Experiment

PEOPLE, CLIPS = 8, 3  # clips of each class
CLASSES = ("no pain", "high pain")
FPS = 25.0


def draw_ward(root: Path) -> pd.DataFrame:
    """Write the videos of the ward and its index; return the index."""
    twin, ward = root / "twin", root / "ward"
    levels = ("BL1", "PA4")
    write_twin("biovid", twin, TwinSettings(PEOPLE, clips=CLIPS, seconds=0.4, levels=levels), lambda frames: None)
    ward.mkdir()
    rows = []
    light = np.random.default_rng(2)
    for number, clip in enumerate(read_index("biovid", twin).clips.itertuples()):
        # The light of a room would tell who lies in it.
        brighter = light.integers(-25, 25)
        frames = [np.clip(frame.astype(int) + brighter, 0, 255) for frame in read_video(twin / clip.media)]
        write_video(ward / f"{number:02d}.avi", frames)
        label = CLASSES[levels.index(clip.stimulus)]
        rows.append({"media": f"{number:02d}.avi", "subject": clip.subject, "label": label})
    index = pd.DataFrame(rows)
    write_index(root, index)
    return index


def write_index(root: Path, index: pd.DataFrame) -> None:
    index.to_csv(root / "ward" / "index.csv", index=False)


def write_task(folder: Path, classes: tuple[str, ...] = CLASSES, definition: str = "what the nurse wrote") -> Path:
    """Write the task of the ward."""
    mapping = {label: number for number, label in enumerate(classes)}
    rule = {"column": "label", "mapping": mapping} | ({"definition": definition} if definition else {})
    task = {"schema": 2, "description": "The ward.", "sample": "clip", "classes": list(classes)}
    path = folder / "ward.yaml"
    path.write_text(yaml.safe_dump(task | {"labels": {"ward": rule}}), encoding="utf-8")
    return path


def experiment(task: Path, **changes) -> Experiment:
    """Return a head on frames over an untrained network, two folds of people, one epoch."""
    values = {
        "name": "ward",
        "task": str(task),
        "dataset": "ward",
        "protocol": {"kind": "group_kfold", "folds": 2, "selection_share": 0.25},
        "faces": {"detector": "mediapipe", "size": 64},
        "source": "untrained",
        "backbone": "alexnet",
        "strategy": "frozen",
        "features": {"fps": 10},
        "window": {"seconds": 0.4},
        "head": {"kind": "ann"},
        "training": {"epochs": 1},
        "seeds": [0],
    }
    return Experiment.model_validate(values | changes)


def read_video(path: Path) -> list[np.ndarray]:
    """Return the frames of a video, BGR."""
    capture = cv2.VideoCapture(str(path))
    frames = []
    while True:
        read, frame = capture.read()
        if not read:
            return frames
        frames.append(frame)


def write_video(path: Path, frames: list[np.ndarray]) -> None:
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), FPS, (width, height))
    writer.set(cv2.VIDEOWRITER_PROP_QUALITY, 95)
    for frame in frames:
        writer.write(np.ascontiguousarray(frame, np.uint8))
    writer.release()


def change_videos(root: Path, media: list[str], change: Callable[[int, np.ndarray], np.ndarray]) -> None:
    """Write videos anew; `change` is given the number of a frame and the frame."""
    for name in media:
        path = root / "ward" / name
        frames = [change(number, frame) for number, frame in enumerate(read_video(path))]
        path.unlink()  # the ward's videos are links to those that other tests read
        write_video(path, frames)
