"""How far two versions of the face detector and the face mesh agree, each run in an environment of its own:

    python -m benchmarks.agreement keep OLD.npz FER_FOLDER      # in the environment of the one version
    python -m benchmarks.agreement keep NEW.npz FER_FOLDER      # in the environment of the other
    python -m benchmarks.agreement compare OLD.npz NEW.npz      # a table: docs/detectors.md

Pictures: drawn faces, the frames of drawn videos of four datasets, and real faces of FER+ (only numbers are kept).
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.data.datasets.ferplus import read_images
from transferpain.data.media.pictures import open_pictures
from transferpain.data.media.video import open_video
from transferpain.data.synthetic.camera import BIOVID, seat
from transferpain.data.synthetic.face import Pose, draw_face
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.subjects import invent_look
from transferpain.data.synthetic.twins import write_twin
from transferpain.inputs.action_units.check import enlarge
from transferpain.inputs.action_units.mesh import STILL
from transferpain.inputs.faces.detectors import load_detector
from transferpain.inputs.landmarks.geometry import EYE_CORNERS
from transferpain.inputs.landmarks.mesh import find_points, forget_faces, load_mesh
from transferpain.inputs.landmarks.settings import LandmarkSettings

PEOPLE = 100
REAL_PICTURES = 3000
EXPRESSIONS = ({}, {"AU4": 4, "AU6": 4, "AU7": 3, "AU9": 2, "AU43": 3}, {"AU12": 4, "AU25": 3, "AU26": 3})
HEADS = (Pose(), Pose(yaw=0.25), Pose(roll=0.2))
VIDEOS = {
    "biovid": TwinSettings(subjects=6, clips=1, seconds=2.0),
    "ai4pain": TwinSettings(subjects=6, clips=1, seconds=2.0),
    "unbc": TwinSettings(subjects=3, clips=1, seconds=2.0),
    "mintpain": TwinSettings(subjects=3, clips=1),
}


def drawn_faces() -> Iterator[np.ndarray]:
    for number in range(PEOPLE):
        sitter = seat(BIOVID, invent_look(number), number)
        for units in EXPRESSIONS:
            for pose in HEADS:
                yield draw_face(sitter, units, pose)


def real_faces(folder: Path) -> Iterator[np.ndarray]:
    images = read_images(folder)
    chosen = np.sort(np.random.default_rng(0).choice(len(images), min(REAL_PICTURES, len(images)), replace=False))
    return (enlarge(images[row]) for row in chosen)


def drawn_videos(folder: Path) -> Iterator[Iterator[np.ndarray | None]]:
    for dataset, settings in VIDEOS.items():
        write_twin(dataset, folder / dataset, settings, lambda step: None)
        for video in sorted(folder.rglob("*.mp4")):
            if dataset in video.parts:
                yield (frame.image for frame in open_video(video)[1])
        pictures = sorted({path.parent for path in (folder / dataset).rglob("*") if path.suffix in (".jpg", ".png")})
        for place in pictures:
            yield open_pictures(place)


def look(pictures: Iterator[np.ndarray | None], find_mesh) -> tuple[list, list]:
    """Return the box and the points of each picture; NaN where nothing was found."""
    detect, boxes, points = load_detector("mediapipe"), [], []
    for picture in pictures:
        box = None if picture is None else detect(picture)
        boxes.append([np.nan] * 5 if box is None else list(box))
        points.append(np.full((478, 3), np.nan, np.float32) if picture is None else find_mesh(picture))
    return boxes, points


def finder(mesh) -> Callable[[np.ndarray], np.ndarray]:
    """Return what finds the points of the face in a picture, float32 `(478, 3)`; NaN where there is none."""

    def find(picture: np.ndarray) -> np.ndarray:
        faces = find_points(mesh, picture)
        return faces[0] if len(faces) else np.full((478, 3), np.nan, np.float32)

    return find


def keep(file: Path, ferplus: Path) -> None:
    follow = load_mesh(LandmarkSettings())
    still, following = finder(load_mesh(STILL)), finder(follow)
    found = {"drawn faces": look(drawn_faces(), still), "real faces (FER+)": look(real_faces(ferplus), still)}
    boxes, points = [], []
    with tempfile.TemporaryDirectory() as folder:
        for frames in drawn_videos(Path(folder)):
            forget_faces(follow)
            more_boxes, more_points = look(frames, following)
            boxes += more_boxes
            points += more_points
    found["frames of drawn videos"] = boxes, points
    arrays = {}
    for name, (of_boxes, of_points) in found.items():
        arrays |= {f"{name}/boxes": np.array(of_boxes), f"{name}/points": np.array(of_points, np.float32)}
    np.savez_compressed(file, **arrays)


def compare(old_file: Path, new_file: Path) -> pd.DataFrame:
    """Return one row per kind of picture."""
    rows = []
    with np.load(old_file) as old, np.load(new_file) as new:
        for name in dict.fromkeys(key.split("/")[0] for key in old.files):
            boxes = [arrays[f"{name}/boxes"] for arrays in (old, new)]
            points = [arrays[f"{name}/points"] for arrays in (old, new)]
            overlap, distance = _overlap(*boxes), _distance(*points)
            rows.append(
                {
                    "pictures": name,
                    "number": len(boxes[0]),
                    "box: both": _both(*boxes),
                    "only old": _both(boxes[0], boxes[1], new=False),
                    "only new": _both(boxes[1], boxes[0], new=False),
                    "overlap, median (5 %)": f"{np.median(overlap):.3f} ({np.quantile(overlap, 0.05):.3f})",
                    "mesh: both": _both(*points),
                    "only old mesh": _both(points[0], points[1], new=False),
                    "only new mesh": _both(points[1], points[0], new=False),
                    "points apart, median (95 %)": f"{np.median(distance):.3f} ({np.quantile(distance, 0.95):.3f})",
                }
            )
    return pd.DataFrame(rows)


def _found(values: np.ndarray) -> np.ndarray:
    return ~np.isnan(values.reshape(len(values), -1)).any(axis=1)


def _both(first: np.ndarray, second: np.ndarray, new: bool = True) -> int:
    return int((_found(first) & (_found(second) == new)).sum())


def _overlap(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Return intersection over union of each pair of boxes found by both."""
    both = _found(old) & _found(new)
    (a, b) = old[both, :4], new[both, :4]
    sides = np.clip(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0, None)
    shared = sides.prod(axis=1)
    areas = [(box[:, 2:] - box[:, :2]).prod(axis=1) for box in (a, b)]
    return shared / (areas[0] + areas[1] - shared)


def _distance(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Return the mean distance of the points in the picture, in inter-ocular distances of the old ones."""
    both = _found(old) & _found(new)
    a, b = old[both][:, :, :2], new[both][:, :, :2]
    right, left = (a[:, list(pair)].mean(axis=1) for pair in EYE_CORNERS)
    apart = np.linalg.norm(a - b, axis=2).mean(axis=1)
    return apart / np.linalg.norm(left - right, axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.agreement")
    parser.add_argument("what", choices=("keep", "compare"))
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    arguments = parser.parse_args()
    if arguments.what == "keep":
        keep(arguments.first, arguments.second)
    else:
        print(compare(arguments.first, arguments.second).to_string(index=False))


if __name__ == "__main__":
    main()
