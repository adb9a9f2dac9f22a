"""The columns that the index of every dataset has."""

COMMON_COLUMNS = (
    "dataset",
    "subject",
    "clip",
    "media",
    "kind",
    "first_frame",
    "num_frames",
    "fps",
    "bytes",
    "split",
)
