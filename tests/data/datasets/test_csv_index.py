import json

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.datasets.columns import COMMON_COLUMNS
from tests.data.datasets.trees import touch
from transferpain.core.errors import UserError
from transferpain.data.datasets import csv_index
from transferpain.data.datasets.check import check_dataset
from transferpain.data.datasets.index import read_index

TABLE = """\
media,subject,label,split,site
videos/Anna 1.mp4,anna,pain,train,left
videos/otto.avi, otto ,none,test,
pictures/Zoë,zoë,,,right
pictures/one.PNG,otto,none,test,left
"""


@pytest.fixture
def clinic(tmp_path):
    folder = tmp_path / "clinic"
    touch(folder / "videos" / "Anna 1.mp4", b"12345")
    touch(folder / "videos" / "otto.avi")
    for number in (1, 2, 10):
        touch(folder / "pictures" / "Zoë" / f"{number}.jpg")
    touch(folder / "pictures" / "one.PNG")
    (folder / "index.csv").write_text(TABLE, encoding="utf-8")
    return tmp_path


def write(clinic, table: str, name: str = "index.csv") -> None:
    (clinic / "clinic" / name).write_text(table, encoding="utf-8")


def test_rows_become_clips(clinic):
    index = read_index("clinic", clinic)
    clips = index.clips
    assert tuple(clips.columns) == (*COMMON_COLUMNS, "label", "site")
    assert clips["clip"].tolist() == ["videos/Anna 1", "videos/otto", "pictures/Zoë", "pictures/one"]
    assert clips["media"].tolist()[0] == "clinic/videos/Anna 1.mp4"
    assert clips["kind"].tolist() == ["video", "video", "images", "images"]
    assert clips["num_frames"].tolist() == [pd.NA, pd.NA, 3, 1]
    assert clips["first_frame"].tolist() == [0, 0, 1, 1]
    assert clips["bytes"].tolist() == [5, 1, 3, 1]
    assert clips["subject"].tolist() == ["anna", "otto", "zoë", "otto"]
    assert clips["label"].tolist() == ["pain", "none", pd.NA, "none"]
    assert clips["site"].tolist() == ["left", pd.NA, "right", "left"]
    assert clips["split"].tolist() == ["train", "test", "", "test"]
    assert index.frames is None
    assert index.problems == ()
    assert not index.dataset.redistributable


def test_sex_and_age_stand_in_the_index_as_such(clinic):
    lines = TABLE.splitlines()
    more = ["sex,age", "w,31", "male,", ",", "m,50"]
    write(clinic, "\n".join(f"{line},{cells}" for line, cells in zip(lines, more, strict=True)) + "\n")
    index = read_index("clinic", clinic)
    assert tuple(index.clips.columns) == (*COMMON_COLUMNS, "label", "site", "sex", "age")
    assert index.clips["sex"].tolist() == ["w", "m", pd.NA, "m"]
    assert index.clips["age"].tolist() == [31, pd.NA, pd.NA, 50]
    assert index.problems == ("sex: 'male' of 1 clips is read as 'm'.",)
    write(clinic, "\n".join(f"{line},{cells}" for line, cells in zip(lines, ["age", "400", "", "", ""], strict=True)))
    with pytest.raises(UserError, match=r"(?s)up to 120.*line 2: '400'"):
        read_index("clinic", clinic)


def test_a_twins_mark_counts_for_own_data_too(clinic):
    (clinic / "clinic" / "SYNTHETIC.json").write_text(json.dumps({"synthetic": True}))
    assert read_index("clinic", clinic).synthetic


def test_spans_of_one_video_are_clips_of_their_own(clinic):
    write(
        clinic,
        "media,subject,label,start,end,fps\nvideos/otto.avi,o,a,0,50,25\nvideos/otto.avi,o,b,50,,25.5\n"
        "videos/otto.avi,o,c,,20,\nvideos/otto.avi,o,d,,,\n",
    )
    clips = read_index("clinic", clinic).clips
    assert clips["clip"].tolist() == ["videos/otto@0-50", "videos/otto@50-", "videos/otto@-20", "videos/otto"]
    assert clips["kind"].tolist() == ["span", "span", "span", "video"]
    assert clips["first_frame"].tolist() == [0, 50, 0, 0]
    assert clips["num_frames"].tolist() == [50, pd.NA, 20, pd.NA]
    assert clips["fps"].tolist() == [25, 25.5, pd.NA, pd.NA]


