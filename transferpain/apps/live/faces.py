"""The faces in a frame, and one of them, the same from frame to frame."""

from typing import NamedTuple

import numpy as np

from transferpain.apps.live.source import Frame
from transferpain.data.media import medium
from transferpain.inputs.faces.detectors import load_face_finder
from transferpain.inputs.landmarks.mesh import find_points, forget_faces, load_mesh
from transferpain.inputs.landmarks.person import FACES, LOOK_FOR_OTHERS, PersonMesh
from transferpain.inputs.landmarks.settings import LandmarkSettings

# Another face has to be this much larger before it takes over, so that two of like size do not take turns.
TAKE_OVER = 1.5


class Choice(NamedTuple):
    """The landmarks of the chosen face, `(478, 3)`, and whether it is the one chosen before."""

    pixels: np.ndarray
    same: bool


class FaceFinder:
    """Finds the faces in one frame after the other.

    A mesh for several faces looks for more of them in every frame, which takes a quarter of its time. While there is
    but one, a mesh for one follows it, and others are looked for in every tenth frame.
    """

    def __init__(self, settings: LandmarkSettings):
        self._one, self._all = load_mesh(settings), load_mesh(settings, faces=FACES)
        for mesh in (self._one, self._all):
            forget_faces(mesh)
        self._frames = self._found = 0

    def find(self, image: np.ndarray) -> np.ndarray:
        """Find them in the next frame, uint8 RGB `(height, width, 3)`; `mesh.find_points` tells what is returned."""
        several = self._found > 1
        if not several and self._frames % LOOK_FOR_OTHERS == 0:
            several = len(load_face_finder()(image)) > 1
        faces = find_points(self._all if several else self._one, image)
        if self._found == 1 and not len(faces):
            # It left, or is suddenly elsewhere: the mesh for one would look there in the next frame only.
            faces = find_points(self._all, image)
        self._frames, self._found = self._frames + 1, len(faces)
        return faces


class FaceChooser:
    """Stays with a face as long as it is there and none is much larger."""

    def __init__(self):
        self._before: np.ndarray | None = None

    def choose(self, faces: np.ndarray) -> Choice | None:
        """Choose in the next frame.

        Args:
            faces: float `(faces, 478, 3)`, landmarks in pixels.

        Returns:
            The face of the frame before where it still is and no other is half as large again, else the largest; `None`
            without a face.
        """
        if not len(faces):
            self._before = None
            return None
        sides = np.sqrt(np.prod(np.ptp(faces[..., :2], axis=1), axis=-1))
        chosen, same = int(sides.argmax()), False
        if self._before is not None:
            moved = np.linalg.norm(faces[..., :2].mean(axis=1) - self._before[:, :2].mean(axis=0), axis=-1)
            nearest = int(moved.argmin())
            there = moved[nearest] < sides[nearest] / 2
            if there and (chosen == nearest or sides[chosen] < TAKE_OVER * sides[nearest]):
                chosen, same = nearest, True
        self._before = faces[chosen]
        return Choice(faces[chosen], same)


class AnybodyWatcher:
    """Watches whoever is there: the largest face, then the same one until it leaves or another is much larger."""

    def __init__(self, settings: LandmarkSettings):
        self._finder, self._chooser = FaceFinder(settings), FaceChooser()

    def watch(self, frame: Frame) -> Choice | None:
        """Return the watched face in the next frame; `None` without one."""
        return self._chooser.choose(self._finder.find(frame.image))


class PersonWatcher:
    """Watches one person, as the stages do with a clip, whoever comes nearer."""

    def __init__(self, settings: LandmarkSettings):
        self._mesh = PersonMesh(settings)
        self._seen, self._since = False, 0

    def watch(self, frame: Frame) -> Choice | None:
        """Return the person's face in the next frame; `None` where it is not there."""
        image = frame.image if frame.decoded else None
        found = self._mesh.find(medium.Frame(frame.number, frame.seconds, image))
        same = self._seen and self._since == self._mesh.person.since
        self._seen, self._since = found.points is not None, self._mesh.person.since
        return Choice(found.points, same) if self._seen else None
