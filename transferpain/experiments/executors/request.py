"""What travels to another machine to have works computed there: paths, names and settings, as one line of JSON."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from transferpain.data.places import Places
from transferpain.experiments.executors.base import Work
from transferpain.experiments.schema import Experiment


@dataclass(frozen=True)
class Asked:
    """A work that is asked for.

    Attributes:
        name, does, shards: as of `Work`; what it waits for is finished.
        experiment: what its file and `--set` state, JSON types; where they are silent, a source may decide.
        log: file of its messages, an absolute path.
    """

    name: str
    does: Literal["run", "faces", "features"]
    shards: tuple[int, ...]
    experiment: dict[str, Any]
    log: str

    @property
    def work(self) -> Work:
        return Work(self.name, Experiment(**self.experiment), self.does, tuple(self.shards))


@dataclass(frozen=True)
class Request:
    """Works that one process computes one after another, and where they read and write, as absolute paths.

    Attributes:
        works: in their order.
        folder: where experiments that `source:` names stand.
        data_root, workspace: as of `Places`.
        directory: that paths of shared models are relative to.
    """

    works: tuple[Asked, ...]
    folder: str
    data_root: str
    workspace: str
    directory: str

    def text(self) -> str:
        """Return the request as one line of JSON."""
        return json.dumps(asdict(self))

    @property
    def places(self) -> Places:
        return Places(Path(self.data_root), Path(self.workspace))


def request_of(works: Sequence[Work], folder: Path, places: Places, log_of: Callable[[Work], Path]) -> Request:
    """Return the request of works; arguments are those of `start_worker`."""
    return Request(
        works=tuple(
            Asked(
                name=work.name,
                does=work.does,
                shards=work.shards,
                experiment=work.experiment.model_dump(mode="json", by_alias=True, exclude_unset=True),
                log=str(log_of(work).resolve()),
            )
            for work in works
        ),
        folder=str(folder.resolve()),
        data_root=str(places.data_root.resolve()),
        workspace=str(places.workspace.resolve()),
        directory=str(Path.cwd()),
    )


def read_request(values: Mapping[str, Any]) -> Request:
    """Return the request that arrived, of the JSON that `Request.text` has written."""
    return Request(**{**values, "works": tuple(Asked(**one) for one in values["works"])})
