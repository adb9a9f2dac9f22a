import pandas as pd
import pytest

from tests.data.datasets.trees import make_ai4pain, touch
from transferpain.core.errors import UserError
from transferpain.data.datasets.ai4pain import DATASET, find_level, find_subject
from transferpain.data.datasets.index import read_index


@pytest.mark.parametrize(
    ("stem", "level"),
    [
        ("12_Baseline", "none"),
        ("12_BASELINE_1", "none"),
        ("12_baseline60s", "none"),
        ("12_Pain_LOW_3", "low"),
        ("12_pain_high_11", "high"),
        ("12-Arm-High-2", "high"),
        ("12LowPain1", "low"),
        ("12_Rest_3", "rest"),
        ("12_Pain_HIGH_3_rest", "rest"),
    ],
)
def test_levels_in_names(stem, level):
    assert find_level(stem) == (level, "")


@pytest.mark.parametrize("stem", ["12_video", "12_slowly", "12_highlight", "12_forest", "12_low_high_1", ""])
def test_names_without_one_level(stem):
    level, fault = find_level(stem)
    assert level is None
    assert fault


def test_subject_is_the_folders_number_before_the_names(tmp_path):
    assert find_subject(tmp_path / "07" / "12_Baseline.mp4") == "7"
    assert find_subject(tmp_path / "S030 " / "x.mp4") == "30"
    assert find_subject(tmp_path / "video" / "12_Pain_LOW_3.mp4") == "12"
    assert find_subject(tmp_path / "video" / "Baseline.mp4") is None


def test_official_layout(tmp_path):
    make_ai4pain(tmp_path / "ai4pain", {"Train": range(1, 4), "Validation": range(10, 12)})
    index = read_index("ai4pain", tmp_path)
    clips = index.clips
    assert len(clips) == 5 * 5
    assert index.problems == ()
    assert clips.groupby("split")["subject"].unique().map(list).to_dict() == {
        "train": ["1", "2", "3"],
        "validation": ["10", "11"],
    }
    assert clips["level"].value_counts().to_dict() == {"low": 10, "high": 10, "none": 5}
    baseline = clips[clips["level"] == "none"].iloc[0]
    assert baseline["media"] == "ai4pain/Train/video/1/1_Baseline.mp4"
    assert (baseline["num_frames"], baseline["fps"]) == (1800, 30.0)
    assert set(clips.loc[clips["level"] != "none", "num_frames"]) == {300}
    assert clips["clip"].is_unique


def test_unlabelled_test_set_has_missing_levels(tmp_path):
    make_ai4pain(tmp_path, {"Train": range(1, 3)})
    touch(tmp_path / "Test" / "video" / "20" / "1.mp4")
    touch(tmp_path / "Test" / "video" / "20" / "2.mp4")
    index = read_index("ai4pain", tmp_path)
    test = index.clips[index.clips["split"] == "test"]
    assert test["subject"].tolist() == ["20", "20"]
    assert test["level"].isna().all()
    assert test["num_frames"].isna().all()
    assert index.problems == ()
    assert DATASET.count(index.clips)["test clips without label"] == 2


def test_only_an_unlabelled_test_set(tmp_path):
    touch(tmp_path / "test" / "20" / "1.mp4")
    index = read_index("ai4pain", tmp_path)
    assert index.clips["level"].isna().all()
    assert str(index.clips["num_frames"].dtype) == "Int64"


def test_labelled_test_set_keeps_its_levels(tmp_path):
    make_ai4pain(tmp_path, {"Test": range(1, 2)})
    assert read_index("ai4pain", tmp_path).clips["level"].notna().all()


def test_names_that_fit_nothing_are_listed(tmp_path):
    make_ai4pain(tmp_path, {"Train": range(1, 3)})
    touch(tmp_path / "Train" / "video" / "1" / "1_calibration.mp4")
    touch(tmp_path / "Train" / "video" / "1" / "1_low_high.mp4")
    touch(tmp_path / "Train" / "video" / "Baseline.mp4")
    touch(tmp_path / "Train" / "fnirs" / "1" / "1_LOW_1.csv")
    index = read_index("ai4pain", tmp_path)
    assert len(index.clips) == 10
    assert len(index.problems) == 3
    assert "1_calibration.mp4" in "".join(index.problems)
    assert "high, low" in "".join(index.problems)
    assert "no subject's number" in "".join(index.problems)


def test_wrong_layout_shows_expected_and_seen(tmp_path):
    touch(tmp_path / "ai4pain" / "Bvp" / "1.csv")
    with pytest.raises(UserError, match=r"Train/video/<subject>(.|\n)*Bvp/"):
        read_index("ai4pain", tmp_path)


def test_expected_counts_are_the_challenges():
    assert DATASET.expected["subjects"] == 65
    assert DATASET.expected["train clips low"] == 492
    assert DATASET.expected["validation clips high"] == 144
    assert DATASET.expected["validation clips none"] == 12


def test_a_users_own_rule_for_names_replaces_the_usual_one(tmp_path):
    top = tmp_path / "ai4pain"
    for name in ("p_a0_1", "p_a1_1", "p_b1_2", "p_break", "p_a1_b1", "p_Pain_LOW_1"):
        touch(top / "Train" / "video" / "7" / f"{name}.mp4")
    touch(top / "Test" / "video" / "8" / "clip.mp4")
    rules = "none: p_a0_[0-9]\nlow: P_A1_.*\nhigh: '.*_b1.*'\nrest: p_break\n"
    touch(top / "names.yaml", rules.encode())
    index = read_index("ai4pain", tmp_path)
    assert dict(zip(index.clips["clip"], index.clips["level"], strict=True)) == {
        "train-7-p_a0_1": "none",
        "train-7-p_a1_1": "low",
        "train-7-p_b1_2": "high",
        "test-8-clip": pd.NA,
    }
    assert any("p_a1_b1.mp4: its name fits more than one of low, high" in problem for problem in index.problems)
    assert any("p_Pain_LOW_1.mp4: its name fits no rule" in problem for problem in index.problems)


@pytest.mark.parametrize("content", ["", "- a", "{", "medium: x", "low: '['", "low: 3", "low"])
def test_damaged_rules_for_names_are_refused(tmp_path, content):
    make_ai4pain(tmp_path, {"Train": range(1, 3)})
    touch(tmp_path / "names.yaml", content.encode())
    with pytest.raises(UserError, match=r"names\.yaml (cannot be used|is not valid YAML)"):
        read_index("ai4pain", tmp_path)