def test_byte_order_mark_crlf_quotes_and_blank_lines(clinic):
    table = '\ufeffmedia,subject,label\r\n\r\n"videos/Anna 1.mp4","a, b",pain\r\n,,\r\n'
    (clinic / "clinic" / "index.csv").write_bytes(table.encode())
    assert read_index("clinic", clinic).clips["subject"].tolist() == ["a, b"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "no column media"),
        ("media,label\nvideos/otto.avi,pain\n", r"no column subject(.|\n)*Received: media,label"),
        ("media;subject;label\nvideos/otto.avi;o;pain\n", "no column media"),
        ("media,subject,label\n", "no line below"),
        ("media,subject,label,label\nvideos/otto.avi,o,a,b\n", "names that differ"),
        ("media,subject,label,\nvideos/otto.avi,o,a,b\n", "names that differ"),
        ("media,subject,label\nvideos/otto.avi,o\n", r"3 cells each(.|\n)*line 2"),
        ("media,subject,label\nvideos/otto.avi,o,1,5\n", r"3 cells each(.|\n)*line 2"),
        ("media,subject,label,kind\nvideos/otto.avi,o,a,video\n", r"fills itself(.|\n)*Received: kind"),
        ("media,subject,label\n,o,a\n", r"no media(.|\n)*line 2"),
        ("media,subject,label\nvideos/otto.avi,o,a\nvideos/otto.avi,o,b\n", r"stands twice(.|\n)*line 2(.|\n)*line 3"),
        ("media,subject,label,clip\nvideos/otto.avi,o,a,x\npictures/one.PNG,o,b,x\n", "stands twice"),
        ("media,subject,label\n../../secret.mp4,o,a\n", r"outside the data root(.|\n)*line 2: '\.\./\.\./secret"),
        ("media,subject,label\nvideos/../../../x.mp4,o,a\n", "outside the data root"),
        ("media,subject,label\n/etc/x.mp4,o,a\n", "outside the data root"),
        ("media,subject,label,split\nvideos/otto.avi,o,a,training\n", r"train, validation, test(.|\n)*'training'"),
        ("media,subject,label,start\nvideos/otto.avi,o,a,1.5\n", r"column start(.|\n)*line 2: '1\.5'"),
        ("media,subject,label,start\nvideos/otto.avi,o,a,-1\n", "column start"),
        ("media,subject,label,start,end\nvideos/otto.avi,o,a,9,9\n", "ends before it begins"),
        ("media,subject,label,end\nvideos/otto.avi,o,a,0\n", "ends before it begins"),
        ('media,subject,label,fps\nvideos/otto.avi,o,a,"29,97"\n', r"decimal point(.|\n)*'29,97'"),
        ("media,subject,label,start\npictures/Zoë,o,a,3\n", "with videos only"),
        ('media,subject,label\n"videos/otto.avi,o,a\n', "comma separated"),
    ],
)
def test_wrong_tables_are_refused_with_their_line(clinic, table, message):
    write(clinic, table)
    with pytest.raises(UserError, match=message):
        read_index("clinic", clinic)


def test_bytes_that_are_no_text_are_refused(clinic):
    (clinic / "clinic" / "index.csv").write_bytes(b"media,subject,label\n\xff\xfe,a,b\n")
    with pytest.raises(UserError, match="UTF-8"):
        read_index("clinic", clinic)


def test_a_missing_subject_is_refused_unless_it_is_allowed(clinic):
    write(clinic, "media,subject,label\nvideos/otto.avi,,pain\npictures/one.PNG,,none\nvideos/Anna 1.mp4,anna,pain\n")
    with pytest.raises(UserError, match=r"no subject(.|\n)*allow_missing_subjects(.|\n)*line 2(.|\n)*line 3"):
        read_index("clinic", clinic)
    write(clinic, "allow_missing_subjects: true\ntitle: Our clinic\n", "dataset.yaml")
    index = read_index("clinic", clinic)
    assert index.clips["subject"].nunique() == 3
    assert "2 clips have no subject" in index.problems[0]
    assert index.dataset.title == "Our clinic"


@pytest.mark.parametrize(
    "facts", ["allow_missing_subjects: maybe", "allow_missing_subjects: 1", "colour: red", "- a", "{"]
)
def test_damaged_facts_are_refused(clinic, facts):
    write(clinic, facts, "dataset.yaml")
    with pytest.raises(UserError, match=r"dataset\.yaml cannot be used"):
        read_index("clinic", clinic)


def test_an_empty_facts_file_states_nothing(clinic):
    write(clinic, "", "dataset.yaml")
    assert read_index("clinic", clinic).dataset.licence == "Not stated."


