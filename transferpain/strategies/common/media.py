"""The media of a job: faces of videos, or images that are faces already, and the pictures that networks see of them."""

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.data.datasets.ferplus import read_images
from transferpain.data.places import Places
from transferpain.data.tasks.targets import clip_targets
from transferpain.inputs.faces.stage import compute_faces
from transferpain.models.sources.face_settings import FaceSettings
from transferpain.strategies.base import Plan
from transferpain.strategies.common.pictures import Pictures, frame_pictures, still_pictures, video_pictures
from transferpain.strategies.common.stretch import with_stretch


def faces_of(settings: FaceSettings, clips: pd.DataFrame, places: Places) -> pd.DataFrame:
    """Compute the faces of clips: the table of `compute_faces`.

    Raises:
        UserError: if not one of them can be used.
    """
    faces = compute_faces(clips, places.data_root, settings, places.cache)
    if not (faces["problem"] == "").any():
        raise UserError(
            "Not one clip could be used.",
            rule="At least one video must be readable.",
            received="; ".join(f"{row.clip}: {row.problem}" for row in faces.head(3).itertuples()),
            todo="Check the files with `transferpain data check`.",
        )
    return faces


def stretches_of(plan: Plan, places: Places, skipped: int = 0) -> pd.DataFrame:
    """Compute the faces of the plan's clips: the table of `compute_faces` with `stretch`; see `with_stretch`.

    Where single frames are predicted, each by itself, all of a clip is read.
    """
    faces = faces_of(plan.experiment.faces, plan.clips, places)
    if plan.task.sample == "frame":
        return faces.assign(stretch=faces["num_frames"].astype(np.int64))
    return with_stretch(plan.clips, faces, plan.experiment.window, skipped)


def media_of(plan: Plan, places: Places) -> tuple[pd.DataFrame | None, np.ndarray | None]:
    """Return the faces stage with the stretches that are read, or an image dataset's images; the other is `None`."""
    if plan.has_faces_stage:
        return stretches_of(plan, places, plan.experiment.images.first_frame), None
    return None, read_images(plan.index.data_root, places.cache)


def pictures_of(plan: Plan, faces: pd.DataFrame | None, images: np.ndarray | None) -> Pictures:
    """Return the pictures of the plan's samples: frames of videos, labelled single frames, or rows of images."""
    targets = clip_targets(plan.task, plan.samples, plan.experiment.training.label_mode)
    if faces is None:
        return still_pictures(images, plan.samples["first_frame"].to_numpy(), targets)
    if plan.task.sample == "frame":
        return frame_pictures(faces, plan.samples, targets)
    return video_pictures(faces, plan.experiment.images, targets, plan.experiment.window.train)
