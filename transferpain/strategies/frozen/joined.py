"""A trained head and what makes its features as one model: from pictures of faces to probabilities.

The head's bundle holds what was trained; its source is another bundle, found by the digest that the head states, or a
network that is built from its seed, or an extractor without a network, whose settings the head states. Features are
rounded as the cache keeps them, so that the answers are the run's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from transferpain.core.errors import UserError
from transferpain.core.foreign import border
from transferpain.core.progress import note
from transferpain.core.quiet import import_tensorflow
from transferpain.core.synthetic_faces import faces_of, merge_faces
from transferpain.core.yaml_file import parse_yaml
from transferpain.inputs.adaptation.registry import ADAPTATIONS
from transferpain.inputs.features.extractors.extractor import Extractor
from transferpain.inputs.features.extractors.registry import EXTRACTORS
from transferpain.inputs.features.extractors.source import SourceExtractor
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.inputs.features.windows import window_length
from transferpain.inputs.reference.features import beside
from transferpain.models.bundles.bundle import Bundle, read_settings
from transferpain.models.bundles.collection import by_digest, find_models
from transferpain.models.bundles.manifest import Contents
from transferpain.models.bundles.sklearn_bundle import SklearnHead, read_any_bundle
from transferpain.models.sources.origin import UNTRAINED, Origin, built_origin, bundle_origin
from transferpain.models.sources.preprocessing import Preprocessing, stated_preprocessing
from transferpain.networks.compute import choose_compute_dtype
from transferpain.networks.heads.base import Reads
from transferpain.networks.heads.registry import HEADS
from transferpain.strategies.common.feature_rows import WHOLE
from transferpain.strategies.common.settings import WindowSettings
from transferpain.strategies.frozen.reference import check_reference_given, read_reference

if TYPE_CHECKING:
    import keras

EXPERIMENT = "experiment.yaml"
BUILT = (*UNTRAINED, "imagenet")
BATCHES = (1, 2, 4, 8, 16, 32)  # a graph is compiled for each that is asked for; pictures fill up the next larger one


@dataclass(frozen=True)
class Stretch:
    """The frames that a head reads of a clip, of which a recipe says the same.

    Attributes:
        reads: `frame`, `window` (in the order of time) or `clip` (their mean).
        features: how they are taken.
        window: how long they are.
    """

    reads: Reads
    features: FeatureSettings
    window: WindowSettings

    @property
    def window_frames(self) -> int | None:
        """Rows of a whole window; `None` where that depends on the clip's rate."""
        if self.features.frames is not None:
            return self.features.frames
        return None if self.features.fps is None else window_length(self.features.fps, self.window.seconds)


