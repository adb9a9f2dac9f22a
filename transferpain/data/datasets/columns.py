"""The columns of the tables of a user's own clips, `index.csv` and `frames.csv`: what each means, and which must be."""

from dataclasses import dataclass

from transferpain.data.datasets.guessed_index import GUESSED


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: as the first line has it.
        required: whether a table must have it.
        meaning: what a cell says.
        rule: what a cell may hold.
    """

    name: str
    required: bool
    meaning: str
    rule: str


INDEX_COLUMNS = (
    Column("media", True, "the clip: a video, a picture, a folder of pictures, a `.npy` of own features or a `.csv` of "
           "action units", "a path relative to the table, inside the data root"),
    Column("subject", True, "who is shown; nobody stands on both sides of a split", "never empty, unless "
           "`dataset.yaml` allows it"),
    Column("label", True, "what was felt, in your own words or numbers; the task says which class it is", "may be "
           "empty: such clips are predicted, and not learned from"),
    Column("clip", False, "the clip's name in every table; without it, the medium's without its suffix", "each once"),
    Column("start", False, "of a stretch of a video: its first frame, counted from 0", "a whole number"),
    Column("end", False, "of a stretch of a video: the frame after its last", "a whole number above `start`"),
    Column("split", False, "the part of an official split that the clip is in", "`train`, `validation`, `test` or "
           "nothing"),
    Column("fps", False, "frames per second, of pictures, which have no rate of their own", "a number above 0"),
    Column("sex", False, "of the subject, for scores by group", "`m`, `w`, `x`, a word for one of them, or nothing"),
    Column("age", False, "of the subject", "whole years"),
    Column(GUESSED, False, "which cells `transferpain init` took from names, until somebody confirms them",
           "`subject`, `label`, both or nothing"),
)  # fmt: skip
FRAMES_COLUMNS = (
    Column("clip", True, "the clip's name, as the index has it", "stands in `index.csv`"),
    Column("frame", True, "of a video, also of a stretch of one, counted from 0; of pictures the number in their names "
           "if they are named alike but for it, else counted from 1", "a whole number; each of a clip once"),
)  # fmt: skip


def names_of(columns: tuple[Column, ...], required: bool) -> tuple[str, ...]:
    """Return the names of the columns that must be there, or of those that may."""
    return tuple(column.name for column in columns if column.required == required)
