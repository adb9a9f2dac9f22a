import numpy as np
import pandas as pd
import pytest

from tests.data.media.test_video import halves
from tests.inputs.faces.drawing import write_video
from transferpain.core.errors import UserError
from transferpain.inputs.action_units.from_tables import check_tables, table_units, tables_hash

CLIPS = pd.DataFrame({"clip": ["042/calm", "043/pained"], "num_frames": [3, 2]})
FRAMES = pd.DataFrame({"file_clip": ["043/pained", "042/calm", "042/calm", "043/pained"], "row": [1, 2, 0, 0]})


def openface(folder, name, rows, header="frame,confidence,success,AU04_r,AU12_r"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


@pytest.fixture
def tables(tmp_path):
    openface(tmp_path / "a", "calm", ["1,.9,1,0.5,1", "2,.9,1,0.6,2", "3,.1,0,0,0"])
    # The columns of another table may stand in another order.
    openface(tmp_path / "b", "pained", ["1,.9,1,4,3", "2,.9,1,5,4"], "frame,confidence,success,AU12_r,AU04_r")
    return tmp_path


def refusal(folder, clips=CLIPS):
    with pytest.raises(UserError) as error:
        table_units(clips, FRAMES, folder)
    return str(error.value)


def test_each_frame_finds_its_row_and_one_without_a_face_is_missing(tables):
    measured = table_units(CLIPS, FRAMES, tables)
    assert measured.estimator.title == "OpenFace 2"
    assert measured.numbers == (4, 12)
    np.testing.assert_array_equal(measured.intensities, [[4, 5], [np.nan, np.nan], [0.5, 1], [3, 4]])


def test_a_clip_without_a_table_is_missing_and_named(tables, capsys):
    (tables / "a" / "calm.csv").unlink()
    measured = table_units(CLIPS, FRAMES, tables)
    assert np.isnan(measured.intensities).all(axis=1).tolist() == [False, True, True, False]
    assert "1 of 2 clips have no table of action units: 042/calm" in capsys.readouterr().err


def test_changed_tables_have_another_hash(tables):
    before = tables_hash(tables)
    openface(tables / "a", "calm", ["1,.9,1,0.5,1.5"])
    assert tables_hash(tables) != before


def test_a_folder_without_tables_is_refused(tmp_path):
    assert "Received: no .csv file" in refusal(tmp_path / "nowhere")


def test_two_tables_of_one_name_that_no_folder_tells_apart_are_refused(tables):
    openface(tables / "b", "calm", ["1,.9,1,0.5,1"])
    assert "Received: several tables calm.csv, which may be that of 042/calm" in refusal(tables)


def test_tables_of_clips_that_share_a_name_are_told_apart_by_their_folders(tmp_path):
    clips = pd.DataFrame({"clip": ["videos/p01/rest", "videos/p02/rest", "videos/p02/lift"], "num_frames": [1, 1, 1]})
    frames = pd.DataFrame({"file_clip": clips["clip"], "row": 0})
    for folder, name, value in (("p01", "rest", 1), ("x/p02", "rest", 2), ("any", "lift", 3)):
        openface(tmp_path / folder, name, [f"1,.9,1,{value},0"])
    assert table_units(clips, frames, tmp_path).intensities[:, 0].tolist() == [1, 2, 3]
    hashed = tables_hash(tmp_path)
    (tmp_path / "p01" / "rest.csv").rename(tmp_path / "rest.csv")
    assert tables_hash(tmp_path) != hashed
    assert "Received: rest.csv, which may be that of videos/p01/rest and of others" in refusal(tmp_path, clips)
    (tmp_path / "rest.csv").unlink()
    assert np.isnan(table_units(clips, frames, tmp_path).intensities[:, 0]).tolist() == [True, False, False]


def test_a_table_that_is_spelt_otherwise_than_its_clip_is_no_missing_one(tables):
    (tables / "a" / "calm.csv").rename(tables / "a" / "Calm.csv")
    assert "Received: 'calm' and 'Calm'" in refusal(tables)
    (tables / "b" / "pained.csv").rename(tables / "b" / "PAINED.csv")
    assert "'Calm', and 1 more" in refusal(tables)


def test_tables_are_looked_at_before_anything_is_computed(tables):
    write_video(tables / "data" / "calm.mp4", halves())
    openface(tables / "a", "calm", [f"{number},.9,1,0.5,1" for number in range(1, 13)])
    clips = pd.DataFrame(
        {"clip": ["042/calm", "043/pained"], "media": ["calm.mp4", "pictures"], "kind": ["video", "images"]}
    ).assign(first_frame=0, num_frames=pd.array([pd.NA, 2], dtype="Int64"))
    check_tables(clips, tables, tables / "data")
    told = r"no table of the clip {}(.|\n)*Received: frame {} of {}"
    for changes, faults in (
        ({"num_frames": [pd.NA, 1]}, ("043/pained", 2, 1)),
        ({"first_frame": [3, 0], "kind": ["span", "images"], "num_frames": [400, 2]}, ("042/calm", 12, 9)),
        ({"kind": ["span", "images"], "num_frames": [5, 2]}, ("042/calm", 12, 5)),
    ):
        with pytest.raises(UserError, match=told.format(*faults)):
            check_tables(clips.assign(**changes).astype({"num_frames": "Int64"}), tables, tables / "data")
    openface(tables / "a", "calm", ["13,.9,1,0.5,1"])
    with pytest.raises(UserError, match=told.format("042/calm", 13, 12)):
        check_tables(clips, tables, tables / "data")
    openface(tables / "a", "calm", ["1,.9,1,9,1"])
    with pytest.raises(UserError, match="scale"):
        check_tables(clips, tables, tables / "data")


def test_tables_of_other_clips_are_refused(tables):
    others = CLIPS.assign(clip=["1/other", "2/another"])
    assert "Received: no table of 1/other, 2/another" in refusal(tables, others)


def test_clips_that_share_a_name_are_refused(tables):
    told = "Received: a/calm.csv, which may be that of 043/calm and of others"
    assert told in refusal(tables, CLIPS.assign(clip=["042/calm", "043/calm"]))


def test_a_table_with_more_frames_than_its_clip_is_refused(tables):
    assert "Received: frame 3 of 2" in refusal(tables, CLIPS.assign(num_frames=2))


def test_tables_of_two_tools_are_not_mixed(tables):
    openface(tables / "b", "pained", ["0,.9,.5,.5"], "frame,FaceScore,AU04,AU12")
    assert "cannot be mixed" in refusal(tables)


def test_a_table_that_lacks_an_action_unit_is_refused(tables):
    openface(tables / "b", "pained", ["1,.9,1,4"], "frame,confidence,success,AU04_r")
    assert "did not measure AU12" in refusal(tables)


def test_detections_alone_are_refused(tables):
    for folder, name in (("a", "calm"), ("b", "pained")):
        openface(tables / folder, name, ["1,.9,1,1"], "frame,confidence,success,AU04_c")
    assert "Received: OpenFace 2 with AU4 detected only" in refusal(tables)


def test_a_clip_whose_length_nobody_states_is_read(tables):
    unknown = CLIPS.assign(num_frames=pd.array([pd.NA, 2], dtype="Int64"))
    np.testing.assert_array_equal(
        table_units(unknown, FRAMES, tables).intensities, table_units(CLIPS, FRAMES, tables).intensities
    )
