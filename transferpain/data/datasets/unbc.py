"""UNBC-McMaster Shoulder Pain Expression Archive: 200 sequences of pictures of 25 people, coded frame by frame."""

import hashlib
import os
import re
from pathlib import Path

import pandas as pd

from transferpain.core.store import is_intact, reading_checked, write_checked
from transferpain.data.datasets.dataset import Dataset, Neutral, Reading
from transferpain.data.datasets.describe_frames import describe_frames
from transferpain.data.datasets.locate import find_top
from transferpain.data.datasets.unbc_facts import MEN, PAIN_FRAMES, SEQUENCE_FRAMES, SUBJECTS
from transferpain.data.datasets.unbc_frames import Sequence, frames_table, read_label
from transferpain.data.datasets.unbc_labels import (
    ACTION_UNITS,
    SEQUENCE_LABELS,
    LabelFault,
    parse_landmarks,
    parse_sequence_label,
)
from transferpain.data.media import walk
from transferpain.data.media.paths import numbered_pictures, picture_entries

SUBJECT = re.compile(r"([0-9]{3})-[a-z]{2}\1")
SEQUENCE = re.compile(r"([a-z]{2}[0-9]{3})t([12])a([aefi])(un)?aff")
MOVEMENTS = {"a": "abduction", "e": "external rotation", "f": "flexion", "i": "internal rotation"}
# The files of a frame, by the folders that they stand below and what follows the sequence in their names.
FRAME_FILES = {
    "pspi": (("Frame_Labels", "PSPI"), r"([0-9]{3})\s*_facs\s*\.txt"),
    "facs": (("Frame_Labels", "FACS"), r"([0-9]{3})\s*_facs\s*\.txt"),
    "landmarks": (("AAM_landmarks",), r"([0-9]{3})\s*_aam\s*\.txt"),
}
PSPI_BANDS = {"0": (0, 0), "1": (1, 1), "2": (2, 2), "3": (3, 3), "4-5": (4, 5), "6 and more": (6, 16)}
# Part of the cache's key: raise it when what is cached changes.
READER_VERSION = 1

LAYOUT = """\
  Images/042-ll042/ll042t1aaaff/ll042t1aaaff001.png
  Frame_Labels/PSPI/042-ll042/ll042t1aaaff/ll042t1aaaff001_facs.txt    one number
  Frame_Labels/FACS/042-ll042/ll042t1aaaff/ll042t1aaaff001_facs.txt    one row per active action unit
  AAM_landmarks/042-ll042/ll042t1aaaff/ll042t1aaaff001_aam.txt         66 rows x y
  Sequence_Labels/{AFF,OPR,SEN,VAS}/042-ll042/ll042t1aaaff.txt         one number
  Each top folder may be doubled (Images/Images/...)."""


def is_marked(folder: Path) -> bool:
    """Tell whether a folder holds `Images` beside one of the folders of labels."""
    names = {entry.name.strip().lower() for entry in walk.list_folder(folder) if entry.is_dir()}
    return "images" in names and bool(names & {"frame_labels", "sequence_labels"})


def read(top: Path, data_root: Path, cache: Path | None) -> Reading:
    """Index the sequences: one clip each, with one row per picture in `frames`.

    Pictures and labels are paired by the number in their names. A clip's `pspi` is the highest of its labelled frames.
    The label files are read again only if a name, a size or a time of change among them differs.
    """
    problems: list[str] = []
    sequences = _find_sequences(top, data_root, problems)
    if not sequences:
        return Reading(pd.DataFrame(), tuple(problems))
    frames = _read_frames(sequences, cache)
    problems += frames.attrs["problems"]
    clips = pd.DataFrame([_row(sequence, data_root) for sequence in sequences])
    clips["pspi"] = clips["clip"].map(frames.groupby("clip")["pspi"].max())
    for scale in SEQUENCE_LABELS:
        folder = _find_part(top, ("Sequence_Labels", scale))
        clips[scale] = _read_sequence_labels(folder, clips, scale, problems)
    clips = clips.astype({"num_frames": "Int64", "fps": "Float64", "bytes": "Int64", "pspi": "Int64", "sex": "string"})
    return Reading(clips, tuple(problems), frames)


