"""The datasets that the project knows, by name."""

import re
from pathlib import Path

from transferpain.core.dangling import dangling_link
from transferpain.core.errors import UserError
from transferpain.core.registry import Registry
from transferpain.data.datasets import ai4pain, biovid, ferplus, mintpain, pain3d, unbc
from transferpain.data.datasets.dataset import Dataset
from transferpain.data.media import walk

DATASETS: Registry[Dataset] = Registry(
    "dataset",
    [
        biovid.DATASET,
        ai4pain.DATASET,
        unbc.DATASET,
        mintpain.DATASET,
        ferplus.DATASET,
        pain3d.DATASET,
    ],
)


def find_dataset(name: str, data_root: Path | None = None) -> Dataset:
    """Return the dataset of that name.

    Args:
        data_root: where own data were looked for; `None`: nowhere.

    Raises:
        UserError: if there is none; the message lists the names and the nearest one, and what stands in the data root.
    """
    try:
        return DATASETS[DATASETS.check(name)]
    except ValueError as error:
        raise UserError(
            "This dataset is unknown.",
            rule=f"{error}. Own data are a folder of the data root with an index.csv; its name has lower-case letters, "
            "digits and hyphens.",
            received=None if data_root is None else f"{name!r}; {_searched(name, data_root)}",
            todo="Correct the name or --data-root; or put an index.csv into a folder of that name in the data root.",
        ) from error


def _searched(name: str, data_root: Path) -> str:
    """Say what was looked at, and what stands there."""
    if said := dangling_link(data_root / name):
        return said
    if data_root.is_file():
        return f"the data root {data_root.resolve()} is a file, and no folder of datasets"
    if not data_root.is_dir():
        return f"the data root {data_root.resolve()} is not there (--data-root, $TRANSFERPAIN_DATA, else data/)"
    folder = data_root / name
    if name.strip() and (folder / "index.csv").is_file():
        return f"{folder.resolve()} has an index.csv, but not such a name: call it {as_name(folder.resolve().name)}"
    if name.strip() and folder.is_dir():
        return f"{folder.resolve()} has no index.csv; there: {walk.describe_folder(folder)}"
    if (data_root / "index.csv").is_file():
        return f"the data root {data_root.resolve()} has an index.csv itself: name the dataset by this path"
    return f"searched in {data_root.resolve()}, where there is: {walk.describe_folder(data_root)}"


def as_name(text: str) -> str:
    """Return a name that a folder of own data may have, near to `text`."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "own"
