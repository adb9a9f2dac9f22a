"""Faces that are missed more often in one class, and clips without an answer."""

from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.evaluation.formatting import number
from transferpain.evaluation.predictions import clip_rows
from transferpain.evaluation.scores import score
from transferpain.experiments.leakage.evidence import (
    NO_LABELS,
    OF_MEMBERS,
    Evidence,
    LeakageCheck,
    Verdict,
    not_applicable,
    percent,
)
from transferpain.inputs.faces.cache import read_faces
from transferpain.inputs.features.cache import read_features

# Shares of frames without a face may differ between classes by this much (our choice).
MAX_GAP = 0.05


def run(evidence: Evidence) -> Verdict:
    """Check that faces are missed equally often in each class, and every labelled test clip is answered for."""
    if evidence.experiment.members:
        return not_applicable(OF_MEMBERS)
    if evidence.stage is None:
        return not_applicable("The pictures are faces already; none is detected or dropped.")
    tested = evidence.tested
    if not len(tested):
        return not_applicable(NO_LABELS)
    y = evidence.samples["y"].iloc[tested].to_numpy(dtype=np.int64)
    missed = _missed(evidence)[tested]
    rates = {evidence.task.classes[label]: missed[y == label].mean() for label in np.unique(y)}
    faceless = int((missed == 1).sum())
    answered = set(clip_rows(evidence.predictions)["clip"])
    unanswered = len(set(evidence.samples["clip"].iloc[tested]) - answered)
    scores = score(evidence.predictions, evidence.task.classes)
    values = [scores[part]["balanced_accuracy"]["value"] for part in ("all", "covered")]
    balanced = [number(value, undefined="undefined") for value in values]
    what = "frames" if evidence.labels_frames else "clips"
    figure = (
        f"frames without a face: {', '.join(f'{label} {percent(rate)}' for label, rate in rates.items())}; "
        f"{faceless} of {len(tested)} {what} without a face; {unanswered} not answered; "
        f"balanced accuracy {balanced[0]} of all, {balanced[1]} of {what} with a face"
    )
    gap = max(rates.values()) - min(rates.values())
    explanation = (
        f"It passes where the classes differ by at most {percent(MAX_GAP)} (our choice) and every labelled clip is "
        "answered for: clips without a face get the training prior."
    )
    return Verdict("fail" if gap > MAX_GAP or unanswered else "pass", figure, explanation)


def _missed(evidence: Evidence) -> np.ndarray:
    """Return the share of each sample's frames without a face, float64 `(samples,)`; 1 where its video is unusable."""
    stage = evidence.stage
    # Features may have been computed at another rate than the video's.
    frames = stage["frames" if "frames" in stage else "num_frames"].to_numpy(dtype=float)
    found = stage["found"].fillna(0).to_numpy(dtype=float)
    of_file = 1 - np.divide(found, frames, out=np.zeros(len(stage)), where=frames > 0)
    missed, rows = of_file[evidence.file_of], evidence.samples["row"].to_numpy()
    for file, samples in pd.Series(np.flatnonzero(rows >= 0)).groupby(evidence.file_of[rows >= 0]):
        if not stage["problem"].iloc[file]:
            if "faces" in stage:
                found = read_faces(Path(stage["faces"].iloc[file])).found
            else:  # own features: each row is a frame
                found = ~np.isnan(read_features(Path(stage["features"].iloc[file]))[:, 0])
            missed[samples] = [not found[evidence.frames.answered[sample]].all() for sample in samples]
    return missed


DROPPED_DATA = LeakageCheck("Dropped data", run)
