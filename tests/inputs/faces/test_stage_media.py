"""The faces stage on folders of pictures, single pictures and stretches of videos."""

import math
import os
import re
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.data.datasets.unbc_trees import make_sequence
from tests.data.media import odd_videos
from tests.inputs.faces.drawing import draw_plain_face, moving_face, write_video
from transferpain.core.errors import UserError
from transferpain.data.datasets.index import Index, read_index
from transferpain.data.datasets.sequences import cut_sequences
from transferpain.data.media.paths import resolve_media
from transferpain.inputs.faces.cache import read_faces
from transferpain.inputs.faces.stage import compute_faces
from transferpain.inputs.features.extract import extract_features
from transferpain.inputs.features.extractors.source import SourceExtractor
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.models.sources.face_settings import FaceSettings

SETTINGS = FaceSettings(size=64)
NAMES = re.compile(r"erika|muster|größe", re.IGNORECASE)


def png(picture: np.ndarray) -> bytes:
    return cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes()


FACE = png(draw_plain_face())
WALL = png(np.full((240, 320, 3), 90, np.uint8))
HALF = FACE[: len(FACE) // 2]


def write_sweep(root: Path, person: str, sweep: int, pictures: list[bytes]) -> Path:
    """Write a sweep of MIntPAIN; `person` is the name of the subject's folder."""
    number = int(re.search(r"\d+", person)[0])
    trial = root / "mintpain" / "Extracted_Data" / person / f"Annotated_data_Sub{number:02}_Trial01"
    folder = trial / f"Sub{number:02}_Trial01_Sweep{sweep:02}_Label{sweep % 5}" / "RGB"
    folder.mkdir(parents=True)
    for place, picture in enumerate(pictures):
        (folder / f"RGB-12-00-{place:02}.png").write_bytes(picture)
    return folder


def faces_of(index: Index, cache: Path, jobs: int = 0) -> pd.DataFrame:
    return compute_faces(index.clips, index.data_root, SETTINGS, cache, jobs)


def write_table(root: Path, table: str) -> Index:
    (root / "clinic" / "index.csv").write_text(table, encoding="utf-8")
    return read_index("clinic", root)


def test_pictures_of_unbc_are_the_rows_of_its_frames(tmp_path):
    make_sequence(tmp_path / "unbc", "042-ll042", "ll042t1aaaff", [{}, {4: 3}, {}, {4: 5}], FACE)
    folder = tmp_path / "unbc" / "Images" / "042-ll042" / "ll042t1aaaff"
    (folder / "ll042t1aaaff002.png").write_bytes(WALL)
    (folder / "ll042t1aaaff003.png").write_bytes(HALF)
    index = read_index("unbc", tmp_path)
    (row,) = faces_of(index, tmp_path / "cache").itertuples()
    assert (row.num_frames, row.found, row.problem) == (4, 2, "")
    assert math.isnan(row.fps)
    faces = read_faces(row.faces)
    assert math.isnan(faces.fps)
    assert faces.found.tolist() == [True, False, False, True]
    assert index.frames["pspi"][faces.found].tolist() == [0, 5]
    assert faces.images.shape == (2, 64, 64, 3)


def test_no_name_of_a_person_is_kept_or_told(tmp_path, capfd):
    cache = tmp_path / "cache"
    write_sweep(tmp_path, "Sub1 Erika Muster", 1, [FACE, HALF, FACE])
    write_sweep(tmp_path, "Sub1 Erika Muster", 2, [HALF, b""])
    gone = write_sweep(tmp_path, "Sub2 Jörg Größe", 1, [FACE])
    emptied = write_sweep(tmp_path, "Sub2 Jörg Größe", 2, [FACE])
    damaged = write_sweep(tmp_path, "Sub2 Jörg Größe", 3, [FACE, WALL])
    index = read_index("mintpain", tmp_path)
    (gone / "RGB-12-00-00.png").unlink()
    gone.rmdir()
    (emptied / "RGB-12-00-00.png").unlink()
    faces = faces_of(index, cache, jobs=1)  # a worker may tell names as well
    assert faces["found"].tolist() == [2, 0, 0, 0, 1]
    assert [bool(problem) for problem in faces["problem"]] == [False, True, True, True, False]
    assert "not one picture" in faces["problem"][1]
    assert "cannot be read" in faces["problem"][2]
    assert "holds no picture" in faces["problem"][3]
    Path(faces["faces"][4]).write_bytes(b"damaged")
    again = faces_of(index, cache)
    pd.testing.assert_frame_equal(again, faces)
    with pytest.raises(UserError) as error:
        extract_features(SourceExtractor(None), again, FeatureSettings(fps=5), cache)
    files = [path for path in cache.rglob("*") if path.is_file() and not path.name.startswith(".lock")]
    assert len([path for path in files if "faces" in path.parts]) == 4
    told = capfd.readouterr()
    assert "faces of clip Sub02_Trial01_Sweep03_Label3 are damaged" in told.err
    texts = [told.err, told.out, str(error.value), again.to_csv(), *(str(path.relative_to(cache)) for path in files)]
    texts += [path.read_bytes().decode("utf-8", errors="replace") for path in files]
    assert not [text for text in texts if NAMES.search(text)]
    assert NAMES.search(str(damaged))


def test_renamed_folders_and_pictures_keep_their_faces(tmp_path):
    folder = write_sweep(tmp_path, "Sub1 Erika Muster", 1, [FACE, WALL])
    before = faces_of(read_index("mintpain", tmp_path), tmp_path / "cache")
    (folder / "RGB-12-00-01.png").rename(folder / "RGB-13-00-00.png")
    (tmp_path / "mintpain" / "Extracted_Data" / "Sub1 Erika Muster").rename(
        tmp_path / "mintpain" / "Extracted_Data" / "Sub1"
    )
    pd.testing.assert_frame_equal(faces_of(read_index("mintpain", tmp_path), tmp_path / "cache"), before)


@pytest.mark.slow
def test_pictures_in_another_order_are_other_faces(tmp_path):
    folder = write_sweep(tmp_path, "Sub1", 1, [FACE, WALL])
    before = faces_of(read_index("mintpain", tmp_path), tmp_path / "cache")
    (folder / "RGB-12-00-00.png").rename(folder / "RGB-12-00-02.png")
    after = faces_of(read_index("mintpain", tmp_path), tmp_path / "cache")
    assert before["key"][0] != after["key"][0]
    assert read_faces(after["faces"][0]).found.tolist() == [False, True]


@pytest.mark.slow
def test_a_mended_picture_is_used(tmp_path):
    folder = write_sweep(tmp_path, "Sub1", 1, [FACE, HALF])
    index = read_index("mintpain", tmp_path)
    assert faces_of(index, tmp_path / "cache")["found"][0] == 1
    (folder / "RGB-12-00-01.png").write_bytes(FACE)
    assert faces_of(index, tmp_path / "cache")["found"][0] == 2


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="there is no file that is there but cannot be read")
def test_a_picture_that_cannot_be_read_does_not_stop_its_clip(tmp_path):
    folder = write_sweep(tmp_path, "Sub1", 1, [FACE, FACE])
    index = read_index("mintpain", tmp_path)
    (folder / "RGB-12-00-00.png").unlink()
    (folder / "RGB-12-00-00.png").symlink_to("/proc/self/mem")
    (row,) = faces_of(index, tmp_path / "cache").itertuples()
    assert read_faces(row.faces).found.tolist() == [False, True]


