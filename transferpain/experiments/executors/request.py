"""What travels to another machine to have a work computed there: paths, names and settings, as one line of JSON."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from transferpain.data.places import Places
from transferpain.experiments.executors.base import Work
from transferpain.experiments.schema import Experiment


@dataclass(frozen=True)
class Request:
    """A work, and where everything stands that it reads and writes, as absolute paths.

    Attributes:
        name, does, shards: as of `Work`; what it waits for is finished.
        experiment: what its file and `--set` state, JSON types; where they are silent, a source may decide.
        folder: where experiments that `source:` names stand.
        data_root, workspace: as of `Places`.
        directory: that paths of shared models are relative to.
        log: file of its messages.
    """

    name: str
    does: Literal["run", "faces", "features"]
    shards: tuple[int, ...]
    experiment: dict[str, Any]
    folder: str
    data_root: str
    workspace: str
    directory: str
    log: str

    def text(self) -> str:
        """Return the request as one line of JSON."""
        return json.dumps(asdict(self))

    @property
    def work(self) -> Work:
        return Work(self.name, Experiment(**self.experiment), self.does, tuple(self.shards))

    @property
    def places(self) -> Places:
        return Places(Path(self.data_root), Path(self.workspace))


def request_of(work: Work, folder: Path, places: Places, log: Path) -> Request:
    """Return the request of a work; arguments are those of `start_worker`."""
    return Request(
        name=work.name,
        does=work.does,
        shards=work.shards,
        experiment=work.experiment.model_dump(mode="json", by_alias=True, exclude_unset=True),
        folder=str(folder.resolve()),
        data_root=str(places.data_root.resolve()),
        workspace=str(places.workspace.resolve()),
        directory=str(Path.cwd()),
        log=str(log.resolve()),
    )
