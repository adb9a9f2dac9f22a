import json
import os

import numpy as np
import pandas as pd
import pytest

from transferpain.apps.predict.files import check_free, write_answers
from transferpain.apps.predict.pictures import NO_FACE, columns_of
from transferpain.core.csv_file import read_csv
from transferpain.core.errors import UserError

CLASSES = ("none", "pain")


def answers() -> pd.DataFrame:
    rows = [
        ("=a.png", 0, np.nan, 1, 1, 1.0, 2.0, 31.0, 42.0, 0.9, "pain", 0.25, 0.75, ""),
        ("b.mp4", 3, 0.12, 0, pd.NA, *[np.nan] * 5, "", np.nan, np.nan, NO_FACE),
    ]
    table = pd.DataFrame(rows, columns=columns_of(CLASSES)).assign(synthetic=True)
    return table.astype(dict.fromkeys(("frame", "faces", "face"), "Int64"))


def test_csv_comes_back(tmp_path):
    write_answers(tmp_path / "answers.csv", answers(), CLASSES, {})
    read = read_csv(tmp_path / "answers.csv", text=["file"])
    assert read["file"].tolist() == ["=a.png", "b.mp4"]
    assert read["p_pain"].tolist()[0] == 0.75
    assert read["face"].isna().tolist() == [False, True]
    assert "\n'=a.png" in (tmp_path / "answers.csv").read_text()


def test_json_has_boxes_and_probabilities_by_class(tmp_path):
    write_answers(tmp_path / "answers.json", answers(), CLASSES, {"model": "0" * 64, "synthetic": True})
    read = json.loads((tmp_path / "answers.json").read_text())
    first, second = read["rows"]
    assert (read["model"], read["synthetic"], read["classes"]) == ("0" * 64, True, list(CLASSES))
    assert first["box"] == {"left": 1.0, "top": 2.0, "right": 31.0, "bottom": 42.0}
    assert first["probabilities"] == {"none": 0.25, "pain": 0.75}
    assert first["seconds"] is None
    assert (second["answer"], second["box"], second["probabilities"], second["score"]) == (None, None, None, None)
    assert (second["frame"], second["problem"]) == (3, NO_FACE)


def test_nothing_is_written_over_and_other_endings_are_refused(tmp_path):
    there = tmp_path / "answers.csv"
    there.write_text("mine")
    with pytest.raises(UserError, match="there already"):
        write_answers(there, answers(), CLASSES, {})
    assert there.read_text() == "mine"
    with pytest.raises(UserError, match=r"ends in \.csv or \.json"):
        check_free(tmp_path / "answers.xlsx")


@pytest.mark.parametrize("folder", ["a.txt", "a.txt/deeper"])
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_computed(folder, tmp_path):
    (tmp_path / "a.txt").write_text("kept")
    with pytest.raises(UserError, match="which is a file"):
        check_free(tmp_path / folder / "answers.csv")
    check_free(tmp_path / "new" / "deeper" / "answers.csv")


@pytest.mark.parametrize("name", ["link/answers.csv", "link/deeper/answers.csv", "answers.csv"])
def test_a_link_that_leads_nowhere_is_told_before_anything_is_computed(name, tmp_path):
    (tmp_path / "link").symlink_to("gone")
    (tmp_path / "answers.csv").symlink_to("gone.csv")
    with pytest.raises(UserError, match=r"is a link to gone(\.csv)?, which is not there"):
        check_free(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_closed_folder_is_refused_before_anything_is_computed(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="which is closed to you"):
        check_free(tmp_path / "answers.csv")