def test_single_and_linked_pictures_of_own_data(tmp_path):
    (tmp_path / "clinic" / "linked").mkdir(parents=True)
    (tmp_path / "clinic" / "one.png").write_bytes(FACE)
    (tmp_path / "clinic" / "linked" / "a.png").symlink_to(tmp_path / "clinic" / "one.png")
    index = write_table(tmp_path, "media,subject,label,fps\none.png,a,pain,\nlinked,a,none,4\n")
    faces = faces_of(index, tmp_path / "cache")
    assert faces["found"].tolist() == [1, 1]
    # The same bytes: computed once. What the user states of the rate is not in the key.
    assert faces["key"].nunique() == 1
    assert math.isnan(faces["fps"][0])
    assert faces["fps"][1] == 4


@pytest.fixture
def film(tmp_path) -> Path:
    """A data root with a video: a face in frames 4 to 9 of 12."""
    wall = [np.full((240, 320, 3), 90, np.uint8)]
    write_video(tmp_path / "clinic" / "film.mp4", wall * 4 + moving_face(6) + wall * 2)
    return tmp_path


def test_a_span_decodes_its_frames_alone(film, monkeypatch):
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 60 * 10**9)  # what was just written is not remembered
    rows = ["2,6", "4,8", "8,", ",5", "10,12", "11,", "11,12", ","]
    index = write_table(film, "media,subject,label,start,end\n" + "".join(f"film.mp4,a,x,{row}\n" for row in rows))
    # An own table with such spans is refused, while the video can be read.
    index.clips.loc[4, "num_frames"] = 30
    index.clips.loc[[5, 6], "first_frame"] = [12, 30]
    faces = faces_of(index, film / "cache")
    assert faces["num_frames"].tolist() == [4, 4, 4, 5, 2, 0, 0, 12]
    assert faces["found"].tolist() == [2, 4, 2, 1, 0, 0, 0, 6]
    assert "from frame 12 on" in faces["problem"][5]
    assert "ends before frame 30" in faces["problem"][6]
    assert (faces["problem"][[0, 1, 2, 3, 4, 7]] == "").all()
    assert faces["fps"][0] == 25
    assert faces.loc[faces["key"] != "", "key"].is_unique
    whole, part = read_faces(faces["faces"][7]), read_faces(faces["faces"][1])
    assert part.jpegs() == whole.jpegs()[:4]
    # The video was hashed once for all of its spans.
    assert len([path for path in (film / "cache" / "hashes").rglob("*") if path.is_file()]) == 1


