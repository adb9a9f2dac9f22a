"""A user's own data: a folder in the data root with `index.csv`, and no code.

<data root>/<name>/index.csv       media,subject,label[,clip,start,end,split,fps,sex,age,...]
<data root>/<name>/frames.csv      clip,frame,...: labels of single frames; optional
<data root>/<name>/dataset.yaml    title, licence, ...: the fields of `OwnData`; optional
"""

import os
import re
from pathlib import Path

import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from transferpain.core.errors import UserError
from transferpain.core.spelling import has_control
from transferpain.core.validation import describe_fault
from transferpain.core.yaml_file import read_yaml
from transferpain.data.datasets.columns import FRAMES_COLUMNS, INDEX_COLUMNS, names_of
from transferpain.data.datasets.csv_table import check_rows, numbers, read_table, table_error
from transferpain.data.datasets.dataset import (
    FEATURES_SUFFIX,
    NUMBERS_ALONE,
    TABLE_SUFFIX,
    VIDEO_SUFFIXES,
    Dataset,
    Reading,
)
from transferpain.data.datasets.describe_frames import describe_frames
from transferpain.data.datasets.guessed_index import read_guessed
from transferpain.data.datasets.left_out import check_names, left_out_of
from transferpain.data.datasets.people import COLUMNS as PEOPLE
from transferpain.data.datasets.people import read_people
from transferpain.data.datasets.stretches import check_ends, check_people
from transferpain.data.datasets.subject_names import check_subject_names
from transferpain.data.datasets.unit_tables import holds_action_units
from transferpain.data.media.animations import picture_count
from transferpain.data.media.frame_counts import too_short
from transferpain.data.media.links import PERMIT as FACTS_NAME
from transferpain.data.media.links import leads_out, refused_links
from transferpain.data.media.medium import UnreadableMedium, check_kind
from transferpain.data.media.paths import is_picture, list_pictures, resolve_media

INDEX_NAME = "index.csv"
FRAMES_NAME = "frames.csv"
NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
REQUIRED = names_of(INDEX_COLUMNS, True)
OPTIONAL = tuple(name for name in names_of(INDEX_COLUMNS, False) if name not in PEOPLE)
# Columns of the index that the table must not name.
TAKEN = {"dataset", "kind", "first_frame", "num_frames", "bytes", "y", "row", "file_clip", "frame"}
FRAMES_TAKEN = {"dataset", "subject", "split", "y", "row", "file_clip"}
SPLITS = ("", "train", "validation", "test")

LAYOUT = """\
  index.csv     media,subject,label[,clip,start,end,split,fps,sex,age,...]
                media: a video, a picture, a folder of pictures, a .npy of own features or a .csv of action units or
                of signals, relative to this file
                start, end: of a video, its first frame and the one after its last, counted from 0
                split: train, validation, test or nothing
                sex: m, w or x; age: in years; nothing where it is not stated; any further column is a raw label
  frames.csv    clip,frame,...   optional: labels of single frames, any of them
                frame: of a video, also of a span of one, counted from 0; of pictures the number in their names if they
                are named alike but for it, else counted from 1
  dataset.yaml  title, licence, citation, redistributable, allow_missing_subjects, distinct_subjects, allow_links;
                optional"""


