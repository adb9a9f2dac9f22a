"""docs/known-answers.md: its table is what was kept of `make known-answers`, and names every contrast of the study."""

import runpy
from pathlib import Path

import pandas as pd
import pytest

from transferpain.core.store import read_json
from transferpain.experiments.study_schema import load_study

ROOT = Path(__file__).parents[2]
COMMAND = runpy.run_path(str(ROOT / "docs" / "known_answers.py"))
STUDY = load_study(ROOT / "experiments" / "known-answers.yaml")
CEILINGS = {"BioVid, five levels": {"both, course": [0.6, 0.5, 0.7], "both, mean": [0.4, 0.3, 0.5]}}


def row(first: str, second: str, **values) -> dict:
    own = {"first_score": 0.4, "second_score": 0.3, "difference": 0.1, "difference_low": 0.02, "difference_high": 0.18}
    return {"first": first, "second": second, "set": "all", "adjusted_p": 0.04, "verdict": "holds"} | own | values


def test_the_page_is_current():
    assert COMMAND["page"]() == COMMAND["PAGE"].read_text(encoding="utf-8")


def test_every_contrast_of_the_study_is_named_and_no_other():
    assert set(COMMAND["ANSWERS"]) == {(pair.better, pair.worse) for pair in STUDY.comparisons}
    assert set(COMMAND["TESTED_ON"]) <= set(STUDY.experiments)


def test_every_ceiling_is_one_that_was_measured():
    ceilings = read_json(COMMAND["CEILINGS"])["ceilings"]
    for task, _ in COMMAND["TESTED_ON"].values():
        assert COMMAND["MEAN"] in ceilings[task]


def test_a_row_has_the_difference_its_verdict_and_the_share_of_its_ceiling():
    measured = pd.DataFrame([row("five-tcn", "five-vote"), row("five-tcn", "five-vote", set="1", difference=0.2)])
    (line,) = COMMAND["table"](measured, CEILINGS).splitlines()[2:]
    assert line == (
        "| the order of frames helps: a TCN over a vote of frames | 0.400 | 0.300 | +0.100 [+0.020, +0.180] | 0.040 "
        "| holds | 50% |"
    )


def test_a_probe_has_the_ceiling_of_means_and_other_data_have_none():
    measured = pd.DataFrame(
        [row("five-vote: linear probe, mean", "chance"), row("mintpain: linear probe, mean", "chance")]
    )
    own, other = COMMAND["table"](measured, CEILINGS).splitlines()[2:]
    assert own.startswith("| a linear probe over chance: `five-vote` |")
    assert own.endswith("| 100% |")
    assert other.endswith("| - |")


@pytest.mark.skipif(not COMMAND["MEASURED"].is_file(), reason="not measured yet")
def test_every_contrast_was_measured_on_every_set():
    measured = pd.read_csv(COMMAND["MEASURED"], dtype={"set": str})
    sets = measured.groupby(["first", "second"])["set"].agg(set)
    assert set(COMMAND["ANSWERS"]) <= set(sets.index)
    assert all(found == {"1", "2", "3", "4", "5", "all"} for found in sets)
    assert {f"{name}: linear probe, mean" for name in ("vote", "ai4pain", "unbc", "mintpain")} <= set(measured["first"])
