"""The cache of faces: one parquet file per clip, one row per frame."""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from transferpain.core.locks import using_folder
from transferpain.core.progress import note
from transferpain.core.store import fingerprint, reading_checked, write_checked
from transferpain.data.media.medium import READER, Medium
from transferpain.inputs.faces.jpeg import ENCODING, decode_jpeg

FACTS = b"transferpain"
# Of a file that is read bit by bit: rows that are decoded together, and bytes read ahead.
BATCH_ROWS, BUFFER_BYTES = 256, 1 << 20
SCHEMA = pa.schema(
    {
        "found": pa.bool_(),
        "left": pa.float32(),
        "top": pa.float32(),
        "right": pa.float32(),
        "bottom": pa.float32(),
        "score": pa.float32(),
        "seconds": pa.float64(),
        "faces": pa.int16(),
        "jpeg": pa.binary(),
    }
)


@dataclass(frozen=True)
class ClipTask:
    """One clip to compute: its name, its medium, and the key and the file of its faces."""

    clip: str
    medium: Medium
    key: str
    path: Path


@dataclass(frozen=True)
class FaceFacts:
    """What is true of a whole clip.

    Attributes:
        key: the cache key.
        fps: frames per second, see `medium_rate`; NaN if it is not known, and for pictures.
        num_frames: frames or pictures, whether they could be decoded or not.
        found: frames with the person's face.
        detector: the detector and its version.
        variable: whether frames lie at uneven distances in time, so that `fps` is their mean.
        undecoded: frames that could not be decoded.
        several: frames with more than one face.
        reader: `READER` of the reading.
    """

    key: str
    fps: float
    num_frames: int
    found: int
    detector: str
    variable: bool = False
    undecoded: int = 0
    several: int = 0
    reader: int = READER


@dataclass(frozen=True)
class Faces:
    """The faces of a clip; pictures are decoded when asked for.

    Attributes:
        path: the cache file.
        facts: what is true of the whole clip.
        found: bool `(frames,)`, whether a frame has a face.
        boxes: float32 `(frames, 4)`, left, top, right, bottom in pixels as detected, before the margin; NaN
            where no face was found.
        scores: float32 `(frames,)`, the detector's own score; NaN where no face was found.
        seconds: float64 `(frames,)`, each frame's own time since the medium's first; NaN where it has none.
        faces: int16 `(frames,)`, how many faces were found.
    """

    path: Path
    facts: FaceFacts
    found: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray
    seconds: np.ndarray
    faces: np.ndarray

    @property
    def fps(self) -> float:
        """Frames per second, see `medium_rate`; NaN if it is not known, and for pictures."""
        return self.facts.fps

    @property
    def num_frames(self) -> int:
        """Frames or pictures, whether they could be decoded or not."""
        return self.facts.num_frames

    def jpegs(self) -> list[bytes]:
        """Return the encoded pictures of the found frames, in time order."""
        with reading_checked(self.path):
            found = pq.read_table(self.path, columns=["jpeg"]).column("jpeg").drop_null().to_pylist()
            if len(found) != self.found.sum():
                raise ValueError(f"{len(found)} pictures of {self.found.sum()} faces")
            return found

    def jpegs_of(self, frames: np.ndarray) -> dict[int, bytes]:
        """Return the encoded pictures of some frames that have a face, by frame; a long clip is never held whole.

        Args:
            frames: int64, their numbers in the clip, in any order, each as often as it may be.
        """
        wanted, start, shown = np.unique(frames), 0, {}
        with reading_checked(self.path):
            with pq.ParquetFile(self.path, buffer_size=BUFFER_BYTES) as file:
                for batch in file.iter_batches(BATCH_ROWS, columns=["jpeg"]):
                    here = wanted[(wanted >= start) & (wanted < start + len(batch))]
                    shown |= zip(here.tolist(), batch.column(0).take(here - start).to_pylist(), strict=True)
                    start += len(batch)
            if len(shown) < len(wanted) or None in shown.values():
                raise ValueError(f"frames without a picture among {wanted.tolist()!s:.100}")
        return shown

    @property
    def images(self) -> np.ndarray:
        """The decoded pictures, uint8 RGB `(found, size, size, 3)`; empty `(0,)` without any face."""
        jpegs = self.jpegs()
        with reading_checked(self.path):
            return np.array([decode_jpeg(jpeg) for jpeg in jpegs], np.uint8)