def count(clips: pd.DataFrame, frames: pd.DataFrame) -> dict[str, int]:
    """Count subjects, sequences, frames, missing labels, and frames by PSPI."""
    counts = {
        "subjects": int(clips["subject"].nunique()),
        "sequences": len(clips),
        "sequences, affected shoulder": int(clips["affected"].sum()),
        "frames": len(frames),
        "frames without PSPI": int(frames["pspi"].isna().sum()),
        "frames without FACS": int(frames["au4"].isna().sum()),
        "frames without landmarks": int((~frames["has_landmarks"]).sum()),
    }
    for band, (lowest, highest) in PSPI_BANDS.items():
        counts[f"frames PSPI {band}"] = int(frames["pspi"].between(lowest, highest).fillna(False).sum())
    for scale in SEQUENCE_LABELS:
        counts[f"sequences without {scale.upper()}"] = int(clips[scale].isna().sum())
    for scale in ("opr", "vas"):
        values = clips[scale].dropna().value_counts().sort_index()
        counts |= {f"sequences {scale.upper()} {value:g}": int(number) for value, number in values.items()}
    return counts


def compare(clips: pd.DataFrame, frames: pd.DataFrame) -> list[str]:
    """Name the subjects and sequences that are missing or have another number of frames than is known."""
    found = clips.set_index("clip")["num_frames"]
    warnings = [f"{subject}: missing." for subject in SUBJECTS if subject not in set(clips["subject"])]
    for subject in SUBJECTS:
        names = [name for name in SEQUENCE_FRAMES if name.startswith(subject[4:])]
        absent = [name for name in names if name not in found]
        if 0 < len(absent) < len(names):
            warnings.append(f"{subject}: {len(absent)} of {len(names)} sequences missing: {', '.join(absent)}.")
    for name, number in found.items():
        known = SEQUENCE_FRAMES.get(name)
        if known is None:
            warnings.append(f"{name}: not among the 200 known sequences.")
        elif known != number:
            warnings.append(f"{name}: {number} pictures found, {known} expected.")
    pain = (frames["pspi"] > 0).fillna(False).groupby(frames["clip"]).sum()
    for subject, names in clips.groupby("subject")["clip"]:
        known = PAIN_FRAMES.get(subject)
        number = int(pain[names].sum())
        if known is not None and number != known:
            warnings.append(f"{subject}: {number} frames with PSPI above 0 found, {known} expected.")
    return warnings


def inspect(clips: pd.DataFrame, data_root: Path) -> list[str]:
    """Name the landmark files that cannot be read."""
    problems = []
    for clip in clips["clip"]:
        damaged = []
        for frame, file in _landmark_files(data_root, clip).items():
            try:
                parse_landmarks(read_label(file.path))
            except LabelFault:
                damaged.append(frame)
        if damaged:
            problems.append(f"{clip}: AAM file is damaged ({describe_frames(damaged)}).")
    return problems


def _landmark_files(data_root: Path, clip: str) -> dict[int, os.DirEntry]:
    names, ending = FRAME_FILES["landmarks"]
    part = _find_part(find_top(DATASET, data_root), names)
    subjects = {} if part is None else _subject_folders(part)
    folders = [_sequence_folders(folder).get(clip) for name, folder in subjects.items() if name[4:] == clip[:5]]
    return walk.numbered(folders[0], clip + ending) if folders and folders[0] else {}


