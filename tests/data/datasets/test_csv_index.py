import json

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.datasets.clinic import TABLE, write
from tests.data.datasets.columns import COMMON_COLUMNS
from tests.data.datasets.trees import touch
from tests.data.media.test_video import halves
from tests.inputs.faces.drawing import write_video
from transferpain.core.errors import UserError
from transferpain.data.datasets import csv_index
from transferpain.data.datasets.check import check_dataset
from transferpain.data.datasets.index import read_index


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
    assert clips["split"].tolist() == ["train", "test", "validation", "test"]
    assert index.frames is None
    assert index.problems == ()
    assert not index.dataset.redistributable


def test_clips_in_no_part_of_the_datasets_split_are_told(clinic):
    write(clinic, TABLE.replace("validation", ""))
    assert "1 clips have no split" in read_index("clinic", clinic).problems[0]
    write(clinic, TABLE.replace("validation", "").replace("train", "").replace("test", ""))
    assert read_index("clinic", clinic).problems == ()


def test_a_file_of_own_features_is_a_clip_without_a_medium(clinic):
    touch(clinic / "clinic" / "p1" / "rest.npy")
    write(clinic, "media,subject,label\np1/rest.npy,p1,none\n")
    clip = read_index("clinic", clinic).clips.iloc[0]
    assert (clip["clip"], clip["kind"], clip["bytes"]) == ("p1/rest", "features", 1)
    write(clinic, "media,subject,label,start\np1/rest.npy,p1,none,3\n")
    with pytest.raises(UserError, match="Start and end go with videos only"):
        read_index("clinic", clinic)


def test_a_table_is_one_of_action_units_or_of_signals(clinic):
    for name, head in (("rest", "frame,AU04_r"), ("pain", "time,gsr,ecg")):
        touch(clinic / "clinic" / "p1" / f"{name}.csv", f"{head}\n1,2\n".encode())
    write(clinic, "media,subject,label\np1/rest.csv,p1,none\np1/pain.csv,p1,some\n")
    clips = read_index("clinic", clinic).clips
    assert clips["clip"].tolist() == ["p1/rest", "p1/pain"]
    assert clips["kind"].tolist() == ["action_units", "signals"]
    write(clinic, "media,subject,label,start\np1/pain.csv,p1,none,3\n")
    with pytest.raises(UserError, match="Start and end go with videos only"):
        read_index("clinic", clinic)


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
    "table",
    [
        "media,subject,label,,\nvideos/otto.avi,o,a,,\n",
        "media,subject,label\nvideos/otto.avi,o,a,,\n",
        "media,subject,label,,\nvideos/otto.avi,o,a\n",
        '"media", "subject", "label"\n"videos/otto.avi", "o", "a"\n',
    ],
)
def test_emptied_columns_and_blanks_before_quotes_are_nothing(clinic, table):
    write(clinic, table)
    clips = read_index("clinic", clinic).clips
    assert clips[["clip", "subject", "label"]].to_numpy().tolist() == [["videos/otto", "o", "a"]]
    assert tuple(clips.columns) == (*COMMON_COLUMNS, "label")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "no column media"),
        ("media,label\nvideos/otto.avi,pain\n", r"no column subject(.|\n)*Received: media,label"),
        ("media;subject;label\nvideos/otto.avi;o;pain\n", "separated by semicolons"),
        ("media\tsubject\tlabel\nvideos/otto.avi\to\tpain\n", "separated by tabs"),
        ("media,subject,label,Split\nvideos/otto.avi,o,a,train\n", r"is called split(.|\n)*Received: Split"),
        ("media,subject,Label\nvideos/otto.avi,o,a\n", r"is called label(.|\n)*Received: Label"),
        ("media,subject,label,LABEL\nvideos/otto.avi,o,a,b\n", r"is called label(.|\n)*Received: LABEL"),
        ("media,subject,label,splits\nvideos/otto.avi,o,a,train\n", "is called split"),
        ("media,subject,label,spilt\nvideos/otto.avi,o,a,train\n", "is called split"),
        ("media,subject,label,ｆｐｓ\nvideos/otto.avi,o,a,25\n", "is called fps"),
        ("media,subject,label,Start\nvideos/otto.avi,o,a,25\n", "is called start"),
        ("media,subject,label,s e x\nvideos/otto.avi,o,a,m\n", "is called sex"),
        ("media,subject,label\n", "no line below"),
        ("media,subject,label,label\nvideos/otto.avi,o,a,b\n", "names that differ"),
        ("media,subject,label,\nvideos/otto.avi,o,a,b\n", r"has a name(.|\n)*column 4 of media"),
        (",media,subject,label\n0,videos/otto.avi,o,a\n", "index=False"),
        ("media,subject,label\nvideos/otto.avi,o,a,,b\n", "3 cells each"),
        ("media,subject,label,clip\nvideos/otto.avi,o,1,x\nvideos/../videos/otto.avi,p,1,y\n", "of two subjects"),
        ("media,subject,label,end\nvideos/otto.avi,o,a,9999999999\n", "nine digits"),
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


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
@pytest.mark.parametrize("name", ["index.csv", "frames.csv", "dataset.yaml"])
def test_files_in_another_encoding_say_how_to_save_them(clinic, name, encoding):
    text = {"index.csv": "media,subject,label\nvideos/otto.avi,J\u00f6rg,x\n", "frames.csv": "clip,frame,pspi,\u00f6\n"}
    (clinic / "clinic" / name).write_bytes(text.get(name, "title: M\u00fcnster\n").encode(encoding))
    with pytest.raises(UserError, match=rf"{name} cannot be used(.|\n)*Save it as UTF-8"):
        read_index("clinic", clinic)


