"""Features beside the person's neutral face: each clip's cached features, changed by one vector.

The vector is the mean of the features of some frames of the reference clip. After the changed features, as after those
of an adaptation, everything goes its usual way: heads, linear probes and nested selection read files of the cache.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.progress import note, progress_bar
from transferpain.core.seeds import derive_seed
from transferpain.core.store import fingerprint, is_intact, read_made, using
from transferpain.data.protocols.fold import Fold
from transferpain.evaluation.predictions import subject_names
from transferpain.inputs.adaptation.cached import as_cached
from transferpain.inputs.features.cache import features_path, read_features, write_features
from transferpain.inputs.reference.settings import ReferenceSettings, reads_references
from transferpain.inputs.reference.withheld import PLACES, REFERENCE, ROLE


@dataclass(frozen=True, eq=False)
class Reference:
    """The neutral face of one subject.

    Attributes:
        file: the features of its clip; "" where the clip is unusable.
        neutral: int64 `(rows,)`, the rows of the file that are known to be neutral, ascending.
    """

    file: str
    neutral: np.ndarray

    @cached_property
    def found(self) -> np.ndarray:
        """The neutral rows that show a face, int64 `(rows,)`."""
        if not self.file:
            return np.empty(0, np.int64)
        shown = ~np.isnan(read_features(Path(self.file))[:, 0])
        return self.neutral[shown[self.neutral]]

    def rows(self, frames: int) -> np.ndarray:
        """Return so many of the rows with a face, spread evenly, int64 `(frames,)`; all where there are fewer."""
        return self.found[spread(len(self.found), frames)]

    def mean(self, frames: int) -> np.ndarray:
        """Return the mean of these rows, float64 `(D,)`."""
        return read_features(Path(self.file))[self.rows(frames)].astype(np.float64).mean(axis=0)


def spread(rows: int, wanted: int) -> np.ndarray:
    """Return places of so many rows, each in the middle of an equal part, int64 `(wanted,)`; all where fewer."""
    number = min(rows, wanted)
    return ((np.arange(number) + 0.5) * rows / max(number, 1)).astype(np.int64)


def find_references(samples: pd.DataFrame, of_frames: bool = True) -> dict[str, Reference]:
    """Return subject, as `subject_names` has it -> the neutral face.

    Args:
        samples: with `features`, `row`, `sampling`, `reference` and `neutral_places`, see `mark_references`.
        of_frames: whether feature rows are frames; where they are none, all of a neutral clip is neutral.
    """
    rows = samples[samples[ROLE] == REFERENCE]
    found = {}
    for name, own in rows.groupby(subject_names(rows), sort=True):
        first = own.iloc[0]
        neutral = np.sort(own["row"].to_numpy(np.int64))
        if not of_frames:
            neutral = np.arange(len(read_features(Path(first["features"]))) if first["features"] else 0)
        elif first["row"] < 0:
            frames, places = first["sampling"]() if first["features"] else np.empty(0, np.int64), first[PLACES]
            neutral = np.flatnonzero(np.isin(frames, frames if places is None else places))
        found[str(name)] = Reference(str(first["features"]), neutral)
    return found


def beside(settings: ReferenceSettings, features: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Return features as a head reads them, float64 `(frames, D)`, of form `pair` `(frames, 2 D)`.

    Args:
        features: `(frames, D)`; a row of NaN, a frame without a face, stays one.
        vector: the reference, `(D,)`.
    """
    if settings.form == "difference":
        return features - vector
    pairs = np.concatenate([features, np.broadcast_to(vector, features.shape)], axis=1)
    return np.where(np.isnan(features[:, :1]), np.nan, pairs)


def whose(settings: ReferenceSettings, names: np.ndarray, fold: Fold, known: Sequence[str]) -> dict[str, str]:
    """Return for each subject of a fold that has a face to compare with: whose reference is read.

    Of `another` no subject has the own one: within each part of the fold they are passed on in a circle, in an order
    that is drawn; the only subject of a part has that of somebody of the other parts.

    Args:
        names: of each sample's subject.
        known: subjects with a reference that shows a face.
    """
    parts = [np.intersect1d(np.unique(names[part]), known) for part in (fold.test, fold.selection, fold.train)]
    everybody = np.unique(np.concatenate(parts))
    if settings.of == "own":
        return {name: name for name in everybody}
    given: dict[str, str] = {}
    for number, part in enumerate(parts):
        people = np.array([name for name in part if name not in given], dtype=object)
        random = np.random.default_rng(derive_seed("wrong reference", fold.name, number))
        if len(people) > 1:
            order = random.permutation(people)
            given |= dict(zip(order, np.roll(order, 1), strict=True))
        elif len(people) and len(others := np.setdiff1d(everybody, people)):
            given[people[0]] = str(random.choice(others))
    return given


def referenced_features(
    settings: ReferenceSettings,
    samples: pd.DataFrame,
    folds: Sequence[Fold],
    references: dict[str, Reference],
    cache: Path,
) -> dict[str, np.ndarray]:
    """Change the features of every fold; what the cache holds is not computed again.

    Args:
        samples: as for `find_references`.
        folds: positions into `samples`.
        references: what that returns.
        cache: the cache folder.

    Returns:
        Fold -> the feature file of each sample, text `(samples,)`. Empty where the fold does not use the sample, it was
        unusable before, or the reference shows no face.
    """
    before, names = samples["features"].to_numpy(dtype=object), subject_names(samples).to_numpy(dtype=str)
    if not reads_references(settings):
        return {fold.name: before for fold in folds}
    known = [name for name, reference in references.items() if len(reference.found)]
    paths: dict[tuple[str, str], Path] = {}
    after = {}
    for fold in folds:
        given = whose(settings, names, fold, known)
        after[fold.name] = files = np.full(len(samples), "", dtype=object)
        for position in np.unique(np.concatenate([fold.train, fold.selection, fold.test])):
            other = given.get(names[position])
            if other is None or not before[position]:
                continue
            made = (before[position], other)
            if made not in paths:
                paths[made] = path_beside(settings, before[position], references[other], cache)
            files[position] = str(paths[made])
    _write(settings, {path: made for made, path in paths.items() if not is_intact(path)}, references, cache)
    return after


def path_beside(settings: ReferenceSettings, features: str, reference: Reference, cache: Path) -> Path:
    """Return where a clip's features stand once they are changed by a reference."""
    rows = reference.rows(settings.frames).tolist()
    key = ["reference", settings.form, Path(reference.file).stem, rows, Path(features).stem]
    return features_path(cache, fingerprint(key))


def _write(
    settings: ReferenceSettings,
    missing: dict[Path, tuple[str, str]],
    references: dict[str, Reference],
    cache: Path,
) -> None:
    """Write the changed features that are missing.

    Args:
        missing: where they are written -> the features as they are, and whose reference is read.
    """
    if not missing:
        return
    with progress_bar("references", len(missing), "clips") as advance, using(cache):
        for path, (file, subject) in missing.items():
            features = read_features(Path(file))
            changed = beside(settings, features.astype(np.float64), references[subject].mean(settings.frames))
            made = read_made(Path(file)) | {"adaptation": f"reference {settings.form}"}
            write_features(path, as_cached(changed, features.dtype), made)
            advance(1)


def note_without_face(references: dict[str, Reference]) -> tuple[str, ...]:
    """Return the subjects whose neutral clip shows no face, and warn of them."""
    without = tuple(name for name, reference in references.items() if not len(reference.found))
    if without:
        note(
            f"warning: the neutral clip of {len(without)} of {len(references)} subjects shows no face; with a "
            "reference their clips are treated like clips without a face"
        )
    return without