class OwnData(BaseModel):
    """What `dataset.yaml` may state.

    Attributes:
        title: full name.
        licence: the terms in a sentence.
        citation: what to cite.
        redistributable: whether models trained on it may be passed on.
        allow_missing_subjects: take each medium without a subject as a subject of its own. Two media of one person may
            then stand on both sides of a split.
        allow_links: follow links that lead out of the data root; the dataset's own folder may be one in any case.
        distinct_subjects: groups of subjects whose names look like spellings of one, and who are different people.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    title: str = ""
    licence: str = "Not stated."
    citation: str = ""
    redistributable: bool = False
    allow_missing_subjects: bool = False
    allow_links: bool = False
    distinct_subjects: list[list[str]] = []


def find_own_dataset(name: str, data_root: Path) -> Dataset | None:
    """Return the dataset that `<data root>/<name>/index.csv` describes, or `None` if there is no such file.

    Raises:
        UserError: if `dataset.yaml` beside it is damaged.
    """
    folder = data_root / name
    if not NAME.fullmatch(name) or not (folder / INDEX_NAME).is_file():
        return None
    facts = _read_facts(folder)
    return Dataset(
        name=name,
        title=facts.title or name,
        folder=name,
        licence=facts.licence,
        citation=facts.citation,
        request_url=str(folder),
        redistributable=facts.redistributable,
        notice="The user's own data: share only what the people shown agreed to.",
        layout=LAYOUT,
        expected={},
        is_marked=lambda place: (place / INDEX_NAME).is_file(),
        read=read,
        count=count,
    )


def read(top: Path, data_root: Path, cache: Path | None) -> Reading:
    """Index the rows of `index.csv`.

    Labels stay text, and an empty cell is a missing label. A clip without a name has its media's, and its span.

    Raises:
        UserError: for a table that cannot be read, a missing column, a value out of its range, a missing subject, a
            clip that stands twice, and media outside the data root.
    """
    path = top / INDEX_NAME
    check_names(top, (FRAMES_NAME, FACTS_NAME))
    table = read_table(path, REQUIRED, OPTIONAL + PEOPLE)
    taken = sorted(TAKEN & set(table.columns))
    if taken:
        raise table_error(path, "It names a column that the index fills itself", ", ".join(taken))
    labels = ["label", *(column for column in table if column not in REQUIRED + OPTIONAL + PEOPLE)]
    for column in OPTIONAL:
        if column not in table:
            table[column] = ""
    check_rows(path, table["split"], ~table["split"].isin(SPLITS), "A split is none of train, validation, test")
    check_rows(path, table["media"], table["media"] == "", "A row has no media")
    for column in ("subject", "clip"):
        hidden = table[column].map(has_control)
        check_rows(path, table[column], hidden, f"In the column {column}, a name holds a character that cannot be seen")
    table["media"] = _inside(path, table["media"], data_root)
    problems: list[str] = []
    if not _read_facts(top).allow_links:
        _check_tables(top, data_root)
        out = table["media"].map(lambda media: _leads_out(data_root, top, media))
        rule = f"A link leads out of the data root (to follow it, write allow_links: true in {FACTS_NAME})"
        check_rows(path, table["media"], out, rule)
    if without := int((table["split"] == "").sum()) % len(table):
        problems.append(
            f"{without} clips have no split, though others have one: by the dataset's split, nobody uses them."
        )
    table["subject"] = _subjects(path, table, problems)
    problems += read_guessed(path, table)
    people = read_people(path, table, problems)
    start, end = numbers(path, table["start"], whole=True), numbers(path, table["end"], whole=True)
    check_rows(path, table["end"], (end <= start.fillna(0)).fillna(False), "A span ends before it begins")
    table["clip"] = _names(path, table)
    found = [_examine(data_root, media) for media in table["media"]]
    facts = pd.DataFrame(found, index=table.index)
    spanned = (table["start"] != "") | (table["end"] != "")
    check_rows(
        path,
        table["media"],
        spanned & facts["kind"].isin(["images", *NUMBERS_ALONE]),
        "Start and end go with videos only",
    )
    clips = pd.DataFrame(
        {
            "dataset": top.name,
            "subject": table["subject"],
            "clip": table["clip"],
            "media": table["media"],
            "kind": facts["kind"].where(~spanned, "span"),
            "first_frame": facts["first_frame"].where(~spanned, start.fillna(0)).astype("int64"),
            "num_frames": facts["num_frames"].where(~spanned, end - start.fillna(0)).astype("Int64"),
            "fps": numbers(path, table["fps"]),
            "bytes": facts["bytes"].astype("Int64"),
            "split": table["split"],
        }
    ).join(table[labels].replace("", pd.NA).astype("string").join(people))
    check_people(path, clips, problems)
    usable = facts["fault"] == ""
    check_ends(path, clips[usable], data_root, cache)
    frames = _read_frames(top / FRAMES_NAME, clips, data_root, cache)
    problems += [f"{row.media}: {row.fault}, ignored." for row in facts[~usable].itertuples()]
    left_out = [(row.media, row.left_out) for row in facts.drop_duplicates("media").itertuples() if row.left_out]
    problems += [f"{media}: {names} left out, no picture by its name." for media, names in left_out]
    if frames is not None:
        frames = frames[frames["clip"].isin(clips["clip"][usable])].reset_index(drop=True)
    return Reading(clips[usable].reset_index(drop=True), tuple(problems), frames)


def count(clips: pd.DataFrame, frames: pd.DataFrame | None = None) -> dict[str, int]:
    """Count subjects, clips, labelled frames, and clips by label."""
    counts = {"subjects": int(clips["subject"].nunique()), "clips": len(clips)}
    counts["frames with a row of labels"] = 0 if frames is None else len(frames)
    counts["clips without label"] = int(clips["label"].isna().sum())
    values = clips["label"].value_counts().sort_index()
    return counts | {f"clips {label}": int(number) for label, number in values.items()}


def _read_facts(folder: Path) -> OwnData:
    path = folder / FACTS_NAME
    if not path.is_file():
        return OwnData()
    try:
        values = read_yaml(path) or {}
        if not isinstance(values, dict):
            raise ValueError("it holds no mapping of keys")
        return OwnData(**values)
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path} cannot be used.",
            rule=f"It is a YAML file with some of: {', '.join(OwnData.model_fields)}.",
            received=describe_fault(error, values, OwnData) if isinstance(error, ValidationError) else error,
            todo="Correct it, or remove it.",
        ) from error


def _inside(path: Path, media: pd.Series, data_root: Path) -> pd.Series:
    """Return the media relative to the data root; refuse those outside of it, and paths as Windows writes them."""
    folder = path.parent.relative_to(data_root)
    written = media.map(lambda text: "\\" in text and not (path.parent / text).exists())
    check_rows(path, media, written, "A path is written with /, not with a backslash")
    root = os.path.abspath(data_root)
    resolved = media.map(lambda text: _in_root(text, root) or os.path.normpath(folder / text))
    outside = resolved.map(lambda text: os.path.isabs(text) or Path(text).parts[:1] == ("..",))
    check_rows(path, media, outside, "Media stand outside the data root")
    return resolved


def _in_root(text: str, root: str) -> str:
    """Return a whole path that leads into the data root as one from there; "" for any other."""
    path = os.path.normpath(text)
    return os.path.relpath(path, root) if os.path.isabs(text) and path.startswith(root + os.sep) else ""


def _check_tables(top: Path, data_root: Path) -> None:
    """Refuse tables of the dataset that are links to what lies neither in the data root nor in the dataset."""
    out = [name for name in (INDEX_NAME, FRAMES_NAME, FACTS_NAME) if leads_out(top / name, top, data_root)]
    if out:
        raise refused_links(top, f"{top / out[0]} is one")


def _leads_out(data_root: Path, top: Path, media: str) -> bool:
    """Tell whether a medium, or a picture in it, is a link to what lies neither in the data root nor in the dataset."""
    path = data_root / media
    try:
        links = [entry.path for entry in os.scandir(path) if entry.is_symlink()] if path.is_dir() else []
        return any(leads_out(place, top, data_root) for place in (path, *links))
    except (OSError, ValueError):
        return False  # what cannot be read is left out, and said to be


def _subjects(path: Path, table: pd.DataFrame, problems: list[str]) -> pd.Series:
    missing = table["subject"] == ""
    facts = _read_facts(path.parent)
    check_subject_names(table["subject"][~missing], str(path), facts.distinct_subjects)
    if not missing.any():
        return table["subject"]
    if not facts.allow_missing_subjects:
        rule = f"A row has no subject (to allow it, write allow_missing_subjects: true in {FACTS_NAME})"
        check_rows(path, table["media"], missing, rule)
    problems.append(f"{int(missing.sum())} clips have no subject: each medium counts as one, so a split may leak.")
    return table["subject"].where(~missing, "unknown:" + table["media"])


def _names(path: Path, table: pd.DataFrame) -> pd.Series:
    span = "@" + table["start"] + "-" + table["end"]
    named = table["media"].map(lambda media: _without_suffix(media.partition("/")[2] or media))
    names = table["clip"].where(table["clip"] != "", named + span.where(span != "@-", ""))
    check_rows(path, names, names.duplicated(keep=False), "A clip stands twice")
    return names


def _without_suffix(media: str) -> str:
    stem, suffix = os.path.splitext(media)
    return stem if is_picture(media) or suffix.lower() in {*VIDEO_SUFFIXES, FEATURES_SUFFIX, TABLE_SUFFIX} else media


def _examine(data_root: Path, media: str) -> dict:
    """Return kind, first frame, frames and size of a medium, and what is wrong with it."""
    facts = {"media": media, "kind": "video", "first_frame": 0, "num_frames": pd.NA, "bytes": pd.NA, "fault": ""}
    facts["left_out"] = ""
    path = resolve_media(data_root, media)
    try:
        size = path.stat().st_size
        if not path.is_dir():
            check_kind(path)
        pictures = list_pictures(path) if path.is_dir() or is_picture(path.name) else []
    except UnreadableMedium as error:
        return facts | {"fault": str(error)}
    except (OSError, ValueError) as error:
        return facts | {"fault": getattr(error, "strerror", None) or str(error)}
    except UserError:
        return facts | {"fault": "the folder cannot be read"}
    if len(pictures) == 1 and path.is_file() and (several := picture_count(path)) > 1:
        return facts | {"num_frames": several, "bytes": size}
    if pictures:
        return facts | {
            "kind": "images",
            "first_frame": pictures[0].frame,
            "num_frames": len(pictures),
            "bytes": sum(picture.bytes for picture in pictures),
            "left_out": left_out_of(path) if path.is_dir() else "",
        }
    if path.is_dir():
        return facts | {"fault": "a folder without a picture"}
    if path.suffix == FEATURES_SUFFIX:
        return facts | {"kind": "features", "bytes": size}
    if path.suffix == TABLE_SUFFIX:
        return facts | {"kind": "action_units" if holds_action_units(path) else "signals", "bytes": size}
    if path.suffix.lower() not in VIDEO_SUFFIXES:
        return facts | {"fault": "neither a video nor a picture by its name"}
    return facts | {"bytes": size}


def _read_frames(path: Path, clips: pd.DataFrame, data_root: Path, cache: Path | None) -> pd.DataFrame | None:
    """Read the labels of single frames, in the order of the clips and of time; `row` is a frame's place in its clip."""
    if not path.is_file():
        return None
    table = read_table(path, names_of(FRAMES_COLUMNS, True))
    if taken := sorted(FRAMES_TAKEN & set(table.columns)):
        raise table_error(path, "It names a column that the index fills itself", ", ".join(taken))
    check_rows(path, table["clip"], ~table["clip"].isin(clips["clip"]), f"A clip does not stand in {INDEX_NAME}")
    check_rows(path, table["frame"], table["frame"] == "", "A row has no frame")
    frame = numbers(path, table["frame"], whole=True)
    check_rows(path, table["frame"], table.assign(frame=frame).duplicated(["clip", "frame"]), "A frame stands twice")
    frame = frame.astype("int64")
    row = _places(path, table["clip"], frame, _with_ends(table["clip"], frame, clips, data_root, cache), data_root)
    labels = table.drop(columns=["clip", "frame"]).replace("", pd.NA).astype("string")
    frames = pd.concat([table["clip"], frame, row, labels], axis=1)
    order = frames["clip"].map({clip: place for place, clip in enumerate(clips["clip"])})
    return frames.assign(order=order).sort_values(["order", "frame"]).drop(columns="order").reset_index(drop=True)


