"""Cached features, changed as the experiment's adaptation says, clip by clip: memory does not grow with the data.

An adapted clip is a file of its own in the cache of features. Its name covers the features as they were, the method
and the exact clips that the method was fitted on, so that nothing is computed twice and nothing is mixed up.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.progress import note, progress_bar
from transferpain.core.store import fingerprint, is_intact
from transferpain.data.protocols.fold import Fold
from transferpain.evaluation.predictions import subject_names
from transferpain.experiments.schema import Experiment
from transferpain.inputs.adaptation.coral import recoloring
from transferpain.inputs.adaptation.moments import collect_moments
from transferpain.inputs.adaptation.subject_standardization import deviation
from transferpain.inputs.adaptation.target_data import adapted_to
from transferpain.inputs.faces.cache import using
from transferpain.inputs.features.cache import features_path, read_features, write_features
from transferpain.inputs.features.extract import FLOAT16_MAX


@dataclass(frozen=True)
class Fitting:
    """What a method is fitted on.

    Attributes:
        method: its name.
        domains: feature files, ascending: those of one subject, or for `coral` of the source and of the target.
    """

    method: str
    domains: tuple[tuple[str, ...], ...]

    @cached_property
    def digest(self) -> str:
        """Names the method and the clips."""
        return fingerprint([self.method, [[Path(file).stem for file in files] for files in self.domains]])

    def path(self, cache: Path, features: str) -> Path:
        """Return where the features of a clip stand once they are adapted by this fitting."""
        return features_path(cache, fingerprint(["adapted", self.digest, Path(features).stem]))


def adapted_features(
    experiment: Experiment, samples: pd.DataFrame, folds: Sequence[Fold], cache: Path
) -> dict[str, np.ndarray]:
    """Adapt the features of every fold; what the cache holds is not computed again.

    Args:
        experiment: with one of the methods that change features, or none.
        samples: as for `train_head`.
        folds: positions into `samples`, as `add_references` returns them.
        cache: the cache folder.

    Returns:
        Fold -> the feature file of each sample, text `(samples,)`. Empty where the fold neither learns from the sample
        nor tests it, it was unusable before, or nothing shows a face that its adaptation could be fitted on.
    """
    before = samples["features"].to_numpy(dtype=object)
    if experiment.adaptation is None:
        return {fold.name: before for fold in folds}
    after, missing = {}, {}
    known: dict[Path, bool] = {}
    for fold in folds:
        after[fold.name] = files = np.full(len(samples), "", dtype=object)
        if experiment.adaptation == "coral":
            files[fold.test] = before[fold.test]
        for fitting, positions in fittings(experiment, samples, fold):
            paths = {file: fitting.path(cache, file) for file in np.unique(before[positions])}
            unknown = [path for path in paths.values() if path not in known]
            with ThreadPoolExecutor(os.cpu_count()) as threads:
                known |= zip(unknown, threads.map(is_intact, unknown), strict=True)
            missing.setdefault(fitting, {}).update({file: path for file, path in paths.items() if not known[path]})
            files[positions] = [str(paths[file]) for file in before[positions]]
    failed = compute({fitting: paths for fitting, paths in missing.items() if paths}, cache)
    return {name: np.where(np.isin(files, list(failed)), "", files) for name, files in after.items()}


def fittings(experiment: Experiment, samples: pd.DataFrame, fold: Fold) -> Iterator[tuple[Fitting, np.ndarray]]:
    """Yield what usable samples of a fold are adapted by, and the positions of the samples that have it in common."""
    method, files = experiment.adaptation, samples["features"].to_numpy(dtype=str)
    usable, fitted_on = files != "", adapted_to(experiment, samples, fold)
    learned = np.union1d(fold.train, fold.selection)

    def files_of(positions: np.ndarray) -> tuple[str, ...]:
        return tuple(np.unique(files[positions[usable[positions]]]).tolist())

    if method == "coral":
        domains = (files_of(learned), files_of(fold.reference))
        yield Fitting(method, domains), learned[usable[learned]]
        return
    subjects = subject_names(samples).to_numpy(dtype=str)
    changed = np.union1d(learned, fold.test)
    changed = changed[usable[changed]]
    for subject in np.unique(subjects[changed]):
        own = files_of(fitted_on[subjects[fitted_on] == subject])
        yield Fitting(method, (own,)), changed[subjects[changed] == subject]


def compute(missing: dict[Fitting, dict[str, Path]], cache: Path) -> set[str]:
    """Write the adapted features that are missing; return the paths of those that nothing could be fitted for.

    Args:
        missing: fitting -> feature file -> where it is written once it is adapted.
    """
    if not missing:
        return set()
    failed: set[str] = set()
    with progress_bar("adaptation", sum(map(len, missing.values())), "clips") as advance, using(cache):
        for fitting, paths in missing.items():
            change = fit(fitting)
            for file, path in paths.items():
                if change is None:
                    failed.add(str(path))
                else:
                    write_features(path, as_cached(change(read_features(Path(file)))))
                advance(1)
    if failed:
        note(
            f"warning: {len(failed)} clips cannot be adapted, because what they would be adapted to shows too few "
            "faces; they are treated like clips without a face"
        )
    return failed


def fit(fitting: Fitting) -> Callable[[np.ndarray], np.ndarray] | None:
    """Return what a method does to features `(frames, D)`, or `None` if there are too few faces to fit it on."""
    coral = fitting.method == "coral"
    moments = [collect_moments(map(read_features, map(Path, files)), products=coral) for files in fitting.domains]
    if coral:
        try:
            before, matrix, after = recoloring(*moments)
        except ValueError as error:
            raise UserError(
                "The features cannot be recoloured by coral.",
                rule="Both datasets need training clips with faces, whose features differ.",
                received=error,
                todo="Use more clips, or no adaptation.",
            ) from error
        return lambda features: (features - before) @ matrix + after
    (own,) = moments
    if fitting.method == "baseline_subtraction":
        return None if own is None else lambda features: features - own.mean
    if own is None or own.rows < 2:
        return None
    divisor = deviation(own)
    return lambda features: (features - own.mean) / divisor


def as_cached(features: np.ndarray) -> np.ndarray:
    """Return features as the cache keeps them, float16.

    Raises:
        UserError: if one of them is beyond float16.
    """
    largest = np.nanmax(np.abs(features), initial=0)
    if largest > FLOAT16_MAX:
        raise UserError(
            "An adapted feature does not fit into the cache.",
            rule=f"Features are kept as float16, up to {FLOAT16_MAX:.0f}",
            received=f"a value of magnitude {largest}",
            todo="Use another adaptation.",
        )
    return features.astype(np.float16)
