"""A trained network that reads pictures of faces, from a bundle's folder or that of a run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transferpain.core.errors import UserError
from transferpain.core.progress import note
from transferpain.core.quiet import import_tensorflow
from transferpain.models.bundles.bundle import Bundle, read_bundle
from transferpain.models.bundles.manifest import MANIFEST, Contents, read_contents, split_digest
from transferpain.models.bundles.sklearn_part import part_names
from transferpain.models.sources.preprocessing import Preprocessing, stated_preprocessing

FUSED_INPUTS = ["images", "landmarks"]


@dataclass(frozen=True)
class PictureModel:
    """A verified bundle, its folder, and how a picture is prepared for its network."""

    folder: Path
    bundle: Bundle
    preprocessing: Preprocessing

    @property
    def reads_landmarks(self) -> bool:
        """Whether its network reads a window of landmarks beside the picture."""
        return [given.name for given in self.bundle.model.inputs] == FUSED_INPUTS


def is_clip_network(model: Any) -> bool:
    """Tell whether a Keras model reads whole windows of pictures alone, `(T, size, size, 3)`."""
    return len(model.inputs) == 1 and len(model.inputs[0].shape) == 5


def refuse_clip_network(model: Any, folder: Path, purpose: str) -> None:
    """Refuse a network that reads whole windows of pictures, where pictures come one by one.

    Args:
        model: the Keras model of the bundle in `folder`.
        purpose: what it was to be, for the message, e.g. `a live model`.

    Raises:
        UserError: if it does.
    """
    if is_clip_network(model):
        raise UserError(
            f"The model in {folder} is not {purpose}.",
            rule="It must answer to one picture of a face. A clip network answers to a window of them, spread over the "
            "stretch of a clip that it was trained on.",
            received=f"a network that reads {model.inputs[0].shape[1]} pictures at once",
            todo="Name a model of another strategy, such as full_fine_tuning. Windows that you cut yourself are "
            "answered in Python: `load_model(MODEL).predict_windows(faces)`; clips of an index by its experiment.",
        )


def model_folder(place: str) -> Path:
    """Return the folder of the bundle: the place itself, or the model of the run that stands there."""
    folder = Path(place)
    return folder / "model" if (folder / "model" / MANIFEST).is_file() else folder


def note_classifiers(manifest: dict, folder: Path) -> None:
    """Say of a model with classifiers beside its network that the network answers alone."""
    if parts := part_names(manifest):
        note(
            f"The model in {folder} holds classifiers beside its network: {', '.join(parts)}. Here its network answers "
            "alone, whose scores need not be those of its run."
        )


def model_contents(address: str) -> Contents:
    """Read the bundle at an address, folder and digest, into memory. Raises `UserError` if it is not intact."""
    place, digest = split_digest(address)
    return read_contents(model_folder(place), digest)


def read_picture_model(address: str, purpose: str, landmarks: bool = False) -> PictureModel:
    """Read a model that reads pictures of faces; TensorFlow is imported.

    Args:
        address: folder of a bundle or of a run, with `#sha256=<digest>` where its origin is to be proved.
        purpose: what it was to be, for the message, e.g. `a live model`.
        landmarks: whether it may read landmarks beside the picture, or several pictures at once.

    Raises:
        UserError: if the folder is no intact bundle, or its model does not read pictures, or reads a window of them.
    """
    contents = model_contents(address)
    folder = contents.folder
    import_tensorflow()
    bundle = read_bundle(contents)
    refuse_clip_network(bundle.model, folder, purpose)
    shapes = [tuple(given.shape[1:]) for given in bundle.model.inputs]
    fits = len(shapes) == 1 and len(shapes[0]) == 3
    fused = landmarks and [given.name for given in bundle.model.inputs] == FUSED_INPUTS
    if not (fits or fused) or not bundle.preprocessing:
        raise UserError(
            f"The model in {folder} is not {purpose}.",
            rule="It must read one picture of a face"
            + (", or pictures and landmarks," if landmarks else "")
            + " and answer with probabilities.",
            received=f"a model that reads {', '.join(map(str, shapes))}",
            todo="Name the bundle of a network that reads pictures, not of a head on features.",
        )
    return PictureModel(folder, bundle, stated_preprocessing(bundle.preprocessing, folder))
