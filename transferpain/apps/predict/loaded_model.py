"""A trained model, verified, and asked about photographs, faces that are cut out already, or features."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from transferpain.apps.predict.pictures import Answering, predict_places
from transferpain.apps.predict.reference import neutral_features
from transferpain.core.errors import UserError, printable
from transferpain.core.progress import note
from transferpain.core.quiet import import_tensorflow
from transferpain.core.synthetic_faces import faces_of, in_words
from transferpain.inputs.reference.features import beside
from transferpain.models.bundles.address import find_model, model_at_hand
from transferpain.models.bundles.bundle import Bundle
from transferpain.models.bundles.manifest import Contents, read_contents, split_digest
from transferpain.models.bundles.sklearn_bundle import SklearnHead, read_any_bundle
from transferpain.models.sources.picture_model import note_classifiers, refuse_clip_network
from transferpain.models.sources.preprocessing import stated_preprocessing
from transferpain.strategies.frozen.joined import join, reads_features
from transferpain.strategies.frozen.reference import check_reference_given, read_reference

BATCH = 32
MEANS = "This model was trained on the mean of some seconds; here it reads one picture in its place."


@dataclass(frozen=True, repr=False)
class LoadedModel:
    """A verified bundle; it reads pictures or windows of faces, alone or with its source, or features of a source.

    Attributes:
        folder: where it stands.
        bundle: what answers, its preprocessing, classes and manifest.
        input_shape: of one row: `(size, size, 3)`, `(frames, size, size, 3)`, `(D,)`, or `(frames, D)`.
        head: of a run's head on features what its bundle holds, by which its source is found; else `None`.
    """

    folder: Path
    bundle: Bundle
    input_shape: tuple[int | None, ...]
    head: Contents | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the columns of an answer."""
        return self.bundle.labels

    @property
    def synthetic(self) -> bool:
        """Whether synthetic faces took part in its training."""
        return self.bundle.manifest["synthetic"]

    @property
    def synthetic_faces(self) -> tuple[str, ...]:
        """What these faces are called."""
        return faces_of(self.bundle.manifest)

    @property
    def reads_faces(self) -> bool:
        """Whether it reads pictures itself, and not features."""
        return len(self.input_shape) == 3

    @property
    def reads_windows(self) -> bool:
        """Whether it reads whole windows of pictures: a clip network."""
        return len(self.input_shape) == 4

    def predict(
        self, pictures: np.ndarray | str | Path, reference: str | Path | None = None
    ) -> np.ndarray | pd.DataFrame:
        """Answer to faces that are cut out already, or find the faces in a photograph.

        Args:
            pictures: uint8 RGB `(n, h, w, 3)`, each cropped to its face, of any size: they are resized to the model's,
                and no face is looked for. Or the path of a photograph, a video, or a folder of them.
            reference: path of a photograph or video of the same person without pain, for a model that compares faces
                with one.

        Returns:
            Of an array the probabilities, float32 `(n, classes)`. Of a path the table of `predict_places`, a row for
            each face that is found; `answer` is its class, `p_<class>` a probability.

        Raises:
            UserError: if the pictures have another type or shape, the path is not there or cannot be read, the model
                reads features whose source is not here, or windows of frames; if a reference is missing, cannot be
                read, or is not read by the model.
        """
        if isinstance(pictures, str | Path):
            return self.predict_places([Path(pictures)], reference)
        answering = self._answering(reference)
        faces, size = _check_faces(pictures), answering.faces.size
        resized = [cv2.resize(face, (size, size), interpolation=cv2.INTER_AREA) for face in faces]
        return answering.answer(np.array(resized, np.uint8).reshape(-1, size, size, 3))

    def predict_windows(self, faces: np.ndarray) -> np.ndarray:
        """Return a clip network's answers to windows of faces, float32 `(n, classes)`.

        Args:
            faces: uint8 RGB `(n, frames, h, w, 3)`: as many frames as the network reads, each cropped to the face, of
                any size, spread evenly over a stretch as long as those that it was trained on.

        Raises:
            UserError: if they have another type or shape, or the model reads no windows of pictures.
        """
        if not self.reads_windows:
            raise UserError(
                f"The model in {self.folder} reads no windows of pictures.",
                rule="A clip network does, of the strategy `clip_network`.",
                received=f"a model that reads {self._shape()}",
                todo="Use predict(faces) for a model on pictures, predict_features(features) for a head.",
            )
        windows, (frames, size) = np.asarray(faces), self.input_shape[:2]
        if windows.dtype != np.uint8 or windows.ndim != 5 or windows.shape[1] != frames or windows.shape[4] != 3:
            raise UserError(
                "These are no windows of faces.",
                rule=f"They are uint8 RGB, 0 to 255, of the shape (n, {frames}, h, w, 3), each cropped to its face.",
                received=f"{windows.dtype} of the shape {windows.shape}",
                todo="Stack the crops of a window, and then the windows; one window is a batch of one: window[None].",
            )
        pictures = _check_faces(windows.reshape(len(windows) * frames, *windows.shape[2:]))
        resized = [cv2.resize(face, (size, size), interpolation=cv2.INTER_AREA) for face in pictures]
        return self._answer_pixels(np.array(resized, np.uint8).reshape(-1, frames, size, size, 3))

    def predict_places(self, places: Sequence[Path], reference: str | Path | None = None) -> pd.DataFrame:
        """Find the faces in photographs and videos, and answer to each; see `pictures.predict_places`.

        Raises:
            UserError: as `predict`.
        """
        return predict_places(places, self._answering(reference))

    def _answering(self, reference: str | Path | None) -> Answering:
        """Return what answers to faces: the network, or the head with its source; `reference` as for `predict`."""
        settings = read_reference(self.bundle.manifest, self.folder)
        check_reference_given(settings, reference is not None, self.folder)
        if reference is None:
            return self._alone
        return self._beside(reference)

    @cached_property
    def _alone(self) -> Answering:
        if self.reads_faces:
            note_classifiers(self.bundle.manifest, self.folder)
            faces = stated_preprocessing(self.bundle.preprocessing, self.folder).faces
            return Answering(self.classes, faces, self._answer_pixels, self.synthetic)
        if "members" in self.bundle.manifest:
            raise UserError(
                f"The model in {self.folder} reads no pictures.",
                rule="It is an ensemble, which reads what its members say of one, side by side: numbers of the shape "
                f"{self._shape()}.",
                received=", ".join(str(member["run"]) for member in self.bundle.manifest["members"]),
                todo="Ask the models of its members, and give their probabilities to predict_features(answers).",
            )
        if self.reads_windows:
            refuse_clip_network(self.bundle.model, self.folder, "a model that answers to single pictures")
        if self.bundle.manifest.get("reads") == "faces":
            raise UserError(
                f"The model in {self.folder} reads no pictures.",
                rule="Its network reads the landmarks of a face over some frames.",
                received=f"numbers of the shape {self._shape()}",
                todo="Name the model of a run whose network reads pictures.",
            )
        if self.head is None:
            raise UserError(
                f"The model in {self.folder} reads no pictures.",
                rule=f"It is a head, which reads the features of its source, of the shape {self._shape()}.",
                todo="Use predict_features(features); `extract` with the head's source gives them.",
            )
        return self._beside(None)

    def _beside(self, reference: str | Path | None) -> Answering:
        """Return the head with its source; `reference` as for `predict`."""
        joined = join(self.head, None if reference is None else partial(neutral_features, Path(reference)))
        if joined.stretch.reads == "clip":
            note(MEANS)
        return Answering(
            self.classes,
            joined.preprocessing.faces,
            lambda faces: self._finite(joined.answer_frames(joined.embed(faces))),
            joined.synthetic,
            one_person=reference is not None,
        )

    def _answer_pixels(self, faces: np.ndarray) -> np.ndarray:
        answers = np.zeros((len(faces), len(self.classes)), np.float32)
        for start in range(0, len(faces), BATCH):
            answers[start : start + BATCH] = self._answer(faces[start : start + BATCH].astype(np.float32))
        return answers

    def predict_features(self, features: np.ndarray, reference: np.ndarray | None = None) -> np.ndarray:
        """Return the probabilities of features, float32 `(n, classes)`.

        Args:
            features: numbers `(n, D)`, or `(n, frames, D)` for a head that reads windows.
            reference: features of the same person's face without pain, `(frames, D)`, for a head that compares with
                their mean.

        Raises:
            UserError: if they have another type or shape, hold NaN, or the model reads pictures; if a reference is
                missing, does not fit, or is not read by the model.
        """
        if self.reads_faces or self.reads_windows:
            windows = "Use predict_windows(faces), with uint8 RGB windows (n, frames, h, w, 3)."
            pictures = "Use predict(faces), with uint8 RGB pictures (n, h, w, 3), or predict(path)."
            raise UserError(
                f"The model in {self.folder} reads no features.",
                rule="It reads pictures of faces.",
                todo=windows if self.reads_windows else pictures,
            )
        rows = self._compared(np.asarray(features), reference)
        fits = rows.ndim == len(self.input_shape) + 1 and all(
            wanted in (None, found) for wanted, found in zip(self.input_shape, rows.shape[1:], strict=True)
        )
        if not fits or rows.dtype.kind not in "fiu" or not np.isfinite(rows).all():
            raise UserError(
                "These features cannot be answered.",
                rule=f"The model takes finite numbers of the shape {self._shape()}.",
                received=f"{rows.dtype} of the shape {rows.shape}",
                todo="Use the features of the source that the head was trained on; leave out rows of NaN.",
            )
        answers = np.zeros((len(rows), len(self.classes)), np.float32)
        for start in range(0, len(rows), BATCH):
            answers[start : start + BATCH] = self._answer(rows[start : start + BATCH].astype(np.float32))
        return answers

    def _compared(self, rows: np.ndarray, reference: np.ndarray | None) -> np.ndarray:
        """Return features as the head reads them. Raises `UserError` if a reference is missing or does not fit."""
        settings = read_reference(self.bundle.manifest, self.folder)
        check_reference_given(settings, reference is not None, self.folder)
        if reference is None:
            return rows
        neutral = np.asarray(reference)
        alike = rows.ndim > 1 and neutral.ndim == 2 and len(neutral) and neutral.shape[1] == rows.shape[-1]
        if not alike or not {rows.dtype.kind, neutral.dtype.kind} <= set("fiu") or not np.isfinite(neutral).all():
            raise UserError(
                "These features cannot be compared with the reference.",
                rule="A reference has finite features, (frames, D), of one face or more, as wide as those asked about.",
                received=f"features {rows.shape}, reference {neutral.dtype} {neutral.shape}",
                todo="Make both with the source that the head was trained on; leave out rows of NaN.",
            )
        flat = rows.reshape(-1, rows.shape[-1]).astype(np.float64)
        compared = beside(settings, flat, neutral.astype(np.float64).mean(axis=0))
        return compared.reshape(*rows.shape[:-1], compared.shape[1])

    def _answer(self, rows: np.ndarray) -> np.ndarray:
        model = self.bundle.model
        return self._finite(model.answer(rows) if isinstance(model, SklearnHead) else model.predict_on_batch(rows))

    def _finite(self, answers: np.ndarray) -> np.ndarray:
        answers = np.asarray(answers, dtype=np.float32)
        if not np.isfinite(answers).all():
            raise UserError(
                f"The model in {self.folder} has no answer.",
                rule="Probabilities are finite numbers.",
                received=f"{int((~np.isfinite(answers)).any(axis=1).sum())} of {len(answers)} rows without one",
                todo="Give it what it was trained on, or choose another model.",
            )
        return answers

    def _shape(self) -> str:
        return f"({', '.join(['n', *('any' if size is None else str(size) for size in self.input_shape)])})"

    def __repr__(self) -> str:
        mark = f", SYNTHETIC: trained on {in_words(self.synthetic_faces)}" if self.synthetic else ""
        return printable(f"Model in {self.folder}: {self._shape()} -> {', '.join(self.classes)}{mark}")


