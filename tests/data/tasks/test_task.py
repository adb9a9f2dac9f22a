import dataclasses

import numpy as np
import pandas as pd
import pytest
import yaml
from pydantic import ValidationError

from tests.data.datasets.trees import make_ai4pain, make_biovid, make_mintpain, small_ferplus, touch, write_ferplus
from tests.data.datasets.unbc_trees import make_unbc
from transferpain.core.errors import UserError
from transferpain.data.datasets.index import Index, read_index
from transferpain.data.datasets.registry import DATASETS
from transferpain.data.tasks.task import (
    TASK_FOLDER,
    Task,
    count_labels,
    label_clips,
    label_frames,
    list_tasks,
    load_task,
)

SUBJECTS = ("071309_w_21", "071313_m_41")


def make_task(**changes) -> Task:
    return Task(**(load_task("biovid-bl1-pa4").model_dump() | changes))


def as_twin(index: Index) -> Index:
    """A drawn copy may be smaller than what it stands for: it need not have every label."""
    return dataclasses.replace(index, synthetic=True, twin=True)


def rule(**changes) -> dict:
    return {"biovid": {"column": "stimulus", "mapping": {"BL1": 0, "PA4": 1}} | changes}


def bins(*spans) -> dict:
    return rule(mapping=None, bins=spans)


def test_every_task_of_the_package_loads():
    assert {"ai4pain-three", "biovid-bl1-pa4", "ferplus-emotions", "unbc-seven", "cross-binary"} <= set(list_tasks())
    for name in list_tasks():
        task = load_task(name)
        assert task.name == name
        assert set(task.labels) <= set(DATASETS)
        assert len(task.hash) == 16
        assert all(rule.definition for rule in task.labels.values())
        assert task.ordinal == (name != "ferplus-emotions")


def test_no_two_tasks_are_the_same():
    assert len({load_task(name).hash for name in list_tasks()}) == len(list_tasks())


@pytest.mark.parametrize("name", ["biovid", "", "../tasks/ai4pain-three", "AI4PAIN-THREE"])
def test_unknown_task_lists_the_known(name):
    with pytest.raises(UserError, match="ai4pain-three, biovid-bl1-pa4, biovid-five"):
        load_task(name)


def test_hash_follows_the_mapping_but_not_the_words():
    task = make_task()
    assert make_task(description="other words", labels=rule(definition="other words")).hash == task.hash
    assert make_task(labels=rule(mapping={"BL1": 0, "PA3": 1})).hash != task.hash
    assert make_task(labels=rule(mapping={"BL1": 1, "PA4": 0})).hash != task.hash
    assert make_task(ordinal=False).hash != task.hash


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": {}},
        {"labels": rule(mapping={"BL1": 0})},
        {"labels": rule(mapping={"BL1": 0, "PA4": 2})},
        {"labels": rule(mapping={"BL1": 0, "PA4": -1})},
        {"labels": rule(mapping={"BL1": 0, "PA1": 1, "PA4": -1})},
        {"labels": rule(mapping={"PA3": 1, "PA4": 1})},
        {"labels": rule(mapping={})},
        {"labels": rule(mapping=None)},
        {"labels": rule(bins=[[0, 0], [1, 2]])},
        {"labels": bins([0, 1])},
        {"labels": bins([0, 1], [1, 2])},
        {"labels": bins([0, 1], [3, 2])},
        {"labels": bins([0, 1], None)},
        {"labels": bins([2, 3], [0, 1])},
        {"labels": bins([0, 1], [2, 3], [4, 5])},
        {"labels": bins([0, "x"], [2, 3])},
        {"labels": {"biovid": bins([0, 1], [3, 4])["biovid"] | {"ignore": [[1, 3.5]]}}},
        {"labels": {"biovid": bins([0, 0], [3, 4])["biovid"] | {"ignore": [[-1, 2]]}}},
        {"labels": {"biovid": bins([0, 0], [3, 4])["biovid"] | {"ignore": [0]}}},
        {"classes": ()},
        {"classes": ("pain",), "labels": rule(mapping={"PA4": 0})},
        {"classes": ("pain", "pain")},
        {"classes": ("Pain", "pain")},
        {"classes": ("level 1", "level 01")},
        {"classes": ("pain", " ")},
        {"sample": "video"},
        {"colour": "red"},
    ],
)
def test_wrong_task_files_are_refused(changes):
    with pytest.raises(ValidationError):
        make_task(**changes)