def _find_sequences(top: Path, data_root: Path, problems: list[str]) -> list[Sequence]:
    images = _find_part(top, ("Images",))
    if images is None:
        return []
    parts = {kind: _find_part(top, names) for kind, (names, _) in FRAME_FILES.items()}
    for kind, (names, _) in FRAME_FILES.items():
        if parts[kind] is None:
            problems.append(f"{'/'.join(names)} is missing: no frame has {kind.replace('facs', 'FACS')} labels.")
    below = {kind: _subject_folders(part) for kind, part in parts.items() if part is not None}
    sequences: dict[str, Sequence] = {}
    left_out: list[int] = []
    for folder in walk.list_folder(images):
        subject = folder.name.strip().lower()
        if not (folder.is_dir() and SUBJECT.fullmatch(subject)):
            problems.append(f"{folder.relative_to(data_root).as_posix()}: no subject's folder, ignored.")
            continue
        labels = {
            kind: _sequence_folders(folders[subject]) if subject in folders else {} for kind, folders in below.items()
        }
        for entry in walk.list_folder(folder):
            clip = entry.name.strip().lower()
            named = SEQUENCE.fullmatch(clip)
            media = entry.relative_to(data_root).as_posix()
            if not entry.is_dir() or named is None or named[1] != subject[4:]:
                problems.append(f"{media}: no sequence of {subject}, ignored.")
                continue
            there = picture_entries(entry)
            pictures = {frame: file.stat().st_size for frame, file in numbered_pictures(entry, there).items()}
            if not there:
                problems.append(f"{media}: no picture, ignored.")
            elif not pictures:
                left_out.append(len(there))
                problems.append(f"{media}: the whole sequence is left out: {_strange_pictures(entry.name, there)}.")
            elif clip in sequences:
                problems.append(f"{media}: a second folder of one sequence, ignored.")
            else:
                files = {
                    kind: walk.numbered(folders[clip], clip + FRAME_FILES[kind][1]) if clip in folders else {}
                    for kind, folders in labels.items()
                }
                sequences[clip] = Sequence(subject, clip, entry, pictures, files)
    if left_out:
        problems.insert(
            0, f"{len(left_out)} sequences with {sum(left_out)} pictures are left out whole, as named below."
        )
    return list(sequences.values())


def _strange_pictures(folder: str, pictures: list[os.DirEntry]) -> str:
    """Say why the pictures of a sequence have no numbers: its labels could not be told which picture they are of."""
    named = re.compile(rf"{re.escape(folder.strip())}[0-9]+\s*\.", re.IGNORECASE)
    strange = [picture.name for picture in pictures if not named.match(picture.name.strip())]
    if not strange:
        return "two pictures have one number"
    return f"{len(strange)} of its {len(pictures)} pictures are not named after it, as {strange[0]}; move them away"


def _read_frames(sequences: list[Sequence], cache: Path | None) -> pd.DataFrame:
    if cache is None:
        return frames_table(sequences)
    digest = hashlib.sha256(f"{READER_VERSION}".encode())
    for sequence in sequences:
        digest.update(repr((sequence.clip, list(sequence.pictures), sequence.state())).encode())
    cached = cache / "index" / f"unbc-{digest.hexdigest()[:16]}.parquet"
    if not is_intact(cached):
        write_checked(cached, frames_table(sequences).to_parquet)
    with reading_checked(cached):
        return pd.read_parquet(cached)


def _row(sequence: Sequence, data_root: Path) -> dict:
    _, occasion, movement, unaffected = SEQUENCE.fullmatch(sequence.clip).groups()
    return {
        "dataset": "unbc",
        "subject": sequence.subject,
        "clip": sequence.clip,
        "media": sequence.folder.relative_to(data_root).as_posix(),
        "kind": "images",
        "first_frame": min(sequence.pictures),
        "num_frames": len(sequence.pictures),
        "fps": pd.NA,
        "bytes": sum(sequence.pictures.values()),
        "split": "",
        "occasion": int(occasion),
        "movement": MOVEMENTS[movement],
        "affected": unaffected is None,
        "sex": _sex(sequence.subject),
    }


def _sex(subject: str) -> str | None:
    """Return `m` or `w` of a known subject: no file of the archive states it."""
    return None if subject not in SUBJECTS else "m" if subject in MEN else "w"


