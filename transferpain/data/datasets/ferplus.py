"""FER+: the 48x48 grey web faces of FER2013 with ten votes each on eight emotions."""

import csv
import hashlib
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.foreign import border
from transferpain.core.store import fingerprint, is_intact, reading_checked, write_checked
from transferpain.core.text_file import read_text
from transferpain.data.datasets.dataset import Dataset, Reading
from transferpain.data.datasets.locate import find_top, layout_error
from transferpain.data.media.contents import media_hash
from transferpain.data.media.walk import walk_files

IMAGES_NAME = "fer2013.csv"
VOTES_NAME = "fer2013new.csv"
EMOTIONS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
VOTES = (*EMOTIONS, "unknown", "NF")
HEADER = ["Usage", "Image name", *VOTES]
VOTE = re.compile(r" *([0-9]|10) *")
VOTERS = 10
SHOWN = 80  # letters of a row in a message
# FER2013's own labels, which put the emotions in another order.
ORIGINAL_EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
SPLITS = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}
SIZE = 48
# What `content_of` gives for the official files; their test rows were not at hand.
OFFICIAL = {
    "train": {
        "pixels": "f1d8c0b3550ab2f91ab13cb318c876b5a9c4616366495bd580cf7ffb51ca7d1c",
        "votes": "0aef607cf631846b6ae0fa16251164db94a93a8d882d9560ade0ab1ff904033a",
        "labels": "985f11759c4c9178d79b20d8f0dcdcb6df37fa1af4501f739115e9373624fb13",
    },
    "validation": {
        "pixels": "ca497ad369f1cd5ae05384e1da74ad4d83618e98198f5586dcd97260b126a562",
        "votes": "297318d1d48e2ba8895238bc5a16430df5d36d14fa0b7dc540dac2b467509b3c",
        "labels": "eb689f0c618e53f2b9959a99a1ae0d43ebbf1e396f5c705d9451d8d65ff9a2c0",
    },
}
# Part of the cache's key: raise it when what is cached changes.
READER_VERSION = 2

LAYOUT = """\
  fer2013.csv       emotion,pixels,Usage                               (the challenge's file; 35,887 rows)
  fer2013new.csv    Usage,Image name,neutral,...,contempt,unknown,NF   (the votes; same rows, same order)"""


def is_marked(folder: Path) -> bool:
    """Tell whether a folder holds one of the two files."""
    return any((folder / name).is_file() for name in (IMAGES_NAME, VOTES_NAME))


def read(top: Path, data_root: Path, cache: Path | None) -> Reading:
    """Index the rows: one clip per image, grouped by the hash of its pixels.

    The two files are joined by row order: the numbers in the image names fall behind at each blank name
    (microsoft/FERPlus, issue 17). `in_training` marks the validation and test images that also stand in
    Training.
    """
    images_path, votes_path = _find_files(top)
    cached = _cached(cache, "parquet", images_path, votes_path) if cache else None
    if cached and is_intact(cached):
        with reading_checked(cached):
            rows = pd.read_parquet(cached)
    else:
        votes = _read_votes(votes_path)
        emotions, usages, images = _parse_images(images_path)
        rows = _join(emotions, usages, images, votes)
        if cached:
            write_checked(cached, rows.to_parquet)
            write_checked(_cached(cache, "npy", images_path), lambda path: _save_images(path, images))
    rows.insert(3, "media", images_path.relative_to(data_root).as_posix())
    return Reading(rows, _find_problems(rows, votes_path))


def read_images(data_root: Path, cache: Path | None = None) -> np.ndarray:
    """Read all images of `fer2013.csv`.

    Args:
        data_root: as for `read_index`.
        cache: where the parsed pixels are kept, below `index/`; parsing takes some seconds.

    Returns:
        uint8, `(rows, 48, 48)`, in the order of the file: an index row's image is at its `first_frame`.
        Read-only and memory-mapped where it comes from the cache.

    Raises:
        UserError: if the file is missing or damaged.
    """
    images_path, _ = _find_files(find_top(DATASET, data_root))
    if cache is None:
        return _parse_images(images_path)[2]
    cached = _cached(cache, "npy", images_path)
    if not is_intact(cached):
        images = _parse_images(images_path)[2]
        write_checked(cached, lambda path: _save_images(path, images))
    with reading_checked(cached):
        return np.load(cached, mmap_mode="r", allow_pickle=False)


def count(clips: pd.DataFrame, frames: None = None) -> dict[str, int]:
    """Count images by split and by FER2013's own label, blank names, and copies of Training images."""
    counts = {"images": len(clips), "distinct images": int(clips["subject"].nunique())}
    for split in SPLITS.values():
        counts[f"{split} images"] = int((clips["split"] == split).sum())
    for emotion in ORIGINAL_EMOTIONS:
        counts[f"images {emotion}"] = int((clips["emotion"] == emotion).sum())
    counts["images without a name (no face)"] = int((clips["image_name"] == "").sum())
    for split in ("validation", "test"):
        part = clips[clips["split"] == split]
        counts[f"{split} images also in train"] = int(part["in_training"].sum())
    return counts


