"""Labels that no rule names, and rules that no label meets, are told before anything is computed."""

import pandas as pd
import pytest

from tests.data.datasets.trees import small_ferplus, touch
from transferpain.core.errors import UserError
from transferpain.data.datasets.index import read_index
from transferpain.data.tasks.label_counts import table_rows
from transferpain.data.tasks.task import Task, count_labels, label_clips, label_frames

NAMED = {"no": 0, "pain": 1}


def clinic(root, labels, frames=""):
    """Own data: two people, who have each a clip with every label."""
    lines = ["media,subject,label"]
    for number, label in enumerate(labels):
        for subject in ("anna", "otto"):
            touch(root / "clinic" / subject / f"{number}.mp4")
            lines.append(f'{subject}/{number}.mp4,{subject},"{label}"')
    (root / "clinic" / "index.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if frames:
        (root / "clinic" / "frames.csv").write_text(frames, encoding="utf-8")
    return read_index("clinic", root)


def task_of(sample="clip", classes=("no pain", "pain"), **rule) -> Task:
    labels = {"clinic": {"column": "label"} | rule}
    return Task(name="own", description="", sample=sample, classes=classes, labels=labels)


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (
            ["no", "pain", "Pain"],
            r"'Pain' is not named by the task \(2 clips of 2 subjects; `pain` is another spelling",
        ),
        (["no", "pain", "p ain"], "`pain` is another spelling"),
        (["no", "pain", "pian"], "did you mean `pain`"),
        (["no", "pain", "No"], "`no` is another spelling"),
        (["no", "pain", "0"], r"'0' is not named by the task \(2 clips of 2 subjects\)"),
        (["no", "pain", "NA"], "'NA' is not named"),
        (["no", "pain", "nan"], "'nan' is not named"),
        (["no", "pain", "ｐａｉｎ"], "`pain` is another spelling"),
        (["no", "NO", "Pain"], r"(?s)'NO'.*'Pain'.*`pain` is named by the task, and no clip has it"),
        (["no"], "`pain` is named by the task, and no clip has it"),
    ],
)
def test_a_label_that_no_rule_names_and_a_rule_without_a_label_stop(tmp_path, labels, told):
    with pytest.raises(UserError, match=told) as refused:
        label_clips(task_of(mapping=NAMED), clinic(tmp_path, labels))
    assert "do not meet" in str(refused.value)
    assert "no pain: " in str(refused.value)


@pytest.mark.parametrize("label", ["0.0", "00", "0,0", " 0.", "+0", "٠"])
def test_numbers_as_names_are_not_guessed(tmp_path, label):
    with pytest.raises(UserError, match="do not meet"):
        label_clips(task_of(mapping={"0": 0, "1": 1}), clinic(tmp_path, ["0", "1", label]))


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("0,5", "a decimal comma: write a point"),
        ("0.5", "in no span"),
        ("11", "in no span"),
        ("-1", "in no span"),
        ("inf", "no number"),
        ("nan", "no number"),
        ("pain", "no number"),
        ("1_0", "no number"),
        ("0x1", "no number"),
        ("True", "no number"),
        ("1e400", "no number"),
    ],
)
def test_a_value_outside_of_every_span_stops(tmp_path, label, told):
    with pytest.raises(UserError, match=told):
        label_clips(task_of(bins=[[0, 0], [1, 10]]), clinic(tmp_path, ["0", "3", label]))


def test_spellings_of_one_number_are_one_value(tmp_path):
    clips = label_clips(task_of(bins=[[0, 0], [1, 10]]), clinic(tmp_path, ["0", "0.0", "00", "1e0", "7"]))
    assert clips["y"].tolist() == [0, 0, 0, 0, 0, 0, 1, 1, 1, 1]


def test_a_span_without_a_value_stops_unless_it_is_left_empty(tmp_path):
    index = clinic(tmp_path, ["0", "3"])
    with pytest.raises(UserError, match="5 to 9 is named by the task, and no clip has it"):
        label_clips(task_of(classes=("a", "b", "c"), bins=[[0, 0], [1, 4], [5, 9]]), index)
    assert len(label_clips(task_of(classes=("a", "b", "c"), bins=[[0, 0], [1, 4], None]), index)) == 4


def test_media_that_were_left_out_are_named_where_their_labels_are_missing(tmp_path):
    clinic(tmp_path, ["no", "pain"])
    (tmp_path / "clinic" / "anna" / "1.mp4").unlink()
    (tmp_path / "clinic" / "otto" / "1.mp4").unlink()
    with pytest.raises(UserError, match=r"no clip has it(.|\n)*of the data: clinic/anna/1.mp4: No such file"):
        label_clips(task_of(mapping=NAMED), read_index("clinic", tmp_path))


