"""Maps as pictures: their mean on a drawn face mesh, which shows nobody; and, where asked for, on the faces."""

from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from transferpain.apps.explain.regions import REGIONS
from transferpain.core.synthetic_faces import Synthetic
from transferpain.data.synthetic.camera import BIOVID, seat
from transferpain.data.synthetic.face import Pose, draw_face
from transferpain.data.synthetic.subjects import invent_look
from transferpain.inputs.landmarks.geometry import place
from transferpain.inputs.landmarks.mesh import find_points, forget_faces, load_mesh
from transferpain.inputs.landmarks.settings import LandmarkSettings
from transferpain.reports.figures import INK, MUTED, RED, new_figure, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CANVAS = 200  # pixels each way
ZOOM, EYES = 62.0, (0.5, 0.40)  # pixels an inter-ocular distance, and where the middle between the eyes is
PANEL = 2.4  # inches
COLORS = "inferno"
FACES_A_CLASS = 4
FACES_STAMP = "PICTURES OF THE DATASET: its licence and the consent of the people shown say where these may go"


@cache
def drawn_mesh() -> np.ndarray:
    """Return the face mesh of an invented person at rest, float `(478, 2)` in pixels of the canvas."""
    mesh = load_mesh(LandmarkSettings(detection_confidence=0.5))
    forget_faces(mesh)
    picture = draw_face(seat(BIOVID, invent_look("explain"), "explain"), {}, Pose())
    points = place(find_points(mesh, picture)[0]).points[:, :2]
    return points * ZOOM + np.multiply(EYES, CANVAS)


def to_drawn_mesh(cam: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Move a map from a picture to the drawn mesh, by the affine map that fits all points best.

    Args:
        cam: float32 `(size, size)`.
        points: float `(478, 2)`, the mesh in pixels of the picture.

    Returns:
        float32 `(CANVAS, CANVAS)`; NaN where the picture does not reach.
    """
    with_ones = np.column_stack([points, np.ones(len(points))])
    affine = np.linalg.lstsq(with_ones, drawn_mesh(), rcond=None)[0].T
    size = (CANVAS, CANVAS)
    moved = cv2.warpAffine(np.float32(cam), affine, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(np.ones_like(cam, np.float32), affine, size, flags=cv2.INTER_NEAREST)
    return np.where(inside > 0, moved, np.float32(np.nan))


def mean_map(cams: np.ndarray, points: np.ndarray) -> np.ndarray | None:
    """Return the mean of maps on the drawn mesh, float32 `(CANVAS, CANVAS)`, each divided by its sum on the face.

    Maps that are 0 all over, and pictures without a mesh, do not count; `None` if none is left.
    """
    moved = [to_drawn_mesh(cam, mesh) for cam, mesh in zip(cams, points, strict=True) if np.isfinite(mesh).all()]
    moved = [one / np.nansum(one) for one in moved if np.nansum(one) > 0]
    if not moved:
        return None
    stacked = np.array(moved)
    counts = np.isfinite(stacked).sum(axis=0)
    return np.divide(np.nansum(stacked, axis=0), counts, out=np.full(counts.shape, np.nan), where=counts > 0)


def draw_mean_maps(means: dict[str, np.ndarray | None], what: str, synthetic: Synthetic) -> "Figure":
    """Draw the mean map of each class on the drawn mesh: one panel per class, with the outlines of the regions.

    `what` the maps are, e.g. "Grad-CAM".
    """
    with style():
        figure = new_figure(PANEL * max(len(means), 2), PANEL + 0.7, synthetic)
        for axes, (label, mean) in zip(np.atleast_1d(figure.subplots(1, len(means))), means.items(), strict=True):
            axes.set_title(label, fontsize=10, color=INK)
            axes.set_axis_off()
            if mean is None:
                axes.text(0.5, 0.5, "never answered", ha="center", va="center", color=MUTED, transform=axes.transAxes)
            else:
                axes.imshow(mean, cmap=COLORS, vmin=0, vmax=np.nanmax(mean), alpha=0.85)
            axes.plot(*drawn_mesh().T, ".", color=MUTED, markersize=1)
            for outline in region_outlines():
                axes.plot(*outline.T, color="white" if mean is not None else INK, linewidth=0.8)
            axes.set(xlim=(0, CANVAS), ylim=(CANVAS, 0), aspect="equal")
        label = f"mean {what} on a drawn face; outlines: brows, eyes, nose, mouth"
        figure.supxlabel(label, fontsize=8, color=MUTED)
        return figure


def region_outlines() -> list[np.ndarray]:
    """Return the closed outline of each polygon of the regions on the drawn mesh, `(corners, 2)`."""
    outlines = []
    for polygons in REGIONS.values():
        for polygon in polygons:
            hull = cv2.convexHull(np.float32(drawn_mesh()[list(polygon)]))[:, 0]
            outlines.append(np.vstack([hull, hull[:1]]))
    return outlines


def draw_faces(faces: np.ndarray, cams: np.ndarray, answered: list[str], synthetic: Synthetic) -> "Figure":
    """Draw maps on the pictures themselves, stamped: one row per class with its first pictures.

    Args:
        faces: uint8 RGB `(pictures, size, size, 3)`.
        cams: float32 `(pictures, size, size)`.
        answered: the class that each picture's map is for.
    """
    classes = list(dict.fromkeys(answered))
    with style():
        figure = new_figure(PANEL * FACES_A_CLASS * 0.75, PANEL * 0.85 * len(classes) + 0.6, synthetic)
        panels = figure.subplots(len(classes), FACES_A_CLASS, squeeze=False)
        for axes in panels.ravel():
            axes.set_axis_off()
        for line, label in zip(panels, classes, strict=True):
            line[0].set_title(label, fontsize=10, loc="left", color=INK)
            numbers = [number for number, said in enumerate(answered) if said == label]
            for axes, number in zip(line, numbers, strict=False):
                axes.imshow(faces[number])
                axes.imshow(cams[number], cmap=COLORS, vmin=0, vmax=1, alpha=0.45)
        figure.supxlabel(FACES_STAMP, fontsize=7, color=RED)
        return figure