def test_a_task_is_frozen():
    with pytest.raises(ValidationError):
        load_task("biovid-bl1-pa4").name = "other"


def test_biovid_keeps_the_two_named_stimuli(tmp_path):
    make_biovid(tmp_path, SUBJECTS)
    index = read_index("biovid", tmp_path)
    clips = label_clips(load_task("biovid-bl1-pa4"), index)
    assert clips["stimulus"].tolist() == ["BL1", "BL1", "PA4", "PA4"] * 2
    assert clips["y"].tolist() == [0, 0, 1, 1] * 2
    assert str(clips["y"].dtype) == "Int64"
    assert clips.index.tolist() == list(range(8))
    assert "y" not in index.clips


def test_ai4pain_keeps_unlabelled_test_clips_without_a_class(tmp_path):
    make_ai4pain(tmp_path, {"Train": range(1, 3)})
    touch(tmp_path / "Test" / "video" / "9" / "1.mp4")
    clips = label_clips(load_task("ai4pain-three"), read_index("ai4pain", tmp_path))
    assert len(clips) == 11
    assert clips.loc[clips["split"] == "test", "y"].isna().all()
    train = clips[clips["split"] == "train"]
    assert set(zip(train["level"], train["y"], strict=True)) == {("none", 0), ("low", 1), ("high", 2)}


def test_ferplus_classes_are_the_votes_winners(tmp_path):
    small_ferplus(tmp_path)
    clips = label_clips(load_task("ferplus-emotions"), as_twin(read_index("ferplus", tmp_path)))
    assert clips["clip"].tolist() == ["row00000", "row00001", "row00002", "row00003", "row00004"]
    assert clips["y"].tolist() == [0, 1, 2, 3, 0]


def test_ferplus_label_mode_is_for_training_rows_only(tmp_path):
    votes = np.array([[4, 0, 0, 3, 0, 0, 3, 0, 0, 0]] * 2)
    images = np.arange(2, dtype=np.uint8)[:, None, None] * np.ones((1, 48, 48), np.uint8)
    write_ferplus(tmp_path, images, ["Training", "PublicTest"], votes)
    index = as_twin(read_index("ferplus", tmp_path))
    task = load_task("ferplus-emotions")
    for mode in ("crossentropy", "probability", "multi_target"):
        clips = label_clips(task, index, mode)
        assert clips["split"].tolist() == ["train"]
        assert clips["y"].tolist() == [0]
    with pytest.raises(UserError, match="No clip has a label"):
        label_clips(task, index)


def test_task_of_another_dataset_is_refused(tmp_path):
    make_biovid(tmp_path, SUBJECTS)
    with pytest.raises(UserError, match=r"labels of ai4pain(.|\n)*Received: biovid"):
        label_clips(load_task("ai4pain-three"), read_index("biovid", tmp_path))


def test_unknown_label_column_is_refused(tmp_path):
    make_biovid(tmp_path, SUBJECTS)
    with pytest.raises(UserError, match=r"Received: pspi(.|\n)*stimulus"):
        label_clips(make_task(labels=rule(column="pspi")), read_index("biovid", tmp_path))


def test_no_fitting_label_is_refused(tmp_path):
    make_biovid(tmp_path, SUBJECTS)
    index = read_index("biovid", tmp_path)
    only_pa1 = dataclasses.replace(index, clips=index.clips[index.clips["stimulus"] == "PA1"])
    with pytest.raises(UserError, match=r"BL1, PA4(.|\n)*Received: 'PA1'"):
        label_clips(load_task("biovid-bl1-pa4"), only_pa1)
    unlabelled = index.clips.assign(stimulus=pd.array([pd.NA] * len(index.clips), dtype="string"))
    with pytest.raises(UserError, match="no labels at all"):
        label_clips(load_task("biovid-bl1-pa4"), dataclasses.replace(index, clips=unlabelled))