def _read_sequence_labels(folder: Path | None, clips: pd.DataFrame, scale: str, problems: list[str]) -> pd.Series:
    if folder is None:
        problems.append(f"Sequence_Labels/{scale.upper()} is missing: no sequence has this label.")
        return pd.Series(pd.NA, index=clips.index, dtype="Float64")
    found = {}
    for subject in _subject_folders(folder).values():
        found |= {_stem(path): path for path in reversed(walk.list_folder(subject)) if _suffix(path) == ".txt"}
    values = []
    for clip in clips["clip"]:
        try:
            if clip not in found:
                raise LabelFault("is missing")
            values.append(parse_sequence_label(read_label(str(found[clip])), scale))
        except LabelFault as fault:
            problems.append(f"{clip}: its {scale.upper()} file {fault}, so it has no such label.")
            values.append(pd.NA)
    return pd.Series(values, index=clips.index, dtype="Float64")


def _find_part(top: Path, names: tuple[str, ...]) -> Path | None:
    """Return the folder of subjects below nested folders of these names, each of which may be doubled."""
    folder = top
    for name in names:
        holder = walk.find_folder(folder, lambda place, name=name: _child(place, name) is not None, depth=1)
        if holder is None:
            return None
        folder = _child(holder, name)
    return walk.find_folder(folder, lambda place: bool(_subject_folders(place)), depth=1)


def _child(folder: Path, name: str) -> Path | None:
    wanted = name.lower()
    return next((e for e in walk.list_folder(folder) if e.name.strip().lower() == wanted and e.is_dir()), None)


def _subject_folders(folder: Path) -> dict[str, Path]:
    names = {entry.name.strip().lower(): entry for entry in reversed(walk.list_folder(folder))}
    return {name: entry for name, entry in names.items() if SUBJECT.fullmatch(name) and entry.is_dir()}


def _sequence_folders(folder: Path) -> dict[str, Path]:
    names = {entry.name.strip().lower(): entry for entry in reversed(walk.list_folder(folder))}
    return {name: entry for name, entry in names.items() if SEQUENCE.fullmatch(name) and entry.is_dir()}


def _stem(path: Path) -> str:
    return Path(path.name.strip()).stem.strip().lower()


def _suffix(path: Path) -> str:
    return Path(path.name.strip()).suffix.lower()


DATASET = Dataset(
    name="unbc",
    title="UNBC-McMaster Shoulder Pain Expression Archive",
    folder="unbc",
    licence="Non-commercial research, after a signed agreement with the owners.",
    citation="Lucey et al., Painful data: The UNBC-McMaster shoulder pain expression archive database, FG 2011",
    request_url="https://sites.pitt.edu/~emotion/um-spread.htm",
    redistributable=False,
    notice="Pictures of identifiable patients: keep the files, frames and crops where the agreement allows them.",
    layout=LAYOUT,
    expected={
        "subjects": 25,
        "sequences": 200,
        "sequences, affected shoulder": 109,
        "frames": 48398,
        "frames without PSPI": 0,
        "frames without FACS": 0,
        "frames without landmarks": 0,
        "frames PSPI 0": 40029,
        "frames PSPI 1": 2909,
        "frames PSPI 2": 2351,
        "frames PSPI 3": 1412,
        "frames PSPI 4-5": 1044,
        "frames PSPI 6 and more": 653,
        **{f"sequences without {scale.upper()}": 0 for scale in SEQUENCE_LABELS},
        "black pictures": 7,
    },
    traps=(
        "101-mg101 has no frame with PSPI above 0: measures of a fold that tests on this subject alone are undefined.",
        "The pictures 1 to 7 of tv095t2aeunaff are black.",
        "An empty FACS file is a coded frame without an action unit; an empty PSPI file is a missing label.",
        "Two pairs of subjects share initials (043-jh043, 123-jh123; 066-mg066, 101-mg101).",
        "No file states the subjects' sex: it is from a single public reader, unconfirmed. Their ages are not known.",
        "Neighbouring frames are nearly the same picture: a random split of frames tests on what was trained on.",
    ),
    is_marked=is_marked,
    read=read,
    count=count,
    neutral=Neutral("pspi", (0,)),
    compare=compare,
    inspect=inspect,
    action_units=ACTION_UNITS,
)
