from pathlib import Path

import pandas as pd
import pytest

from tests.experiments.notebook.made import made_clips
from transferpain.core.errors import UserError
from transferpain.data.tasks.task import TASK_FOLDER, load_task
from transferpain.experiments.notebook.samples import label

TASK = "biovid-bl1-pa4"


@pytest.mark.parametrize(
    "task", [TASK, TASK_FOLDER / f"{TASK}.yaml", str(TASK_FOLDER / f"{TASK}.yaml"), load_task(TASK)]
)
def test_a_task_is_a_name_a_path_or_itself(task):
    samples = label(made_clips(2), task)
    assert samples.y.tolist() == [0, 1, 0, 1] * 2
    assert samples.classes == ("no pain", "high pain")
    assert samples.subject.nunique() == 2
    assert (samples["row"] == -1).all()
    assert samples["file_clip"].equals(samples["clip"])


def test_labels_that_the_task_does_not_name_are_left_out_and_counted(capsys):
    samples = label(made_clips(3, levels=("BL1", "PA1", "PA1", "PA3", "PA4", None)), TASK)
    assert samples.y.tolist() == [0, 1, pd.NA] * 3
    assert "NOTE: 9 of 18 clips are left out" in capsys.readouterr().err


def test_nothing_is_said_where_nothing_is_left_out(capsys):
    label(made_clips(), TASK)
    assert capsys.readouterr().err == ""


def test_only_the_chosen_clips_are_labelled():
    clips = made_clips()
    assert set(label(clips.select(clips["subject"] != "s0"), TASK)["subject"]) == {"s1", "s2", "s3"}


def test_no_label_that_is_named_is_an_error():
    with pytest.raises(UserError, match="No clip has a label that the task"):
        label(made_clips(levels=("PA1", "PA2")), TASK)


@pytest.mark.parametrize(("task", "what"), [("ai4pain-three", "does not fit the dataset"), ("other", "unknown")])
def test_a_task_of_another_dataset_or_none_is_refused(task, what):
    with pytest.raises(UserError, match=what):
        label(made_clips(), task)


def test_a_bare_table_has_no_dataset():
    with pytest.raises(UserError, match="takes what `load_dataset` returns"):
        label(made_clips().table, TASK)


def test_a_task_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UserError, match="unknown"):
        label(made_clips(), Path(tmp_path) / "none.yaml")