PSPI = pd.Series(range(17), dtype="Int64")
# Verified: frames of UNBC-McMaster in the bands 0, 1, 2, 3, 4-5 and 6 and more.
BANDS = pd.Series(np.repeat([0, 1, 2, 3, 4, 6], [40029, 2909, 2351, 1412, 1044, 653]), dtype="Int64")


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("unbc-binary-1", "01111111111111111"),
        ("unbc-binary-2", "00111111111111111"),
        ("unbc-binary-3", "00011111111111111"),
        ("unbc-four", "01233333333333333"),
        ("unbc-five", "01122333333333333"),
        ("unbc-six", "01234455555555555"),
        ("unbc-seven", "01122334445556666"),
        ("cross-binary", "01111111111111111"),
        ("cross-binary-pspi2", "00111111111111111"),
        ("cross-binary-pspi3", "00011111111111111"),
        ("cross-three", "01112222222222222"),
        ("cross-five", "01122333333333333"),
    ],
)
def test_every_pspi_has_its_class(name, classes):
    assert load_task(name).rule_for("unbc").classify(PSPI).tolist() == [int(digit) for digit in classes]


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("unbc-binary-1", [40029, 8369]),
        ("unbc-four", [40029, 2909, 2351, 3109]),
        ("unbc-six", [40029, 2909, 2351, 1412, 1044, 653]),
    ],
)
def test_classes_of_the_official_frames(name, counts):
    y = load_task(name).rule_for("unbc").classify(BANDS)
    assert y.value_counts().sort_index().tolist() == counts


def test_a_class_that_no_label_reaches_is_named():
    task = load_task("unbc-five")
    assert task.empty_classes("unbc") == ("extreme",)
    assert task.classes[4] == "extreme"
    assert load_task("unbc-seven").empty_classes("unbc") == ()


def test_values_outside_of_the_bins_and_missing_ones_have_no_class():
    rule = load_task("cross-binary").rule_for("mintpain")
    assert rule.classify(pd.Series([0, 1, 3, 4, pd.NA], dtype="Int64")).tolist() == [0, pd.NA, pd.NA, 1, pd.NA]
    text = pd.Series(["0", "4.0", "pain", "nan", pd.NA], dtype="string")
    assert rule.classify(text).tolist() == [0, 1, pd.NA, pd.NA, pd.NA]


@pytest.mark.parametrize(("name", "values"), [("unbc-vas", range(11)), ("unbc-opr", range(6))])
def test_ratings_of_sequences_are_classes(name, values):
    task = load_task(name)
    assert task.sample == "clip"
    found = task.rule_for("unbc").classify(pd.Series(list(values), dtype="Float64"))
    assert [task.classes[number] for number in found] == [str(value) for value in values]


def test_a_harmonised_task_reads_each_dataset_by_its_rule(tmp_path):
    make_biovid(tmp_path / "biovid", SUBJECTS)
    make_mintpain(tmp_path / "mintpain", {1: "A"}, sweeps=4)
    make_unbc(tmp_path / "unbc", sequences=1)
    make_ai4pain(tmp_path / "ai4pain", {"Train": range(1, 3)})
    task = load_task("cross-binary")
    read = {name: label_clips(task, as_twin(read_index(name, tmp_path))) for name in task.labels}
    found = {name: clips["y"].value_counts().to_dict() for name, clips in read.items()}
    assert found == {"biovid": {0: 4, 1: 4}, "mintpain": {0: 4, 1: 1}, "unbc": {1: 2}, "ai4pain": {0: 2, 1: 4}}
    with pytest.raises(UserError, match=r"fits several datasets(.|\n)*biovid, ai4pain, unbc, mintpain"):
        _ = task.dataset
    assert load_task("unbc-six").dataset == "unbc"


