"""Find the one face in a picture, its mesh, and the regions that action units change."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from transferpain.apps.serve.answers import Box, Region, UnitAnswer
from transferpain.apps.serve.refusals import Refusal
from transferpain.inputs.action_units.geometry import (
    CHEEKS,
    INNER_BROWS,
    LEFT_EYE,
    LOWER_LIDS,
    LOWER_LIP_OUTER,
    MIDDLE_BROWS,
    MOUTH_CORNERS,
    NOSE_BASE,
    NOSE_ROOT,
    NOSE_WINGS,
    OUTER_BROWS,
    RIGHT_EYE,
    UPPER_LIDS,
    UPPER_LIP_OUTER,
    UPPER_LIP_SIDES,
)
from transferpain.inputs.action_units.measures import estimate, shipped_measures
from transferpain.inputs.action_units.mesh import Mesh, load_still_mesh, stack_meshes
from transferpain.inputs.action_units.units import MAXIMA, UNITS
from transferpain.inputs.faces.detectors import Detection, load_detector, load_face_finder


def _sides(*sets: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Split sets of points whose first half is on the left of the picture into both sides."""
    halves = [(points[: len(points) // 2], points[len(points) // 2 :]) for points in sets]
    return tuple(sum(side, ()) for side in zip(*halves, strict=True))


# Name -> the action units that show there, and the mesh points of each part.
REGIONS = {
    "brows": ((4,), _sides(INNER_BROWS, MIDDLE_BROWS, OUTER_BROWS)),
    "eyes": ((7, 43), _sides((*LEFT_EYE, *RIGHT_EYE), UPPER_LIDS, LOWER_LIDS)),
    "cheeks": ((6,), _sides(CHEEKS)),
    "nose": ((9, 10), ((NOSE_ROOT, *NOSE_WINGS, *NOSE_BASE),)),
    "mouth": ((12, 25, 26), ((*MOUTH_CORNERS, *UPPER_LIP_OUTER, *UPPER_LIP_SIDES, *LOWER_LIP_OUTER),)),
}


@dataclass(frozen=True)
class Look:
    """Where the face of a picture stands.

    Attributes:
        detection: of the bundle's own detector, in pixels.
        mesh: of this one face, in pixels; NaN where none was found.
        size: width and height of the picture.
    """

    detection: Detection
    mesh: Mesh
    size: tuple[int, int]

    @property
    def face(self) -> Box:
        """The detection as shares of the picture."""
        width, height = self.size
        left, top, right, bottom, score = self.detection
        return Box(left=left / width, top=top / height, right=right / width, bottom=bottom / height, score=score)

    @property
    def regions(self) -> list[Region]:
        """The regions as shares of the picture; none without a mesh."""
        if np.isnan(self.mesh.points).any():
            return []
        flat = (self.mesh.points[:, :2] / self.size).astype(np.float32)
        regions = []
        for name, (units, parts) in REGIONS.items():
            hulls = [cv2.convexHull(flat[list(part)])[:, 0] for part in parts]
            outlines = [[(round(float(x), 4), round(float(y), 4)) for x, y in hull] for hull in hulls]
            regions.append(Region(name=name, units=list(units), outlines=outlines))
        return regions


def load_look(detector: str) -> Callable[[np.ndarray], Look]:
    """Return what finds the face in a picture, uint8 RGB `(height, width, 3)`; to be used in one thread.

    Faces are counted by MediaPipe, whatever detector the bundle crops with.

    Args:
        detector: the bundle's, which gives the box.
    """
    find_all, find_mesh = load_face_finder(), load_still_mesh()
    find_box = None if detector == "mediapipe" else load_detector(detector)

    def look(picture: np.ndarray) -> Look:
        faces = find_all(picture)
        if len(faces) > 1:
            raise Refusal(
                422,
                "several-faces",
                "There are several faces in the picture.",
                "A picture shows one face.",
                f"{len(faces)} faces",
                "Cut the picture to one person, or take another one.",
            )
        if find_box and faces:
            faces = [box for box in [find_box(picture)] if box is not None]
        if not faces:
            raise Refusal(
                422,
                "no-face",
                "No face was found in the picture.",
                "A picture shows one face, upright and from the front.",
                "a picture without a face",
                "Come closer, look into the camera, and see to light on the face.",
            )
        height, width = picture.shape[:2]
        return Look(faces[0], find_mesh(picture), (width, height))

    return look


def units_of(look: Look) -> list[UnitAnswer]:
    """Return a face's action units, each by its measure; none without a mesh."""
    guessed = estimate(stack_meshes([look.mesh]))
    if not guessed.found.iloc[0]:
        return []
    measures, values = shipped_measures(), guessed.intensities.iloc[0]
    return [
        UnitAnswer(unit=unit, intensity=round(float(values[unit]), 2), maximum=maximum, **measures[unit]._asdict())
        for unit, maximum in zip(UNITS, MAXIMA.tolist(), strict=True)
    ]
