"""What an experiment predicts: the labelled clips, or frames, of the dataset that it reads, or of the two of a
cross-dataset experiment."""

from dataclasses import replace

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.core.spelling import quoted
from transferpain.core.store import fingerprint
from transferpain.data.datasets.index import Index
from transferpain.data.datasets.sequences import cut_sequences
from transferpain.data.datasets.subject_names import called_alike
from transferpain.data.places import Places
from transferpain.data.protocols.fold import Fold, keep_used
from transferpain.data.protocols.kinds.grouped import PLACE, draw_places
from transferpain.data.protocols.make import make_folds
from transferpain.data.tasks.label_counts import LabelCounts
from transferpain.data.tasks.task import Task, count_labels, label_clips, label_frames, load_task
from transferpain.evaluation.predictions import tells_subjects_apart
from transferpain.experiments.plan import SPLIT_SEED
from transferpain.experiments.schema import Experiment
from transferpain.inputs.adaptation.chosen import add_references
from transferpain.inputs.reference.withheld import ROLE, USED, fold_without_references, mark_references
from transferpain.networks.outputs.registry import DEFAULT as DEFAULT_LOSS
from transferpain.networks.outputs.registry import OUTPUTS
from transferpain.strategies.registry import STRATEGIES

SHOWN_NAMES = 5
# What is true of a clip, or a frame, whatever its label is.
KEPT = {
    *("dataset", "subject", "sex", "age", "clip", "split", PLACE, "media", "kind", "bytes"),
    *("first_frame", "num_frames", "fps", "file_clip", "row", "frame"),
}


def labelled_samples(experiment: Experiment, places: Places) -> tuple[Task, Index, pd.DataFrame]:
    """Return the experiment's task, the index of its data, and what is predicted: `Plan.samples`.

    A cross-dataset experiment reads two datasets. Their tables are joined, that of the dataset which is trained on
    first, and each clip's name begins with its dataset's, because two datasets may use one name.

    Raises:
        UserError: if the task's labels are not those of the data, or the settings do not fit its sample.
    """
    task = load_task(experiment.task)
    check_sample_fits(experiment, task)
    trained, tested = experiment.dataset, experiment.protocol.test_dataset
    if tested is None:
        return task, *dataset_samples(experiment, task, trained or task.dataset, places)
    if trained is None or trained == tested:
        raise UserError(
            f"{experiment.name} trains and tests on two datasets, and must name two.",
            rule="`dataset` is trained on, `protocol.test_dataset` is tested on.",
            received=f"dataset: {trained}, protocol.test_dataset: {tested}",
            todo=f"Use --set dataset=..., one of {', '.join(name for name in task.labels if name != tested)}.",
        )
    parts = [dataset_samples(experiment, task, name, places) for name in (trained, tested)]
    index = join_indexes(*(index for index, _ in parts))
    samples = [
        table.assign(
            clip=index.dataset.name + "/" + table["clip"], file_clip=index.dataset.name + "/" + table["file_clip"]
        )
        for index, table in parts
    ]
    return task, index, pd.concat(samples, ignore_index=True)


def label_counts(experiment: Experiment, task: Task, index: Index) -> list[LabelCounts]:
    """Return what each class has in each dataset that an experiment reads, and what is left out and why.

    Args:
        index: as of `labelled_samples`.
    """
    mode = experiment.training.label_mode
    return [count_labels(task, part, mode) for part in index.parts or (index,)]


def split_samples(experiment: Experiment, samples: pd.DataFrame) -> tuple[pd.DataFrame, list[Fold]]:
    """Return the samples that a fold trains on, selects on, tests on or adapts to, and the folds."""

    def make(used: pd.DataFrame) -> list[Fold]:
        return make_folds(used, experiment.protocol, SPLIT_SEED)

    if experiment.reference is not None:
        return keep_used(samples, fold_without_references(samples, experiment.reference, make))
    folds = make(samples)
    return keep_used(samples, add_references(experiment.adaptation, samples, folds, experiment.protocol, SPLIT_SEED))


def dataset_samples(experiment: Experiment, task: Task, dataset: str, places: Places) -> tuple[Index, pd.DataFrame]:
    """Return the index of one dataset, and its labelled clips or frames."""
    index = places.index(dataset)
    place = draw_places(index.clips["subject"].to_numpy(dtype=str), dataset, SPLIT_SEED)
    index, samples = labelled_part(experiment, task, index)
    return index, samples.assign(**{PLACE: samples["subject"].astype(str).map(place)})


def labelled_part(experiment: Experiment, task: Task, index: Index) -> tuple[Index, pd.DataFrame]:
    """Return an index, its sequences cut where the experiment says so, and its labelled clips or frames."""
    if task.sample == "clip":
        frames = experiment.window.clip_frames
        # Of two datasets only those with labelled frames can be cut; of one it is a mistake to ask for it.
        if frames is not None and (index.frames is not None or experiment.protocol.test_dataset is None):
            index = cut_sequences(index, task.rule_for(index.dataset.name).column, frames)
        samples = label_clips(task, index, experiment.training.label_mode).assign(row=-1)
        samples = with_references(experiment, samples.assign(file_clip=samples["clip"]), index)
        samples = deal_anew(samples, experiment.null_draw, hang_together(task.sample, index.clips))
        dealt_out = STRATEGIES[experiment.strategy].frames_dealt_out(experiment)
        return index, samples if dealt_out is None else each_frame(samples, dealt_out)
    samples = with_references(experiment, frame_samples(task, index), index)
    return index, deal_anew(samples, experiment.null_draw, in_series=True)


def with_references(experiment: Experiment, samples: pd.DataFrame, index: Index) -> pd.DataFrame:
    """Mark the clips that are taken out as references, where an experiment reads any."""
    if experiment.reference is None:
        return samples
    cut = experiment.window.clip_frames is not None and index.frames is not None
    return mark_references(samples, index, experiment.reference, cut, SPLIT_SEED)


