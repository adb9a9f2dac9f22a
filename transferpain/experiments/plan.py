"""An experiment with everything that its run folder's name depends on."""

from dataclasses import dataclass

import pandas as pd

from transferpain.data.datasets.index import Index
from transferpain.data.protocols.fold import Fold
from transferpain.data.tasks.task import Task
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.schema import Experiment
from transferpain.models.sources.origin import Origin
from transferpain.models.sources.preprocessing import NO_DETECTOR, Preprocessing

SPLIT_SEED = 0  # one split for all seeds: what differs between seeds is the training, not the subjects


@dataclass(frozen=True)
class Plan:
    """An experiment, the data and the split that it uses, and the source that it starts from.

    Attributes:
        clips: the rows of the index whose media are read, in its order.
        samples: what is predicted, a row each, with dataset, subject, clip (unique), `y`, `file_clip` (the clip of the
            index that it is, or is a frame of) and `row` (the frame's place in that clip, -1 for a whole clip).
        folds: positions into `samples`.
        origin: what the source is; its model is loaded only when needed.
    """

    experiment: Experiment
    task: Task
    index: Index
    clips: pd.DataFrame
    samples: pd.DataFrame
    folds: list[Fold]
    origin: Origin
    run: RunFolder

    @property
    def datasets(self) -> tuple[str, ...]:
        """The dataset, or the one that is trained on and the one that is tested on."""
        return tuple(self.clips["dataset"].unique())

    @property
    def label_definition(self) -> str:
        """What a label means, in each of the datasets."""
        definitions = {name: self.task.rule_for(name).definition for name in self.datasets}
        if len(definitions) == 1:
            return definitions[self.datasets[0]]
        return "; ".join(f"{name}: {definition}" for name, definition in definitions.items())

    @property
    def synthetic(self) -> bool:
        """True if the data, or anything that the source was trained on, was drawn."""
        return self.index.synthetic or self.origin.synthetic

    @property
    def preprocessing(self) -> Preprocessing:
        """What the trained model reads: a source keeps its scaling, and the experiment says the faces' size."""
        if self.has_faces_stage:
            faces = self.experiment.faces
            changes = {"size": faces.size, "detector": faces.detector, "margin": faces.resolved_margin}
        else:
            changes = {"size": self.experiment.images.size, "detector": NO_DETECTOR, "margin": 0.0}
        return self.origin.preprocessing.model_copy(update=changes)

    @property
    def has_faces_stage(self) -> bool:
        """False for image datasets such as FER+, whose pictures are faces already."""
        return bool((self.clips["kind"] != "image_rows").all())
