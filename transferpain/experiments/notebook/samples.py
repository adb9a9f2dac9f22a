"""What is predicted: the clips, or their frames, with the class that a task gives them."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.progress import note
from transferpain.data.datasets.index import Index
from transferpain.data.tasks.task import Task, label_clips, load_task
from transferpain.experiments.notebook.clips import Clips, TableView
from transferpain.experiments.samples import frame_samples

SHOWN_LABELS = 10


@dataclass(frozen=True, repr=False)
class Samples(TableView):
    """What is predicted, one row each.

    The table has the columns of the clips, and `y` (Int64, the class; missing where there is no label), `file_clip`
    (the clip that the sample is, or is a frame of) and `row` (the frame's place in that clip, -1 for a whole clip).

    Attributes:
        task: what is predicted.
    """

    task: Task

    @property
    def y(self) -> pd.Series:
        """The class of each sample, Int64, missing where there is no label."""
        return self.table["y"]

    @property
    def subject(self) -> pd.Series:
        """The subject of each sample: the groups of a split."""
        return self.table["subject"]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes `0 .. K-1`."""
        return self.task.classes


def label(clips: Clips, task: str | Path | Task) -> Samples:
    """Return the samples of a task: the clips, or of a task of frames their frames, with their classes.

    Clips whose label the task does not name are left out, and a note says how many and which labels they have. Clips
    without a label stay: they can be predicted.

    Args:
        clips: of one dataset.
        task: the name of one that comes with the package, the path of your own file, or a `Task`.

    Raises:
        UserError: if there is no such task, it does not fit the dataset, or no clip has a label that it names.
    """
    if not isinstance(clips, Clips):
        raise UserError(
            "Labels belong to the clips of a dataset.",
            rule="`label` takes what `load_dataset` returns.",
            received=type(clips).__name__,
            todo="Call load_dataset first; clips.select(...) chooses among its clips.",
        )
    task = task if isinstance(task, Task) else load_task(str(task))
    index = replace(clips.index, clips=clips.table, frames=_frames_of(clips))
    if task.sample == "frame":
        samples, labelled = frame_samples(task, index), index.frames
    else:
        samples = label_clips(task, index).assign(row=-1)
        samples, labelled = samples.assign(file_clip=samples["clip"]), index.clips
    _note_dropped(task, index, labelled, len(labelled) - len(samples))
    return Samples(samples, index, task)


def _frames_of(clips: Clips) -> pd.DataFrame | None:
    """Return the labelled frames of the clips that were chosen."""
    frames = clips.index.frames
    return None if frames is None else frames[frames["clip"].isin(clips["clip"])].reset_index(drop=True)


def _note_dropped(task: Task, index: Index, labelled: pd.DataFrame, dropped: int) -> None:
    if not dropped:
        return
    rule = task.rule_for(index.dataset.name)
    labels, kept = rule.raw_labels(labelled, "majority")
    unnamed = labels[kept & labels.notna() & rule.classify(labels).isna()].value_counts(sort=False)
    named = [f"{value!r} ({count})" for value, count in unnamed.items()]
    rest = f" and {len(named) - SHOWN_LABELS} more labels" if len(named) > SHOWN_LABELS else ""
    note(
        f"NOTE: {dropped} of {len(labelled)} {task.sample}s are left out, because the task {task.name} does not use "
        f"their label: {', '.join(named[:SHOWN_LABELS]) or 'votes without a clear winner'}{rest}."
    )