@pytest.mark.parametrize("column", ["subject", "clip"])
@pytest.mark.parametrize("letter", ["\0", "\a", "\u2028", "\x1f-"])
def test_names_with_characters_that_cannot_be_seen_are_refused(clinic, column, letter):
    row = {"media": "videos/otto.avi", "subject": "otto", "label": "x", "clip": "one"}
    row[column] = f"{row[column][:3]}{letter}{row[column][3:]}x"
    write(clinic, ",".join(row) + "\n" + ",".join(row.values()) + "\n")
    told = "NUL character(.|\n)*line 2" if letter == "\0" else f"column {column}, a name holds a char(.|\n)*line 2: '"
    with pytest.raises(UserError, match=told):
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
        "media,subject,label\ngone.mp4,a,x\nloop.mp4,b,x\nring,c,x\nnotes.txt,d,x\nvideos/otto.avi,o,x\n"
        + f"{'y' * 400}.mp4,f,x\n",
    )
    index = read_index("clinic", clinic)
    assert index.clips["subject"].tolist() == ["o"]
    assert index.problems[:4] == (
        "clinic/gone.mp4: No such file or directory, ignored.",
        "clinic/loop.mp4: Too many levels of symbolic links, ignored.",
        "clinic/ring: a folder without a picture, ignored.",
        "clinic/notes.txt: neither a video nor a picture by its name, ignored.",
    )
    assert "File name too long" in index.problems[4]
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


def test_labels_of_frames_go_by_the_frames_number(clinic):
    table = "".join(f"pictures/Zoë,{number},{number}\n" for number in (2, 10))
    spans = "media,subject,label,clip,start,end\nvideos/otto.avi,o,a,first,0,5\nvideos/otto.avi,o,b,second,5,\n"
    write(clinic, "clip,frame,pspi\n" + table + "videos/otto,0,1\nvideos/otto,15,1\n", "frames.csv")
    frames = read_index("clinic", clinic).frames
    assert frames["frame"].tolist() == [0, 15, 2, 10]
    assert frames["row"].tolist() == [0, 15, 1, 2]
    assert read_index("clinic", clinic).frame_places.tolist() == [0, 15, 1, 2]
    write(clinic, spans)
    write(clinic, "clip,frame,pspi\nfirst,4,1\nsecond,5,1\nsecond,900,1\n", "frames.csv")
    frames = read_index("clinic", clinic).frames
    assert frames["row"].tolist() == [4, 0, 895]
    for wrong, told in [("first,5", "has frames 0-4"), ("second,4", "has frames from 5 on")]:
        write(clinic, f"clip,frame,pspi\n{wrong},1\n", "frames.csv")
        with pytest.raises(UserError, match=told):
            read_index("clinic", clinic)


