"""Videos on both sides of a split."""

import numpy as np

from transferpain.experiments.leakage.evidence import (
    Evidence,
    LeakageCheck,
    Verdict,
)
from transferpain.experiments.leakage.sides import in_both


def run(evidence: Evidence) -> Verdict:
    """Check that no video, and no copy of its file, is both learned from and tested."""
    videos = videos_of(evidence)
    tested, shared = in_both(evidence, videos)
    figure = f"{len(shared)} of {len(tested)} tested videos or pictures are in the training data of their fold"
    explanation = "Windows and frames of one video stand in one split, and files with equal bytes count as one video."
    return Verdict("fail" if shared else "pass", figure, explanation)


def videos_of(evidence: Evidence) -> np.ndarray:
    """Return what each sample was cut from: a video, under one name for all copies of it, or a row of images."""
    files = evidence.files
    names = files["dataset"].astype(str) + "/" + files["media"].astype(str)
    rows = (files["kind"] == "image_rows").to_numpy()
    names = names.where(~rows, names + "#" + files["first_frame"].astype(str))
    if evidence.stage is not None:
        keys = evidence.stage["key"].to_numpy()
        names = names.where(keys == "", names.groupby(keys).transform("first"))
    return names.to_numpy()[evidence.file_of]


SHARED_VIDEOS = LeakageCheck("The same video in two splits", run)
