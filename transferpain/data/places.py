"""Where data is read from and results are written to."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from transferpain.data.datasets.index import Index, read_index
from transferpain.data.media.contents import contents_hash


@dataclass(frozen=True)
class Places:
    """Where data is read from and results are written to.

    Attributes:
        data_root: holds one folder per dataset.
        workspace: holds `runs/`, `cache/` and `reports/`.
        indexes: what was read of the datasets so far, by name.
        hashes: of the media that were asked for so far, by their names.
        prepared: data that were labelled and split so far, see `experiments.prepared`.
    """

    data_root: Path
    workspace: Path
    indexes: dict[str, Index] = field(default_factory=dict, repr=False, compare=False)
    hashes: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    prepared: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def index(self, dataset: str) -> Index:
        """Return the index of a dataset, read once: the experiments of a matrix share a few datasets.

        Raises:
            UserError: as `read_index`.
        """
        if dataset not in self.indexes:
            self.indexes[dataset] = read_index(dataset, self.data_root, self.cache)
        return self.indexes[dataset]

    def contents(self, clips: pd.DataFrame) -> str:
        """Return `contents_hash` of the media of clips, looked at once, as the index is."""
        names = repr([clips[column].tolist() for column in ("clip", "media", "kind")])
        key = hashlib.sha256(names.encode(errors="surrogatepass")).hexdigest()
        if key not in self.hashes:
            self.hashes[key] = contents_hash(clips, self.data_root, self.cache)
        return self.hashes[key]

    @property
    def runs(self) -> Path:
        return self.workspace / "runs"

    @property
    def cache(self) -> Path:
        return self.workspace / "cache"

    @property
    def reports(self) -> Path:
        return self.workspace / "reports"


def find_places(data_root: Path | None, workspace: Path) -> Places:
    """Return the places; without a data root it is what `TRANSFERPAIN_DATA` names, else `data/`."""
    return Places(data_root=data_root or Path(os.environ.get("TRANSFERPAIN_DATA") or "data"), workspace=workspace)
