"""The clips of a dataset, as a notebook reads them."""

import html
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.synthetic_faces import in_words
from transferpain.data.datasets.index import Index
from transferpain.data.places import find_places
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.experiments.study import draw_twin as draw


@dataclass(frozen=True, repr=False)
class TableView:
    """A table that remembers where it comes from: read like a DataFrame, which `table` is.

    `view["subject"]`, `len(view)` and `view.columns` are those of the table; `select` keeps the view.

    Attributes:
        table: one row per clip or sample.
        index: the dataset as it was found: `index.dataset`, `index.data_root`, `index.problems`.
    """

    table: pd.DataFrame
    index: Index

    @property
    def dataset(self) -> str:
        """The dataset's name."""
        return self.index.dataset.name

    @property
    def synthetic(self) -> bool:
        """Whether the faces are synthetic."""
        return self.index.synthetic

    @property
    def columns(self) -> pd.Index:
        """The names of the columns."""
        return self.table.columns

    def select(self, rows: np.ndarray | pd.Series) -> Self:
        """Return the chosen rows in their order, numbered anew.

        Args:
            rows: bool `(rows,)`.

        Raises:
            UserError: if it is not one bool per row, or nothing is chosen.
        """
        chosen = np.asarray(rows)
        if chosen.shape != (len(self),) or chosen.dtype != bool or not chosen.any():
            raise UserError(
                "These rows cannot be selected.",
                rule=f"Rows are chosen by one bool each, {len(self)} of them, and one at least is true.",
                received=f"{chosen.dtype} of the shape {chosen.shape}, {int((chosen == 1).sum())} of them true",
                todo='Compare a column, as in clips.select(clips["split"] == "train").',
            )
        return replace(self, table=self.table[chosen].reset_index(drop=True))

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, column):
        return self.table[column]

    def __repr__(self) -> str:
        return f"{self._title()}\n{self.table!r}"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self._title())}</p>{self.table.to_html(max_rows=20, notebook=True)}"

    def _title(self) -> str:
        mark = f", SYNTHETIC: {in_words(self.index.synthetic_faces)}" if self.synthetic else ""
        return f"{type(self).__name__} of {self.dataset}: {len(self)}{mark}"


class Clips(TableView):
    """The clips of a dataset, one row each: the columns of `data.datasets.index.Index.clips`."""


def load_dataset(name: str, root: str | Path | None = None, workspace: str | Path = ".") -> Clips:
    """Return the clips of a dataset.

    Args:
        name: biovid, ai4pain, unbc, mintpain, ferplus, or the folder of your own clips, which holds an `index.csv`
            (`docs/datasets.md`).
        root: the data root, which holds a folder for each dataset; without one it is what `TRANSFERPAIN_DATA` names,
            else `data/`.
        workspace: holds `cache/`.

    Raises:
        UserError: if the dataset is unknown, its folder is missing, or nothing in it fits the layout.
    """
    index = find_places(None if root is None else Path(root), Path(workspace)).index(name)
    return Clips(index.clips, index)


def draw_twin(
    dataset: str,
    root: str | Path,
    subjects: int,
    clips: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
) -> Path:
    """Draw a synthetic twin of a dataset into a data root: invented faces in the dataset's official layout.

    A twin that is there with the same settings is left as it is.

    Args:
        dataset: biovid, ai4pain, unbc, mintpain or ferplus.
        root: the data root.
        subjects: how many people to invent.
        clips: clips for each class and subject; `None`: as in the dataset.
        seconds: length of a pain clip; `None`: as in the dataset.
        seed: the same seed draws the same frames.

    Returns:
        The twin's folder.

    Raises:
        UserError: if there is no twin of the dataset, a number is out of its range, or the folder holds anything else.
    """
    draw(dataset, Path(root), TwinSettings(subjects=subjects, seed=seed, clips=clips, seconds=seconds))
    return Path(root) / dataset
