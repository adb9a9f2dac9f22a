"""How well the source of a frozen run should transfer: scores of its cached features, before a head is trained."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import softmax
from sklearn.preprocessing import scale
from threadpoolctl import threadpool_limits

from transferpain.data.protocols.fold import Fold
from transferpain.evaluation.transferability import Score, clip_means, proxy_a_distance, score_transfer
from transferpain.inputs.features.cache import read_features
from transferpain.models.sources.origin import Origin
from transferpain.strategies.common.feature_rows import nothing_shown

ONE_DATASET = "It is a distance between two datasets, and this run trains and tests on one."
NO_FACE = "Of one of the two datasets no clip shows a face."


def measure_transfer(samples: pd.DataFrame, fold: Fold, origin: Origin | None) -> dict:
    """Score a source on the training clips of a fold; of the test clips no label is looked at.

    Rows are clips, or of tasks that label frames the frames of one class in one clip, and the same steps are taken
    for every source: each feature is standardised over the training clips (LEEP and NCE, which see the source's own
    outputs, and the proxy A-distance, which standardises over both datasets, take it as it is).

    Args:
        samples: columns dataset, subject, file_clip, y, features (path, empty where the clip is unusable) and row (the
            feature row that the sample is, -1 for a whole clip).
        fold: positions into `samples`.
        origin: the source that the features come from; `None` where they come from elsewhere.

    Returns:
        JSON types: `fold`, `clips` (rows that were scored) and `scores`, name -> `value` (None where the sample does
        not support it) and `reason`: those of `score_transfer`, and `proxy_a_distance` between the datasets that are
        trained and tested on.

    Raises:
        UserError: if no training clip can be read.
    """
    means, clips = clip_features(samples.iloc[fold.train], ["file_clip", "y"])
    if clips.empty:
        raise nothing_shown(len(fold.train), "training", f"the fold {fold.name}")
    labels = clips["y"].to_numpy(dtype=np.int64)
    outputs = source_outputs(origin, means)
    # The threads of several processes would wait for each other, and another number of them rounds otherwise.
    with threadpool_limits(1):
        scores = score_transfer(scale(means), labels, outputs)
        scores["proxy_a_distance"] = dataset_distance(samples.iloc[fold.train], samples.iloc[fold.test])
    return {
        "fold": fold.name,
        "clips": len(clips),
        "scores": {name: asdict(score) for name, score in scores.items()},
    }


def clip_features(samples: pd.DataFrame, keys: list[str]) -> tuple[np.ndarray, pd.DataFrame]:
    """Return the mean features of clips, of the frames that show a face.

    Args:
        samples: as for `measure_transfer`.
        keys: columns that tell clips apart.

    Returns:
        Float64 `(clips, D)`, and the first sample of each clip; clips without any face are left out.
    """
    usable = samples[samples["features"] != ""]
    if usable.empty:
        return np.empty((0, 0)), usable
    groups = [clip for _, clip in usable.groupby(keys, sort=False)]
    means = clip_means(frames_of(clip) for clip in groups)
    seen = ~np.isnan(means).any(axis=1)
    return means[seen], pd.concat([clip.iloc[:1] for clip in groups])[seen]


def frames_of(clip: pd.DataFrame) -> np.ndarray:
    """Return the features of a clip's stretch, `(frames, D)`, or of single frames theirs.

    A mean over all of a longer clip would vary less than others, and tell the clip by that.
    """
    features = read_features(Path(clip["features"].iloc[0]))
    rows, stretch = clip["row"].to_numpy(), clip["stretch_rows"].iloc[0]
    if (rows >= 0).all():
        return features[rows]
    return features if stretch < 0 else features[:stretch]


def source_outputs(origin: Origin | None, means: np.ndarray) -> np.ndarray | None:
    """Return the probabilities of the source's own classes, `(clips, source classes)`.

    `None` if it was never trained, or the features are not its own. The features are what its layer `logits` reads, so
    that no picture passes the network again. The logits of a mean are the mean of the frames' logits.
    """
    if origin is None or origin.folder is None:
        return None
    model = origin.load().model
    kernel, bias, *_ = (*model.get_layer("logits").get_weights(), 0)
    if kernel.shape[1] == model.output.shape[1]:
        return softmax(means @ kernel + bias, axis=1)
    import keras

    end = keras.Model(model.get_layer("logits").input, model.output)  # of ordered levels
    return end.predict(means.astype(np.float32), verbose=0)


def dataset_distance(trained: pd.DataFrame, tested: pd.DataFrame) -> Score:
    """Return the proxy A-distance between the clips of two datasets, of which no label is looked at."""
    if set(trained["dataset"]) == set(tested["dataset"]):
        return Score(None, ONE_DATASET)
    (source, source_clips), (target, target_clips) = (clip_features(part, ["file_clip"]) for part in (trained, tested))
    if not (len(source) and len(target)):
        return Score(None, NO_FACE)
    return proxy_a_distance(source, target, source_clips["subject"], target_clips["subject"])
