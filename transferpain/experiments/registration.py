"""What is declared before it is run: a file with a digest and a date, and what differs from it later.

The file holds everything that decides on the result: each experiment with every default filled in, tasks and data by
their hashes, sources, what is compared and on which metric. It is written once, and carries a digest of its own, so
that a change by hand shows.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from transferpain.core.errors import UserError
from transferpain.core.schema import read_stamped, stamp
from transferpain.core.store import fingerprint, json_text, write_text
from transferpain.data.places import Places
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.tasks.task import load_task
from transferpain.experiments.chosen_source import source_experiment
from transferpain.experiments.environment import installed_version, project_commit
from transferpain.experiments.run_folder import now
from transferpain.experiments.schema import Experiment
from transferpain.experiments.study import datasets_read
from transferpain.models.bundles.manifest import check_digest, split_digest
from transferpain.models.sources.origin import BUILT
from transferpain.strategies.registry import STRATEGIES

FILE = "registration.json"
NOT_HERE = "not on this machine"
ABSENT = "nothing"
FORMER_DATA = re.compile("[0-9a-f]{16}")


@dataclass(frozen=True)
class Difference:
    """A key whose value is another one now than was registered; values are text, `nothing` where there is none."""

    key: str
    registered: str
    now: str


@dataclass(frozen=True)
class Registration:
    """A registration as it stands in its file.

    Attributes:
        digest: 16 hexadecimal digits over `content` and `date`.
        date: in UTC, when it was written.
        made_with: version and commit that wrote it.
        content: what was declared, JSON types.
    """

    digest: str
    date: str
    made_with: Mapping[str, str]
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Registered:
    """What a report says of a registration.

    Attributes:
        fault: why the file proves nothing; empty where it can be used.
        digest, date: as of `Registration`; empty with a fault.
        differences: what was not run as it was registered, key by key.
        begun_before: runs that had begun when it was written.
    """

    fault: str = ""
    digest: str = ""
    date: str = ""
    differences: tuple[Difference, ...] = ()
    begun_before: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What is to be read first."""
        if self.fault:
            return f"A registration stands beside this report, and proves nothing: {self.fault}"
        start = f"Registered on {self.date} (digest {self.digest})"
        if self.begun_before:
            start += f", when these runs had begun already: {', '.join(self.begun_before)}"
        if not self.differences:
            return f"{start}, and run as registered."
        data = [one.key.removeprefix("data.") for one in self.differences if one.key.startswith("data.")]
        changed = f" The data of {', '.join(data)} are not those that were registered." if data else ""
        return f"{start}, and NOT run as registered: {len(self.differences)} keys differ.{changed}"


def describe_experiments(
    experiments: Sequence[Experiment], folder: Path, places: Places, twins: Mapping[str, TwinSettings]
) -> dict[str, Any]:
    """Return everything that decides on what the experiments compute, as JSON types; TensorFlow is not started.

    Data that the file draws itself stand by the settings of the twin, all else by the hashes of the index and of what
    its media hold. Data that are not on this machine are said to be so: one may register before one has them.

    Args:
        experiments: as they would be run.
        folder: where experiments that `source:` names stand.
        places: where data are read from.
        twins: dataset -> twin that the file draws.
    """
    names = sorted({name for experiment in experiments for name in datasets_read(experiment, folder)})
    sources: dict[str, Any] = {}
    for experiment in experiments:
        sources[experiment.name] = describe_source(experiment, folder)
    return {
        "experiments": {experiment.name: experiment.resolved() for experiment in experiments},
        "sources": sources,
        "tasks": {experiment.task: load_task(experiment.task).hash for experiment in experiments},
        "data": {name: _data(name, places, twins) for name in names},
        **files_read(experiments, places),
    }


def files_read(experiments: Sequence[Experiment], places: Places) -> dict[str, Any]:
    """Return `files`: hashes of what experiments read by a path, own folds and own features; nothing where none do."""
    found = {}
    for experiment in experiments:
        try:
            hashes = [*experiment.protocol.split_kind.inputs(experiment.protocol)]
            if experiment.features.folder is not None:
                hashes += STRATEGIES[experiment.strategy].inputs(experiment, places)
        except UserError:
            hashes = [NOT_HERE]
        if hashes:
            found[experiment.name] = hashes
    return {"files": found} if found else {}


def describe_source(experiment: Experiment, folder: Path) -> Any:
    """Return what an experiment starts from: the name of what is built, a bundle's digest, or a resolved experiment."""
    if experiment.joined:
        return [_describe_part(one.source) for one in experiment.joined]
    if experiment.source in BUILT:
        return experiment.source
    source = source_experiment(experiment, folder)
    if source is None:
        name, digest = split_digest(experiment.source)
        return check_digest(Path(name), digest)
    return {"experiment": source.resolved(), "source": describe_source(source, folder)}


