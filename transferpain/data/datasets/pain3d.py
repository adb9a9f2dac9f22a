"""3DPain: some 750,000 rendered pictures of 2,500 synthetic people, about thirty of each annotated pain face.

All pictures stand in one folder. A clip is one face of a person, annotated or neutral: its pictures are views of it,
told by how their names begin. Each is a labelled frame, too. Splits are by subject, which keeps all views of a person
on one side.
"""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.text_file import read_text
from transferpain.data.datasets.dataset import Dataset, Neutral, Reading
from transferpain.data.datasets.pain3d_annotations import ENDING, LABELS, annotation_labels, tell
from transferpain.data.datasets.pain3d_labels import NEUTRAL, SUBJECT, SplitFault, base_name, parse_split
from transferpain.data.media import walk
from transferpain.data.media.fronts import STAR
from transferpain.data.media.paths import Picture, is_picture, list_pictures

PICTURES, ANNOTATIONS = "meshes_inpainted", "annotations"
SPLIT_FILE = "uniform_data_70_20_10_split.csv"
SPLIT_SUBJECTS = {"train": 1747, "validation": 497, "test": 256}
# From, and below: a score that is no whole number counts as the nearest one.
BANDS = {"0": (0, 0.5), "1": (0.5, 1.5), "2": (1.5, 2.5), "3": (2.5, 3.5), "4-5": (3.5, 5.5), "6 and more": (5.5, 17)}

LAYOUT = f"""\
  annotations/flame_sample_0000_pain_1_annotations.json                         AU4, AU6, AU7, AU9, AU10, AU43, PSPI
  meshes_inpainted/flame_sample_0000_pain_1_textured_view_000_inpainted.jpg     about thirty of each annotation
  meshes_inpainted/flame_sample_0000_neutral_textured_view_000_inpainted.jpg    without an annotation
  {SPLIT_FILE}                                             optional: the published split
  Both folders may be doubled (annotations/annotations/...)."""


def is_marked(folder: Path) -> bool:
    """Tell whether a folder holds `meshes_inpainted`."""
    return _child(folder, PICTURES) is not None


def read(top: Path, data_root: Path, cache: Path | None) -> Reading:
    """Index the faces: one clip each, with one row per picture in `frames`, which has the PSPI and the
    action units of its clip.

    A clip is called as its annotation. Annotations are read again only if a name, a size or a time of change among them
    differs.
    """
    problems: list[str] = []
    folder = _part(top, PICTURES, is_picture)
    faces = {} if folder is None else _faces(folder, problems)
    if not faces:
        return Reading(pd.DataFrame(), tuple(problems))
    neutral = {face: NEUTRAL in face for face in faces}
    labels = annotation_labels(_part(top, ANNOTATIONS, _is_annotation), neutral, cache, problems)
    split = _published_split(top, {_subject(face) for face in faces}, problems)
    clips = pd.DataFrame([_row(face, medium, data_root, split) for face, (medium, _) in faces.items()])
    clips["num_frames"] = pd.array([len(pictures) for _, pictures in faces.values()], "Int64")
    clips["bytes"] = pd.array([sum(one.bytes for one in pictures) for _, pictures in faces.values()], "Int64")
    clips["neutral"] = clips["clip"].map(neutral).astype(bool)
    clips = clips.merge(labels.rename(columns={"annotation": "clip"}), on="clip", how="left", validate="one_to_one")
    rows = clips.index.repeat(clips["num_frames"])
    frames = clips.loc[rows, ["clip", *LABELS]].reset_index(drop=True)
    numbers = [picture.frame for _, pictures in faces.values() for picture in pictures]
    frames.insert(1, "frame", pd.array(numbers, "int64").to_numpy())
    return Reading(clips.astype({"fps": "Float64"}), tuple(problems), frames)


def count(clips: pd.DataFrame, frames: pd.DataFrame) -> dict[str, int]:
    """Count people, annotations, pictures by PSPI, and people by part of the published split where it is there."""
    counts = {
        "subjects": int(clips["subject"].nunique()),
        "annotations": int((~clips["neutral"] & clips["pspi"].notna()).sum()),
        "neutral faces": int(clips["neutral"].sum()),
        "pictures": len(frames),
        "pictures without PSPI": int(frames["pspi"].isna().sum()),
    }
    for band, (lowest, above) in BANDS.items():
        inside = (frames["pspi"] >= lowest) & (frames["pspi"] < above)
        counts[f"pictures PSPI {band}"] = int(inside.fillna(False).sum())
    if (clips["split"] != "").any():
        people = clips.drop_duplicates("subject")["split"]
        counts |= {f"{part} subjects": int((people == part).sum()) for part in SPLIT_SUBJECTS}
    return counts


