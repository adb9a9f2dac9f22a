"""The datasets that the project knows, by name."""

from transferpain.core.errors import UserError
from transferpain.data.datasets import ai4pain, biovid, ferplus, mintpain, unbc
from transferpain.data.datasets.dataset import Dataset

DATASETS: dict[str, Dataset] = {
    module.DATASET.name: module.DATASET for module in (biovid, ai4pain, unbc, mintpain, ferplus)
}


def find_dataset(name: str) -> Dataset:
    """Return the dataset of that name.

    Raises:
        UserError: if there is none; the message lists the names.
    """
    if name not in DATASETS:
        raise UserError(
            "This dataset is unknown.",
            rule=f"Known: {', '.join(DATASETS)}; and any folder of the data root that holds an index.csv.",
            received=name,
            todo="Correct the name.",
        )
    return DATASETS[name]