def _with_ends(
    clip: pd.Series, frame: pd.Series, clips: pd.DataFrame, data_root: Path, cache: Path | None
) -> pd.DataFrame:
    """Return the clips with `num_frames` of those that end before a frame of theirs that is labelled."""
    highest = clips["clip"].map(frame.groupby(clip).max())
    counted = clips["kind"].isin(["video", "span"]) & ~clips["media"].map(is_picture) & highest.notna()
    wanted: dict[Path, int] = {}
    for row in clips.index[counted]:
        video = resolve_media(data_root, clips["media"][row])
        wanted[video] = max(wanted.get(video, 0), int(highest[row]) + 1)
    if not wanted or not (short := too_short(wanted, cache)):
        return clips
    ends = clips["media"].map(lambda media: short.get(resolve_media(data_root, media), pd.NA)).astype("Int64")
    there = (ends - clips["first_frame"]).where(counted)
    return clips.assign(num_frames=clips["num_frames"].mask((clips["num_frames"] > there).fillna(there.notna()), there))


def _places(path: Path, clip: pd.Series, frame: pd.Series, clips: pd.DataFrame, data_root: Path) -> pd.Series:
    """Return each frame's place in its clip, from 0; refuse numbers that the clip has not.

    What only decoding tells, where a container holds frames that are never shown, `strategies.common.media` refuses.
    """
    row = frame.copy().rename("row")
    for name, numbers_of_clip in frame.groupby(clip, sort=False):
        facts = clips.loc[(clips["clip"] == name).idxmax()]
        if facts["kind"] == "images":
            pictures = [picture.frame for picture in list_pictures(resolve_media(data_root, facts["media"]))]
            place = {number: place for place, number in enumerate(pictures)}
            rows, there = numbers_of_clip.map(place), describe_frames(pictures)
        else:
            first, length = int(facts["first_frame"]), facts["num_frames"]
            rows = numbers_of_clip - first
            rows = rows.where((rows >= 0) & (True if pd.isna(length) else rows < length))
            there = f"frames from {first} on" if pd.isna(length) else f"frames {first}-{first + length - 1}"
        wrong = rows.isna().reindex(frame.index, fill_value=False)
        shown = clip + ", frame " + frame.astype(str)
        check_rows(path, shown, wrong, f"A frame does not exist; {name} has {there}")
        row[rows.index] = rows.astype("int64")
    return row
