"""Near-duplicate pictures on both sides of a split."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.progress import progress_bar
from transferpain.experiments.leakage.evidence import (
    OF_MEMBERS,
    Evidence,
    LeakageCheck,
    Verdict,
    learned_from,
    not_applicable,
)
from transferpain.experiments.leakage.likeness import Looks, alike, look_at, to_side
from transferpain.experiments.leakage.shared_videos import videos_of
from transferpain.inputs.faces.cache import read_faces

PICTURES_A_CLIP = 3
# A tested picture is compared with all trained ones in 66 positions: more would take minutes.
MAX_TESTED = 5000


@dataclass(frozen=True)
class Pictures:
    """Pictures of clips or frames.

    Attributes:
        sample: int64 `(pictures,)`, position of what each picture shows.
        looks: of the pictures.
    """

    sample: np.ndarray
    looks: Looks


def run(evidence: Evidence) -> Verdict:
    """Check that no tested picture has a near-duplicate among the pictures that its fold learns from."""
    if evidence.experiment.members:
        return not_applicable(OF_MEMBERS)
    pictures = collect_pictures(evidence)
    if pictures is None or not len(pictures.sample):
        return not_applicable("There are no pictures to compare: no face was found.")
    videos = pd.factorize(videos_of(evidence)[pictures.sample])[0]
    tested = hits = 0
    shown = sum(int(np.isin(pictures.sample, fold.test).sum()) for fold in evidence.folds)
    step = -(-shown // MAX_TESTED)
    for fold in evidence.folds:
        test = np.flatnonzero(np.isin(pictures.sample, fold.test))[::step]
        train = np.flatnonzero(np.isin(pictures.sample, learned_from(evidence, fold)))
        tested += len(test)
        hits += int(alike(pictures.looks, test, train, videos).sum())
    figure = f"{hits} of {tested} tested pictures have a near-duplicate in the training data of their fold"
    explanation = (
        f"Of each sample its frame, or {PICTURES_A_CLIP} of the frames that are read of it: the picture, its mirror "
        "image, and both turned by up to 10 degrees or shifted by 2 of 64 pixels. Frames of one video are alike by "
        "nature: check 2 looks for them."
    )
    return Verdict("fail" if hits else "pass", figure, explanation)


def collect_pictures(evidence: Evidence) -> Pictures | None:
    """Take pictures of what is learned from and tested; `None` where a run has none."""
    if evidence.images is None and (evidence.stage is None or "faces" not in evidence.stage):
        return None
    used = np.unique(np.concatenate([np.append(learned_from(evidence, fold), fold.test) for fold in evidence.folds]))
    by_file = pd.Series(used).groupby(evidence.file_of[used])
    sample, grey = [], []
    with progress_bar("near-duplicates", by_file.ngroups, "clips") as advance:
        for file, positions in by_file:
            for position, image in _pictures_of(evidence, file, positions.to_numpy()):
                sample.append(position)
                grey.append(to_side(image))
            advance()
    return Pictures(np.array(sample, dtype=np.int64), look_at(grey))


def chosen_frames(evidence: Evidence, sample: int, found: np.ndarray) -> np.ndarray:
    """Return the frames of a sample that are compared: a few of those it is answered by, and of those it is trained by.

    Most often they are the same: then none is added.

    Args:
        found: bool `(frames,)`, which frames of the clip show a face.
    """
    chosen = [np.empty(0, np.int64)]
    for frames in (evidence.frames.answered[sample], evidence.frames.trained[sample]):
        shown = frames[found[frames]]
        if len(shown):
            chosen.append(shown[np.linspace(0, len(shown) - 1, PICTURES_A_CLIP).round().astype(int)])
    return np.unique(np.concatenate(chosen))


def _pictures_of(evidence: Evidence, file: int, samples: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield samples of one file, each with a grey picture of it, uint8 `(height, width)`."""
    import cv2

    if evidence.stage is None:
        for sample in samples:
            yield sample, evidence.images[evidence.files["first_frame"].iloc[file]]
        return
    row = evidence.stage.iloc[file]
    if row["problem"]:
        return
    faces = read_faces(Path(row["faces"]))
    if not faces.found.any():
        return
    picture_of, jpegs = np.cumsum(faces.found) - 1, faces.jpegs()
    for sample in samples:
        for frame in chosen_frames(evidence, sample, faces.found):
            jpeg = np.frombuffer(jpegs[picture_of[frame]], np.uint8)
            yield sample, cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE)


NEAR_DUPLICATES = LeakageCheck("Near-duplicate pictures in two splits", run)
