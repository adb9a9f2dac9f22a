"""docs/reference-faces.md: its table is what was kept of `make reference-demo`, and what it says of datasets is so."""

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from transferpain.data.datasets.registry import DATASETS
from transferpain.experiments.study_schema import load_study

ROOT = Path(__file__).parents[2]
COMMAND = runpy.run_path(str(ROOT / "docs" / "reference_faces.py"))
PAGE = (ROOT / "docs" / "reference-faces.md").read_text(encoding="utf-8")
STUDY = load_study(ROOT / "experiments" / "reference-demo.yaml")


def test_the_table_is_current():
    assert COMMAND["page"]() == PAGE


@pytest.mark.skipif(not COMMAND["MEASURED"].is_file(), reason="not measured yet")
def test_every_member_has_a_row_and_was_tested_on_the_same_clips():
    measured = pd.read_csv(COMMAND["MEASURED"])
    own = measured[measured["clips"].notna()]
    assert list(dict.fromkeys(own["member"])) == list(STUDY.experiments)
    assert len(own[["subjects", "clips"]].drop_duplicates()) == 1
    subjects, clips = own[["subjects", "clips"]].iloc[0].astype(int)
    assert f"the same {subjects} neutral clips are taken out" in " ".join(PAGE.split())
    assert f"on the other {clips} clips of {subjects} people" in " ".join(PAGE.split())


def test_a_row_has_a_score_a_difference_and_its_p():
    row = pd.Series(
        {
            "score": 0.6123,
            "score_low": 0.55,
            "score_high": 0.67,
            "gap": 0.02,
            "gap_low": -0.01,
            "gap_high": 0.05,
            "p": 0.2,
        }
    )
    assert COMMAND["cells"](row) == ("0.612 [0.550, 0.670]", "+0.020 [-0.010, +0.050], p 0.200")
    assert COMMAND["cells"](row.mask(row.index.str.startswith("gap"))) == ("0.612 [0.550, 0.670]", "-")
    assert COMMAND["cells"](row.mask(row.index.str.startswith("score"), np.nan))[0] == "-"


@pytest.mark.parametrize("name", list(DATASETS))
def test_the_page_says_which_faces_of_a_dataset_are_neutral(name):
    titles = {
        "biovid": "BioVid",
        "ai4pain": "AI4Pain",
        "mintpain": "MIntPAIN",
        "unbc": "UNBC-McMaster",
        "ferplus": "FER+",
        "pain3d": "3DPain",
    }
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| {titles[name]} |")]
    known = DATASETS[name].neutral
    assert ("none, it names no people" in row) == (known is None)
    if name in ("biovid", "mintpain", "unbc", "pain3d"):
        assert row.count(str(known.labels[0])) >= 1