def _faces(folder: Path, problems: list[str]) -> dict[str, tuple[Path, list[Picture]]]:
    """Return the medium of each face, and its pictures as they will be listed when they are opened."""
    names: dict[str, set[str]] = defaultdict(set)
    ignored = []
    for entry in walk.scan(folder):
        face = base_name(entry.name.strip().rpartition(".")[0].strip())
        if SUBJECT.match(entry.name) and SUBJECT.fullmatch(face) and is_picture(entry.name) and entry.is_file():
            names[face].add(entry.name)
        else:
            ignored.append(entry.name)
    tell(problems, "No pictures of a person of 3DPain (flame_sample_<number>_...), ignored", sorted(ignored))
    faces, mixed = {}, []
    for face in sorted(names, key=walk.natural_key):
        # A picture whose name does not go on behind that of its annotation is the only one of it.
        medium = folder / (f"{face}_{STAR}" if len(names[face]) > 1 else next(iter(names[face])))
        pictures = list_pictures(medium)
        if {picture.path.name for picture in pictures} == names[face]:
            faces[face] = medium, pictures
        else:
            mixed.append(face)
    tell(problems, "Faces whose pictures cannot be told from others' by how their names begin, left out", mixed)
    return faces


def _subject(face: str) -> str:
    return SUBJECT.fullmatch(face)[1]


def _is_annotation(name: str) -> bool:
    return name.strip().endswith(ENDING)


def _row(face: str, medium: Path, data_root: Path, split: dict[str, str]) -> dict:
    subject = _subject(face)
    return {
        "dataset": "pain3d",
        "subject": subject,
        "clip": face,
        "media": medium.relative_to(data_root).as_posix(),
        "kind": "images",
        "first_frame": 1,
        "num_frames": pd.NA,
        "fps": pd.NA,
        "bytes": pd.NA,
        "split": split.get(subject, ""),
    }


def _published_split(top: Path, subjects: set[str], problems: list[str]) -> dict[str, str]:
    """Return the part of each subject in the published split; none where its file is not there.

    Raises:
        UserError: if the file is damaged, or a subject is in two parts.
    """
    path = next((entry for entry in walk.list_folder(top) if entry.name.strip() == SPLIT_FILE), None)
    if path is None:
        return {}
    try:
        split = parse_split(read_text(path))
    except (SplitFault, OSError) as error:
        raise UserError(
            f"The split file {SPLIT_FILE} {error if isinstance(error, SplitFault) else 'cannot be read'}.",
            rule="It puts each annotation into 0 (train), 1 (validation) or 2 (test), and all of a person into one.",
            received=path,
            todo="Use the published file, or move it away: the folds are then drawn by subject.",
        ) from error
    tell(problems, f"People who are in no part of {SPLIT_FILE}", sorted(subjects - set(split), key=walk.natural_key))
    return split


def _part(top: Path, name: str, belongs: Callable[[str], bool]) -> Path | None:
    """Return the folder of a name, or the one of that name in it where what belongs there stands one level down."""
    outer = _child(top, name)
    inner = None if outer is None else _child(outer, name)
    if inner is None or any(belongs(entry.name) for entry in walk.scan(outer)):
        return outer
    return inner


def _child(folder: Path, name: str) -> Path | None:
    named = [one for one in walk.scan(folder) if one.name.strip().lower() == name and one.is_dir()]
    return Path(min(named, key=lambda one: walk.natural_key(one.name)).path) if named else None


DATASET = Dataset(
    name="pain3d",
    title="3DPain",
    folder="pain3d",
    licence="The terms of the data stand on its page at Hugging Face, and are to be read there; the code is MIT.",
    citation="Lin et al., Pain in 3D: Generating Controllable Synthetic Faces for Automated Pain Assessment,"
    " arXiv 2509.16727, 2025",
    request_url="https://huggingface.co/datasets/SoroushMehraban/3D-Pain",
    redistributable=False,
    notice="Synthetic faces; whether pictures, or models that were trained on them, may be passed on is to be read at"
    " the source.",
    layout=LAYOUT,
    expected={
        "subjects": 2500,
        "annotations": 25000,
        "pictures without PSPI": 0,
        **{f"{part} subjects": number for part, number in SPLIT_SUBJECTS.items()},
    },
    synthetic="3DPain, synthetic faces",
    traps=(
        "The faces are rendered, and no one feels pain: a score on them says nothing about people.",
        "Pictures of one annotation are views of one face: a split that is not by person tests on what was trained on.",
        "Neutral pictures have no annotation; a name with _neutral says it.",
        "The published split is by person; its file is part of the authors' code, and not of the data.",
    ),
    is_marked=is_marked,
    read=read,
    count=count,
    neutral=Neutral("pspi", (0,)),
    action_units=(4, 6, 7, 9, 10, 43),
)