def test_media_that_cannot_be_used_are_told_and_left_out(clinic):
    folder = clinic / "clinic"
    (folder / "loop.mp4").symlink_to(folder / "loop.mp4")
    (folder / "ring").mkdir()
    (folder / "ring" / "ring").symlink_to(folder / "ring")
    touch(folder / "notes.txt")
    write(
        clinic,
        "media,subject,label\ngone.mp4,a,x\nloop.mp4,b,x\nring,c,x\nnotes.txt,d,x\nvideos/otto.avi,o,x\nx\x00.mp4,e,x\n",
    )
    index = read_index("clinic", clinic)
    assert index.clips["subject"].tolist() == ["o"]
    assert index.problems[:4] == (
        "clinic/gone.mp4: No such file or directory, ignored.",
        "clinic/loop.mp4: Too many levels of symbolic links, ignored.",
        "clinic/ring: a folder without a picture, ignored.",
        "clinic/notes.txt: neither a video nor a picture by its name, ignored.",
    )
    assert len(index.problems) == 5


def test_without_any_usable_media_the_reasons_are_shown(clinic):
    write(clinic, "media,subject,label\ngone.mp4,a,x\n")
    with pytest.raises(UserError, match=r"No data of clinic(.|\n)*gone\.mp4: No such file"):
        read_index("clinic", clinic)


def test_frames_are_ordered_by_clip_and_time(clinic):
    write(clinic, "frame,clip,pspi\n10,videos/otto,3\n2,videos/otto,\n0,videos/Anna 1,1\n", "frames.csv")
    frames = read_index("clinic", clinic).frames
    assert frames["clip"].tolist() == ["videos/Anna 1", "videos/otto", "videos/otto"]
    assert frames["frame"].tolist() == [0, 2, 10]
    assert frames["pspi"].tolist() == ["1", pd.NA, "3"]
    assert str(frames["frame"].dtype) == "int64"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("clip,pspi\nvideos/otto,1\n", "no column frame"),
        ("clip,frame,pspi\nvideos/anna,1,1\n", r"does not stand in index\.csv(.|\n)*line 2: 'videos/anna'"),
        ("clip,frame,pspi\nvideos/otto,1,1\nvideos/otto,1,2\n", r"stands twice(.|\n)*line 3"),
        ("clip,frame,pspi\nvideos/otto,01,1\nvideos/otto,1,2\n", "stands twice"),
        ("clip,frame,pspi\nvideos/otto,,1\n", "no frame"),
        ("clip,frame,pspi\nvideos/otto,x,1\n", "column frame"),
    ],
)
def test_wrong_frame_labels_are_refused(clinic, table, message):
    write(clinic, table, "frames.csv")
    with pytest.raises(UserError, match=message):
        read_index("clinic", clinic)


def test_the_hash_follows_labels_and_frames(clinic):
    plain = read_index("clinic", clinic).hash
    write(clinic, "clip,frame,pspi\nvideos/otto,1,1\n", "frames.csv")
    framed = read_index("clinic", clinic).hash
    write(clinic, TABLE.replace("otto.avi, otto ,none", "otto.avi,otto,pain"))
    assert len({plain, framed, read_index("clinic", clinic).hash}) == 3


def test_own_data_never_stand_in_for_a_known_dataset(clinic):
    (clinic / "clinic").rename(clinic / "biovid")
    with pytest.raises(UserError, match="No data of BioVid"):
        read_index("biovid", clinic)


@pytest.mark.parametrize("name", ["Clinic", "../clinic", "clinic/", "nothing", ""])
def test_other_names_are_unknown(clinic, name):
    with pytest.raises(UserError, match=r"unknown(.|\n)*index\.csv"):
        read_index(name, clinic)


def test_own_data_can_be_checked(clinic):
    report = check_dataset("clinic", clinic)
    rows = {row.what: (row.found, row.expected) for row in report.rows}
    assert rows["subjects"] == (3, None)
    assert rows["clips none"] == (2, None)
    assert rows["clips without label"] == (1, None)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=80),
        st.text('ab,"\n\r./;0\x00 é', max_size=60).map(lambda text: f"media,subject,label\n{text}".encode()),
    )
)
def test_any_bytes_give_clips_or_a_clear_error(clinic, content):
    (clinic / "clinic" / "index.csv").write_bytes(content)
    try:
        index = read_index("clinic", clinic)
    except UserError:
        return
    assert index.clips["media"].str.startswith("clinic").all()
    assert (index.clips["subject"] != "").all()
    assert csv_index.count(index.clips)["clips"] == len(index.clips)
