"""What is reported of the maps of many pictures: shares of the regions, and how much they change with the weights."""

from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd

from transferpain.apps.explain.attention_rollout import ROLLOUT, attention_rollout, reads_patches
from transferpain.apps.explain.grad_cam import enlarge, grad_cam, map_layers, map_similarity, randomised
from transferpain.apps.explain.regions import region_masks, region_shares

BATCH = 16
PLACES = ("brow", "eye", "nose", "mouth", "elsewhere")  # from the top down
AREAS = tuple(f"area_{name}" for name in PLACES)
SIMILARITY = "random_weights_correlation"


@dataclass(frozen=True)
class Maps:
    """The maps of pictures, each for the class that the model answers (a rollout's are the same for all classes).

    Attributes:
        answered: int `(pictures,)`.
        probabilities: float32 `(pictures, classes)`.
        cams: float32 `(pictures, size, size)`, in the pictures' size, between 0 and 1; 0 all over where nothing speaks
            for the class.
        similarity: float64 `(pictures,)`, rank correlation with the map of the same network with random weights. Maps
            that stay as they are do not depend on what was learnt, and so explain nothing (the sanity check of Adebayo
            et al., NeurIPS 2018, on all layers at once).
    """

    answered: np.ndarray
    probabilities: np.ndarray
    cams: np.ndarray
    similarity: np.ndarray


def shown_by_default(model: keras.Model) -> str:
    """Return what is shown by default: the last layer with maps, e.g. `block5_conv3`; of a transformer `ROLLOUT`."""
    return ROLLOUT if reads_patches(model) else map_layers(model)[-1]


def compute_maps(model: keras.Model, inputs: list[np.ndarray], layer: str, seed: int = 0) -> Maps:
    """Compute the maps of pictures, and those with random weights beside them.

    Args:
        inputs: pictures `(pictures, size, size, 3)` as the model reads them, and behind them whatever else it reads of
            each.
        layer: whose maps `grad_cam` takes, or `ROLLOUT`.

    Raises:
        UserError: as `grad_cam` and `attention_rollout`.
    """
    random = randomised(model, seed)
    probabilities, cams, similarity = [], [], []
    for begin in range(0, len(inputs[0]), BATCH):
        batch = [given[begin : begin + BATCH] for given in inputs]
        probabilities.append(np.asarray(model(batch if len(batch) > 1 else batch[0], training=False)))
        answered = probabilities[-1].argmax(axis=1)
        maps, others = (_show(one, batch, layer, answered) for one in (model, random))
        similarity.append(map_similarity(maps, others))
        cams.append(enlarge(maps, inputs[0].shape[1]))
    probabilities = np.concatenate(probabilities)
    return Maps(probabilities.argmax(axis=1), probabilities, np.concatenate(cams), np.concatenate(similarity))


def _show(model: keras.Model, batch: list[np.ndarray], layer: str, answered: np.ndarray) -> np.ndarray:
    return attention_rollout(model, batch) if layer == ROLLOUT else grad_cam(model, batch, layer, answered)


def picture_shares(maps: Maps, points: np.ndarray) -> pd.DataFrame:
    """Return one row per picture: which share of its map falls on each region, and which share of the picture it is.

    Args:
        points: float `(pictures, 478, 2)`, the mesh in pixels; NaN without one.

    Returns:
        The columns `PLACES`, `AREAS` and `SIMILARITY`; NaN without a mesh, shares also where a map is 0 all over.
    """
    size = maps.cams.shape[1]
    rows = []
    for cam, mesh, similarity in zip(maps.cams, points, maps.similarity, strict=True):
        row = {SIMILARITY: similarity}
        if np.isfinite(mesh).all():
            masks = region_masks(mesh, size)
            areas = region_shares(np.ones_like(cam), masks)
            row |= region_shares(cam, masks) | {f"area_{name}": share for name, share in areas.items()}
        rows.append(row)
    return pd.DataFrame(rows, columns=[*PLACES, *AREAS, SIMILARITY])


def class_shares(pictures: pd.DataFrame, labels: tuple[str, ...]) -> pd.DataFrame:
    """Return one row per class that was answered, or might have been: the means over its pictures.

    Args:
        pictures: with `answered` (a label) and the columns of `picture_shares`.

    Returns:
        class, pictures (answered so), used (of them, those with a mesh and a map that is not 0 all over) and the means
        of `PLACES`, `AREAS` and `SIMILARITY`; NaN without any picture.
    """
    rows = []
    for label in labels:
        answered = pictures[pictures["answered"] == label]
        used = answered.dropna(subset=PLACES)
        means = used[[*PLACES, *AREAS]].mean() if len(used) else pd.Series(np.nan, index=[*PLACES, *AREAS])
        similarity = answered[SIMILARITY].mean() if len(answered) else np.nan
        rows.append({"class": label, "pictures": len(answered), "used": len(used), **means, SIMILARITY: similarity})
    return pd.DataFrame(rows)
