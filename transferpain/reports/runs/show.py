"""One run on the screen: what it is, its settings and scores, where it comes from, and what depends on it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transferpain.core.cost import read_cost
from transferpain.core.errors import UserError
from transferpain.core.foreign import border
from transferpain.core.synthetic_faces import faces_of, in_words
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runs.listed import ListedRun, day_and_time, list_run, state_in_words
from transferpain.experiments.runs.remove import size_of
from transferpain.experiments.ship import flat
from transferpain.experiments.upgrade import read_experiment
from transferpain.models.bundles.manifest import load_manifest
from transferpain.reports.facts import reading
from transferpain.reports.runs.depending import COLUMNS as DEPENDING
from transferpain.reports.runs.depending import Uses, dependents_rows, read_uses, relative
from transferpain.reports.screen import COLUMNS as SCORES
from transferpain.reports.screen import missing_lines, name_of, table_rows, warning_lines
from transferpain.reports.tables import MAKERS, makers_of

NOT_STATED = "not stated"
FIELD, LINEAGE = ["", "value"], ["model", "where"]


@dataclass(frozen=True)
class Shown:
    """Tables, and lines below each, in the order in which they are shown.

    Attributes:
        parts: title, columns, rows and lines.
    """

    parts: tuple[tuple[str, list[str], list[list[str]], list[str]], ...]


def show_run(folder: Path, workspace: Path) -> Shown:
    """Say what there is to say of a run; of a damaged or unfinished one what can be read.

    Every byte that a finished run states is compared before a score is shown.
    """
    listed, run, uses = list_run(folder, thorough=True), RunFolder(folder), read_uses(workspace)
    facts, environment = _read(run.facts), _read(run.environment)
    try:
        with border(f"{folder / 'experiment.yaml'} is damaged.", rule="", todo=""):
            experiment = read_experiment(folder)
            makers_of(experiment, facts)
    except (OSError, UserError):
        experiment = {}
    parts = [(folder.name, FIELD, about_rows(listed, experiment, facts, environment), [])]
    if listed.state == "finished" or is_whole(run):
        mark = f" - SYNTHETIC data: {in_words(faces_of(facts))}" if listed.synthetic else ""
        parts.append((f"scores{mark}", SCORES, *score_rows(run, listed)))
    parts.append(("lineage", LINEAGE, lineage_rows(folder, facts, uses, workspace), []))
    depending = dependents_rows({folder: uses.of(folder)}, workspace)
    nothing = [] if depending else ["nothing in this workspace depends on it"]
    parts.append(("reports of it, and what depends on it", DEPENDING, depending, nothing))
    parts.append(("settings", ["key", "value"], [[key, value] for key, value in flat(experiment).items()], []))
    return Shown(tuple(part for part in parts if part[2] or part[3]))


def is_whole(run: RunFolder) -> bool:
    """Tell whether a run is finished and each file is what was written then, whatever that is."""
    try:
        return run.is_done
    except UserError:
        return False


def score_rows(run: RunFolder, listed: ListedRun) -> tuple[list[list[str]], list[str]]:
    """Return the rows of a finished run's scores and the lines below; where they cannot be read, lines that say why."""
    chance = [] if listed.chance is None else [f"chance: {listed.chance:.3f}"]
    try:
        with reading(run):
            return table_rows([run]), [*chance, *missing_lines([run]), *warning_lines([run])]
    except UserError as error:
        return [], str(error).splitlines()


def about_rows(
    listed: ListedRun, experiment: Mapping[str, Any], facts: Mapping[str, Any], environment: Mapping[str, Any]
) -> list[list[str]]:
    """Return what a run is, a field in a row."""
    cost = read_cost(listed.folder)
    made = makers_of(experiment, facts) if experiment else {}
    protocol = experiment.get("protocol")
    taking_part = f"SYNTHETIC: {in_words(faces_of(facts))} took part"
    synthetic = {None: NOT_STATED, True: taking_part, False: "no"}[listed.synthetic]
    versions = environment.get("versions")
    rows = {
        "experiment": experiment.get("name", name_of(RunFolder(listed.folder))),
        "question": experiment.get("question", ""),
        "state": state_in_words(listed),
        "date": f"{day_and_time(listed.date)} UTC",
        "task": facts.get("task", experiment.get("task", NOT_STATED)),
        "dataset": facts.get("dataset", NOT_STATED),
        "synthetic": synthetic,
        "protocol": protocol.get("kind", NOT_STATED) if isinstance(protocol, dict) else NOT_STATED,
        "strategy": experiment.get("strategy", NOT_STATED),
        **{key: made.get(key) or NOT_STATED for key in MAKERS},
        "commit": environment.get("commit", NOT_STATED),
        "made with": f"transferpain {versions.get('transferpain')}" if isinstance(versions, dict) else NOT_STATED,
        "computed in": "not known" if cost is None else f"{cost.seconds:,.0f} s",
        "size": f"{size_of(listed.folder) / 1e6:,.1f} MB",
        "folder": listed.folder,
    }
    return [[key, str(value)] for key, value in rows.items() if value != ""]


def lineage_rows(folder: Path, facts: Mapping[str, Any], uses: Uses, workspace: Path) -> list[list[str]]:
    """Return the models that a run descends from, the nearest first, and where each stands."""
    source = facts.get("source")
    source = source if isinstance(source, dict) else {}
    try:
        parents = [str(digest) for digest in load_manifest(folder / "model").get("parents", [])]
    except UserError:
        parents = []
    nearest = str(source.get("hash", ""))
    if parents[:1] != [nearest] and len(nearest) == 64:
        parents = [nearest, *parents]
    if not parents:
        return [[str(source["name"]), "no model before it"]] if source.get("name") else []
    places = {digest: place for place, own in uses.digests.items() for digest in own}
    places |= {digest: place for place, own in uses.shared.items() for digest in own}
    return [
        [
            str(source.get("name")) if digest == nearest else f"{digest[:12]}, before it",
            str(relative(places[digest], workspace)) if digest in places else f"not here: #sha256={digest}",
        ]
        for digest in parents
    ]


def _read(read: Callable[[], dict[str, Any]]) -> Mapping[str, Any]:
    try:
        return read()
    except (OSError, UserError):
        return {}