def test_a_label_behind_the_end_of_a_video_is_refused_when_the_table_is_read(clinic):
    write_video(clinic / "clinic" / "real.mp4", halves())
    spans = ["whole,,", "begun,5,", "short,3,6"]
    write(clinic, "\n".join(["media,subject,label,clip,start,end", *(f"real.mp4,o,a,{span}" for span in spans)]) + "\n")
    write(clinic, "clip,frame,pspi\nwhole,11,1\nbegun,11,1\nshort,5,1\n", "frames.csv")
    assert read_index("clinic", clinic).frames["row"].tolist() == [11, 6, 2]
    for clip, number, has in (
        ("whole", 12, "frames 0-11"),
        ("begun", 12, "frames 5-11"),
        ("short", 6, "frames 3-5"),
    ):
        write(clinic, f"clip,frame,pspi\nwhole,11,1\n{clip},{number},1\n", "frames.csv")
        told = rf"does not exist; {clip} has {has}\.(.|\n)*line 3: '{clip}, frame {number}'"
        with pytest.raises(UserError, match=told):
            read_index("clinic", clinic)


@pytest.mark.parametrize("number", [0, 3, 4, 11])
def test_a_picture_that_does_not_exist_has_no_label(clinic, number):
    write(clinic, f"clip,frame,pspi\npictures/Zoë,2,1\npictures/Zoë,{number},1\n", "frames.csv")
    with pytest.raises(UserError, match=rf"does not exist; pictures/Zoë has frames 1-2, 10(.|\n)*frame {number}'"):
        read_index("clinic", clinic)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("clip,frame,subject\nvideos/otto,1,o\n", r"fills itself(.|\n)*subject"),
        ("clip,frame,row\nvideos/otto,1,5\n", r"fills itself(.|\n)*row"),
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


def people(clinic, *names, facts=""):
    for number, _ in enumerate(names):
        touch(clinic / "clinic" / "videos" / f"{number}.mp4")
    rows = [f'videos/{number}.mp4,"{name}",pain' for number, name in enumerate(names)]
    write(clinic, "\n".join(["media,subject,label", *rows]) + "\n")
    write(clinic, facts, "dataset.yaml")
    return read_index("clinic", clinic).clips["subject"].tolist()


def test_spellings_of_one_subject_are_refused_unless_they_are_confirmed(clinic):
    with pytest.raises(UserError, match=r"spellings of one(.|\n)*distinct_subjects"):
        people(clinic, "anna", "2", "02")
    assert people(clinic, "anna", "2", "02", facts='distinct_subjects: [["2", "02"]]') == ["anna", "2", "02"]


def test_a_trailing_blank_is_no_part_of_a_name(clinic):
    assert people(clinic, "anna", "anna ", "\xa0anna") == ["anna"] * 3


@pytest.mark.parametrize("column", ["site", "labels", "page", "stage", "y_pain", "time", "clip length"])
def test_a_further_label_may_have_another_name(clinic, column):
    write(clinic, f"media,subject,label,{column}\nvideos/otto.avi,o,a,1\n")
    assert column in read_index("clinic", clinic).clips


def test_a_path_with_backslashes_is_refused_and_a_whole_one_in_the_root_is_read(clinic):
    write(clinic, "media,subject,label\nvideos\\otto.avi,o,pain\n")
    with pytest.raises(UserError, match="not with a backslash"):
        read_index("clinic", clinic)
    write(clinic, f"media,subject,label\n{clinic}/clinic/videos/otto.avi,o,pain\n")
    assert read_index("clinic", clinic).clips["media"].tolist() == ["clinic/videos/otto.avi"]


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
