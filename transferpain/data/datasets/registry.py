"""The datasets that the project knows, by name."""

from transferpain.core.errors import UserError
from transferpain.core.registry import Registry
from transferpain.data.datasets import ai4pain, biovid, ferplus, mintpain, unbc
from transferpain.data.datasets.dataset import Dataset

DATASETS: Registry[Dataset] = Registry(
    "dataset",
    [
        biovid.DATASET,
        ai4pain.DATASET,
        unbc.DATASET,
        mintpain.DATASET,
        ferplus.DATASET,
    ],
)


def find_dataset(name: str) -> Dataset:
    """Return the dataset of that name.

    Raises:
        UserError: if there is none; the message lists the names and the nearest one.
    """
    try:
        return DATASETS[DATASETS.check(name)]
    except ValueError as error:
        raise UserError(
            "This dataset is unknown.",
            rule=f"{error}.",
            todo="Correct the name; or put an index.csv into a folder of that name in the data root.",
        ) from error
