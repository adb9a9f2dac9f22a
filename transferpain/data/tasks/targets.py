"""Training targets: the form in which a loss takes a task's labels."""

import numpy as np
import pandas as pd

from transferpain.core.contracts import LabelMode
from transferpain.data.tasks.task import Task


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
    for dataset, rule in task.labels.items():
        rows = (clips["dataset"] == dataset).to_numpy()
        targets[rows] = rule.targets(clips[rows], len(task.classes), label_mode)
    return targets
