"""Long sequences of pictures with labelled frames, cut into clips of a few seconds that have labels of their own."""

from dataclasses import replace

import pandas as pd

from transferpain.core.errors import UserError
from transferpain.data.datasets.index import Index


def cut_sequences(index: Index, label: str, frames: int) -> Index:
    """Cut each sequence into clips of so many frames, end to end; what is left at its end is a shorter clip.

    Args:
        index: of a dataset whose clips are folders of pictures and whose frames have labels.
        label: the column of raw labels; each new clip has the highest of its own frames, none if none is labelled.
        frames: frames per clip.

    Returns:
        The index with clips of kind "image_span", named `<sequence>/<first>-<last frame>`, in the order of time.

    Raises:
        UserError: if the frames have no such label, or the clips are no folders of pictures.
    """
    if index.frames is None or label not in index.frames or not (index.clips["kind"] == "images").all():
        raise UserError(
            f"The clips of {index.dataset.name} cannot be cut.",
            rule="window.clip_frames cuts sequences of pictures, and each part is labelled by its own frames.",
            received=f"the label {label}, which is one of whole clips",
            todo="Leave window.clip_frames out, or choose a task whose label is one of frames.",
        )
    place = index.frames.groupby("clip").cumcount()
    parts = index.frames.assign(part=place // frames, value=pd.to_numeric(index.frames[label], errors="coerce"))
    parts = parts.groupby(["clip", "part"], as_index=False).agg(
        first=("frame", "min"), last=("frame", "max"), num_frames=("frame", "size"), value=("value", "max")
    )
    # The order of the sequences is the index's; of the parts, that of time.
    clips = index.clips.drop(columns=["num_frames", label]).merge(parts, on="clip", validate="one_to_many")
    numbers = [f"{first:03d}-{last:03d}" for first, last in zip(clips["first"], clips["last"], strict=True)]
    clips = clips.assign(
        clip=clips["clip"] + "/" + pd.Series(numbers, index=clips.index, dtype="str"),
        kind="image_span",
        first_frame=clips["part"] * frames,
        num_frames=clips["num_frames"].astype("Int64"),
        **{label: clips["value"]},
    )
    return replace(index, clips=clips[index.clips.columns])
