"""The answers of a run that a promise may be calibrated on: of subjects that nothing in their fold was fitted to."""

from collections.abc import Iterable

import pandas as pd

from transferpain.core.store import read_json
from transferpain.evaluation.predictions import subject_names
from transferpain.experiments.leakage.lineage import person_codes, read_lineage
from transferpain.experiments.run_folder import RunFolder
from transferpain.models.bundles.manifest import MANIFEST, manifest_hash
from transferpain.strategies.common.fitted import subjects_fitted_to


def calibration_rows(run: RunFolder) -> pd.DataFrame:
    """Return the predictions of the subjects that each fold selects on, without those that its answers were fitted to.

    Boosted trees and stacked regressions are fitted to them, and a source may have been, before the fold set them
    aside: what is said of these subjects is known by heart. A fold that does not say what was fitted to whom has none.
    Nor has one any of whom it tests: a promise to new people is not to be calibrated on themselves, as where the tested
    subjects select or frames are split at random.
    """
    selected, tested = run.predictions("selection"), run.predictions()
    tested_by = subject_names(tested).groupby([tested["fold"].astype(str), tested["seed"]], observed=True).unique()
    before = people_before(run)
    learned = {name for name in subject_names(selected).unique() if before & codes_of([name])} if before else set()
    parts = []
    for (fold, seed), rows in selected.groupby(["fold", "seed"], observed=True):
        known = subjects_fitted_to(run.fold(str(fold), int(seed)))
        if known is not None:
            others = known.union(learned, tested_by.get((str(fold), seed), ()))
            parts.append(rows[~subject_names(rows).isin(others)])
    return pd.concat(parts, ignore_index=True) if parts else selected.head(0)


def people_before(run: RunFolder) -> frozenset[str]:
    """Return the codes of the people whom the source of a run, and any source before it, was fitted to.

    Of a source whose run stands beside this one those are not among them who only chose its epoch; a shared model does
    not tell them from the others.
    """
    lineage = read_lineage(run.model) if (run.model / MANIFEST).is_file() else None
    named = frozenset(code for ancestor in (lineage or ())[1:] for code in ancestor.people or ())
    if not named:
        return named
    manifest = read_json(run.model / MANIFEST)
    if "members" in manifest:
        members = [RunFolder(run.path.parent / member["run"]) for member in manifest["members"]]
        there = all(member.path.is_dir() for member in members)
        return frozenset().union(*map(people_before, members)) if there else named
    source = source_beside(run)
    if source is None:
        return named
    made = read_json(source.model / MANIFEST)
    fitted = subjects_fitted_to(source.fold(str(made.get("fold")), int(made.get("seed", 0))))
    return named if fitted is None else codes_of(fitted) | people_before(source)


def source_beside(run: RunFolder) -> RunFolder | None:
    """Return the run whose model is the source of a run, where it stands in the same folder."""
    source = run.facts().get("source", {})
    for folder in run.path.parent.iterdir():
        model = folder / "model"
        is_called_so = folder.name.startswith(f"{source.get('name')}-") and (model / MANIFEST).is_file()
        if is_called_so and manifest_hash(model) == source.get("hash"):
            return RunFolder(folder)
    return None


def codes_of(names: Iterable[str]) -> frozenset[str]:
    """Return the codes by which manifests name subjects, who are given as `subject_names` has them."""
    people = (name.split("/", 1) for name in names)
    return frozenset(code for dataset, subject in people for code in person_codes(dataset, [subject]))
