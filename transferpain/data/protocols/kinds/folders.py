"""The dataset's own split into folders."""

import numpy as np
import pandas as pd

from transferpain.data.protocols.kinds.kind import ProtocolKind, Split, SplitSettings


def split(
    clips: pd.DataFrame, subjects: np.ndarray, labelled: np.ndarray, settings: SplitSettings, seed: int
) -> list[Split]:
    """Train on the folder `train`, test on the folder `test_split`."""
    folder = clips["split"].to_numpy(dtype=str)
    return [("test", folder == "train", folder == settings.test_split)]


FOLDERS = ProtocolKind(name="folders", split=split, columns=("split",), paper_folder="validation")
