"""AdaBN: the moving statistics of batch normalisation are replaced by those of the target; no weight is trained.

Li et al., "Revisiting batch normalization for practical domain adaptation", arXiv 1603.04779. Layer by layer from the
input on, so that each layer's statistics are those of the network as it will be used, whatever the batch size. The
features of the tested dataset's clips then come from the source with these statistics.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.core.store import fingerprint
from transferpain.data.protocols.fold import Fold
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.inputs.adaptation.base import AdaptationJob, FeatureAdaptation, learned, with_target_training
from transferpain.inputs.adaptation.moments import collect_moments
from transferpain.inputs.adaptation.pictures import Drawn, ScaledPictures, draw_pictures, read_pictures
from transferpain.inputs.features.extract import extract_features
from transferpain.inputs.features.extractors.source import SourceExtractor
from transferpain.models.sources.origin import Origin
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.registry import BACKBONES

if TYPE_CHECKING:
    import keras

MOST_PICTURES = 1000  # bounds memory and time (our choice); each gives its layers one value per place in the picture


class BatchNorm(FeatureAdaptation):
    """The source's batch normalisation has the statistics of the target's training subjects."""

    name = "batch_norm"
    transductive = False
    sees = "images of the target's training subjects, unlabelled"
    paper = "AdaBN: Li et al., arXiv 1603.04779"
    features = "features of the source with the batch statistics of the domain that the faces are from"
    changes_source = True
    needs_target_training = True

    def check_source(self, source: str, backbone: str) -> None:
        found = BACKBONES.get(backbone)
        if found is None or not found.normalizes:
            having = " or ".join(known.title for known in BACKBONES.values() if known.normalizes)
            title = found.title if found else backbone
            raise UserError(
                f"batch_norm cannot adapt the source {source}.",
                rule=f"It replaces the statistics of batch normalisation: {having} has it, {title} has none.",
                received=f"backbone: {backbone}",
                todo=f"Take a {having} source, or another adaptation.",
            )

    def add_references(
        self, samples: pd.DataFrame, folds: list[Fold], protocol: ProtocolSettings, seed: int
    ) -> list[Fold]:
        if protocol.test_dataset is None:
            return folds
        return with_target_training(self.name, samples, folds, protocol, seed)

    def fitted_on(self, samples: pd.DataFrame, fold: Fold) -> np.ndarray:
        return fold.reference if len(fold.reference) else learned(fold)

    def describe(self, protocol: ProtocolSettings) -> str:
        return "unlabelled training subjects" if protocol.test_dataset is not None else ""

    def needed_clips(self, samples: pd.DataFrame, folds: Sequence[Fold]) -> np.ndarray:
        used = np.unique(np.concatenate([_used(fold) for fold in folds]))
        return samples["file_clip"].iloc[used].unique()

    def adapt(self, job: AdaptationJob, samples: pd.DataFrame, folds: Sequence[Fold]) -> dict[str, np.ndarray]:
        faces = job.stage[job.stage["problem"] == ""].set_index("clip", drop=False)
        after = {}
        for fold in folds:
            shown = self.fitted_on(samples, fold)
            shown = shown[samples["file_clip"].iloc[shown].isin(faces["clip"]).to_numpy()]
            clips = samples["file_clip"].iloc[shown].unique()
            job.seen[fold.name] = np.sort(shown)
            seed = derive_seed(fold.name, self.name)
            pictures = draw_pictures(faces[faces["clip"].isin(clips)], MOST_PICTURES, seed)
            used = _used(fold)
            files = np.full(len(samples), "", dtype=object)
            files[used] = samples["features"].iloc[used]
            target = used[np.isin(samples["dataset"].iloc[used], samples["dataset"].iloc[fold.test].unique())]
            target = target[files[target] != ""]
            wanted = samples["file_clip"].iloc[target]
            source = AdaptedSource(job.origin, pictures)
            features = extract_features(SourceExtractor(source), faces.loc[wanted.unique()], job.settings, job.cache)
            files[target] = features.set_index("clip").loc[wanted, "features"]
            after[fold.name] = files
        return after


BATCH_NORM = BatchNorm()


def _used(fold: Fold) -> np.ndarray:
    """Return the positions that a fold learns from or tests, ascending."""
    return np.union1d(learned(fold), fold.test)


@dataclass(frozen=True)
class AdaptedSource:
    """A source with other batch statistics, described to `SourceExtractor`; it is made only if features are missing.

    Attributes:
        origin: the source as it was trained.
        pictures: those that the statistics are of.
    """

    origin: Origin
    pictures: Drawn

    @property
    def preprocessing(self) -> Preprocessing:
        return self.origin.preprocessing

    @property
    def embedding_size(self) -> int:
        return self.origin.embedding_size

    @cached_property
    def weights_hash(self) -> str:
        """Names the weights by what they are made from."""
        drawn = [[key, list(numbers)] for _, key, numbers in self.pictures]
        return fingerprint(["batch_norm", self.origin.weights_hash, self.preprocessing.canonical, drawn])

    def load_embedder(self, compute_dtype: str):
        """Return the Keras model from face crops `(batch, size, size, 3)` to `(batch, D)` float32."""
        source = self.origin.load()
        from transferpain.models.sources.source import embedder

        pictures = ScaledPictures(read_pictures(self.pictures), self.preprocessing.scaling)
        return embedder(replace(source, model=adapt_batch_norm(source.model, pictures)), compute_dtype)


def adapt_batch_norm(model: "keras.Model", images: Sequence[np.ndarray], batch: int = 32) -> "keras.Model":
    """Return a copy of a network whose batch normalisation has the statistics of the target's images.

    Each of its normalisation layers takes a pass over the images through the layers before it.

    Args:
        model: an un-nested functional network with BatchNormalization layers; it is left as it is.
        images: scaled images of the target, unlabelled, float `(images, size, size, 3)`: an array, or whatever has
            a length and gives such arrays for slices.
        batch: images of a step; it changes the memory that is needed, not the result.

    Raises:
        UserError: if the network has no BatchNormalization layer, or there is no image.
    """
    import keras

    if not _normalizations(model):
        raise UserError(
            f"AdaBN cannot adapt the network {model.name}.",
            rule="AdaBN replaces the statistics of BatchNormalization layers.",
            received=f"{len(model.layers)} layers, no BatchNormalization among them",
            todo="Take a source that has them, or adapt the features with coral.",
        )
    if len(images) == 0:
        raise UserError("AdaBN has no image of the target.", rule="It needs unlabelled images.", received="0 images")
    adapted = keras.models.clone_model(keras.Model(model.input, model.output, name=model.name))
    adapted.set_weights(model.get_weights())
    for layer in _normalizations(adapted):
        before = keras.Model(adapted.input, layer.input)
        mean, variance = _moments(before, images, batch, layer.axis)
        layer.moving_mean.assign(mean)
        layer.moving_variance.assign(variance)
    return adapted


def _normalizations(model: "keras.Model") -> list["keras.layers.BatchNormalization"]:
    """Return the normalisation layers, those nearest to the input first, as Keras orders a functional model."""
    import keras

    return [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]


def _moments(
    model: "keras.Model", images: Sequence[np.ndarray], batch: int, axis: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of each channel of a network's output over all images and places, `(channels,)`."""
    import keras

    def outputs() -> Iterator[np.ndarray]:
        for start in range(0, len(images), batch):
            values = keras.ops.convert_to_numpy(model(images[start : start + batch], training=False))
            yield np.moveaxis(values, axis, -1).reshape(-1, values.shape[axis])

    moments = collect_moments(outputs())
    return moments.mean, moments.scatter / moments.rows
