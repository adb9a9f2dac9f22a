"""Cached features of samples, by the same stages and under the same keys as an experiment's."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ValidationError

from transferpain.core.errors import UserError
from transferpain.core.synthetic_faces import in_words, merge_faces
from transferpain.core.validation import describe_fault
from transferpain.data.places import Places
from transferpain.experiments.notebook.samples import Samples
from transferpain.experiments.results import unusable_clips
from transferpain.inputs.features.cache import read_features
from transferpain.inputs.features.extract import extract_features
from transferpain.inputs.features.extractors.registry import EXTRACTORS
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.models.bundles.manifest import MANIFEST, load_manifest, split_digest
from transferpain.models.sources.face_settings import FaceSettings
from transferpain.models.sources.origin import (
    BUILT,
    WITHOUT_NETWORK,
    Origin,
    built_origin,
    built_preprocessing,
    bundle_origin,
)
from transferpain.models.sources.picture_model import model_folder
from transferpain.networks.backbones.registry import DEFAULT as DEFAULT_BACKBONE
from transferpain.strategies.common.features import rows_of_stretch
from transferpain.strategies.common.media import faces_of
from transferpain.strategies.common.settings import ImageSettings, WindowSettings
from transferpain.strategies.common.stretch import with_stretch


@dataclass(frozen=True)
class Features:
    """The features of samples, one cache file per clip.

    Attributes:
        samples: what they are the features of, in their order.
        origin: the source that computed them.
        extractor: what did, by its name, where it is not the source's embedding.
        width: features of a frame, D.
        files: cache file of each sample's clip, text `(samples,)`; empty where its video cannot be read.
        rows: feature rows of each sample's stretch, int64 `(samples,)`; -1 for all of them.
        unusable: clip and problem of the clips without a readable video or a single face, or shorter than the stretch.
    """

    samples: Samples
    origin: Origin
    files: np.ndarray
    rows: np.ndarray
    unusable: pd.DataFrame
    extractor: str
    width: int

    @property
    def source(self) -> str:
        """What computed them, in words."""
        return f"{self.origin.name} ({self.origin.hash})" if self.reads_source else self.extractor

    @property
    def reads_source(self) -> bool:
        """Whether they are the source's embedding."""
        return EXTRACTORS[self.extractor].reads_source

    @property
    def synthetic(self) -> bool:
        """Whether any of the faces are synthetic: these, or those that the source learned from."""
        return self.samples.synthetic or self.origin.synthetic

    @property
    def synthetic_faces(self) -> tuple[str, ...]:
        """What the synthetic faces are called."""
        return merge_faces(self.samples.index.synthetic_faces, self.origin.synthetic_faces)

    @cached_property
    def coverage(self) -> np.ndarray:
        """The share of each sample's feature rows that show a face, float64 `(samples,)`; 0 where there is none."""
        found = (~np.isnan(self._of(place)[:, 0]) for place in range(len(self)))
        return np.array([rows.mean() if len(rows) else 0.0 for rows in found])

    def mean(self) -> np.ndarray:
        """Return the mean of each sample's rows that show a face, float32 `(samples, D)`, in the order of the samples.

        A sample without a face is a row of NaN. scikit-learn refuses NaN: `cross_validate` leaves such rows out of
        training and answers them with the shares of the classes; elsewhere, drop them by `coverage > 0`.
        """
        means = np.full((len(self), self.width), np.nan, np.float32)
        for place in range(len(self)):
            rows = self._of(place)
            found = rows[~np.isnan(rows[:, 0])]
            if len(found):
                means[place] = found.astype(np.float32).mean(axis=0)
        return means

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, clip: str) -> np.ndarray:
        """Return the features of one sample, by its name: `(frames, D)`, read-only, read from disk as used.

        A row of NaN stands for a frame without a face; a clip whose video cannot be read has no row.

        Raises:
            UserError: if no sample is called so.
        """
        place = self._places.get(clip)
        if place is None:
            raise UserError(
                "There are no features of this clip.",
                rule='They are asked for by a name in samples["clip"].',
                received=repr(clip),
                todo="Correct the name.",
            )
        return self._of(place)

    def __repr__(self) -> str:
        mark = f", SYNTHETIC: {in_words(self.synthetic_faces)}" if self.synthetic else ""
        name = self.origin.name if self.reads_source else self.extractor
        return f"Features of {len(self)} samples, D = {self.width}, by {name}{mark}"

    @cached_property
    def _places(self) -> dict[str, int]:
        return {clip: place for place, clip in enumerate(self.samples["clip"])}

    def _of(self, place: int) -> np.ndarray:
        if not self.files[place]:
            return np.empty((0, self.width), np.float16)
        features, row = read_features(Path(self.files[place])), self.samples["row"].iloc[place]
        if row >= 0:
            return features[row : row + 1]
        return features if self.rows[place] < 0 else features[: self.rows[place]]


