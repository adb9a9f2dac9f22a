"""The index: one table of a dataset's clips, whatever its layout on disk."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from transferpain.core.privacy import hide_names
from transferpain.core.synthetic_faces import DRAWN, merge_faces
from transferpain.data.datasets.csv_index import INDEX_NAME, find_own_dataset
from transferpain.data.datasets.dataset import Dataset, Reading
from transferpain.data.datasets.locate import find_synthetic_mark, find_top, layout_error, own_folder
from transferpain.data.datasets.permits import read_permit
from transferpain.data.datasets.registry import DATASETS, find_dataset
from transferpain.data.datasets.subject_names import check_subject_names
from transferpain.data.media.links import leads_out, links_stay_in, refused_links


@dataclass(frozen=True)
class Index:
    """A dataset as found on disk.

    Attributes:
        dataset: the facts about it.
        data_root: the folder that `media` paths are relative to.
        clips: one row per clip. Common columns: dataset, subject, clip (unique), media (posix path), kind ("video": a
            whole one, "span": a stretch of a longer one, "images": a folder of pictures or a single one, "image_span":
            a stretch of a folder, "features": no medium but own features, or "image_rows"), first_frame (int64; of a
            span counted from 0 in the order of time, of image rows the row number), num_frames (Int64, nominal, may be
            missing), fps (Float64, nominal, may be missing), bytes (Int64, size of the media), split ("train",
            "validation", "test" or ""); then the dataset's raw labels, where missing stays missing.
            `media.resolve_media` turns media into a path.
        synthetic: whether this is a drawn twin, or a dataset whose faces are synthetic.
        hash: 16 hexadecimal digits over labels, names, file sizes and the twin's settings. Where the files
            stand does not enter it.
        problems: what was skipped or missing, a sentence each.
        frames: one row per labelled frame, clip by clip in the order of time: clip, frame (its number, int64), `row`
            (its place in the clip's medium, int64, from 0; left out where every frame of each clip has a row), then the
            raw labels of frames, where missing stays missing. `None` where only clips have labels.
        parts: of two indexes that were joined: that of the dataset that is trained on, and of the one tested on.
        twin: whether this is a drawn twin, which may be smaller than what it stands for.
    """

    dataset: Dataset
    data_root: Path
    clips: pd.DataFrame
    synthetic: bool
    hash: str
    problems: tuple[str, ...]
    frames: pd.DataFrame | None = None
    parts: tuple["Index", ...] = ()
    twin: bool = False

    @property
    def synthetic_faces(self) -> tuple[str, ...]:
        """What its synthetic faces are called; nothing where all faces are people's."""
        if self.parts:
            return merge_faces(*(part.synthetic_faces for part in self.parts))
        return (DRAWN,) if self.twin else (self.dataset.synthetic,) if self.synthetic else ()

    @property
    def frame_places(self) -> pd.Series:
        """The place of each row of `frames` in its clip's medium, int64, from 0."""
        return self.frames["row"] if "row" in self.frames else self.frames.groupby("clip").cumcount()


def read_index(dataset_name: str, data_root: Path, cache: Path | None = None) -> Index:
    """Index a dataset under `data_root`, or straight in it.

    Args:
        dataset_name: a name in the registry, or a folder of the data root that holds the user's own `index.csv`, or
            the path of such a folder anywhere, which then stands for the data root and its name.
        data_root: holds one folder per dataset; it may also be the dataset's own folder.
        cache: where an adapter whose reading is slow keeps its result, below `index/`; `None` keeps nothing.

    Raises:
        UserError: if the dataset is unknown, its folder is missing, nothing in it fits the layout, or links lead out
            of it and of the data root and `dataset.yaml` in it does not permit that.
    """
    own = None
    if dataset_name not in DATASETS:
        dataset_name, data_root = _named_by_path(dataset_name, data_root)
        own = find_own_dataset(dataset_name, data_root)
    dataset = own or find_dataset(dataset_name, data_root)
    top = find_top(dataset, data_root)
    reading = dataset.read(top, data_root, cache) if own else _read_inside(dataset, top, data_root, cache)
    if reading.clips.empty:
        raise layout_error(dataset, top, reading.problems)
    if own is None:
        of_people = reading.clips["kind"] != "image_rows"  # a dataset of images names nobody
        check_subject_names(reading.clips["subject"][of_people], f"the folders of {dataset.name}")
    mark = find_synthetic_mark(top, data_root)
    clips, duplicates = _drop_duplicates(reading.clips)
    if mark is not None:
        clips = _as_drawn(clips, mark, dataset.clip_seconds)
    return Index(
        dataset=dataset,
        data_root=data_root,
        clips=clips,
        synthetic=mark is not None or bool(dataset.synthetic),
        hash=_content_hash(clips, reading.frames, mark),
        problems=reading.problems + duplicates,
        frames=reading.frames,
        twin=mark is not None,
    )


def _read_inside(dataset: Dataset, top: Path, data_root: Path, cache: Path | None) -> Reading:
    """Read a dataset whose links stay in it, or in the data root, unless the user permits others.

    Raises:
        UserError: as the adapter, and for other links.
    """
    folder = own_folder(dataset, data_root)
    if read_permit(folder).allow_links:
        return dataset.read(top, data_root, cache)
    if leads_out(top, folder, data_root):
        raise refused_links(folder, f"a link on the way to {hide_names(top)}")
    with links_stay_in(folder, data_root):
        return dataset.read(top, data_root, cache)


def _named_by_path(name: str, data_root: Path) -> tuple[str, Path]:
    """Return name and data root of a folder with an `index.csv` that is named by its path; others as they are."""
    folder = Path(name)
    if not name.strip() or os.sep not in name or not (folder / INDEX_NAME).is_file():
        return name, data_root
    folder = Path(os.path.abspath(folder))
    return folder.name, folder.parent


def _as_drawn(clips: pd.DataFrame, mark: dict, clip_seconds: float) -> pd.DataFrame:
    """Return the clips with a twin's frames: all in proportion shorter, or at another rate, than what it stands for."""
    share = float(mark["seconds"]) / clip_seconds if mark.get("seconds") and clip_seconds else 1.0
    rate = mark.get("fps")
    if share == 1.0 and not rate:
        return clips
    scaled = clips["num_frames"] * share
    if rate:
        scaled, clips = scaled * rate / clips["fps"], clips.assign(fps=pd.array([float(rate)] * len(clips), "Float64"))
    # The quotient is rarely exact, and a half must be rounded as the twin's generator does.
    return clips.assign(num_frames=scaled.round(6).round().astype("Int64"))


def _drop_duplicates(clips: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Keep the first of clips with one name, as left by an archive unpacked twice."""
    repeated = clips["clip"].duplicated()
    problems = tuple(f"{media}: a second file of one clip, ignored." for media in clips["media"][repeated])
    return clips[~repeated].reset_index(drop=True), problems


def _content_hash(clips: pd.DataFrame, frames: pd.DataFrame | None, mark: dict | None) -> str:
    digest = hashlib.sha256(json.dumps(mark, sort_keys=True).encode())
    digest.update(clips.drop(columns="media").to_csv(index=False, lineterminator="\n").encode())
    if frames is not None:
        digest.update(frames.to_csv(index=False, lineterminator="\n").encode())
    return digest.hexdigest()[:16]
