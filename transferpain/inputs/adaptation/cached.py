"""Cached features, changed clip by clip as a method says: memory does not grow with the data.

An adapted clip is a file of its own in the cache of features. Its name covers the features as they were, the method
and the exact clips that the method was fitted on, so that nothing is computed twice and nothing is mixed up.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.progress import note, progress_bar
from transferpain.core.store import fingerprint, is_intact, read_made, using
from transferpain.data.protocols.fold import Fold
from transferpain.evaluation.predictions import subject_names
from transferpain.inputs.adaptation.base import AdaptationJob, learned
from transferpain.inputs.features.cache import features_path, read_features, write_features

# What is done to the features of a clip, `(frames, D)` -> float64 `(frames, D)`; a row of NaN stays one.
Change = Callable[[np.ndarray], np.ndarray]
# From the features of all clips of each domain to the change; `None` if they show too few faces.
Fit = Callable[..., Change | None]


@dataclass(frozen=True, eq=False)
class Group:
    """Samples of a fold that are changed by one fitting.

    Attributes:
        domains: positions of the samples that are fitted on: one domain, or for `coral` the source and the target.
        changed: positions of the samples that are changed.
    """

    domains: tuple[np.ndarray, ...]
    changed: np.ndarray


@dataclass(frozen=True)
class Fitting:
    """What a method is fitted on.

    Attributes:
        method: its name.
        domains: of each domain the feature files, ascending, each with the number of its rows that are fitted on; -1
            for all.
    """

    method: str
    domains: tuple[tuple[tuple[str, int], ...], ...]

    @cached_property
    def digest(self) -> str:
        """Names the method and the clips."""
        return fingerprint([self.method, [[_named(*file) for file in files] for files in self.domains]])

    def path(self, cache: Path, features: str) -> Path:
        """Return where the features of a clip stand once they are adapted by this fitting."""
        return features_path(cache, fingerprint(["adapted", self.digest, Path(features).stem]))

    def arrays(self) -> list[Iterable[np.ndarray]]:
        """Return the features of the clips of each domain, read as they are used."""
        return [map(_read_rows, files) for files in self.domains]


def _named(file: str, rows: int) -> str | tuple[str, int]:
    stem = Path(file).stem
    return stem if rows < 0 else (stem, rows)


def _read_rows(file: tuple[str, int]) -> np.ndarray:
    path, rows = file
    features = read_features(Path(path))
    return features if rows < 0 else features[:rows]


def subject_groups(samples: pd.DataFrame, fold: Fold, fitted_on: np.ndarray) -> list[Group]:
    """Return a group per subject that a fold learns from or tests: what is fitted on of the subject changes it all."""
    subjects = subject_names(samples).to_numpy(dtype=str)
    changed = np.union1d(learned(fold), fold.test)
    return [
        Group((fitted_on[subjects[fitted_on] == subject],), changed[subjects[changed] == subject])
        for subject in np.unique(subjects[changed])
    ]


def adapt_files(
    method: str, fit: Fit, samples: pd.DataFrame, groups: Mapping[str, Sequence[Group]], job: AdaptationJob
) -> dict[str, np.ndarray]:
    """Adapt the features of the groups' samples; what the cache holds is not computed again.

    Args:
        method: its name, which the names of the files cover.
        fit: from the features of each domain's clips to what changes the features of one.
        samples: with dataset, subject, `features`, the file of each sample's features, empty where it has none, and
            `stretch_rows`: so many rows of it are fitted on, so that a long clip counts no more than a short one; -1
            for all.
        groups: fold -> what is changed by what.
        job: names the cache, and is told which samples were read.

    Returns:
        Fold -> the feature file of each sample, text `(samples,)`; empty where the sample is in no group, has no
        features, or its group's clips show too few faces to be fitted on.
    """
    before = samples["features"].to_numpy(dtype=str)
    rows = samples["stretch_rows"].to_numpy(dtype=np.int64)
    usable, cache = before != "", job.cache
    after, missing = {}, {}
    known: dict[Path, bool] = {}
    for fold, fold_groups in groups.items():
        after[fold] = files = np.full(len(samples), "", dtype=object)
        read = [np.empty(0, np.int64)]
        for group in fold_groups:
            changed = group.changed[usable[group.changed]]
            used = [domain[usable[domain]] for domain in group.domains]
            read += used
            domains = (sorted(set(zip(before[domain].tolist(), rows[domain].tolist(), strict=True))) for domain in used)
            fitting = Fitting(method, tuple(map(tuple, domains)))
            paths = {file: fitting.path(cache, file) for file in np.unique(before[changed]).tolist()}
            unknown = [path for path in paths.values() if path not in known]
            with ThreadPoolExecutor(os.cpu_count()) as threads:
                known |= zip(unknown, threads.map(is_intact, unknown), strict=True)
            missing.setdefault(fitting, {}).update({file: path for file, path in paths.items() if not known[path]})
            files[changed] = [str(paths[file]) for file in before[changed].tolist()]
        job.seen[fold] = np.unique(np.concatenate(read))
    failed = _compute(fit, {fitting: paths for fitting, paths in missing.items() if paths}, cache)
    return {fold: np.where(np.isin(files, list(failed)), "", files) for fold, files in after.items()}


def _compute(fit: Fit, missing: dict[Fitting, dict[str, Path]], cache: Path) -> set[str]:
    """Write the adapted features that are missing; return the paths of those that nothing could be fitted for.

    Args:
        fit: as for `adapt_files`.
        missing: fitting -> feature file -> where it is written once it is adapted.
        cache: the cache folder.
    """
    if not missing:
        return set()
    failed: set[str] = set()
    with progress_bar("adaptation", sum(map(len, missing.values())), "clips") as advance, using(cache):
        for fitting, paths in missing.items():
            change = fit(*fitting.arrays())
            for file, path in paths.items():
                if change is None:
                    failed.add(str(path))
                else:
                    made = read_made(Path(file)) | {"adaptation": fitting.method}
                    features = read_features(Path(file))
                    write_features(path, as_cached(change(features), features.dtype), made)
                advance(1)
    if failed:
        note(
            f"warning: {len(failed)} clips cannot be adapted, because what they would be adapted to shows too few "
            "faces; they are treated like clips without a face"
        )
    return failed


def as_cached(features: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return features as the cache keeps them, in the type of those that were adapted.

    Raises:
        UserError: if one of them is beyond it.
    """
    largest, most = np.nanmax(np.abs(features), initial=0), float(np.finfo(dtype).max)
    if largest > most:
        raise UserError(
            "A changed feature does not fit into the cache.",
            rule=f"These features are kept as {dtype}, up to {most:g}.",
            received=f"a value of magnitude {largest}",
            todo="Use another adaptation, or none.",
        )
    return features.astype(dtype)