@dataclass(frozen=True)
class JoinedModel:
    """A head of the strategy `frozen` with what makes its features.

    Attributes:
        folder: the head's bundle.
        bundle: the head.
        origin: its source; `None` where its features are made without a network.
        extractor: what makes its features.
        preprocessing: how faces are cut out and scaled, as in the head's training.
        stretch: which frames it reads.
        beside: compares features `(frames, D)` with a neutral face, for a head that reads them so; else `None`.
    """

    folder: Path
    bundle: Bundle
    origin: Origin | None
    extractor: Extractor
    preprocessing: Preprocessing
    stretch: Stretch
    beside: Callable[[np.ndarray], np.ndarray] | None = None

    @property
    def synthetic(self) -> bool:
        """Whether synthetic faces took part in the training of head or source."""
        return bool(self.bundle.manifest["synthetic"]) or (self.origin is not None and self.origin.synthetic)

    @property
    def synthetic_faces(self) -> tuple[str, ...]:
        """What these faces are called."""
        return merge_faces(faces_of(self.bundle.manifest), () if self.origin is None else self.origin.synthetic_faces)

    @property
    def width(self) -> int:
        """Features of a face, D."""
        return self.extractor.width

    @cached_property
    def _embed(self) -> Callable[[np.ndarray], np.ndarray]:
        return self.extractor.open(choose_compute_dtype(self.stretch.features.dtype)[0])

    def embed(self, faces: np.ndarray) -> np.ndarray:
        """Return the features of faces as the cache would keep them, float32 `(n, D)`.

        Beside a reference, if the head reads one, of the form `pair` `(n, 2 D)`.

        Args:
            faces: uint8 RGB `(n, size, size, 3)`.

        Raises:
            UserError: if the faces have another size than the source takes.
        """
        rows = [np.empty((0, self.width), np.float32)]
        for start in range(0, len(faces), BATCHES[-1]):
            part = faces[start : start + BATCHES[-1]]
            size = next(size for size in BATCHES if size >= len(part))
            filled = np.concatenate([part, np.repeat(part[-1:], size - len(part), axis=0)])
            rows.append(self._embed(filled)[: len(part)])
        features = np.concatenate(rows).astype(np.float16)
        return (
            features if self.beside is None else self.beside(features.astype(np.float64)).astype(np.float16)
        ).astype(np.float32)

    def answer_frames(self, features: np.ndarray) -> np.ndarray:
        """Return the answers to single frames, float32 `(n, classes)`.

        Args:
            features: `(n, D)`, as `embed` gives them.

        Raises:
            UserError: if the head reads windows.
        """
        if self.stretch.reads == "window":
            raise UserError(
                f"The model in {self.folder} answers to no single picture.",
                rule=f"Its head reads the {self.stretch.window_frames} frames of a window, each with its time.",
                received="pictures without a time",
                todo="Watch a video with it: `transferpain live`. Or train a head on single frames (head.kind=ann).",
            )
        return self._answer(features)

    def answer_stretch(self, features: np.ndarray) -> np.ndarray:
        """Return the answer to one stretch of frames, float32 `(classes,)`; of single frames it is their mean.

        Args:
            features: `(frames, D)` in the order of time, a row of NaN where no face was found; one has a face.
        """
        if self.stretch.reads == "frame":
            return self._answer(features[~np.isnan(features[:, 0])]).mean(axis=0)
        return self._answer(WHOLE[self.stretch.reads](self.stretch, features)[None])[0]

    def _answer(self, rows: np.ndarray) -> np.ndarray:
        model = self.bundle.model
        return np.asarray(
            model.answer(rows) if isinstance(model, SklearnHead) else model.predict_on_batch(rows), np.float32
        )

    def network(self) -> "keras.Model":
        """Return both as one float32 network that takes pixels, as a bundle's does; features are not rounded there.

        Raises:
            UserError: if the head or what makes its features is no network, or it reads more than one frame.
        """
        if self.origin is None:
            raise UserError(
                f"The model in {self.folder} is not one network from a picture to classes.",
                rule="Its head must read features of a network.",
                received=f"features: {self.stretch.features.extractor}",
                todo="Name the model of another run.",
            )
        learned = isinstance(self.bundle.model, SklearnHead)
        if learned or self.stretch.reads != "frame":
            raise UserError(
                f"The model in {self.folder} is not one network from a picture to classes.",
                rule="Its head must be a network on single frames, such as `ann`.",
                received="a head that is no network" if learned else "a head on windows",
                todo="Name the model of another run.",
            )
        import keras

        from transferpain.models.bundles.scaling import pixel_model

        source = self.origin.load()
        x = source.model.get_layer(source.embedding).output
        for layer in self.bundle.model.layers[1:]:
            copy = layer.__class__.from_config(layer.get_config())  # a layer's `output` is that of its first call
            x = copy(x)
            copy.set_weights(layer.get_weights())
        return pixel_model(keras.Model(source.model.input, x, name="joined"), source.preprocessing.scaling)


def reads_features(manifest: dict) -> bool:
    """Tell whether a bundle is a head on features."""
    return manifest.get("reads") == "features" or manifest.get("strategy") in ("frozen", "head")


