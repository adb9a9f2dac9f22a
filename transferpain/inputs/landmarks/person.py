"""The face mesh of one person per clip, followed as the person's face is."""

from typing import NamedTuple

import numpy as np

from transferpain.data.media.medium import Frame
from transferpain.inputs.faces.detectors import load_face_finder
from transferpain.inputs.faces.follow import PersonFollower
from transferpain.inputs.landmarks.mesh import Faces, find_faces, forget_faces, load_mesh
from transferpain.inputs.landmarks.settings import LandmarkSettings

FACES = 4  # that are told apart
LOOK_FOR_OTHERS = 10  # frames


class Found(NamedTuple):
    """The person's `points`, float32 `(478, 3)`, and `blendshapes`, `(52,)`; `None` without; and how many faces."""

    points: np.ndarray | None
    blendshapes: np.ndarray | None
    faces: int


class PersonMesh:
    """Finds one person's mesh in one frame after the other of a clip.

    A mesh for several faces takes longer and places them a little otherwise. While the person is alone, a mesh for one
    follows, and others are looked for in every tenth frame, and where the one is not where the person was.

    Attributes:
        person: who is followed.
    """

    def __init__(self, settings: LandmarkSettings):
        self._settings, self._one = settings, load_mesh(settings)
        # What it followed in the clip before must not matter.
        forget_faces(self._one)
        self.person = PersonFollower()
        self._frames, self._several = 0, False

    def find(self, frame: Frame) -> Found:
        """Find it in the next frame; nothing in one that cannot be decoded."""
        if frame.image is None:
            self.person.choose(np.empty((0, 4)), frame.seconds)
            return Found(None, None, 0)
        faces, seen = self._look(frame)
        self._frames += 1
        place = self.person.choose(boxes_of(faces), frame.seconds)
        if place is None:
            return Found(None, None, seen)
        return Found(faces.points[place], faces.blendshapes[place], seen)

    def _look(self, frame: Frame) -> tuple[Faces, int]:
        alone = None if self._several else find_faces(self._one, frame.image)
        seen = 0 if alone is None else len(alone.points)
        if alone is not None:
            strange = not all(self.person.is_expected(box, frame.seconds) for box in boxes_of(alone))
            if self._frames % LOOK_FOR_OTHERS == 0 or strange:
                seen = max(seen, len(load_face_finder()(frame.image)))
            if seen < 2:
                return alone, seen
        mesh = load_mesh(self._settings, FACES)
        if not self._several:
            forget_faces(mesh)
        found = find_faces(mesh, frame.image)
        self._several = len(found.points) > 1
        if not self._several:
            forget_faces(self._one)
            if alone is not None and len(alone.points) and not len(found.points):
                found = alone
        return found, max(seen, len(found.points))


def boxes_of(faces: Faces) -> np.ndarray:
    """Return the boxes around meshes, float32 `(faces, 4)`: left, top, right, bottom in pixels."""
    flat = faces.points[..., :2]
    return np.concatenate([flat.min(axis=1), flat.max(axis=1)], axis=1) if len(flat) else np.empty((0, 4), np.float32)
