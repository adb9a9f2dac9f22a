"""MIntPAIN: short bursts of colour pictures of 20 people under four levels of electrical pain.

A subject's folder goes on with the person's name. The name is never kept or shown: subjects and media stand as `Sub01`
in the index, and `media.resolve_media` finds the real folder when a file is opened.
"""

import re
from pathlib import Path

import pandas as pd

from transferpain.core.privacy import HIDDEN_NAME, hide_name, hide_names
from transferpain.data.datasets.dataset import Dataset, Neutral, Reading
from transferpain.data.media import walk
from transferpain.data.media.paths import list_pictures

TRIAL = re.compile(r"annotated_data_sub([0-9]+)_trial([0-9]+)", re.IGNORECASE)
SWEEP = re.compile(r"sub([0-9]+)_trial([0-9]+)_sweep([0-9]+)_label([0-4])", re.IGNORECASE)
TOP = "extracted_data"
LEVELS = range(5)

# The subjects that are tested on (our choice, not the owners').
HOLDOUT_SUBJECTS = tuple(f"Sub{number:02d}" for number in range(16, 21))

# Folders and frames by label, from one frame list.
CLIPS_BY_LEVEL = (1561, 388, 392, 388, 393)
FRAMES_BY_LEVEL = (27207, 6767, 6742, 6825, 6844)

LAYOUT = """\
  Extracted_Data/Sub<N> <name>/Annotated_data_Sub<NN>_Trial<NN>/Sub<NN>_Trial<NN>_Sweep<NN>_Label<0-4>/RGB/RGB-*.jpg"""


def is_marked(folder: Path) -> bool:
    """Tell whether a folder holds `Extracted_Data`, or is the one that holds the subjects' folders."""
    entries = [entry for entry in walk.list_folder(folder) if entry.is_dir()]
    if any(entry.name.strip().lower() == TOP for entry in entries):
        return True
    return any(_is_subject(entry) and _trials(entry) for entry in entries)


def read(top: Path, data_root: Path, cache: Path | None) -> Reading:
    """Index the colour pictures: one clip per folder of a sweep, labelled by the end of its name."""
    problems: list[str] = []
    holder = walk.find_folder(top, lambda place: any(map(_is_subject, walk.list_folder(place))), depth=2)
    rows = []
    for subject in [] if holder is None else walk.list_folder(holder):
        if not _is_subject(subject):
            # Whatever stands beside the subjects may bear a name as well: it is counted, not shown.
            problems.append(f"{_shown(holder, data_root)}: an entry that is no subject's folder, ignored.")
            continue
        for trial, number in _trials(subject).items():
            for sweep in walk.list_folder(trial):
                row = _read_sweep(sweep, (hide_name(subject.name), number), data_root, problems)
                rows += [row] if row else []
    clips = pd.DataFrame(rows)
    if not clips.empty:
        types = dict.fromkeys(("num_frames", "bytes", "trial", "sweep", "level"), "Int64")
        clips = clips.astype(types | {"fps": "Float64"})
    return Reading(clips, tuple(problems))


def count(clips: pd.DataFrame, frames: None = None) -> dict[str, int]:
    """Count subjects, clips and frames, by level."""
    counts = {
        "subjects": int(clips["subject"].nunique()),
        "trials": len(clips[["subject", "trial"]].drop_duplicates()),
        "clips": len(clips),
        "frames": int(clips["num_frames"].sum()),
    }
    for level in LEVELS:
        part = clips[clips["level"] == level]
        counts[f"clips level {level}"] = len(part)
        counts[f"frames level {level}"] = int(part["num_frames"].sum())
    return counts


def _is_subject(folder: Path) -> bool:
    return HIDDEN_NAME.fullmatch(hide_name(folder.name)) is not None and folder.is_dir()


def _trials(subject: Path) -> dict[Path, int]:
    """Return the folders of a subject's trials with the trial's number."""
    named = {entry: TRIAL.fullmatch(entry.name.strip()) for entry in walk.list_folder(subject) if entry.is_dir()}
    wanted = hide_name(subject.name)
    return {entry: int(name[2]) for entry, name in named.items() if name and f"Sub{int(name[1]):02d}" == wanted}


def _read_sweep(sweep: Path, expected: tuple[str, int], data_root: Path, problems: list[str]) -> dict | None:
    """Return the clip of a sweep's folder, or `None` and a problem."""
    named = SWEEP.fullmatch(sweep.name.strip())
    if not sweep.is_dir() or named is None:
        problems.append(f"{_shown(sweep.parent, data_root)}: an entry that is no sweep's folder, ignored.")
        return None
    subject, trial, number, level = (int(part) for part in named.groups())
    clip = f"Sub{subject:02d}_Trial{trial:02d}_Sweep{number:02d}_Label{level}"
    if (f"Sub{subject:02d}", trial) != expected:
        problems.append(f"{clip}: stands in the folder of {expected[0]}, trial {expected[1]}, ignored.")
        return None
    folders = [entry for entry in walk.list_folder(sweep) if entry.name.strip().lower() == "rgb" and entry.is_dir()]
    pictures = list_pictures(folders[0]) if folders else []
    if not pictures:
        problems.append(f"{clip}: no colour picture, ignored.")
        return None
    return {
        "dataset": "mintpain",
        "subject": f"Sub{subject:02d}",
        "clip": clip,
        "media": _shown(folders[0], data_root),
        "kind": "images",
        "first_frame": 1,
        "num_frames": len(pictures),
        "fps": pd.NA,
        "bytes": sum(picture.bytes for picture in pictures),
        "split": "",
        "trial": trial,
        "sweep": number,
        "level": level,
    }


def _shown(path: Path, data_root: Path) -> str:
    return Path(hide_names(path.relative_to(data_root))).as_posix()


DATASET = Dataset(
    name="mintpain",
    title="MIntPAIN",
    folder="mintpain",
    licence="Research only, after a signed agreement with the owners.",
    citation="Haque et al., Deep Multimodal Pain Recognition, FG 2018",
    request_url="https://vap.aau.dk/mintpain-database/",
    redistributable=False,
    notice="Pictures of identifiable people, whose names stand in the folders' names: share neither.",
    layout=LAYOUT,
    expected={
        "subjects": 20,
        "trials": 40,
        "clips": sum(CLIPS_BY_LEVEL),
        "frames": sum(FRAMES_BY_LEVEL),
        **{f"clips level {level}": number for level, number in zip(LEVELS, CLIPS_BY_LEVEL, strict=True)},
        **{f"frames level {level}": number for level, number in zip(LEVELS, FRAMES_BY_LEVEL, strict=True)},
    },
    traps=(
        "Half of the clips are without pain (level 0): always answering so scores .50 accuracy.",
        "The first 72 folders of each trial, a published training list, hold all 20 subjects: no split by subject.",
        "A clip has 8 to 28 pictures; the clock times in their names are its only time base.",
    ),
    is_marked=is_marked,
    read=read,
    count=count,
    neutral=Neutral("level", (0,)),
)