def extract(
    samples: Samples,
    source: str | Path,
    *,
    backbone: str = DEFAULT_BACKBONE,
    faces: Mapping[str, Any] | None = None,
    window: Mapping[str, Any] | None = None,
    workspace: str | Path = ".",
    **settings: Any,
) -> Features:
    """Return the features of samples by a source; what `cache/` holds is not computed again.

    Every clip is read for the same stretch, its first `window.seconds`: a longer one would be told by its length.

    The keys of the cache are those of experiments: what a run has computed is found here, and the other way round.

    Args:
        samples: of `label`.
        source: `untrained`, `imagenet`, or the folder of a bundle or of a run that trained one; `#sha256=<digest>`
            behind a folder pins the one model that may be used.
        backbone: of `untrained` and `imagenet`.
        faces: what differs from how the source's own faces were cut out: `detector`, `margin`, `size`.
        window: as `window` in an experiment file: `seconds`, or `frames` of clips without a frame rate.
        workspace: holds `cache/`.
        settings: as `features` in an experiment file: `fps`, or `frames` (so many features per clip); `dtype`, `batch`.

    Raises:
        UserError: if a setting or the source cannot be used, the source reads faces of another size, the pictures are
            faces already, the clips are of unequal length below the stretch, or not one clip can be used.
    """
    if not isinstance(samples, Samples):
        raise UserError(
            "Features are computed of samples.",
            rule="`extract` takes what `label` returns.",
            received=type(samples).__name__,
            todo="Call label(clips, task) first.",
        )
    chosen, stretch = _settings(FeatureSettings, settings), _settings(WindowSettings, window or {})
    _check_media(samples, chosen)
    origin, cut = _origin(str(source), backbone, faces or {})
    places = Places(samples.index.data_root, Path(workspace))
    clips = samples.index.clips[samples.index.clips["clip"].isin(samples["file_clip"])]
    stage = faces_of(cut, clips, places)
    in_clips = bool((samples["row"] < 0).all())
    if in_clips:
        stage = with_stretch(clips, stage, stretch)
    extractor = chosen.make_extractor(origin)
    found = extract_features(extractor, stage[stage["problem"] == ""], chosen, places.cache)
    files = found.set_index("clip")["features"].reindex(samples["file_clip"]).fillna("").to_numpy(dtype=str)
    rows = np.full(len(samples), -1, np.int64)
    if in_clips:
        own = pd.Series(rows_of_stretch(stage, chosen), index=stage["clip"].to_numpy())
        rows = own.loc[samples["file_clip"]].to_numpy(dtype=np.int64)
    return Features(samples, origin, files, rows, unusable_clips(stage, chosen), chosen.extractor, extractor.width)


def _check_media(samples: Samples, settings: FeatureSettings) -> None:
    if (samples.index.clips["kind"] == "image_rows").any():
        raise UserError(
            f"The pictures of {samples.dataset} are faces already.",
            rule="`extract` finds faces in videos and pictures first.",
            todo="Use an experiment, which reads these pictures as they are.",
        )
    if (samples["row"] >= 0).any() and (settings.fps, settings.frames) != (None, None):
        raise UserError(
            f"The task {samples.task.name} is about single frames.",
            rule="Each frame has features of its own, so that `fps` and `frames` do not apply.",
            received=f"fps {settings.fps}, frames {settings.frames}",
            todo="Leave them out.",
        )


def _origin(source: str, backbone: str, faces: Mapping[str, Any]) -> tuple[Origin, FaceSettings]:
    """Return the source, and how faces are cut out for it."""
    if source in BUILT and source not in WITHOUT_NETWORK:
        cut = _settings(FaceSettings, faces)
        stated = built_preprocessing(source, backbone, cut, ImageSettings().scaling)
        return built_origin(source, backbone, stated), cut
    place, digest = split_digest(source)
    folder = model_folder(place)
    if not (folder / MANIFEST).is_file() or load_manifest(folder).get("reads") == "features":
        raise UserError(
            "This is no source of features.",
            rule="A source is `untrained`, `imagenet`, or the folder of a model of faces, with its manifest.json.",
            received=source,
            todo="Name the folder of a bundle, such as weights/ferplus-resnet18.",
        )
    origin = bundle_origin(folder.name, folder, digest)
    cut = _settings(FaceSettings, origin.preprocessing.faces.model_dump() | dict(faces))
    if cut.size != origin.preprocessing.size:
        raise UserError(
            f"The source {source} does not fit the faces.",
            rule=f"It reads faces of {origin.preprocessing.size}x{origin.preprocessing.size} pixels.",
            received=f"faces.size: {cut.size}",
            todo="Leave the size out.",
        )
    return origin, cut


def _settings(schema: type[BaseModel], values: Mapping[str, Any]) -> Any:
    try:
        return schema.model_validate(dict(values))
    except ValidationError as error:
        raise UserError(
            "A setting cannot be used.",
            rule=describe_fault(error, dict(values), schema),
            todo=f"Settings are {', '.join(schema.model_fields)}.",
        ) from error
