"""Which clip of each person is the reference, and folds in which it is neither trained nor selected on nor tested.

It is drawn by the dataset and the person alone, so that experiments of one task with and without a reference, of every
form and number of frames, are trained and tested on the same clips.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.data.datasets.index import Index
from transferpain.data.datasets.neutral import neutral_clips, neutral_of
from transferpain.data.protocols.fold import Fold
from transferpain.evaluation.predictions import subject_names, tells_subjects_apart
from transferpain.inputs.reference.settings import ReferenceSettings

ROLE = "reference"
USED, WITHHELD, REFERENCE = 0, 1, 2
PLACES = "neutral_places"
SHOWN = 10


def mark_references(
    samples: pd.DataFrame, index: Index, settings: ReferenceSettings, cut: bool, seed: int
) -> pd.DataFrame:
    """Draw a neutral clip of each subject, and mark it and what hangs together with it.

    Of a subject's neutral clips one is drawn in which nothing is labelled as pain, if there is one. A clip that the
    task leaves out can be a reference, too: it is added, without a class.

    Args:
        samples: `Plan.samples` of one dataset, with `file_clip` and `row`.
        index: of that dataset, which the samples are clips of, or frames.
        cut: whether its clips are pieces of sequences: then all pieces of a sequence hang together.
        seed: of the draw.

    Returns:
        The samples with the columns `reference` (int64: `USED`, `WITHHELD` where it is of the clip or sequence that the
        reference is taken from, `REFERENCE`) and `neutral_places` (of a reference clip its neutral frames as its medium
        counts them, `None` for all).

    Raises:
        UserError: if the data name no subjects, or nothing says which faces are neutral.
    """
    if not tells_subjects_apart(samples):
        raise UserError(
            f"{index.dataset.name} names no subjects.",
            rule="A reference is a neutral face of the same person.",
            todo="Leave `reference` out, or use data whose clips have a subject.",
        )
    neutral = neutral_of(index.dataset, settings.stated_neutral)
    found = neutral_clips(index, neutral)
    found = found[found["subject"].isin(samples["subject"])]
    of_frames = bool((samples["row"] >= 0).any())
    if of_frames:
        found = found[found["clip"].isin(samples["file_clip"])]
    drawn = found.loc[[_draw(own, seed) for _, own in found.groupby("subject", sort=True)]]
    places = drawn.set_index("clip")["places"]
    if not of_frames:
        samples = pd.concat([samples, _left_out_by_task(samples, index, places.index)], ignore_index=True)
    hangs = samples["media"].isin(drawn["media"]) if cut else samples["file_clip"].isin(places.index)
    own_places = samples["file_clip"].map(places).astype(object)
    if of_frames:
        pairs = zip(samples["file_clip"], samples["row"], strict=True)
        known = {clip: None if own is None else set(own.tolist()) for clip, own in places.items()}
        chosen = np.array([clip in known and (known[clip] is None or row in known[clip]) for clip, row in pairs], bool)
    else:
        chosen = samples["file_clip"].isin(places.index).to_numpy()
    role = np.where(chosen, REFERENCE, np.where(hangs, WITHHELD, USED))
    return samples.assign(**{ROLE: role, PLACES: own_places.where(chosen, None)})


def _draw(clips: pd.DataFrame, seed: int) -> int:
    """Return which of a subject's neutral clips is the reference, in whatever order they stand: its index label."""
    best = clips[clips["whole"]] if clips["whole"].any() else clips
    best = best.sort_values("clip", kind="stable")
    of = (seed, str(best["dataset"].iloc[0]), str(best["subject"].iloc[0]), "reference")
    return best.index[np.random.default_rng(derive_seed(*of)).integers(len(best))]


def _left_out_by_task(samples: pd.DataFrame, index: Index, names: pd.Index) -> pd.DataFrame:
    """Return the clips of these names that are no samples as rows of samples, without a class."""
    missing = names.difference(samples["file_clip"])
    clips = index.clips[index.clips["clip"].isin(missing)]
    added = clips.assign(y=pd.NA, row=-1, file_clip=clips["clip"]).reindex(columns=samples.columns)
    return added.astype(samples.dtypes)


def fold_without_references(
    samples: pd.DataFrame, settings: ReferenceSettings, make: Callable[[pd.DataFrame], list[Fold]]
) -> list[Fold]:
    """Return folds of the samples that are used, with the references of their subjects beside the parts.

    Args:
        samples: as `mark_references` returns them, of one dataset or of two.
        make: makes folds, positions into the table that it is given.

    Raises:
        UserError: if subjects of a fold have no reference and are not to be left out, nobody has one, or a class has
            no clip left.
    """
    role, names = samples[ROLE].to_numpy(), subject_names(samples).to_numpy(dtype=str)
    known = np.unique(names[role == REFERENCE])
    has = np.isin(names, known)
    leave_out = settings.missing == "leave_out"
    if not len(known):
        raise _without(np.unique(names), "Nobody has a neutral clip.")
    alone = np.setdiff1d(known, names[role == USED])
    if len(alone) and not leave_out:
        raise _without(alone, "Some subjects have nothing but their neutral clip.")
    used = np.flatnonzero((role == USED) & (has if leave_out else True))
    _check_classes(samples, used)
    folds = []
    for fold in make(samples.iloc[used].reset_index(drop=True)):
        moved = replace(fold, **{name: used[part] for name, part in fold.parts.items()})
        people = np.unique(names[np.concatenate(list(moved.parts.values()))])
        if len(lacking := np.setdiff1d(people, known)):
            raise _without(lacking, "Some subjects have no neutral clip.")
        folds.append(replace(moved, reference=np.flatnonzero((role == REFERENCE) & np.isin(names, people))))
    return folds


def _without(subjects: np.ndarray, what: str) -> UserError:
    more = f", and {len(subjects) - SHOWN} more" if len(subjects) > SHOWN else ""
    return UserError(
        what,
        rule="With `reference` a clip of each subject, or frames of one, is labelled as without pain and taken out; "
        "others must be left.",
        received=", ".join(subjects[:SHOWN]) + more,
        todo="Use --set reference.missing=leave_out to leave out all clips of these subjects; or say by "
        "`reference.neutral` which labels mean no pain.",
    )


def _check_classes(samples: pd.DataFrame, used: np.ndarray) -> None:
    """Refuse to leave a class of a dataset without a clip, as AI4Pain's no pain, of which there is one a subject."""
    for dataset, rows in samples.groupby("dataset", sort=True).indices.items():
        labels = samples["y"]
        before, after = (set(labels.iloc[part].dropna()) for part in (rows, np.intersect1d(rows, used)))
        if lost := sorted(before - after):
            raise UserError(
                f"Without its references {dataset} has no clip of a class left.",
                rule="One neutral clip of each subject is taken out of training, selection and test.",
                received=f"no clip of class {', '.join(map(str, lost))} is left",
                todo="Choose a task that leaves neutral clips out, or leave `reference` out.",
            )
