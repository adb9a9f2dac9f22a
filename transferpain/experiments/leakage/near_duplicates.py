"""Near-duplicate pictures on both sides of a split."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.progress import progress_bar
from transferpain.experiments.leakage.evidence import Evidence, LeakageCheck, Verdict, learned_from, not_applicable
from transferpain.inputs.faces.cache import read_faces

PICTURES_A_CLIP = 3
MAX_DISTANCE = 4
# Hashes of different people in the same pose may agree, pictures do not (our choice: correlation of 32 x 32 pixels).
MIN_CORRELATION = 0.99
SIDE = 32
TESTED_AT_ONCE = 512


@dataclass(frozen=True)
class Pictures:
    """Small grey pictures of clips or frames.

    Attributes:
        sample: int64 `(pictures,)`, position of what each picture shows.
        hashes: bool `(pictures, 64)`, from `difference_hash`.
        small: uint8 `(pictures, 32, 32)`.
    """

    sample: np.ndarray
    hashes: np.ndarray
    small: np.ndarray


def run(evidence: Evidence) -> Verdict:
    """Check that no tested picture has a near-duplicate among the pictures that its fold learns from."""
    pictures = collect_pictures(evidence)
    if pictures is None or not len(pictures.sample):
        return not_applicable("There are no pictures to compare: no face was found.")
    tested = hits = 0
    for fold in evidence.folds:
        test = np.flatnonzero(np.isin(pictures.sample, fold.test))
        train = np.flatnonzero(np.isin(pictures.sample, learned_from(fold)))
        tested += len(test)
        hits += len(np.unique(near_duplicates(pictures, test, train)[:, 0]))
    figure = f"{hits} of {tested} tested pictures have a near-duplicate in the training data of their fold"
    explanation = (
        f"Each frame, or up to {PICTURES_A_CLIP} of each clip; difference hash of 64 bits, at most {MAX_DISTANCE} "
        f"bits apart, and correlation of {SIDE} x {SIDE} pixels from {MIN_CORRELATION} on. Neighbouring frames of one "
        "video are alike by nature, and stand in one split."
    )
    return Verdict("fail" if hits else "pass", figure, explanation)


def difference_hash(image: np.ndarray) -> np.ndarray:
    """Return the difference hash of a grey picture: whether each of 8 x 8 pixels is darker than its right neighbour.

    Args:
        image: uint8 `(height, width)`.

    Returns:
        bool `(64,)`.
    """
    import cv2

    small = cv2.resize(image, (9, 8), interpolation=cv2.INTER_AREA)
    return (small[:, 1:] > small[:, :-1]).ravel()


def near_duplicates(pictures: Pictures, test: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Return the pairs of near-duplicates between two sets of pictures, int64 `(pairs, 2)`: test, train.

    Pictures of one grey level, such as black frames, have no content to compare and are never paired.
    """
    # Of vectors of +1 and -1, the product tells in how many places they differ.
    signs = np.where(pictures.hashes, np.float32(1), np.float32(-1))
    nearest = signs.shape[1] - 2 * MAX_DISTANCE
    pairs = [np.empty((0, 2), dtype=np.int64)]
    for begin in range(0, len(test), TESTED_AT_ONCE):
        block = test[begin : begin + TESTED_AT_ONCE]
        row, column = np.nonzero(signs[block] @ signs[train].T >= nearest)
        pairs.append(np.stack([block[row], train[column]], axis=1))
    candidates = np.concatenate(pairs)
    return candidates[_correlations(pictures.small, candidates) >= MIN_CORRELATION]


def _correlations(small: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    values = np.zeros(len(pairs))
    for begin in range(0, len(pairs), TESTED_AT_ONCE):
        part = pairs[begin : begin + TESTED_AT_ONCE]
        first, second = (small[side].reshape(len(part), SIDE * SIDE).astype(np.float64) for side in part.T)
        first -= first.mean(axis=1, keepdims=True)
        second -= second.mean(axis=1, keepdims=True)
        lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
        inner = (first * second).sum(axis=1)
        values[begin : begin + len(part)] = np.divide(inner, lengths, out=np.zeros(len(part)), where=lengths > 0)
    return values


def collect_pictures(evidence: Evidence) -> Pictures | None:
    """Take the picture of each frame, or a few of each clip, evenly over time; `None` where a run has no pictures."""
    import cv2

    if evidence.stage is None and evidence.images is None:
        return None
    used = np.unique(np.concatenate([np.append(learned_from(fold), fold.test) for fold in evidence.folds]))
    by_file = pd.Series(used).groupby(evidence.file_of[used])
    sample, hashes, small = [], [], []
    with progress_bar("near-duplicates", by_file.ngroups, "clips") as advance:
        for file, positions in by_file:
            for position, image in _pictures_of(evidence, file, positions.to_numpy()):
                sample.append(position)
                hashes.append(difference_hash(image))
                small.append(cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
            advance()
    return Pictures(
        np.array(sample, dtype=np.int64),
        np.array(hashes, dtype=bool).reshape(-1, 64),
        np.array(small, dtype=np.uint8).reshape(-1, SIDE, SIDE),
    )


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
    with_face, jpegs = np.flatnonzero(faces.found), faces.jpegs()
    for sample in samples:
        frame = evidence.samples["row"].iloc[sample]
        if frame < 0:
            chosen = np.unique(np.linspace(0, len(jpegs) - 1, PICTURES_A_CLIP).round().astype(int)) if jpegs else []
        else:
            chosen = np.flatnonzero(with_face == frame)
        for picture in chosen:
            yield sample, cv2.imdecode(np.frombuffer(jpegs[picture], np.uint8), cv2.IMREAD_GRAYSCALE)


NEAR_DUPLICATES = LeakageCheck("Near-duplicate pictures in two splits", run)
