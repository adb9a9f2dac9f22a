"""Long sequences of pictures with labelled frames, cut into clips of a few seconds that have labels of their own."""

from dataclasses import replace

import pandas as pd

from transferpain.core.errors import UserError
from transferpain.data.datasets.index import Index


def cut_sequences(index: Index, label: str, frames: int) -> Index:
    """Cut each sequence into clips of so many frames, end to end; what is left at its end is left out.

    A shorter clip would be told by its length: of UNBC-McMaster's, length alone has an AUC of .66 for pain.

    Args:
        index: of a dataset whose clips are folders of pictures and whose frames have labels.
        label: the column of raw labels; each new clip has the highest of its own frames, none if none is labelled.
        frames: frames per clip.

    Returns:
        The index with clips of kind "image_span", named `<sequence>/<first>-<last frame>`, in the order of time, and
        a sentence in `problems` that counts what was left out.

    Raises:
        UserError: if the frames have no such label, or one that is no number; if the clips are no folders of pictures,
            a picture has no row of labels, or all clips are shorter.
    """
    if index.frames is None or label not in index.frames or not (index.clips["kind"] == "images").all():
        raise UserError(
            f"The clips of {index.dataset.name} cannot be cut.",
            rule="window.clip_frames cuts sequences of pictures, and each part is labelled by its own frames.",
            received=f"the label {label}, which is one of whole clips",
            todo="Leave window.clip_frames out, or choose a task whose label is one of frames.",
        )
    _check_whole(index, label)
    place = index.frame_places
    parts = index.frames.assign(part=place // frames, value=pd.to_numeric(index.frames[label]))
    parts = parts.groupby(["clip", "part"], as_index=False).agg(
        first=("frame", "min"), last=("frame", "max"), num_frames=("frame", "size"), value=("value", "max")
    )
    whole = parts[parts["num_frames"] == frames]
    if whole.empty:
        raise UserError(
            f"The sequences of {index.dataset.name} are too short.",
            rule="window.clip_frames cuts sequences into clips of so many frames; a shorter rest is left out.",
            received=f"window.clip_frames: {frames}; the longest sequence has {place.max() + 1} frames",
            todo=f"Use --set window.clip_frames={place.max() + 1}, or fewer.",
        )
    problems, parts = _left_out(parts, whole, frames), whole
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
    clips = clips[index.clips.columns].reset_index(drop=True)
    return replace(index, clips=clips, problems=index.problems + problems)


def _check_whole(index: Index, label: str) -> None:
    """Refuse sequences some of whose frames have no row, and labels of which there is no highest."""
    rows = index.frames["clip"].value_counts().reindex(index.clips["clip"], fill_value=0)
    lacking = rows.index[rows.to_numpy() != index.clips["num_frames"].to_numpy(dtype="int64")]
    if len(lacking):
        raise UserError(
            f"The clips of {index.dataset.name} cannot be cut.",
            rule="window.clip_frames needs a row of labels for every frame; a row's label may be missing.",
            received=f"{lacking[0]} has {rows[lacking[0]]} rows of labels"
            + (f", and {len(lacking) - 1} more clips lack some" if len(lacking) > 1 else ""),
            todo="Add the missing frames, with an empty label, or leave window.clip_frames out.",
        )
    values = index.frames[label]
    wrong = values[values.notna() & pd.to_numeric(values, errors="coerce").isna()]
    if len(wrong):
        raise UserError(
            f"The clips of {index.dataset.name} cannot be cut.",
            rule="A part of a sequence has the highest label of its frames, so these are numbers with a decimal point.",
            received=f"{label}: {', '.join(map(repr, wrong.unique()[:5].tolist()))}",
            todo="Correct the labels, or leave window.clip_frames out.",
        )


def _left_out(parts: pd.DataFrame, whole: pd.DataFrame, frames: int) -> tuple[str, ...]:
    rests = parts.drop(whole.index)
    lost = sorted(set(rests["clip"]) - set(whole["clip"]))
    if rests.empty:
        return ()
    lengths = f"{rests['num_frames'].min()} to {rests['num_frames'].max()} frames"
    entirely = f", {len(lost)} of which were all of a sequence" if lost else ""
    return (
        f"{len(rests)} rests of sequences that are shorter than {frames} frames were left out ({lengths}){entirely}.",
    )