def test_frames_have_the_class_of_their_pspi(tmp_path):
    make_unbc(tmp_path / "unbc", sequences=1, frames=6)
    file = next((tmp_path / "unbc/Frame_Labels/PSPI/042-ll042").rglob("*003_facs.txt"))
    file.unlink()
    index = as_twin(read_index("unbc", tmp_path))
    frames = label_frames(load_task("unbc-four"), index)
    assert frames["y"].tolist() == [0, 1, pd.NA, 3, 3, 3, 0, 1, 2, 3, 3, 3]
    assert frames["frame"].tolist() == [1, 2, 3, 4, 5, 6] * 2
    assert frames["subject"].unique().tolist() == ["042-ll042", "043-jh043"]
    assert {"dataset", "split", "clip"} <= set(frames.columns)
    assert label_clips(load_task("unbc-four"), index)["y"].tolist() == [3, 3]


def test_a_dataset_without_labels_of_frames_is_refused(tmp_path):
    make_biovid(tmp_path, SUBJECTS)
    for read in (label_frames, count_labels):
        with pytest.raises(UserError, match="no labels of single frames"):
            read(make_task(sample="frame"), read_index("biovid", tmp_path))


def test_a_users_own_task_file(tmp_path):
    touch(tmp_path / "clinic" / "a.mp4")
    touch(tmp_path / "clinic" / "b.mp4")
    table = "media,subject,label,score\na.mp4,anna,pain,7\nb.mp4,otto,rest,2.5\n"
    touch(tmp_path / "clinic" / "index.csv", table.encode())
    own = {"description": "ours", "sample": "clip", "classes": ["no", "yes"]}
    path = tmp_path / "ours.yaml"
    index = read_index("clinic", tmp_path)
    path.write_text(
        yaml.safe_dump(own | {"labels": {"clinic": {"column": "label", "mapping": {"rest": 0, "pain": 1}}}})
    )
    assert label_clips(load_task(str(path)), index)["y"].tolist() == [1, 0]
    path.write_text(yaml.safe_dump(own | {"labels": {"clinic": {"column": "score", "bins": [[0, 3], [3.5, 10]]}}}))
    assert label_clips(load_task(str(path)), index)["y"].tolist() == [1, 0]
    assert load_task(str(path)).name == "ours"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "it holds nothing"),
        ("- a", "no mapping of keys"),
        ("{", "not valid YAML"),
        ("classes: [a, b]", "is missing"),
        ("colour: red", "is missing"),
        ("{schema: 2, description: x, sample: clip, classes: [a, b], labels: {}}", "name a dataset"),
    ],
)
def test_a_damaged_task_file_is_refused(tmp_path, content, told):
    path = tmp_path / "ours.yaml"
    path.write_text(content)
    with pytest.raises(UserError, match=rf"ours\.yaml cannot be used(.|\n)*{told}"):
        load_task(str(path))


def test_files_of_both_schemas_are_read(tmp_path):
    path = tmp_path / "ferplus-emotions.yaml"
    today = yaml.safe_load((TASK_FOLDER / "ferplus-emotions.yaml").read_text())
    former = {key: value for key, value in today.items() if key not in ("schema", "sample")} | {"unit": "clip"}
    rule = former["labels"]["ferplus"]
    former["labels"] = {"ferplus": {"column": "votes", "mapping": rule["votes"], "definition": rule["definition"]}}
    for content in (today, former, former | {"schema": 1}):
        path.write_text(yaml.safe_dump(content))
        assert load_task(str(path)) == load_task("ferplus-emotions")


@pytest.mark.parametrize(
    ("changes", "told"),
    [({"schema": 3}, "schema: known are 1 and 2, received 3"), ({"unit": "clip"}, "`unit` is not a known key")],
)
def test_a_file_of_another_schema_is_refused(tmp_path, changes, told):
    content = yaml.safe_load((TASK_FOLDER / "biovid-bl1-pa4.yaml").read_text()) | changes
    path = tmp_path / "ours.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(UserError, match=told):
        load_task(str(path))


def test_the_task_of_votes_on_a_dataset_without_votes_is_refused(tmp_path):
    make_biovid(tmp_path, SUBJECTS)
    votes = {"biovid": {"votes": {"neutral": 0, "fear": 1}}}
    with pytest.raises(UserError, match=r"has no column(.|\n)*Received: neutral"):
        label_clips(make_task(labels=votes), read_index("biovid", tmp_path))
