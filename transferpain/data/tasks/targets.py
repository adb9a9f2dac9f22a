"""Training targets: the form in which a loss takes a task's labels."""

import numpy as np
import pandas as pd

from transferpain.core.contracts import LabelMode
from transferpain.data.datasets.ferplus import VOTES
from transferpain.data.tasks.ferplus_votes import label_distributions
from transferpain.data.tasks.task import VOTES_LABEL, Task


def clip_targets(task: Task, clips: pd.DataFrame, label_mode: LabelMode) -> np.ndarray:
    """Return the target of each clip, float32 `(clips, classes)`; zeros where a clip is unlabelled.

    Votes of FER+'s Training rows become targets in the label mode; all other labels are one class each, as are the
    validation and test rows of FER+ in every mode (Barsoum et al. 2016).

    Args:
        task: what is predicted.
        clips: the table of `label_clips` made with the same label mode.
        label_mode: FER+ only.
    """
    targets = np.zeros((len(clips), len(task.classes)), dtype=np.float32)
    labelled = clips["y"].notna().to_numpy()
    targets[labelled, clips["y"][labelled].to_numpy(dtype=np.int64)] = 1
    if any(rule.column == VOTES_LABEL for rule in task.labels.values()):
        in_train = (clips["split"] == "train").to_numpy()
        _, distributions = label_distributions(clips.loc[in_train, list(VOTES)].to_numpy(), label_mode)
        targets[in_train] = distributions
    return targets
