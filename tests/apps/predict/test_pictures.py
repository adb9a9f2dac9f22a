import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage

from tests.apps.serve.drawn import draw_person
from tests.data.datasets.media_files import video
from transferpain.apps.predict.pictures import NO_FACE, UNDECODED, Answering, columns_of, find_media, predict_places
from transferpain.core.errors import UserError
from transferpain.inputs.faces.crop import crop_face
from transferpain.inputs.faces.detectors import load_detector
from transferpain.models.sources.face_settings import FaceSettings

FACES = FaceSettings(margin=0.25, size=32)
CLASSES = ("dark", "light")
WALL = np.full((240, 320, 3), 90, np.uint8)
PHOTOGRAPH = Path(skimage.__file__).parent / "data" / "astronaut.png"  # NASA's portrait of Eileen Collins


def lightness(faces: np.ndarray) -> np.ndarray:
    assert (faces.dtype, faces.shape[1:]) == (np.uint8, (FACES.size, FACES.size, 3))
    light = faces.mean(axis=(1, 2, 3)) / 255
    return np.stack([1 - light, light], axis=1).astype(np.float32)


MODEL = Answering(CLASSES, FACES, lightness, synthetic=True)


def save(path: Path, picture: np.ndarray) -> Path:
    path.write_bytes(cv2.imencode(path.suffix, picture[..., ::-1])[1].tobytes())
    return path


def save_video(path: Path, pictures: list[np.ndarray], rate: float = 10) -> Path:
    height, width = pictures[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), rate, (width, height))
    for picture in pictures:
        writer.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    writer.release()
    return path


def test_the_face_of_a_photograph_is_found_and_answered_as_in_training():
    table = predict_places([PHOTOGRAPH], MODEL)
    assert list(table) == [*columns_of(CLASSES), "synthetic"]
    (row,) = table.to_dict("records")
    picture = cv2.imread(str(PHOTOGRAPH))[..., ::-1]
    box = load_detector("mediapipe")(picture)
    expected = lightness(crop_face(picture, box[:4], FACES.margin, FACES.size)[None])[0]
    assert (row["frame"], row["faces"], row["face"], row["problem"], row["synthetic"]) == (0, 1, 1, "", True)
    assert [row[name] for name in box._fields] == pytest.approx(list(box))
    assert [row["p_dark"], row["p_light"]] == pytest.approx(expected)
    assert row["answer"] == CLASSES[expected.argmax()]
    assert math.isnan(row["seconds"])


def test_a_photograph_without_a_face_is_a_row_without_an_answer(tmp_path):
    (row,) = predict_places([save(tmp_path / "wall.png", WALL)], MODEL).to_dict("records")
    assert (row["faces"], row["answer"], row["problem"]) == (0, "", NO_FACE)
    assert math.isnan(row["p_dark"])
    assert math.isnan(row["left"])


def test_files_of_other_kinds_in_a_folder_are_counted_by_their_endings(tmp_path, capsys):
    deep = tmp_path.joinpath(*"abcdefgh")
    deep.mkdir(parents=True)
    save(deep / "wall.png", WALL)
    assert find_media(tmp_path) == [deep / "wall.png"]
    assert capsys.readouterr().err == ""
    for name in ("one.heic", "two.HEIC", "notes.txt"):
        (deep / name).write_bytes(b"x")
    assert find_media(tmp_path) == [deep / "wall.png"]
    told = capsys.readouterr().err
    assert "3 of 4 files are passed over" in told
    assert told.endswith(": 2 .heic, 1 .txt\n")


def test_of_three_people_each_has_a_row_the_largest_first(tmp_path):
    small = cv2.resize(draw_person(2), (240, 180), interpolation=cv2.INTER_AREA)
    group = np.full((480, 640, 3), 90, np.uint8)
    group[270:450, :240], group[:240, :320], group[:240, 320:] = small, draw_person(1), draw_person(4)
    table = predict_places([save(tmp_path / "group.png", group)], MODEL)
    assert table["face"].tolist() == [1, 2, 3]
    assert set(table["faces"]) == {3}
    areas = (table["right"] - table["left"]) * (table["bottom"] - table["top"])
    assert areas.is_monotonic_decreasing
    assert table["top"].iloc[2] > 270
    assert table["answer"].isin(CLASSES).all()


def test_frames_of_a_video_have_their_numbers_and_times(tmp_path):
    frames = [draw_person(), WALL, draw_person()]
    table = predict_places([save_video(tmp_path / "clip.mp4", frames)], MODEL)
    assert table["frame"].tolist() == [0, 1, 2]
    assert table["seconds"].tolist() == pytest.approx([0, 0.1, 0.2])
    assert (table["answer"] != "").tolist() == [True, False, True]
    assert table["problem"].tolist() == ["", NO_FACE, ""]
    assert UNDECODED != NO_FACE


def test_more_faces_than_are_answered_together_keep_their_own_answers(tmp_path):
    frames = [np.roll(draw_person(subject), subject, axis=1) for subject in range(7)]
    files = [save(tmp_path / f"{number}.png", frame) for number, frame in enumerate(frames)]
    clip = save_video(tmp_path / "clip.avi", frames * 5)
    alone = predict_places(files, MODEL)
    together = predict_places([clip], MODEL)
    assert len(together) == 35
    assert np.corrcoef(together["p_light"], np.tile(alone["p_light"], 5))[0, 1] > 0.95


def test_a_folder_stands_for_its_pictures_and_videos(tmp_path):
    folder = tmp_path / "Sub3 Some Body"
    folder.mkdir()
    (folder / "notes.txt").write_text("no picture")
    save(folder / "b10.png", WALL)
    save(folder / "b9.png", WALL)
    table = predict_places([folder, folder / "b9.png"], MODEL)
    assert [Path(file).name for file in table["file"]] == ["b9.png", "b10.png"]
    assert not table["file"].str.contains("Some Body").any()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("video.jpg", None, "such as a video"),
        ("text.png", b"no picture", "no picture that can be decoded"),
        ("text.mp4", b"no video", "video"),
        ("empty.jpg", b"", "empty"),
    ],
)
def test_what_cannot_be_read_is_refused_alone_and_a_row_beside_others(name, content, reason, tmp_path):
    bad, good = tmp_path / name, save(tmp_path / "good.png", WALL)
    bad.write_bytes(video(tmp_path / "clip.mp4", 3) if content is None else content)
    with pytest.raises(UserError, match=rf"(?s)nothing that can be read.*{reason}"):
        predict_places([bad], MODEL)
    table = predict_places([bad, good], MODEL)
    assert reason in table["problem"].iloc[0]
    assert table["problem"].iloc[1] == NO_FACE
    assert table["frame"].isna().tolist() == [True, False]


def test_what_is_not_there_and_an_empty_folder_are_refused(tmp_path):
    with pytest.raises(UserError, match="no such picture or video"):
        predict_places([tmp_path / "nowhere.png"], MODEL)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"(?s)holds no picture and no video.*an empty folder"):
        predict_places([tmp_path / "empty"], MODEL)


def test_a_file_that_is_named_in_several_ways_is_answered_once_in_the_first_place(tmp_path, monkeypatch):
    first, second = (save(tmp_path / f"{name}.png", WALL) for name in ("b", "a"))
    monkeypatch.chdir(tmp_path)
    ways = [Path("b.png"), second, first, Path("..") / tmp_path.name / "a.png", tmp_path]
    table = predict_places(ways, MODEL)
    assert [Path(file).name for file in table["file"]] == ["b.png", "a.png"]
    assert table["file"].iloc[0] == "b.png"
