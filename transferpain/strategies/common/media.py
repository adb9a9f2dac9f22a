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
    return add_stretches(plan, faces_of(plan.experiment.faces, plan.clips, places), skipped)


def add_stretches(plan: Plan, faces: pd.DataFrame, skipped: int = 0) -> pd.DataFrame:
    """Return what the faces stage, or what stands in its place, has found of the plan's clips, with `stretch`."""
    if plan.task.sample == "frame":
        check_frames_exist(plan.samples, faces)
        return faces.assign(stretch=faces["num_frames"].astype(np.int64))
    return with_stretch(plan.clips, faces, plan.experiment.window, skipped)


def check_frames_exist(samples: pd.DataFrame, faces: pd.DataFrame) -> None:
    """Refuse labels of frames that a decoded clip has not.

    Args:
        samples: single frames, with `file_clip` and `row`, their place in it.
        faces: the table of `compute_faces`; what cannot be used has no frames that could be missed.

    Raises:
        UserError: with the first of the clips.
    """
    lengths = faces.set_index("clip").loc[samples["file_clip"], ["num_frames", "problem"]].reset_index(drop=True)
    row = samples["row"].reset_index(drop=True)
    wrong = (lengths["problem"] == "") & (row >= lengths["num_frames"])
    if wrong.any():
        first = wrong.idxmax()
        clip, frames = samples["file_clip"].iloc[first], lengths["num_frames"][first]
        raise UserError(
            "Labels name frames that do not exist.",
            rule="Frames of a video are counted from 0 (docs/datasets.md).",
            received=f"{clip}: its frame at place {row[first]} of {frames}, and {int(wrong.sum()) - 1} more",
            todo="Correct frames.csv.",
        )


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