def _describe_part(source: str) -> str:
    name, digest = split_digest(source)
    return name if name in BUILT else check_digest(Path(name), digest)


def _data(name: str, places: Places, twins: Mapping[str, TwinSettings]) -> str:
    if name in twins:
        settings = asdict(twins[name])
        if not twins[name].signals:  # named only where it is set: registrations of versions that did not know it hold
            del settings["signals"]
        return f"drawn: {fingerprint(settings)}"
    try:
        index = places.index(name)
    except UserError:
        return NOT_HERE
    return f"{index.hash} {places.contents(index.clips)[:16]}"


def write_registration(path: Path, content: Mapping[str, Any]) -> Registration:
    """Write a registration, with today's date; one of the same content that stands there is left as it is.

    Raises:
        UserError: if another registration, or any other file, stands there.
    """
    if path.exists():
        former = read_registration(path)
        if changed := differences(former.content, content):
            raise UserError(
                "Something else is registered there.",
                rule="A registration is never written over: what was declared, and when, must stay.",
                received=f"{path} of {former.date}; {len(changed)} keys differ, the first is {changed[0].key}",
                todo="Name another file with --out, or another study. Move the former one by hand, if it must go.",
            )
        return former
    date = now()
    made_with = {"transferpain": installed_version("transferpain") or "unknown", "commit": project_commit()}
    registration = Registration(_digest(content, date), date, made_with, content)
    write_text(path, json_text(stamp(vars(registration))))
    return registration


def read_registration(path: Path) -> Registration:
    """Read a registration.

    Raises:
        UserError: if it is none, or was changed after it was written.
    """
    try:
        values = read_stamped(path)
        registration = Registration(**{key: values[key] for key in Registration.__dataclass_fields__})
        digest = _digest(registration.content, registration.date)
        if set(values) != set(vars(registration)) or not isinstance(registration.content, dict):
            raise ValueError(f"the keys {', '.join(sorted(values))}")
    except Exception as error:  # as `foreign.border` says of readers
        raise UserError(
            f"{path} is no registration.",
            rule="`transferpain register` writes it, and nothing else does.",
            received=f"{type(error).__name__}: {error}",
            todo="Get the file again as it was written.",
        ) from error
    if registration.digest != digest:
        raise UserError(
            f"{path} was changed after it was written.",
            rule="Its digest is that of its content and its date.",
            received=f"digest {registration.digest}, but its content has {digest}",
            todo="Get the file again as it was written; what stands there now proves nothing.",
        )
    return registration


def registration_of(reports: Path, names: Sequence[str], chosen: Path | None) -> Path | None:
    """Return the file that registers a report: the chosen one, or the one beside it; `None` where there is none.

    Args:
        reports: where they are kept.
        names: of the report, and of that of which it is a variant: the first counts that is registered.
        chosen: the file that a user names.

    Raises:
        UserError: if the chosen file is not there.
    """
    files = [chosen] if chosen is not None else [reports / name / FILE for name in names]
    for file in files:
        if file.is_file():
            return file
    if chosen is None:
        return None
    raise UserError(
        "The registration was not found.",
        rule="`--registration` names a file that `transferpain register` wrote.",
        received=chosen,
        todo="Correct the path, or leave the option out.",
    )


def differences(registered: Mapping[str, Any], today: Mapping[str, Any]) -> list[Difference]:
    """Return what differs, key by key, the keys in order."""
    before, after = _flat(registered), _flat(today)
    return [
        Difference(key, before.get(key, ABSENT), after.get(key, ABSENT))
        for key in sorted({*before, *after})
        if not _is_same(key, before.get(key), after.get(key))
    ]


def _is_same(key: str, before: str | None, after: str | None) -> bool:
    """Tell whether a value is the registered one; up to 2.0 data were registered by the hash of their index alone."""
    if key.startswith("data.") and before and after and FORMER_DATA.fullmatch(before):
        return before == after.split()[0]
    return before == after


def _flat(value: Any, key: str = "") -> dict[str, str]:
    """Return dotted key -> value as text of everything below; an empty mapping is a value."""
    if not isinstance(value, Mapping) or not value:
        return {key: json_text(value).strip() if isinstance(value, (Mapping, list, tuple)) else str(value)}
    found = {}
    for name, below in value.items():
        found |= _flat(below, f"{key}.{name}" if key else str(name))
    return found


def _digest(content: Any, date: str) -> str:
    return fingerprint({"content": content, "date": date})