def test_the_nominal_frames_of_a_whole_video_are_no_span(film):
    index = write_table(film, "media,subject,label\nfilm.mp4,a,x\n")
    whole = faces_of(index, film / "cache")
    nominal = compute_faces(index.clips.assign(num_frames=5), film, SETTINGS, film / "cache", jobs=0)
    pd.testing.assert_frame_equal(nominal, whole)
    assert whole["num_frames"][0] == 12


def test_a_span_from_the_first_frame_on_is_told_from_a_whole_video(film):
    index = write_table(film, "media,subject,label,end\nfilm.mp4,a,x,5\n")
    assert index.clips["kind"].tolist() == ["span"]
    assert resolve_media(film, index.clips["media"][0]) == film / "clinic" / "film.mp4"
    assert faces_of(index, film / "cache")["num_frames"].tolist() == [5]


def test_a_stretch_of_a_folder_has_the_faces_of_its_pictures(tmp_path):
    make_sequence(tmp_path / "unbc", "042-ll042", "ll042t1aaaff", [{}, {4: 3}, {}, {}, {4: 5}], FACE)
    folder = tmp_path / "unbc" / "Images" / "042-ll042" / "ll042t1aaaff"
    for number in (2, 5):
        (folder / f"ll042t1aaaff{number:03d}.png").write_bytes(WALL)
    index = cut_sequences(read_index("unbc", tmp_path), "pspi", 2)
    table = faces_of(index, tmp_path / "cache")
    assert [read_faces(path).found.tolist() for path in table["faces"]] == [[True, False], [True, True]]
    assert table["num_frames"].tolist() == index.clips["num_frames"].tolist() == [2, 2]
    assert table["key"].is_unique


def test_a_clip_stays_with_its_first_person_and_counts_frames_of_several(tmp_path):
    def scene(number: int) -> np.ndarray:
        picture = draw_plain_face(640, 240, center=(120, 120), scale=0.7)
        if number >= 8:
            near = draw_plain_face(320, 240, center=(160, 120), scale=0.8 + 0.05 * (number - 8))
            picture[:, 320:] = near
        return picture

    (tmp_path / "clinic").mkdir()
    write_video(tmp_path / "clinic" / "a.mp4", [scene(number) for number in range(16)])
    stage = faces_of(write_table(tmp_path, "media,subject,label\na.mp4,p,1\n"), tmp_path / "cache")
    faces = read_faces(stage["faces"][0])
    assert faces.found.all()
    assert faces.boxes[:, 2].max() < 240
    assert faces.faces.tolist() == [1] * 8 + [2] * 8
    assert stage["several"].tolist() == [8]


def test_whatever_holds_pictures_is_a_clip_of_own_data(tmp_path):
    (tmp_path / "clinic").mkdir()
    frames = moving_face(6)
    odd_videos.write_browser_video(tmp_path / "clinic" / "a.webm", frames)
    odd_videos.write_bare_stream(tmp_path / "clinic" / "b.mjpeg", frames)
    pictures = [Image.fromarray(frame) for frame in frames]
    for name in ("c.gif", "d.webp", "e.tif"):
        pictures[0].save(tmp_path / "clinic" / name, save_all=True, append_images=pictures[1:])
    pictures[0].save(tmp_path / "clinic" / "f.webp")
    os.mkfifo(tmp_path / "clinic" / "g.mp4")
    rows = "".join(
        f"{name},p{name},1\n" for name in ("a.webm", "b.mjpeg", "c.gif", "d.webp", "e.tif", "f.webp", "g.mp4")
    )
    index = write_table(tmp_path, f"media,subject,label\n{rows}")
    assert index.problems == (
        "clinic/g.mp4: it is a pipe (FIFO), and no file that holds a video or a picture, ignored.",
    )
    stage = faces_of(index, tmp_path / "cache")
    assert stage["problem"].tolist() == [""] * 6
    assert stage["num_frames"].tolist() == stage["found"].tolist() == [6, 6, 6, 6, 6, 1]
    # A pipe that took the place of a video after it was indexed.
    (tmp_path / "clinic" / "a.webm").unlink()
    os.mkfifo(tmp_path / "clinic" / "a.webm")
    assert "it is a pipe" in faces_of(index, tmp_path / "cache")["problem"][0]