def compare(clips: pd.DataFrame, frames: None = None) -> list[str]:
    """Name what in a whole split is not the official content: a digit lost in a file leaves a picture or a vote."""
    warnings = []
    for split, official in OFFICIAL.items():
        part = clips[clips["split"] == split]
        if len(part) == DATASET.expected[f"{split} images"]:
            found = content_of(part)
            warnings += [
                f"{split}: the {what} are not the official ones (SHA-256 {found[what][:16]}..., not {digest[:16]}...)."
                for what, digest in official.items()
                if found[what] != digest
            ]
    return warnings


def content_of(clips: pd.DataFrame) -> dict[str, str]:
    """Return the SHA-256 of the pixels, votes and labels of rows in their order."""
    votes = clips[["image_name", *VOTES]].to_csv(index=False, lineterminator="\n")
    texts = {"pixels": "\n".join(clips["subject"]), "votes": votes, "labels": "\n".join(clips["emotion"])}
    return {what: hashlib.sha256(text.encode()).hexdigest() for what, text in texts.items()}


def _find_files(top: Path) -> tuple[Path, Path]:
    found = {path.name: path for path in reversed(list(walk_files(top, depth=2)))}
    if IMAGES_NAME not in found:
        raise layout_error(DATASET, top)
    if VOTES_NAME not in found:
        raise UserError(
            f"The votes of FER+ are missing: {VOTES_NAME}.",
            rule=f"It stands beside {IMAGES_NAME}, row for row.",
            received=found[IMAGES_NAME],
            todo="Download it from https://github.com/microsoft/FERPlus and put it there.",
        )
    return found[IMAGES_NAME], found[VOTES_NAME]


def _cached(cache: Path, kind: str, *paths: Path) -> Path:
    """Return where what was read of files stands in the cache; its name covers their bytes."""
    key = fingerprint([READER_VERSION, [media_hash(path, cache) for path in paths]])
    return cache / "index" / f"ferplus-{key}.{kind}"


def _save_images(path: Path, images: np.ndarray) -> None:
    with open(path, "wb") as file:
        np.save(file, images, allow_pickle=False)


def _parse_images(path: Path) -> tuple[list[str], list[str], np.ndarray]:
    """Return emotion and usage of each row as written, and the pixels as uint8 `(rows, 48, 48)`."""
    emotions, usages, images = [], [], []
    with open(path, encoding="ascii", errors="replace") as file:
        header = [cell.strip() for cell in next(file, "").split(",")]
        if header != ["emotion", "pixels", "Usage"]:
            raise _row_error(path, 0, "its first line is not emotion,pixels,Usage", ",".join(header)[:80])
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            cells = [_unquoted(cell.strip()) for cell in line.split(",")]
            if len(cells) != 3 or cells[2] not in SPLITS or cells[0] not in set("0123456"):
                raise _row_error(path, number, "not <emotion 0-6>,<pixels>,<usage>", line.strip()[:40])
            if cells[1].encode().translate(None, b"0123456789 "):
                raise _row_error(path, number, "a pixel is not a number from 0 to 255", cells[1][:40])
            pixels = np.fromstring(cells[1], dtype=np.int64, sep=" ")
            if pixels.size != SIZE * SIZE or pixels.min() < 0 or pixels.max() > 255:
                fault = f"not {SIZE * SIZE} pixels from 0 to 255"
                raise _row_error(path, number, fault, f"{pixels.size} pixels: {cells[1][:40]}")
            emotions.append(cells[0])
            usages.append(cells[2])
            images.append(pixels.astype(np.uint8))
    stacked = np.stack(images) if images else np.zeros((0, SIZE * SIZE), np.uint8)
    return emotions, usages, stacked.reshape(-1, SIZE, SIZE)


def _unquoted(cell: str) -> str:
    """Return a cell without the quotes around it; one that is open on a side keeps it, and is refused as no number."""
    return cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell


def _read_votes(path: Path) -> pd.DataFrame:
    reading = border(f"{path} cannot be read.", rule=f"Expected:\n{LAYOUT}", todo="Use the official file.")
    with reading:
        file = io.StringIO(read_text(path), newline="")
        lines = [line for line in csv.reader(file, strict=True) if line]
    header, rows = [cell.strip() for cell in (lines or [[]])[0]], lines[1:]
    if header != HEADER:
        raise _row_error(path, 0, f"its first line is not {','.join(HEADER)}", ",".join(header)[:SHOWN])
    for number, row in enumerate(rows, start=1):
        if len(row) != len(HEADER) or any("\n" in cell or "\r" in cell for cell in row):
            raise _row_error(path, number, f"it has not {len(HEADER)} cells in one line", ",".join(row)[:SHOWN])
        for column, vote in zip(VOTES, row[2:], strict=True):
            if not VOTE.fullmatch(vote):
                raise _row_error(path, number, f"{column} is not a vote from 0 to 10", repr(vote[:SHOWN]))
        if sum(map(int, row[2:])) > VOTERS:
            raise _row_error(path, number, f"it has more votes than the {VOTERS} people who gave them", ",".join(row))
    votes = pd.DataFrame(rows, columns=HEADER, dtype="str")
    return votes.astype(dict.fromkeys(VOTES, "int64"))


