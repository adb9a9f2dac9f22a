"""What a tuned network says of action units in the test part of a fold, beside what was coded there."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from transferpain.data.protocols.fold import Fold
from transferpain.data.unit_labels import column_of
from transferpain.strategies.common.answers import first_frames
from transferpain.strategies.common.network import PREDICTION_BATCH, FittedUnits, Shown, predict_images
from transferpain.strategies.fine_tuning.units_section import ANSWERS, TAUGHT, predicted_of


def unit_files(fitted: FittedUnits, shown: Shown, fold_and_seed: tuple[Fold, int]) -> dict[str, pd.DataFrame | dict]:
    """Return the files of a fold and seed whose network has learned units: its answers, and what it was taught.

    Args:
        shown: what it was trained on, with its units.
    """
    fold, seed = fold_and_seed
    units = shown.units.coded.units
    taught = {
        str(unit): {"pictures": int((~np.isnan(column)).sum()), "values": len(np.unique(column[~np.isnan(column)]))}
        for unit, column in zip(units, fitted.taught.T, strict=True)
    }
    answers = unit_answers(fitted, shown, fold.test).assign(fold=fold.name, seed=seed)
    return {ANSWERS: answers, TAUGHT: {"weight": shown.units.weight, "of": list(units), "taught": taught}}


def unit_answers(fitted: FittedUnits, shown: Shown, positions: np.ndarray) -> pd.DataFrame:
    """Return what was coded and what is answered, one row for each picture that is tested.

    Args:
        positions: int64, of samples.

    Returns:
        dataset, subject, clip, frame (as in the predictions), then of each unit what was coded (`au4`; NaN where
        nobody coded it) and what is answered (`au4_predicted`; NaN where no face was found), both on the coder's scale.
    """
    coded, samples = shown.units.coded, shown.samples.iloc[positions]
    parts = []
    for sample, (frames, found, answers) in zip(positions, _looked_at(fitted, shown, positions), strict=True):
        said = np.full((len(frames), len(coded.units)), np.nan)
        said[found] = answers * coded.scales
        truth = coded.of(np.full(len(frames), sample), frames)
        parts.append((frames, truth, said))
    repeats = [len(frames) for frames, _, _ in parts]
    place = np.repeat(np.arange(len(parts)), repeats)
    table = samples[["dataset", "subject", "clip"]].iloc[place].reset_index(drop=True)
    numbers = np.concatenate([np.empty(0, np.int64), *(frames for frames, _, _ in parts)])
    table["frame"] = first_frames(samples)[place] + numbers
    for column, unit in enumerate(coded.units):
        for name, at in ((column_of(unit), 1), (predicted_of(unit), 2)):
            table[name] = np.concatenate([np.empty(0), *(part[at][:, column] for part in parts)]).astype(np.float32)
    return table


def _looked_at(
    fitted: FittedUnits, shown: Shown, positions: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield of each sample the places of its frames, which of them show a face, and the shares that are answered."""
    pending: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    width = len(shown.units.coded.units)

    def answered() -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        images = [images for _, found, images in pending if found.any()]
        shares = np.empty((0, width))
        if images:
            shares = predict_images(fitted.model, shown.preprocessing, np.concatenate(images))
        ends = np.cumsum([found.sum() for _, found, _ in pending])
        for (frames, found, _), part in zip(pending, np.split(shares, ends[:-1]), strict=True):
            yield frames, found, part
        pending.clear()

    for position in positions:
        pending.append(shown.pictures.tested(position))
        if sum(found.sum() for _, found, _ in pending) >= PREDICTION_BATCH:
            yield from answered()
    if pending:
        yield from answered()
