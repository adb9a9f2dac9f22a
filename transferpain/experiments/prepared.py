"""The data of an experiment: labelled, split, and with the hash of its media. Cells of a matrix share a few of them."""

from dataclasses import dataclass, field

import pandas as pd

from transferpain.core.store import fingerprint
from transferpain.data.datasets.index import Index
from transferpain.data.places import Places
from transferpain.data.protocols.fold import Fold
from transferpain.data.tasks.task import Task
from transferpain.experiments.samples import check_sample_fits, labelled_samples, split_samples
from transferpain.experiments.schema import Experiment
from transferpain.strategies.registry import STRATEGIES

# So many are kept: tables of labelled frames are large.
MOST = 64
# What decides on samples and folds: these keys, and of others `window.clip_frames`, `training.label_mode` and whether
# the strategy deals frames out.
WHOLE = ("task", "dataset", "protocol", "null_draw", "adaptation", "reference")


@dataclass(frozen=True)
class PreparedData:
    """What an experiment reads; `clips`, `samples` and `folds` as of `Plan`, and nobody changes them.

    Attributes:
        known: what was found out of them so far.
    """

    task: Task
    index: Index
    clips: pd.DataFrame
    samples: pd.DataFrame
    folds: list[Fold]
    known: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def contents(self, places: Places) -> str:
        """Return `Places.contents` of the clips, whose names alone take as long to hash as a run to be looked at."""
        if "contents" not in self.known:
            self.known["contents"] = places.contents(self.clips)
        return self.known["contents"]


def prepared_data(experiment: Experiment, places: Places) -> PreparedData:
    """Return the data of an experiment; those of one that reads the same, and splits it alike, are prepared once.

    Raises:
        UserError: as `labelled_samples` and `split_samples`.
    """
    dealt_out = STRATEGIES[experiment.strategy].frames_dealt_out(experiment)
    whole = experiment.model_dump(mode="json", include=set(WHOLE))
    key = fingerprint([whole, experiment.window.clip_frames, experiment.training.label_mode, dealt_out])
    if key in places.prepared:
        check_sample_fits(experiment, places.prepared[key].task)
        return places.prepared[key]
    task, index, samples = labelled_samples(experiment, places)
    samples, folds = split_samples(experiment, samples)
    clips = index.clips[index.clips["clip"].isin(samples["file_clip"])].reset_index(drop=True)
    while len(places.prepared) >= MOST:
        places.prepared.pop(next(iter(places.prepared)))
    places.prepared[key] = PreparedData(task, index, clips, samples, folds)
    return places.prepared[key]