def load_model(address: str | Path) -> LoadedModel:
    """Return a trained model; its files are verified, and searched for code, before anything is loaded.

    Of a bundle with further parts (`hybrid`) it is the network that answers.

    Args:
        address: folder of a bundle or of a run, a zip file of a bundle, or the name of one in `weights/` or `runs/`;
            with `#sha256=<digest>` where its origin is to be proved.

    Raises:
        UserError: if there is no intact bundle, or its network reads several inputs at once.
    """
    folder, _ = find_model(address)
    with model_at_hand(address) as place:
        at_hand, digest = split_digest(place)
        contents = read_contents(Path(at_hand), digest)
    import_tensorflow()
    bundle = read_any_bundle(contents)
    head = contents if reads_features(contents.manifest) else None
    if isinstance(bundle.model, SklearnHead):
        return LoadedModel(folder, bundle, (bundle.model.dimension,), head)
    shapes = [tuple(given.shape[1:]) for given in bundle.model.inputs]
    if len(shapes) != 1 or (len(shapes[0]) >= 3 and not bundle.preprocessing):
        raise UserError(
            f"The model in {folder} cannot be given single pictures.",
            rule="It must read one picture of a face, and say how that is prepared, or the features of one.",
            received=f"a model that reads {', '.join(map(str, shapes))}",
            todo="Name the bundle of another model; `transferpain live` takes those that read landmarks, too.",
        )
    return LoadedModel(folder, bundle, shapes[0], head)


def _check_faces(faces: np.ndarray) -> np.ndarray:
    """Refuse whatever is no uint8 RGB `(n, h, w, 3)`, and say what to do."""
    pictures = np.asarray(faces)
    fits = pictures.ndim == 4 and pictures.shape[3] == 3 and min(pictures.shape[1:3]) > 0
    if fits and pictures.dtype == np.uint8:
        return pictures
    if pictures.ndim == 3 and pictures.shape[2] == 3:
        todo = "One picture is a batch of one: faces[None]."
    elif pictures.dtype.kind == "f":
        todo = "Of pixels from 0 to 1: (faces * 255).round().astype('uint8')."
    else:
        todo = "Stack crops of one size, in the order red, green, blue."
    raise UserError(
        "These are no pictures of faces.",
        rule="Pictures are uint8 RGB, 0 to 255, of the shape (n, h, w, 3), each cropped to its face.",
        received=f"{pictures.dtype} of the shape {pictures.shape}",
        todo=todo,
    )
