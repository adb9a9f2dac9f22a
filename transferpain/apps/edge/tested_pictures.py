"""Which pictures are explained: tested ones of the fold that a model comes from, with the face mesh on each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import cv2
import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.progress import note
from transferpain.data.datasets.ferplus import read_images
from transferpain.data.datasets.index import Index
from transferpain.data.places import Places
from transferpain.experiments.samples import labelled_samples, split_samples
from transferpain.experiments.schema import load_experiment
from transferpain.inputs.faces.cache import read_faces
from transferpain.inputs.faces.crop import points_in_crop
from transferpain.inputs.faces.jpeg import decode_jpeg
from transferpain.inputs.faces.stage import compute_faces
from transferpain.inputs.landmarks.cache import read_landmarks
from transferpain.inputs.landmarks.geometry import POINTS
from transferpain.inputs.landmarks.mesh import find_points, forget_faces, load_mesh
from transferpain.inputs.landmarks.settings import LandmarkSettings
from transferpain.inputs.landmarks.stage import compute_landmarks
from transferpain.models.sources.face_settings import FaceSettings
from transferpain.models.sources.picture_model import PictureModel
from transferpain.networks.training.augment import augment
from transferpain.networks.training.settings import AugmentSettings
from transferpain.strategies.common.settings import WindowSettings
from transferpain.strategies.common.stretch import with_stretch
from transferpain.strategies.fused.inputs import landmark_rows, read_clip
from transferpain.strategies.fused.settings import FusionSettings

Part = Literal["test", "train"]
MESH_SIDE = 192  # to which small images are enlarged for the mesh, which finds few faces of 48 pixels
UNLABELLED = -1
NO_MESH = np.full((POINTS, 2), np.nan)


class FacePicture(NamedTuple):
    """One picture: its row of the table, its face, the mesh in pixels of the face, and the landmarks of its window."""

    row: dict
    face: np.ndarray
    points: np.ndarray
    window: np.ndarray | None = None


class ClipReading(NamedTuple):
    """How faces and landmarks of videos are read; `fusion` and `window` for a network that also reads a window of
    landmarks.
    """

    faces: FaceSettings
    landmarks: LandmarkSettings
    fusion: FusionSettings | None
    window: WindowSettings


@dataclass(frozen=True)
class ChosenPictures:
    """The pictures of one explanation.

    Attributes:
        table: one row per picture: dataset, subject, clip, frame (its place in the clip) and y (-1: unlabelled).
        faces: uint8 RGB `(pictures, size, size, 3)`, as the network reads them before scaling.
        points: float `(pictures, 478, 2)`, the mesh in pixels of the face; NaN where it was not found.
        landmarks: float32 `(pictures, *shape)` as a fused network reads them; `None` for others.
        synthetic: whether the faces are synthetic.
        index: names the data.
        synthetic_faces: what they are called.
    """

    table: pd.DataFrame
    faces: np.ndarray
    points: np.ndarray
    landmarks: np.ndarray | None
    synthetic: bool
    index: str
    synthetic_faces: tuple[str, ...]


def choose_pictures(
    model: PictureModel,
    chosen: tuple[str, ...] | Part,
    per_class: int,
    places: Places,
    mesh: bool = True,
) -> ChosenPictures:
    """Choose pictures and find the face mesh on them.

    Args:
        model: its `experiment.yaml` says on which data it was trained.
        chosen: names of clips, among which may be unlabelled ones; or `test` or `train`: the labelled clips of the
            model's own fold, for what it was not tested on there it was trained on.
        per_class: pictures of each true class at most, spread evenly over its clips and over each clip.
        mesh: whether the mesh is needed.

    Raises:
        UserError: if the data or a clip is not there, or no picture shows a face.
    """
    experiment, manifest = load_experiment(_experiment_file(model.folder)), model.bundle.manifest
    _, index, samples = labelled_samples(experiment, places)
    if isinstance(chosen, str):
        if manifest.get("index", index.hash) != index.hash:
            note("warning: these are not the data that the model was trained on: its folds may have been others")
        samples, folds = split_samples(experiment, samples)
        own = [fold for fold in folds if fold.name == manifest.get("fold")] or folds
        wanted = samples.iloc[np.unique(np.concatenate([getattr(fold, chosen) for fold in own]))].dropna(subset="y")
    else:
        wanted = _named(samples, chosen)
    wanted = wanted.assign(y=wanted["y"].fillna(UNLABELLED).astype(int))
    if (index.clips.set_index("clip").loc[wanted["file_clip"], "kind"] == "image_rows").all():
        pictures = _images(wanted, index, model.preprocessing.size, per_class, places, mesh)
    else:
        fusion = experiment.fusion if model.reads_landmarks else None
        reading = ClipReading(model.preprocessing.faces, experiment.landmarks, fusion, experiment.window)
        pictures = _frames(wanted, index, reading, per_class, places, mesh)
    if not pictures:
        raise UserError(
            "There is no picture to explain.",
            rule="At least one frame of a chosen clip must show a face.",
            received=f"{wanted['file_clip'].nunique()} clips",
            todo="Name other clips, or check the faces with `transferpain faces`.",
        )
    rows, faces, points, windows = zip(*pictures, strict=True)
    landmarks = None if windows[0] is None else landmark_rows(np.array(windows), experiment.fusion)
    shown = pd.DataFrame(rows), np.array(faces), np.array(points), landmarks
    return ChosenPictures(*shown, index.synthetic, index.hash, index.synthetic_faces)


def spread(count: int, most: int) -> np.ndarray:
    """Return at most `most` positions, evenly spread over `count` of them, none at an end if it can be helped."""
    taken = min(count, most)
    return ((np.arange(taken) + 0.5) * count / max(taken, 1)).astype(int)


def _experiment_file(bundle: Path) -> Path:
    file = bundle / "experiment.yaml"
    if not file.is_file():
        raise UserError(
            f"{bundle} does not say on which data it was tested.",
            rule="The bundle of a finished run holds its experiment.yaml.",
            received=bundle,
            todo="Name a finished run, or its model.",
        )
    return file


def _named(samples: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    known = set(samples["file_clip"])
    missing = [name for name in names if name not in known]
    if missing:
        raise UserError(
            "There is no such clip.",
            rule=f"The data has {len(known)} clips, among them {', '.join(sorted(known)[:3])}.",
            received=", ".join(missing),
            todo="Name clips as the column `clip` of the run's predictions does.",
        )
    return samples[samples["file_clip"].isin(names)]


def _thin(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    return rows.iloc[spread(len(rows), most)]


def _frames(
    wanted: pd.DataFrame, index: Index, reading: ClipReading, per_class: int, places: Places, mesh: bool
) -> list[FacePicture]:
    """Take frames of videos, or of folders of pictures."""
    clips = pd.concat([_thin(group.drop_duplicates("file_clip"), per_class) for _, group in wanted.groupby("y")])
    media = index.clips[index.clips["clip"].isin(clips["file_clip"])]
    faces = compute_faces(media, places.data_root, reading.faces, places.cache)
    if reading.fusion:
        faces = with_stretch(media, faces, reading.window)
        faces.loc[faces["problem"] != "", "faces"] = ""
    stretch = faces["stretch"] if reading.fusion else faces["num_frames"]
    files = pd.DataFrame({"clip": media["clip"], "faces": faces["faces"], "landmarks": "", "stretch": stretch})
    if mesh:
        meshes = compute_landmarks(media, places.data_root, reading.landmarks, places.cache)
        files["landmarks"] = meshes["landmarks"]
    usable = files["faces"] != ""
    if reading.fusion:
        usable &= files["landmarks"] != ""
    files = files[usable].set_index("clip")
    pictures = []
    for y, group in clips[clips["file_clip"].isin(files.index)].groupby("y"):
        most = -(-per_class // len(group))
        of_class = []
        for clip in group.itertuples():
            rows = wanted.loc[(wanted["y"] == y) & (wanted["file_clip"] == clip.file_clip), "row"].to_numpy()
            of_class += _frames_of_clip(clip, rows, files.loc[clip.file_clip], reading, most)
        pictures += [of_class[position] for position in spread(len(of_class), per_class)]
    return pictures


def _frames_of_clip(clip, rows: np.ndarray, files: pd.Series, reading: ClipReading, most: int) -> list[FacePicture]:
    """Take at most `most` frames of a clip that show a face: of these rows, or of all (-1)."""
    faces, settings = read_faces(Path(files["faces"])), reading.faces
    shown = np.flatnonzero(faces.found)
    jpegs = dict(zip(shown.tolist(), faces.jpegs(), strict=True))
    if rows[0] >= 0:
        shown = np.intersect1d(shown, rows)
    mesh = read_landmarks(Path(files["landmarks"])).pixels if files["landmarks"] else ()
    window = None
    if reading.fusion:
        paths = Path(files["faces"]), Path(files["landmarks"])
        window = read_clip(*paths, settings, reading.fusion.frames, int(files["stretch"])).landmarks
        if not len(window):
            return []
    pictures = []
    for frame in shown[spread(len(shown), most)].tolist():
        points = NO_MESH
        if frame < len(mesh):
            points = points_in_crop(mesh[frame], faces.boxes[frame], settings.resolved_margin, settings.size)
        pictures.append(FacePicture(_row(clip, frame), decode_jpeg(jpegs[frame]), points, window))
    return pictures


def _images(
    wanted: pd.DataFrame, index: Index, size: int, per_class: int, places: Places, mesh: bool
) -> list[FacePicture]:
    """Take rows of a dataset whose pictures are faces already, such as FER+."""
    chosen = pd.concat([_thin(group, per_class) for _, group in wanted.groupby("y")])
    images = read_images(index.data_root, places.cache)[chosen["first_frame"].to_numpy(int)]
    # Nothing is drawn: these settings only bring the pictures to the network's size, as in its training.
    faces = augment(images, size, AugmentSettings(), np.random.default_rng(0))
    return [
        FacePicture(_row(clip, 0), cv2.cvtColor(face, cv2.COLOR_GRAY2RGB), _mesh_of(image, size) if mesh else NO_MESH)
        for clip, image, face in zip(chosen.itertuples(), images, faces, strict=True)
    ]


def _mesh_of(image: np.ndarray, size: int) -> np.ndarray:
    """Return the mesh in a grey image, in pixels of the same image at another size, `(478, 2)`."""
    large = cv2.resize(image, (MESH_SIDE, MESH_SIDE), interpolation=cv2.INTER_CUBIC)
    mesh = load_mesh(LandmarkSettings())
    forget_faces(mesh)
    found = find_points(mesh, cv2.cvtColor(large, cv2.COLOR_GRAY2RGB))
    # Pixel areas are aligned, as in `cv2.resize`.
    return (found[0][:, :2] + 0.5) * (size / MESH_SIDE) - 0.5 if len(found) else NO_MESH


def _row(clip, frame: int) -> dict:
    return {"dataset": clip.dataset, "subject": clip.subject, "clip": clip.file_clip, "frame": frame, "y": clip.y}