@contextmanager
def keeping(cache: Path) -> Iterator[None]:
    """Compute into the cache or read from it: meanwhile `transferpain cache prune` removes nothing there."""
    with using_folder(cache, lambda: note("`transferpain cache prune` is at work: waiting for it.")):
        yield


def face_key(content: str, detector: str, margin: float, size: int, span: tuple[int, int | None] | None = None) -> str:
    """Return the cache key of a clip's faces; it changes with each argument, the reader and the encoding alone.

    Args:
        content: hash of the bytes of the video or the pictures.
        detector: the detector and its version, e.g. `mediapipe 1.2.3`.
        margin: enlargement of the box.
        size: side of the face in pixels.
        span: the stretch of the video; `None` for all of it.
    """
    stretch = [] if span is None else [list(span)]
    return fingerprint(["faces", READER, content, detector, float(margin), size, ENCODING, *stretch])


def faces_path(cache: Path, key: str) -> Path:
    """Return where the faces with this key stand."""
    return cache / "faces" / key[:2] / f"{key}.parquet"


def write_faces(path: Path, facts: FaceFacts, rows: list[dict]) -> None:
    """Write the faces of one clip: `rows` has one dict per frame with the names of `SCHEMA`; without `seconds` a frame
    has no time, without `faces` no face but the person's.

    `store.sync_checked` sees to it that they are on the disk.
    """
    metadata = {FACTS: json.dumps(asdict(facts)).encode()}
    rows = [{"seconds": math.nan, "faces": int(row["found"])} | row for row in rows]
    table = pa.Table.from_pylist(rows, schema=SCHEMA.with_metadata(metadata))
    # JPEG bytes neither compress nor repeat, and statistics of them would be copies of pictures.
    options = {"compression": "none", "use_dictionary": False, "write_statistics": False}
    write_checked(path, lambda temporary: pq.write_table(table, temporary, **options), synced=False)


def read_facts(path: Path) -> FaceFacts:
    """Read what is true of a whole clip, without its frames."""
    with reading_checked(path):
        return stated_facts(path)


def stated_facts(path: Path) -> FaceFacts:
    """Return what `read_facts` does, and leave a damaged file as it is: it raises whatever its reader raises."""
    # The first reader did not state itself.
    return FaceFacts(**{"reader": 1} | json.loads(pq.read_schema(path).metadata[FACTS]))


def read_faces(path: Path) -> Faces:
    """Read the faces of one clip from a cache file of `compute_faces`.

    Raises:
        DamagedFile: as `reading_checked`.
    """
    path = Path(path)
    with reading_checked(path):
        return _read_faces(path)


def _read_faces(path: Path) -> Faces:
    columns = pq.read_table(path, columns=[name for name in SCHEMA.names if name != "jpeg"]).to_pandas()
    return Faces(
        path=path,
        facts=read_facts(path),
        found=columns["found"].to_numpy(bool),
        boxes=columns[["left", "top", "right", "bottom"]].to_numpy(np.float32),
        scores=columns["score"].to_numpy(np.float32),
        seconds=columns["seconds"].to_numpy(np.float64),
        faces=columns["faces"].to_numpy(np.int16),
    )


def read_seconds(path: Path) -> np.ndarray:
    """Read each frame's own time from a cache file of `compute_faces`, float64 `(frames,)`."""
    return pq.read_table(path, columns=["seconds"]).column("seconds").to_numpy()
