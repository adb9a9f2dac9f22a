"""The tables of docs/null-worlds.md: what the command writes of reports, and that the page holds what it writes."""

import runpy
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
COMMAND = runpy.run_path(str(ROOT / "docs" / "null_worlds.py"))


def judged(score: float = 0.5, found: float = 0.7, holds: bool = True) -> pd.DataFrame:
    """Return what a null check writes of one cell and its steps in two worlds."""
    rows = [
        (f"lstm{part}", world, value, found, ok)
        for part, value, ok in (("", 0.5, True), (": steps", score, holds))
        for world in ("1", "2", "all")
    ]
    return pd.DataFrame(rows, columns=["cell", "world", "balanced_accuracy", "found_from", "holds_chance"])


def test_a_row_holds_the_scores_of_a_cell_and_marks_what_misses_chance():
    lines = COMMAND["table"](judged(0.912, holds=False)).splitlines()
    assert lines[0] == "| cell | head | leaning | linear probe, mean | linear probe, mean + maximum | steps |"
    assert lines[2] == "| lstm | 0.50 (0.70) |  |  |  | **0.91** (0.70) |"
    assert COMMAND["summary"](judged(0.912, holds=False)) == "3 of 6 intervals miss chance."


@pytest.mark.parametrize("found", [float("nan"), 1.2])
def test_a_cell_that_no_score_would_give_away_says_so(found):
    assert COMMAND["table"](judged(found=found)).splitlines()[2].startswith("| lstm | 0.50 (-) |")
    assert COMMAND["summary"](judged(found=found)) == "None of 6 intervals miss chance."


def test_a_sampling_has_the_tables_that_there_are_reports_for(tmp_path):
    folder = tmp_path / "null-check-former-sampling-null"
    folder.mkdir()
    judged().to_csv(folder / "null.csv", index=False)
    sampled, former = COMMAND["SAMPLINGS"]
    text = COMMAND["tables"](tmp_path, former)
    assert "With the former sampling put back, `experiments/null-check.yaml`" in text
    assert "null-check-matrix.yaml" not in text
    assert "Made on 20" in text
    assert COMMAND["tables"](tmp_path, sampled) is None


@pytest.mark.parametrize("title", COMMAND["SAMPLINGS"].values())
def test_the_page_has_the_places_of_the_tables(title):
    page = (ROOT / "docs" / "null-worlds.md").read_text(encoding="utf-8")
    assert page.count(COMMAND["BEGIN"].format(title)) == page.count(COMMAND["END"].format(title)) == 1
    assert f"{title}, `experiments/null-check-matrix.yaml`: " in page
