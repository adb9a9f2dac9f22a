"""The cache of landmarks: one parquet file per clip, one row per frame."""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from transferpain.core.store import fingerprint, reading_checked, write_checked
from transferpain.data.media.medium import READER
from transferpain.inputs.faces.cache import FACTS, FaceFacts, read_facts
from transferpain.inputs.landmarks.blendshapes import BLENDSHAPES
from transferpain.inputs.landmarks.geometry import PLACING, POINTS
from transferpain.inputs.landmarks.settings import LandmarkSettings

WIDTHS = {"points": POINTS * 3, "centre": 3, "interocular": 1}
PLAIN = {"seconds": pa.float64(), "faces": pa.int16()}
BLENDSHAPE_WIDTHS = {"blendshapes": len(BLENDSHAPES)}  # of the column that stands in some files only


@dataclass(frozen=True)
class Landmarks:
    """The landmarks of a clip; NaN in frames without a face.

    Attributes:
        facts: what is true of the whole clip.
        points: float32 `(frames, 478, 3)`, x, y and z in inter-ocular distances from the middle between the eyes.
        centre: float32 `(frames, 3)`, the middle between the eyes in pixels of the original frame.
        interocular: float32 `(frames,)`, the inter-ocular distance in pixels.
        seconds: float64 `(frames,)`, each frame's own time since the medium's first; NaN where it has none.
        faces: int16 `(frames,)`, how many faces were found.
        blendshapes: float32 `(frames, 52)`, 0 to 1; `None` where they were not asked for.
    """

    facts: FaceFacts
    points: np.ndarray
    centre: np.ndarray
    interocular: np.ndarray
    seconds: np.ndarray
    faces: np.ndarray
    blendshapes: np.ndarray | None = None

    @property
    def found(self) -> np.ndarray:
        """Bool `(frames,)`, whether a frame has a face."""
        return ~np.isnan(self.interocular)

    @property
    def coverage(self) -> float:
        """Share of the frames with a face."""
        return self.facts.found / self.facts.num_frames

    @property
    def pixels(self) -> np.ndarray:
        """The points in pixels of the original frames, float32 `(frames, 478, 3)`."""
        return self.points * self.interocular[:, None, None] + self.centre[:, None]


def landmark_key(content: str, mesh: str, settings: LandmarkSettings, span: tuple[int, int | None] | None) -> str:
    """Return the cache key of a clip's landmarks; it changes with each argument, the reader and the placing alone.

    Args:
        content: hash of the bytes of the video or the pictures.
        mesh: the mesh and its version.
        span: the stretch of the video; `None` for all of it.
    """
    confidences = [float(settings.detection_confidence), float(settings.tracking_confidence)]
    marks = [name for name in ("still", "blendshapes") if getattr(settings, name)]
    return fingerprint(
        ["landmarks", READER, content, mesh, *confidences, *marks, PLACING, list(span) if span else None]
    )


def landmarks_path(cache: Path, key: str) -> Path:
    """Return where the landmarks with this key stand."""
    return cache / "landmarks" / key[:2] / f"{key}.parquet"


def write_landmarks(path: Path, facts: FaceFacts, rows: list[dict], blendshapes: bool = False) -> None:
    """Write the landmarks of one clip; `store.sync_checked` sees to it that they are on the disk.

    Args:
        facts: what is true of the whole clip.
        rows: one dict per frame with `found`, and with the names of `WIDTHS` if it has a face; of `PLAIN` as
            `write_faces` takes them.
        blendshapes: whether `blendshapes` is kept too, which those rows have then.
    """
    metadata = {FACTS: json.dumps(asdict(facts)).encode()}
    widths = WIDTHS | (BLENDSHAPE_WIDTHS if blendshapes else {})
    schema = pa.schema({name: pa.list_(pa.float32(), width) for name, width in widths.items()} | PLAIN)
    arrays = []
    for name, width in widths.items():
        values = np.full((len(rows), width), np.nan, np.float32)
        for number, row in enumerate(rows):
            if name in row:
                values[number] = np.reshape(row[name], width)
        arrays.append(pa.FixedSizeListArray.from_arrays(values.ravel(), width))
    alone = [{"seconds": math.nan, "faces": int(row["found"])} | row for row in rows]
    arrays += [pa.array([row[name] for row in alone], kind) for name, kind in PLAIN.items()]
    table = pa.Table.from_arrays(arrays, schema=schema.with_metadata(metadata))
    # Measured coordinates neither compress nor repeat.
    options = {"compression": "none", "use_dictionary": False, "write_statistics": False}
    write_checked(path, lambda temporary: pq.write_table(table, temporary, **options), synced=False)


def read_landmarks(path: Path) -> Landmarks:
    """Read the landmarks of one clip from a cache file of `compute_landmarks`.

    Raises:
        DamagedFile: as `reading_checked`.
    """
    path = Path(path)
    with reading_checked(path):
        return _read_landmarks(path)


def _read_landmarks(path: Path) -> Landmarks:
    table = pq.read_table(path)
    columns = {
        name: table.column(name).combine_chunks().flatten().to_numpy().reshape(-1, width)
        for name, width in (WIDTHS | BLENDSHAPE_WIDTHS).items()
        if name in table.column_names
    }
    points = columns["points"].reshape(-1, POINTS, 3)
    kept = columns.get("blendshapes")
    plain = [table.column(name).to_numpy() for name in PLAIN]
    return Landmarks(read_facts(path), points, columns["centre"], columns["interocular"][:, 0], *plain, kept)