def join(contents: Contents, reference: Callable[["JoinedModel", int], np.ndarray] | None = None) -> JoinedModel:
    """Read a head on features and find what makes them; a source's network is loaded when it is first asked for.

    Args:
        contents: of the head's bundle. Its source is looked for in `weights/` and `runs/`, of the present folder and
            of the one that the head's own stands in.
        reference: for a head that compares a face with a neutral one of the same person: takes the model that makes
            features, and how many frames are asked for, and returns the mean of the neutral features, `(D,)`.

    Raises:
        UserError: if the bundle is not intact, says too little, reads features that are made otherwise or changed for
            who is tested, its source is not here, or a reference is missing or not read; as `reference`.
    """
    folder, manifest = contents.folder, contents.manifest
    without_network = manifest.get("extractor")
    known = isinstance(without_network, str) and without_network in EXTRACTORS
    if without_network is not None and not known:
        raise UserError(
            f"The model in {folder} cannot be given pictures.",
            rule="Its head reads features that nothing here makes of a face.",
            received=f"features: {without_network}",
            todo="Name a model whose features are those of a source.",
        )
    adaptation = manifest.get("adaptation")
    if adaptation is not None and not (adaptation in ADAPTATIONS and ADAPTATIONS[adaptation].tests_as_they_are):
        raise UserError(
            f"The model in {folder} cannot be given single people's pictures.",
            rule=f"Its head reads {manifest.get('adaptation_features', 'features that were changed')}: for a new "
            "person or place those numbers are not known.",
            received=f"adaptation: {adaptation}",
            todo="Name a model without adaptation (or with `coral`, which leaves tested faces as they are).",
        )
    settings = read_reference(manifest, folder)
    check_reference_given(settings, reference is not None, folder)
    if "joined" in manifest:
        raise UserError(
            f"The model in {folder} cannot be given pictures.",
            rule="Its head reads the features of several sources side by side, computed for an experiment only.",
            received=str(manifest["joined"]),
            todo="Name a model whose features are those of one source.",
        )
    stretch = read_stretch(contents)
    preprocessing = stated_preprocessing(read_settings(contents)[0], folder)
    origin = None
    if without_network is None:
        origin = find_origin(manifest, preprocessing, [Path("."), *folder.resolve().parents[1:3]], folder)
    extractor = _extractor_of(stretch, origin, contents)
    import_tensorflow()
    bundle = read_any_bundle(contents)
    model = bundle.model
    shape = (model.dimension,) if isinstance(model, SklearnHead) else tuple(model.input_shape[1:])
    length = stretch.window_frames if stretch.reads == "window" else None
    width = extractor.width * (1 if settings is None else settings.widens)
    wanted = (width,) if length is None else (length, width)
    if shape != wanted:
        raise UserError(
            f"The head in {folder} does not fit its source.",
            rule=f"It must read features of the shape {wanted}.",
            received=shape,
            todo="Get the bundle again.",
        )
    joined = JoinedModel(folder, bundle, origin, extractor, preprocessing, stretch)
    if settings is None:
        return joined
    return replace(joined, beside=partial(beside, settings, vector=reference(joined, settings.frames)))


def _extractor_of(stretch: Stretch, origin: Origin | None, contents: Contents) -> Extractor:
    """Return what makes a head's features: the embedding of its source, or what its experiment names in its place.

    Raises:
        UserError: if manifest and experiment name different ones.
    """
    if origin is not None:
        return SourceExtractor(origin)
    stated, named = contents.manifest["extractor"], stretch.features.extractor
    if named != stated or stretch.features.reads_source:
        raise UserError(
            f"{contents.folder} does not say what makes the features of its head.",
            rule=f"Its manifest and its {EXPERIMENT} name the same extractor, which is no network.",
            received=f"{stated} and {named}",
            todo="Get the bundle again.",
        )
    extractor = stretch.features.make_extractor(None)
    trained, here = contents.manifest.get("extractor_key"), list(extractor.key)
    if trained is not None and trained != here:
        note(
            f"The head in {contents.folder} was trained on features of {', '.join(map(str, trained))}; here they are "
            f"made by {', '.join(here)}: its answers may differ."
        )
    return extractor


def read_stretch(contents: Contents) -> Stretch:
    """Return which frames a head reads, as the experiment in its bundle says.

    Raises:
        UserError: if the bundle has no experiment, or not one of a head on features.
    """
    with border(
        f"{contents.folder} does not say what its head reads.",
        rule=f"The bundle of a finished run holds its {EXPERIMENT}, with head, features and window.",
        todo="Name the model of a finished run, or get the bundle again.",
    ):
        if EXPERIMENT not in contents.files:
            raise ValueError(f"no {EXPERIMENT}")
        values = parse_yaml(contents.files[EXPERIMENT])
        reads = HEADS.find(values["head"]["kind"]).reads
        return Stretch(reads, FeatureSettings(**values["features"]), WindowSettings(**values["window"]))


def find_origin(manifest: dict, preprocessing: Preprocessing, workspaces: Sequence[Path], folder: Path) -> Origin:
    """Find the source that a head was trained on.

    Args:
        manifest, folder: of the head's bundle.
        preprocessing: how the head's faces were prepared.
        workspaces: where `weights/` and `runs/` are looked into.

    Raises:
        UserError: if it is not there.
    """
    start, parents = str(manifest.get("start", "")), manifest.get("parents", [])
    if not parents and start in BUILT:
        return built_origin(start, str(manifest["backbone"]), preprocessing)
    known = by_digest([model for workspace in dict.fromkeys(workspaces) for model in find_models(workspace)])
    if not parents or parents[0] not in known:
        raise UserError(
            f"The source of the head in {folder} is not here.",
            rule="A head reads the features of the very model that it was trained on, which is looked for by its "
            "digest in weights/ and runs/, of the present folder and of the head's.",
            received=f"source: {start}, {', '.join(parents[:1]) or 'without a digest'}",
            todo="Bring it in with `transferpain models import` or `pull`.",
        )
    origin = bundle_origin(start, known[parents[0]])
    cut = {name: getattr(preprocessing, name) for name in ("detector", "margin", "size")}
    return replace(origin, preprocessing=origin.preprocessing.model_copy(update=cut))
