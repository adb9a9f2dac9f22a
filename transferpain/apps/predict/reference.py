"""A person's own neutral face, for a model that compares faces with one: the mean of features of some frames."""

from pathlib import Path

import numpy as np

from transferpain.apps.predict.pictures import find_media, read_frames
from transferpain.core.errors import UserError
from transferpain.core.privacy import hide_names
from transferpain.core.progress import note, progress_bar
from transferpain.core.quiet import silence_opencv
from transferpain.data.media.medium import UnreadableMedium
from transferpain.inputs.faces.crop import crop_face
from transferpain.inputs.faces.detectors import load_finder, prepare_detector
from transferpain.inputs.reference.features import spread
from transferpain.models.sources.face_settings import FaceSettings
from transferpain.strategies.frozen.joined import JoinedModel


def neutral_features(place: Path, model: JoinedModel, frames: int) -> np.ndarray:
    """Return the mean of the features of a neutral face, float64 `(D,)`.

    Args:
        place: a picture, a video, or a folder of them, of one person without pain; of several faces in a frame the
            largest is taken.
        model: what makes features.
        frames: of how many frames, spread evenly over those that show a face; of all, with a note, where fewer do.

    Raises:
        UserError: if it cannot be read, or shows no face.
    """
    faces = neutral_faces(place, model.preprocessing.faces, frames)
    if len(faces) < frames:
        note(f"{hide_names(place)} shows a face in {len(faces)} frames; the model was trained with {frames}.")
    return model.embed(faces).astype(np.float64).mean(axis=0)


def neutral_faces(place: Path, settings: FaceSettings, frames: int) -> np.ndarray:
    """Return the largest face of so many frames, uint8 RGB `(frames, size, size, 3)`; arguments as above.

    Raises:
        UserError: if it cannot be read, or shows no face.
    """
    prepare_detector(settings.detector)
    silence_opencv()
    find, boxes = load_finder(settings.detector), []
    files = find_media(place)
    try:
        with progress_bar("reference", None, "frames") as advance:
            for file in files:
                for frame in read_frames(file):
                    shown = [] if frame.image is None else find(frame.image)
                    if shown:
                        boxes.append((file, frame.number, max(shown, key=lambda one: one.area)[:4]))
                    advance()
    except (UnreadableMedium, OSError) as error:
        raise _no_reference(place, str(error) or type(error).__name__) from error
    if not boxes:
        raise _no_reference(place, "no face was found in any frame")
    chosen = {boxes[at][:2]: boxes[at][2] for at in spread(len(boxes), frames)}
    faces = []
    for file in files:
        if any(named == file for named, _ in chosen):  # read again: all crops of a long video would fill the memory
            for frame in read_frames(file):
                if (box := chosen.get((file, frame.number))) is not None:
                    faces.append(crop_face(frame.image, box, settings.resolved_margin, settings.size))
    return np.stack(faces)


def _no_reference(place: Path, how: str) -> UserError:
    return UserError(
        f"{hide_names(place)} cannot be a reference.",
        rule="A reference is a picture or video of the person without pain, in which a face is found.",
        received=how,
        todo="Name another one.",
    )
