"""Features of several extractors side by side: each is computed and kept by itself, and the joined ones as well."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.store import fingerprint, is_intact, read_made, using
from transferpain.inputs.features.cache import features_path, read_features, write_features
from transferpain.inputs.features.extract import extract_features
from transferpain.inputs.features.extractors.extractor import Extractor
from transferpain.inputs.features.settings import FeatureSettings


def extract_joined(
    extractors: Sequence[Extractor],
    faces: pd.DataFrame,
    settings: FeatureSettings,
    cache: Path,
    on_embedded: Callable[[], object] = lambda: None,
) -> pd.DataFrame:
    """Compute the features of every face by several extractors, and join them: `(frames, D of all)`.

    Arguments, result and what is raised are those of `extract_features`; `on_embedded` is called once a clip that was
    joined.
    """
    tables = [extract_features(extractor, faces, settings, cache) for extractor in extractors]
    joined = tables[0].copy()
    for place, row in enumerate(joined.index):
        parts = [Path(table.at[row, "features"]) for table in tables]
        path = features_path(cache, fingerprint(["joined", *(part.stem for part in parts)]))
        if not is_intact(path):
            made = [read_made(part) for part in parts]
            key = ["joined", *(word for one in made for word in one["extractor"])]
            with using(cache):
                features = np.concatenate([read_features(part) for part in parts], axis=1)
                write_features(path, features, made[0] | {"extractor": key})
            on_embedded()
        joined.iloc[place, joined.columns.get_loc("features")] = str(path)
    return joined
