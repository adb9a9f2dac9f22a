"""What a converted model is calibrated on and compared on: drawn faces, or pictures of its own run."""

from dataclasses import dataclass

import cv2
import numpy as np

from transferpain.apps.edge.tested_pictures import choose_pictures
from transferpain.core.synthetic_faces import DRAWN
from transferpain.data.places import Places
from transferpain.data.synthetic.camera import FERPLUS, seat
from transferpain.data.synthetic.face import Pose, draw_face
from transferpain.data.synthetic.subjects import invent_look
from transferpain.inputs.features.windows import spread_frames
from transferpain.inputs.landmarks.mesh import find_points, forget_faces, load_mesh
from transferpain.inputs.landmarks.settings import LandmarkSettings
from transferpain.models.bundles.probe import EXPRESSIONS
from transferpain.models.sources.picture_model import PictureModel
from transferpain.strategies.fused.inputs import landmark_rows
from transferpain.strategies.fused.settings import FusionSettings

MESH_SIDE = 288  # twice the drawing: the mesh finds large faces better
PEOPLE = 6  # in each half: those calibrated on are not those compared on


@dataclass(frozen=True)
class Samples:
    """Inputs of a model.

    Attributes:
        pixels: float32 `(samples, frames, size, size, 3)`, RGB from 0 to 255; one frame for a network on one picture.
        landmarks: float32 `(samples, *shape)` as a fused network reads them; `None` for others.
        origin: what they are, in words.
    """

    pixels: np.ndarray
    landmarks: np.ndarray | None
    origin: str


def pictures_of_run(model: PictureModel, per_class: int, places: Places) -> tuple[Samples, Samples]:
    """Return pictures that the model was trained on, to calibrate with, and tested ones, to compare on.

    Raises:
        UserError: if the data are not there.
    """
    halves = []
    for part in ("train", "test"):
        chosen = choose_pictures(model, part, per_class, places, mesh=False)
        people = "real" if not chosen.synthetic else "drawn" if DRAWN in chosen.synthetic_faces else "synthetic"
        origin = f"{len(chosen.faces)} {people} {'training' if part == 'train' else 'tested'} pictures"
        halves.append(Samples(chosen.faces[:, None].astype(np.float32), None, origin))
    return halves[0], halves[1]


def drawn_samples(model: PictureModel, people: int = PEOPLE) -> tuple[Samples, Samples]:
    """Return drawn people with three expressions each, to calibrate with and, others, to compare on.

    Where the model reads a window, an expression comes up over its frames.
    """
    inputs = model.bundle.model.inputs
    size = inputs[0].shape[-2]
    shape = tuple(inputs[1].shape[1:]) if len(inputs) > 1 else None
    settings = None if shape is None else window_settings(shape)
    frames = inputs[0].shape[1] if len(inputs[0].shape) == 5 else 1
    halves = []
    for half in ("calibration", "comparison"):
        pixels, landmarks = [], []
        for number in range(people):
            for units in EXPRESSIONS:
                clip = _drawn_clip(f"edge {half} {number}", units, max(frames, settings.frames if settings else 1))
                if settings is not None:
                    landmarks.append(_window_of(clip, settings))
                chosen = clip if frames > 1 else clip[-1:]
                pixels.append([cv2.resize(one, (size, size), interpolation=cv2.INTER_LINEAR) for one in chosen])
        kept = [number for number in range(len(pixels)) if settings is None or landmarks[number] is not None]
        halves.append(
            Samples(
                np.array([pixels[number] for number in kept], np.float32),
                None if settings is None else np.array([landmarks[number] for number in kept]),
                f"{len(kept)} drawn {'faces' if settings is None else 'windows'}",
            )
        )
    return halves[0], halves[1]


def window_settings(shape: tuple[int, ...]) -> FusionSettings:
    """Return how landmarks of this shape are read: `(T, points x coordinates)`, or `(points, coordinates)`."""
    for points in (478, 468):
        for coordinates in (3, 2):
            if shape == (points, coordinates):
                return FusionSettings(axis="points", frames=1, points=points, coordinates=coordinates)
            if shape[1] == points * coordinates:
                return FusionSettings(frames=shape[0], points=points, coordinates=coordinates)
    raise ValueError(f"no reading of the face mesh has the shape {shape}")


def _drawn_clip(person: str, units: dict[str, float], frames: int) -> list[np.ndarray]:
    sitter = seat(FERPLUS, invent_look(person), person)
    strengths = np.linspace(0, 1, frames) if frames > 1 else [1.0]
    return [draw_face(sitter, {unit: value * float(s) for unit, value in units.items()}, Pose()) for s in strengths]


def _window_of(clip: list[np.ndarray], settings: FusionSettings) -> np.ndarray | None:
    """Return the landmarks of a clip as the network reads them, float32 `settings.landmark_shape`; `None` without any.

    Frames in which no mesh is found are passed over.
    """
    mesh = load_mesh(LandmarkSettings(detection_confidence=0.5))
    forget_faces(mesh)
    enlarged = [cv2.resize(picture, (MESH_SIDE, MESH_SIDE), interpolation=cv2.INTER_CUBIC) for picture in clip]
    meshes = [found[0] for found in (find_points(mesh, picture) for picture in enlarged) if len(found)]
    if not meshes:
        return None
    if settings.axis == "points":
        return landmark_rows(meshes[len(meshes) // 2][None], settings)[0]
    window = np.stack(meshes)[spread_frames(len(meshes), settings.frames)]
    return landmark_rows(window[None], settings)[0]