def test_what_is_ignored_is_left_out_and_counted_and_what_has_no_label_stays(tmp_path):
    index = clinic(tmp_path, ["no", "pain", "unclear", ""])
    task = task_of(mapping=NAMED, ignore=["unclear", "never seen"])
    assert label_clips(task, index)["label"].tolist() == ["no", "no", "pain", "pain", pd.NA, pd.NA]
    counts = count_labels(task, index)
    assert table_rows([counts]) == [
        ["clinic", "no pain", "2 clips", "2", "2"],
        ["clinic", "pain", "2 clips", "2", "2"],
        ["clinic", "no label", "2 clips", "2", "2"],
        ["clinic", "left out: ignored label `unclear`", "2 clips", "2", "2"],
    ]
    assert counts.facts()["rows"][3]["use"] == "left out"
    assert counts.sentence().startswith("labels of clinic: no pain: 2 clips of 2 subjects; ")


def test_ignored_numbers_and_spans(tmp_path):
    index = clinic(tmp_path, ["0", "1", "3.5", "8", "99"])
    task = task_of(bins=[[0, 1], [8, 10]], ignore=[99.0, [1, 8]])
    assert label_clips(task, index)["y"].tolist() == [0, 0, 0, 0, 1, 1]
    with pytest.raises(UserError, match="'99'"):
        label_clips(task_of(bins=[[0, 1], [8, 10]], ignore=[[1, 8]]), index)


def test_a_label_that_may_be_absent(tmp_path):
    index = clinic(tmp_path, ["no", "pain"])
    task = task_of(mapping=NAMED | {"severe": 1}, absent=["severe"])
    assert len(label_clips(task, index)) == 4
    assert task.hash == task_of(mapping=NAMED | {"severe": 1}).hash


@pytest.mark.parametrize(
    ("wrong", "told"), [({"ignore": ["pain"]}, "ignore: `pain` has a class"), ({"absent": ["x"]}, "absent: `x` is not")]
)
def test_a_label_is_not_ignored_and_named(wrong, told):
    with pytest.raises(ValueError, match=told):
        task_of(mapping=NAMED, **wrong)


def test_labels_of_frames_meet_the_task_too(tmp_path):
    frames = "clip,frame,label\nanna/0,0,no\nanna/0,1,Pain\notto/0,0,pain\n"
    index = clinic(tmp_path, ["no"], frames)
    with pytest.raises(UserError, match=r"'Pain' is not named by the task \(1 frames in 1 clips of 1 subjects"):
        label_frames(task_of("frame", mapping=NAMED), index)
    task = task_of("frame", mapping=NAMED, ignore=["Pain"])
    assert count_labels(task, index).sentence().endswith("ignored label `Pain`: 1 frames in 1 clips of 1 subjects")


def test_a_twin_may_lack_a_label_and_no_more(tmp_path):
    touch(tmp_path / "clinic" / "SYNTHETIC.json", b'{"synthetic": true}')
    index = clinic(tmp_path, ["no"])
    assert count_labels(task_of(mapping=NAMED), index).rows[1].clips == 0
    with pytest.raises(UserError, match="do not meet"):
        label_clips(task_of(mapping=NAMED), clinic(tmp_path, ["no", "Pain"]))


def test_many_labels_are_named_in_part(tmp_path):
    labels = ["0", "9", *(f"x{number}" for number in range(14))]
    with pytest.raises(UserError, match="and 4 more labels"):
        label_clips(task_of(mapping={"0": 0, "9": 1}), clinic(tmp_path, labels))
    task = task_of(mapping={"0": 0, "9": 1}, ignore=labels[2:])
    assert table_rows([count_labels(task, clinic(tmp_path, labels))])[2][1].endswith("and 4 more")


def test_an_emotion_that_wins_and_has_no_class_stops(tmp_path):
    small_ferplus(tmp_path)
    index = read_index("ferplus", tmp_path)
    rule = {"votes": {"neutral": 0, "happiness": 1}}
    with pytest.raises(UserError, match=r"(?s)'surprise' is not named by the task.*votes without a clear winner"):
        label_clips(
            Task(name="own", description="", sample="clip", classes=("a", "b"), labels={"ferplus": rule}), index
        )
    ignored = {"ferplus": rule | {"ignore": ["surprise", "sadness"]}}
    task = Task(name="own", description="", sample="clip", classes=("a", "b"), labels=ignored)
    assert label_clips(task, index)["y"].tolist() == [0, 1, 0]
