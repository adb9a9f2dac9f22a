"""Neutral faces: which clips, or frames, of an index are known to show their person without pain, by raw labels.

The task plays no part: its classes may leave such clips out, or count faces with a little pain among those without.
"""

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.data.datasets.dataset import Dataset, Neutral
from transferpain.data.datasets.index import Index


def neutral_of(dataset: Dataset, stated: Neutral | None) -> Neutral:
    """Return by which labels the faces of a dataset are known to be neutral.

    Args:
        stated: what an experiment says of it, which stands in the place of what the dataset says.

    Raises:
        UserError: if neither says so.
    """
    found = stated or dataset.neutral
    if found is None:
        raise UserError(
            f"Nothing says which faces of {dataset.name} are neutral.",
            rule="A reference is a face of which a raw label says that it shows no pain.",
            todo="State a column and its labels, such as --set 'reference.neutral={level: [none]}'.",
        )
    return found


def neutral_clips(index: Index, neutral: Neutral) -> pd.DataFrame:
    """Return the clips of an index that hold a neutral face, one row each, in the order of the index.

    Where frames are labelled one by one these say so, and a clip may be neutral in part.

    Returns:
        dataset, subject, clip, media, `whole` (bool: nothing in it is labelled otherwise, or not at all) and `places`
        (int64 `(frames,)`, its neutral frames as its medium counts them; `None` for all).

    Raises:
        UserError: if the index has no such column.
    """
    clips = index.clips[["dataset", "subject", "clip", "media"]]
    cut = (index.clips["kind"] == "image_span").any()
    if index.frames is not None and neutral.column in index.frames and not cut:
        frames = index.frames[["clip"]].assign(
            place=index.frame_places, neutral=neutral.are(index.frames[neutral.column])
        )
        groups = frames[frames["neutral"]].groupby("clip")["place"]
        places = {clip: np.sort(own.to_numpy(np.int64)) for clip, own in groups}
        whole = frames.groupby("clip")["neutral"].all()
        found = clips[clips["clip"].isin(places.keys())]
        return found.assign(whole=found["clip"].map(whole), places=found["clip"].map(places)).reset_index(drop=True)
    if neutral.column not in index.clips:
        raise UserError(
            f"The index of {index.dataset.name} has no column that says which faces are neutral.",
            rule="It is a column of raw labels.",
            received=neutral.column,
            todo=f"Choose one of {', '.join(index.clips.columns)}.",
        )
    found = clips[neutral.are(index.clips[neutral.column])]
    return found.assign(whole=True, places=None).reset_index(drop=True)
