"""AdaBN in an experiment: the tested dataset's features come from a source with that dataset's batch statistics."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.core.store import fingerprint
from transferpain.data.protocols.fold import Fold
from transferpain.experiments.schema import Experiment
from transferpain.inputs.adaptation.target_data import adapted_to
from transferpain.inputs.faces.cache import read_faces
from transferpain.inputs.features.extract import extract_features
from transferpain.inputs.features.extractors.source import SourceExtractor
from transferpain.models.sources.origin import Origin
from transferpain.models.sources.preprocessing import Preprocessing, scale_pixels

MOST_PICTURES = 1000  # bounds memory and time (our choice); each gives its layers a value a place in the picture


@dataclass(frozen=True)
class AdaptedSource:
    """A source with other batch statistics, described to `SourceExtractor`; it is made only if features are missing.

    Attributes:
        origin: the source as it was trained.
        pictures: files of faces, each with its key and the numbers of the pictures that the statistics are of.
    """

    origin: Origin
    pictures: tuple[tuple[str, str, tuple[int, ...]], ...]

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
        from transferpain.inputs.adaptation.batch_norm import adapt_batch_norm
        from transferpain.models.sources.source import embedder

        pictures = ScaledPictures(read_pictures(self.pictures), self.preprocessing.scaling)
        return embedder(replace(source, model=adapt_batch_norm(source.model, pictures)), compute_dtype)


@dataclass(frozen=True)
class ScaledPictures:
    """Pictures uint8 `(pictures, size, size, 3)`, scaled slice by slice: float32 takes four times the memory."""

    images: np.ndarray
    scaling: str

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: slice) -> np.ndarray:
        return scale_pixels(self.images[rows].astype(np.float32), self.scaling)


def normalized_features(
    experiment: Experiment,
    origin: Origin,
    stage: pd.DataFrame,
    samples: pd.DataFrame,
    folds: Sequence[Fold],
    cache: Path,
) -> dict[str, np.ndarray]:
    """Compute the features of the tested dataset's clips with the source's batch statistics replaced, fold by fold.

    Args:
        origin: the source as it was trained.
        stage: the table of the faces stage with `pictures`, the frames with a face of each clip.
        samples: as for `train_head`, with `file_clip` and the features of the source as it was trained.
        folds: positions into `samples`, as `add_references` returns them.

    Returns:
        Fold -> the feature file of each sample, text `(samples,)`, as `adapted_features` does.

    Raises:
        UserError: if no picture of the target's training subjects shows a face.
    """
    faces = stage[stage["problem"] == ""].set_index("clip", drop=False)
    after = {}
    for fold in folds:
        clips = samples["file_clip"].iloc[adapted_to(experiment, samples, fold)].unique()
        pictures = draw_pictures(faces[faces["clip"].isin(clips)], fold.name)
        used = np.unique(np.concatenate([fold.train, fold.selection, fold.test]))
        files = np.full(len(samples), "", dtype=object)
        files[used] = samples["features"].iloc[used]
        target = used[np.isin(samples["dataset"].iloc[used], samples["dataset"].iloc[fold.test].unique())]
        target = target[files[target] != ""]
        wanted = samples["file_clip"].iloc[target]
        features = extract_features(
            SourceExtractor(AdaptedSource(origin, pictures)), faces.loc[wanted.unique()], experiment.features, cache
        )
        files[target] = features.set_index("clip").loc[wanted, "features"]
        after[fold.name] = files
    return after


def draw_pictures(faces: pd.DataFrame, fold: str) -> tuple[tuple[str, str, tuple[int, ...]], ...]:
    """Draw `MOST_PICTURES` pictures, or all, evenly from all frames with a face: `AdaptedSource.pictures`.

    Args:
        faces: rows of the faces stage with faces (path), key and pictures (frames with a face).
        fold: names the draw.
    """
    # Clips with the same pictures count once, and their order must not matter.
    faces = faces.drop_duplicates("key").sort_values("key")
    ends = np.cumsum(faces["pictures"].to_numpy(dtype=np.int64))
    if not len(ends) or ends[-1] == 0:
        raise UserError(
            "AdaBN has no picture to adapt to.",
            rule="It needs faces of the training subjects of the dataset that is tested on.",
            received=f"{len(faces)} clips, and no face in any of them",
            todo="Add clips, or use no adaptation.",
        )
    random = np.random.default_rng(derive_seed(fold, "batch_norm"))
    chosen = np.sort(random.choice(ends[-1], min(MOST_PICTURES, ends[-1]), replace=False))
    clip = np.searchsorted(ends, chosen, side="right")
    number = chosen - np.concatenate([[0], ends])[clip]
    rows = faces[["faces", "key"]].to_numpy()
    return tuple((*rows[one], tuple(number[clip == one].tolist())) for one in np.unique(clip))


def read_pictures(drawn: tuple[tuple[str, str, tuple[int, ...]], ...]) -> np.ndarray:
    """Read drawn pictures, uint8 RGB `(pictures, size, size, 3)`."""
    from transferpain.inputs.faces.crop import decode_jpeg

    images = []
    for path, _, numbers in drawn:
        jpegs = read_faces(Path(path)).jpegs()
        images += [decode_jpeg(jpegs[number]) for number in numbers]
    return np.stack(images)
