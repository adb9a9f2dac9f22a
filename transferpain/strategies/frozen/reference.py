"""The person's own neutral face in the strategy `frozen`: what it goes with, what a run and its model say of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from transferpain.core.contracts import FittedRows, Stage
from transferpain.core.errors import UserError
from transferpain.core.foreign import border
from transferpain.data.datasets.neutral import neutral_clips, neutral_of
from transferpain.data.protocols.fold import Fold
from transferpain.evaluation.predictions import subject_names
from transferpain.inputs.reference.features import Reference, note_without_face
from transferpain.inputs.reference.settings import ReferenceSettings, reads_references
from transferpain.inputs.reference.withheld import PLACES, REFERENCE, ROLE
from transferpain.strategies.base import Plan, Recipe, Workload

REFERENCES = "reference.json"
STEP = "reference faces"
CLIPS_A_SECOND = 150.0  # whose features are read, changed and written


def check_reference(experiment: Recipe) -> None:
    """Refuse a reference together with what it does not go with.

    Raises:
        ValueError: that names the key.
    """
    if experiment.reference is None:
        return
    if experiment.adaptation is not None:
        raise ValueError(
            f"reference: features are changed by a reference or by an adaptation, received both, adaptation "
            f"`{experiment.adaptation}`"
        )
    if experiment.protocol.kind == "random_frames":
        raise ValueError("reference: it goes by subject, and protocol.kind `random_frames` splits without them")


def tells_frames_apart(plan: Plan) -> bool:
    """Tell whether single frames of a clip are the reference, so that features need a row for each frame.

    Raises:
        UserError: if each clip has one row of features, and of some clip not all frames are neutral.
    """
    if PLACES not in plan.samples or not plan.samples[PLACES].notna().any():
        return False
    rows = plan.samples[plan.samples[PLACES].notna()]
    frames = plan.clips.set_index("clip")["num_frames"].astype("Int64").loc[rows["file_clip"]].to_numpy()
    mixed = [clip for clip, own, number in zip(rows["clip"], rows[PLACES], frames, strict=True) if len(own) != number]
    if plan.experiment.features.whole_clip and mixed:
        raise UserError(
            f"The features of {plan.experiment.name} are of whole clips, and its references of single frames.",
            rule="Where frames are labelled one by one, those without pain are the reference: one row for all of a "
            "clip would hold the others, too.",
            received=f"{len(mixed)} clips with other frames, such as {mixed[0]}",
            todo="Use features of frames, or a column of clips in `reference.neutral`.",
        )
    return True


def reference_rows(settings: ReferenceSettings | None, fold: Fold) -> tuple[FittedRows, ...]:
    """Return the rows whose faces a fold's features are compared with; nothing where none are."""
    if not reads_references(settings):
        return ()
    return (FittedRows(STEP, fold.reference, use="reference"),)


def bundle_facts(settings: ReferenceSettings | None) -> dict[str, Any]:
    """Return what the manifest of a head states of the reference that it reads; nothing where it reads none."""
    if not reads_references(settings):
        return {}
    stated = {"form": settings.form, "frames": settings.frames, "of": settings.of}
    return {"reference": stated, "reference_features": settings.describe()}


def describe_references(plan: Plan, references: Mapping[str, Reference]) -> dict[str, Any]:
    """Return what a run keeps of its references, JSON types."""
    settings = plan.experiment.reference
    parts = plan.index.parts or (plan.index,)
    neutral = {part.dataset.name: neutral_of(part.dataset, settings.stated_neutral) for part in parts}
    left_out = []
    if settings.missing == "leave_out":
        used = set(subject_names(plan.samples))
        for part in parts:
            people = part.clips[["dataset", "subject"]].drop_duplicates()
            known = neutral_clips(part, neutral[part.dataset.name])["subject"]
            lacking = set(subject_names(people[~people["subject"].isin(known)]))
            left_out += sorted(lacking - used)
    with_face = [reference for reference in references.values() if len(reference.found)]
    rows = [len(reference.rows(settings.frames)) for reference in with_face] if reads_references(settings) else []
    found = [len(reference.found) for reference in references.values()]
    neutral_rows = [len(reference.neutral) for reference in references.values()]
    return {
        "form": settings.form,
        "frames": settings.frames,
        "of": settings.of,
        "missing": settings.missing,
        "neutral": {name: str(one) for name, one in neutral.items()},
        "clips": int(plan.samples[plan.samples[ROLE] == REFERENCE]["file_clip"].nunique()),
        "subjects": len(references),
        "frames_used": [int(min(rows)), float(np.median(rows)), int(max(rows))] if rows else None,
        "fewer_frames": sum(number < settings.frames for number in rows) if rows else None,
        "coverage": sum(found) / sum(neutral_rows) if sum(neutral_rows) else 0.0,
        "without_face": list(note_without_face(dict(references))),
        "left_out": left_out,
    }


def read_reference(manifest: Mapping[str, Any], folder: Path) -> ReferenceSettings | None:
    """Return the reference that a head reads, as its manifest says; `None` where it reads none.

    Args:
        folder: of its bundle, for errors.

    Raises:
        UserError: if the manifest says it otherwise than a run does.
    """
    if "reference" not in manifest:
        return None
    with border(
        f"{folder} does not say which reference its head reads.",
        rule="A run states form, frames and of.",
        todo="Get the bundle again.",
    ):
        settings = ReferenceSettings(**manifest["reference"])
        if not reads_references(settings):
            raise ValueError(f"form: {settings.form}")
        return settings


def check_reference_given(settings: ReferenceSettings | None, given: bool, folder: Path) -> None:
    """Refuse to ask a head without the reference that it reads, with one that it does not read, or a control at all.

    Raises:
        UserError: if so.
    """
    if settings is None and given:
        raise UserError(
            f"The model in {folder} reads no reference.",
            rule="It answers to faces as they are.",
            received="a reference",
            todo="Leave the reference out.",
        )
    if settings is not None and settings.of != "own":
        raise UserError(
            f"The model in {folder} is a control, and answers nobody.",
            rule="It was trained to compare each face with a wrong person's.",
            received=f"reference.of: {settings.of}",
            todo="Name a model that was trained with reference.of `own`.",
        )
    if settings is not None and not given:
        raise UserError(
            f"The model in {folder} needs a neutral face of the same person.",
            rule=f"Its head reads {settings.describe()}.",
            received="no reference",
            todo="Name a picture or video of this person without pain: `transferpain predict MODEL PLACE --reference "
            "CLIP`. Where none can be named, as in live, serve and explain, use a model without `reference`.",
        )


def reference_stage(work: Workload, disk_bytes: float) -> list[Stage]:
    """Estimate the writing of changed features; nothing where no reference is read.

    Args:
        disk_bytes: of the features as they are.
    """
    experiment, settings = work.experiment, work.experiment.reference
    if not reads_references(settings):
        return []
    copies = 1 if settings.of == "own" else len(work.folds)
    clips = work.samples.loc[work.samples[ROLE] != REFERENCE, "file_clip"].nunique() * copies
    described = f"reference ({settings.form}, {settings.of}, frames {settings.frames})"
    return [
        Stage(
            experiment.name,
            described,
            f"{clips} clips",
            clips / CLIPS_A_SECOND,
            disk_bytes * settings.widens * copies,
            of=experiment.name,
        )
    ]
