"""Forgetting: what a tuned network still knows of the task that its source was trained on.

Prajod et al. put features that were tuned for pain back on emotions (arXiv 2104.07389). Here the tuned layers are put
back into the source under its own output layer, and nothing is fitted (our choice): so knowledge counts as forgotten if
it is lost, and also if it has moved to where the old output does not find it.
"""

from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd

from transferpain.evaluation.metrics.registry import OF_SUBJECTS
from transferpain.evaluation.scores import score
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.surgery import with_dtype
from transferpain.strategies.common.answers import predictions_table, training_prior
from transferpain.strategies.common.network import predict_samples
from transferpain.strategies.common.pictures import Pictures


@dataclass(frozen=True)
class SourceTask:
    """A trained source with the rows of its own dataset that it was tested on.

    Attributes:
        model: the source, float32.
        preprocessing: what it reads.
        classes: names of its outputs.
        samples: labelled clips of its dataset, with dataset, subject, clip and y.
        pictures: of the samples.
        train, test: int64, positions into `samples`.
    """

    model: keras.Model
    preprocessing: Preprocessing
    classes: tuple[str, ...]
    samples: pd.DataFrame
    pictures: Pictures
    train: np.ndarray
    test: np.ndarray


def put_back(source: keras.Model, tuned: keras.Model) -> keras.Model:
    """Return a copy of `source` with the weights of `tuned` in every layer that both have, but for the output layer."""
    model = with_dtype(source, "float32")
    tuned_layers = {layer.name: layer for layer in tuned.layers}
    for layer in model.layers:
        if layer.name in tuned_layers and layer.name != "logits":
            layer.set_weights(tuned_layers[layer.name].get_weights())
    return model


def probe(task: SourceTask, model: keras.Model) -> dict[str, float]:
    """Return the scores of a network on the source's test rows: each of `OF_SUBJECTS`, and `rows`."""
    labels = task.samples["y"].iloc[task.train].to_numpy(dtype=np.int64)
    prior = training_prior(labels, len(task.classes))
    answers = predict_samples(model, task.preprocessing, task.pictures, task.test, prior)
    scores = score(predictions_table(task.samples.iloc[task.test], answers, "source", 0, "test"), task.classes)
    return {metric: scores["all"][metric]["value"] for metric in OF_SUBJECTS} | {"rows": scores["clips"]}


def measure_forgetting(task: SourceTask, tuned: keras.Model) -> pd.DataFrame:
    """Return the source's scores on its own task before and after tuning: two rows, with the column `tuned`."""
    before, after = probe(task, task.model), probe(task, put_back(task.model, tuned))
    return pd.DataFrame([{"tuned": False, **before}, {"tuned": True, **after}])