def _join(emotions: list[str], usages: list[str], images: np.ndarray, votes: pd.DataFrame) -> pd.DataFrame:
    rows = min(len(usages), len(votes))
    usage = np.array(usages[:rows])
    differs = usage != votes["Usage"].str.strip().to_numpy(dtype=str)[:rows]
    if differs.any():
        row = int(np.argmax(differs))
        raise UserError(
            f"{IMAGES_NAME} and {VOTES_NAME} do not belong together.",
            rule="They are joined by row order, so that Usage must agree in each row.",
            received=f"row {row + 1}: {usages[row]} and {votes['Usage'][row]}",
            todo="Use the two official files, with all their rows in the official order.",
        )
    hashes = [hashlib.sha256(image.tobytes()).hexdigest()[:16] for image in images[:rows]]
    split = np.array([SPLITS[name] for name in usage], dtype=object)
    subjects = pd.Series(hashes, dtype="str")
    in_training = (split != "train") & subjects.isin(set(subjects[split == "train"])).to_numpy()
    table = pd.DataFrame(
        {
            "dataset": "ferplus",
            "subject": subjects,
            "clip": [f"row{row:05d}" for row in range(rows)],
            "kind": "image_rows",
            "first_frame": np.arange(rows),
            "num_frames": pd.array([1] * rows, dtype="Int64"),
            "fps": pd.array([pd.NA] * rows, dtype="Float64"),
            "bytes": pd.array([pd.NA] * rows, dtype="Int64"),
            "split": split.astype(str),
            "emotion": [ORIGINAL_EMOTIONS[int(emotion)] for emotion in emotions[:rows]],
            "image_name": votes["Image name"].str.strip()[:rows],
            "in_training": in_training,
        }
    )
    # Rows left over on one side show in the counts of both files.
    table = pd.concat([table, votes.loc[: rows - 1, list(VOTES)]], axis=1)
    table.attrs = {"image_rows": len(usages), "vote_rows": len(votes)}
    return table


def _find_problems(rows: pd.DataFrame, votes_path: Path) -> tuple[str, ...]:
    problems = []
    absent = [usage for usage, split in SPLITS.items() if not (rows["split"] == split).any()]
    if absent:
        problems.append(f"A partial copy: it has no {' and no '.join(absent)} rows.")
    images, votes = rows.attrs["image_rows"], rows.attrs["vote_rows"]
    if images != votes:
        problems.append(
            f"{IMAGES_NAME} has {images} rows and {votes_path.name} {votes}: the first {len(rows)} are used."
        )
    return tuple(problems)


def _row_error(path: Path, row: int, fault: str, received: object) -> UserError:
    place = f"row {row} of {path}" if row else str(path)
    return UserError(
        f"{place} cannot be read: {fault}.",
        rule=f"Expected:\n{LAYOUT}",
        received=received,
        todo="Use the official file.",
    )


DATASET = Dataset(
    name="ferplus",
    title="FER+ (FER2013 images, FER+ votes)",
    folder="ferplus",
    licence="Votes: MIT. Images: FER2013 states no licence; research use.",
    citation="Barsoum et al., Training Deep Networks for Facial Expression Recognition with Crowd-Sourced"
    " Label Distribution, ICMI 2016; Goodfellow et al., Challenges in Representation Learning, 2013",
    request_url="https://github.com/microsoft/FERPlus",
    redistributable=True,
    notice="Faces from the web, without consent of the people shown: never pass on pixels.",
    layout=LAYOUT,
    expected={
        "images": 35887,
        "train images": 28709,
        "validation images": 3589,
        "test images": 3589,
        "images angry": 4953,
        "images disgust": 547,
        "images fear": 5121,
        "images happy": 8989,
        "images sad": 6077,
        "images surprise": 4002,
        "images neutral": 6198,
        "images without a name (no face)": 173,
    },
    traps=(
        "It has images and no subjects: the group is the pixels' hash; subject statistics do not apply.",
        "Some PublicTest and PrivateTest images also stand in Training (column in_training).",
        "The image numbers in the names are not the row numbers; the files are joined by row order.",
    ),
    is_marked=is_marked,
    read=read,
    count=count,
    compare=compare,
)