def hang_together(sample: str, clips: pd.DataFrame) -> bool:
    """Tell whether neighbours of a subject are alike: single frames, and the pieces of a cut sequence.

    Args:
        sample: what the task predicts.
        clips: rows of the index.
    """
    return sample == "frame" or bool((clips["kind"] == "image_span").any())


def frame_samples(task: Task, index: Index) -> pd.DataFrame:
    """Return the labelled frames of an index, each a sample of its own: `Plan.samples`.

    Raises:
        UserError: as `label_frames`.
    """
    samples = label_frames(task, index)
    place = index.frames.assign(row=index.frame_places)[["clip", "frame", "row"]]
    samples = (
        samples.drop(columns="row", errors="ignore")
        .merge(place, on=["clip", "frame"], validate="one_to_one")
        .rename(columns={"clip": "file_clip"})
    )
    names = samples["file_clip"] + "/" + samples["frame"].astype(str).str.zfill(3)
    return samples.drop(columns="frame").assign(clip=names)


def deal_anew(samples: pd.DataFrame, draw: int | None, in_series: bool) -> pd.DataFrame:
    """Deal labels anew among each subject's samples, or among those of a split where the data name no subjects.

    Clips are permuted; where neighbours hang together, a subject's labels are shifted in a circle, which keeps theirs
    alike. What is taken out as a reference is a neutral clip, and stays one.

    Args:
        samples: `Plan.samples` of one dataset.
        draw: which of the null check's draws; `None` leaves the labels as they are.
        in_series: as `hang_together`.
    """
    if draw is None:
        return samples
    if ROLE in samples and (samples[ROLE] != USED).any():
        kept = samples[ROLE] != USED
        return pd.concat([deal_anew(samples[~kept], draw, in_series), samples[kept]], ignore_index=True)
    labels = [column for column in samples if column not in KEPT]
    by = "subject" if tells_subjects_apart(samples) else "split"
    order = np.arange(len(samples))
    for name, positions in samples.groupby(by, sort=True).indices.items():
        random = np.random.default_rng(derive_seed("null draw", draw, str(samples["dataset"].iloc[0]), str(name)))
        step = int(random.integers(len(positions)))
        order[positions] = np.roll(positions, step) if in_series else random.permutation(positions)
    dealt = samples[labels].iloc[order].set_axis(samples.index)
    return samples.assign(**{column: dealt[column] for column in labels})


def each_frame(samples: pd.DataFrame, frames: int) -> pd.DataFrame:
    """Return a row for each frame of a window over the clip; `row` is its place there."""
    rows = samples.loc[samples.index.repeat(frames)].reset_index(drop=True)
    places = rows.groupby("file_clip").cumcount()
    return rows.assign(row=places, clip=rows["clip"] + "/" + places.astype(str).str.zfill(3))


def join_indexes(trained: Index, tested: Index) -> Index:
    """Return the clips of two datasets in one index, which is named after the first; `frames` are left out."""
    parts = [part.clips.assign(clip=part.dataset.name + "/" + part.clips["clip"]) for part in (trained, tested)]
    return replace(
        trained,
        clips=pd.concat(parts, ignore_index=True),
        synthetic=trained.synthetic or tested.synthetic,
        hash=fingerprint([trained.hash, tested.hash]),
        problems=trained.problems + tested.problems + _called_alike(trained, tested),
        frames=None,
        parts=(trained, tested),
        twin=trained.twin or tested.twin,
    )


def _called_alike(trained: Index, tested: Index) -> tuple[str, ...]:
    """Say who of the tested dataset is called as somebody of the other: nobody knows whether it is the same person."""
    people = [part.clips.loc[part.clips["kind"] != "image_rows", "subject"] for part in (tested, trained)]
    alike = called_alike(*people)
    if not alike:
        return ()
    shown = ", ".join(map(quoted, alike[:SHOWN_NAMES])) + (", ..." if len(alike) > SHOWN_NAMES else "")
    names = f"{tested.dataset.name} and {trained.dataset.name}"
    return (f"{len(alike)} subjects of {names} are called alike ({shown}); they are taken for different people.",)


def check_sample_fits(experiment: Experiment, task: Task) -> None:
    """Refuse settings that cannot be followed for clips, or for single frames."""
    if task.sample == "clip" and experiment.rows.drop_painless_sequences:
        raise UserError(
            f"The task {task.name} labels whole clips, and {experiment.name} drops sequences without pain.",
            rule="Sequences are dropped where their frames are labelled one by one: here no painless clip is left.",
            todo="Use --set rows.drop_painless_sequences=false, or a task whose sample is `frame`.",
        )
    strategy = STRATEGIES[experiment.strategy]
    if experiment.few_shot and (task.sample == "frame" or strategy.frames_dealt_out(experiment) is not None):
        raise UserError(
            f"{experiment.name} predicts single frames, and few_shot shows clips.",
            rule="The frames of one clip are alike: some would be shown and their neighbours tested.",
            received=f"task {task.name}, few_shot: clips {list(experiment.few_shot.clips)}",
            todo="Use --set few_shot=null, or a task and a head that predict whole clips.",
        )
    if OUTPUTS[experiment.training.loss].ordered and not task.ordinal:
        raise UserError(
            f"The loss of {experiment.name} does not fit its task.",
            rule="It measures distances between levels, and the classes of this task are in no order.",
            received=f"training.loss: {experiment.training.loss}; {task.name}: {', '.join(task.classes)}",
            todo=f"Use --set training.loss={DEFAULT_LOSS}, or a task with `ordinal: true`.",
        )
    strategy.check_task(experiment, task)
