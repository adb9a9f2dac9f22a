"""What depends on a run: runs and models that descend from it, reports that show it, and files that name it."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transferpain.core.errors import UserError
from transferpain.core.store import read_json
from transferpain.core.yaml_file import read_mapping
from transferpain.experiments.matrix.cells import cell_names
from transferpain.experiments.matrix.settings import load_matrix
from transferpain.experiments.runs.find import find_folders, is_run, name_of
from transferpain.experiments.runs.listed import is_held
from transferpain.models.bundles.manifest import MANIFEST, load_stated
from transferpain.reports.inputs import INPUTS

COLUMNS = ["what", "how it depends"]
# Parts of a cell that is tested group by group are runs of their own.
PART = re.compile(r"-fold\d+$")


@dataclass(frozen=True)
class Dependent:
    """Something that depends on a run.

    Attributes:
        place: where it stands, from the workspace on.
        how: in words.
        held: whether it is a run that a process works on now.
    """

    place: Path
    how: str
    held: bool = False


@dataclass(frozen=True)
class Uses:
    """What the runs, models, reports and files of a workspace use, read once.

    Attributes:
        sources: run folder -> name and hash of the source that it states.
        parents: model folder -> digests of the models that it descends from, or that it is a copy of.
        digests: run folder -> digests of its model.
        shared: folder in `weights/` -> digests of the model in it.
        shown: report folder -> names of the folders of the runs that it was made of.
        named: file -> names of experiments that it names, and how.
    """

    sources: Mapping[Path, tuple[str, str]]
    parents: Mapping[Path, frozenset[str]]
    digests: Mapping[Path, frozenset[str]]
    shared: Mapping[Path, frozenset[str]]
    shown: Mapping[Path, frozenset[str]]
    named: Mapping[Path, Mapping[str, str]] = field(default_factory=dict)

    def of(self, folder: Path) -> list[Dependent]:
        """Return what depends on a run, runs first."""
        digests, name = self.digests.get(folder, frozenset()), name_of(folder)
        known = frozenset().union(*self.digests.values()) if self.digests else frozenset()
        found = {}
        for run, (source, digest) in self.sources.items():
            if run != folder and (digest in digests or (source == name and digest not in known)):
                found[run] = "its source"
        for model, parents in self.parents.items():
            run = model.parent if model.name == "model" else model
            if run != folder and digests & parents and run not in found:
                found[run] = "its model descends from it"
        dependents = [Dependent(place, how, is_held(place)) for place, how in found.items()]
        dependents += [Dependent(page, "shows it") for page, runs in self.shown.items() if folder.name in runs]
        for file, names in self.named.items():
            how = names.get(folder.name) or names.get(name) or names.get(PART.sub("", name))
            if how:
                dependents.append(Dependent(file, how))
        return dependents


def read_uses(workspace: Path) -> Uses:
    """Read who uses whom in a workspace; what cannot be read is passed over, as it names nothing."""
    sources, parents, digests, shared = {}, {}, {}, {}
    for folder in filter(is_run, find_folders(workspace)):
        source = _mapping(_json(folder / "facts.json").get("source"))
        sources[folder] = (str(source.get("name", "")), str(source.get("hash", "")))
        manifest, digest = _manifest(folder / "model")
        digests[folder] = frozenset(filter(None, (digest, manifest.get("original"))))
        parents[folder / "model"] = frozenset(manifest.get("parents", []))
    for path in workspace.glob(f"weights/*/{MANIFEST}"):
        manifest, digest = _manifest(path.parent)
        shared[path.parent] = frozenset(filter(None, (digest, manifest.get("original"))))
        parents[path.parent] = frozenset([*manifest.get("parents", []), *shared[path.parent]])
    shown = {path.parent: frozenset(_runs_in(_json(path))) for path in sorted(workspace.glob(f"reports/*/{INPUTS}"))}
    # Experiments may stand where the command is given, and runs elsewhere.
    folders = {folder.resolve(): folder for folder in (Path("experiments"), workspace / "experiments")}
    files = [path for folder in folders.values() for path in sorted(folder.glob("*.yaml"))]
    named = {path: dict(_names_in(path)) for path in files}
    return Uses(sources, parents, digests, shared, shown, named)


def dependents_rows(dependents: Mapping[Path, list[Dependent]], workspace: Path) -> list[list[str]]:
    """Return the rows under `COLUMNS` of what depends on runs; several runs have a row each."""
    rows = []
    for folder, found in dependents.items():
        for one in found:
            now = " (a process works on it now)" if one.held else ""
            how = one.how if len(dependents) == 1 else f"{one.how} ({folder.name})"
            rows.append([str(relative(one.place, workspace)), how + now])
    return rows


def relative(path: Path, workspace: Path) -> Path:
    """Return a path from the workspace on, where it lies there."""
    return path.relative_to(workspace) if path.is_relative_to(workspace) else path


def _json(path: Path) -> Mapping[str, Any]:
    try:
        return _mapping(read_json(path))
    except (OSError, UserError):
        return {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _manifest(model: Path) -> tuple[Mapping[str, Any], str]:
    try:
        return load_stated(model)
    except UserError:
        return {}, ""


def _runs_in(inputs: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the folders of the runs that a report's record names."""
    cells = inputs.get("cells")
    for part in (inputs, *(cells if isinstance(cells, list) else [])):
        runs = _mapping(part).get("runs")
        yield from map(str, runs if isinstance(runs, list) else [])


def _names_in(path: Path) -> Iterator[tuple[str, str]]:
    """Yield names of experiments, and of folders of runs, that a file of an experiment, study or matrix names, and how.

    A name is not a certain run: another run of that experiment may be meant.
    """
    try:
        values = read_mapping(path)
    except UserError:
        return
    kind = next((kind for kind in ("study", "matrix") if kind in values), "experiment")
    members = values.get("experiments") if kind == "study" else None
    for name in _mapping(members):
        yield str(name), f"the {kind} has an experiment of this name"
    if kind == "matrix":
        with suppress(UserError):
            yield from ((name, "the matrix has a cell of this name") for name in cell_names(load_matrix(path)))
    for text in _sources_in(values):
        for part in Path(text.partition("#")[0]).parts:
            yield part, f"the {kind} names it as a source"


def _sources_in(value: Any) -> Iterator[str]:
    """Yield what stands under `source`, however deep."""
    if isinstance(value, list):
        for one in value:
            yield from _sources_in(one)
    if not isinstance(value, dict):
        return
    for key, below in value.items():
        if key == "source":
            yield from (one for one in (below if isinstance(below, list) else [below]) if isinstance(one, str))
        yield from _sources_in(below)
