"""The null check: at chance as frames are sampled, and not with the former sampling put back."""

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.command_line import EXPERIMENTS
from tests.former_sampling import ASKED, put_back
from tests.small_study import tiny, write_small_study
from transferpain.core.errors import UserError
from transferpain.data.places import Places
from transferpain.evaluation.null_worlds import NullScore
from transferpain.experiments.null_worlds import DRAWS, World
from transferpain.reports.null_worlds import BLIND, HOLDS, MISSES, _concluded, check_file

CHECK = yaml.safe_load((EXPERIMENTS / "null-check.yaml").read_text(encoding="utf-8"))


def concluded(tmp_path, told: float, **changes):
    """Return the verdict on one cell in five worlds, in each of which its score is `told`."""
    write_small_study(tmp_path / "experiments")
    experiment = tiny(tmp_path / "experiments", **changes)
    worlds = [World(draw, Places(tmp_path, tmp_path), {}, permutes=True) for draw in range(1, DRAWS + 1)]
    permuted = np.random.default_rng(0).normal(0.5, 0.1, (DRAWS, 2000))
    scores = [NullScore(experiment.name, draw, told, permuted[draw - 1]) for draw in range(1, DRAWS + 1)]
    return _concluded("mine", "Mine", [experiment], worlds, scores, [])


@pytest.mark.parametrize(("told", "passed", "verdict"), [(0.52, True, HOLDS), (0.85, False, MISSES)])
def test_the_table_and_the_page_say_what_is_not_at_chance(tmp_path, told, passed, verdict):
    check = concluded(tmp_path, told)
    assert check.passed == passed
    (row,) = check.result.rows
    assert (row[0], row[-1]) == ("ai4pain-ann", verdict)
    assert any("failed: ai4pain-ann is not at chance" in note for note in check.result.notes) != passed
    page = (tmp_path / "reports" / "mine-null" / "index.html").read_text(encoding="utf-8")
    assert ("Every score is at chance" in page) == passed
    # On licensed data it is said what cannot be found.
    assert "none of length, rate or" in page
    table = pd.read_csv(tmp_path / "reports" / "mine-null" / "null.csv")
    assert table["world"].astype(str).tolist() == ["1", "2", "3", "4", "5", "all"]
    assert table["holds_chance"].all() == passed


def test_a_cell_of_too_few_clips_to_miss_chance_says_so(tmp_path):
    write_small_study(tmp_path / "experiments")
    experiment = tiny(tmp_path / "experiments")
    worlds = [World(draw, Places(tmp_path, tmp_path), {}, permutes=True) for draw in range(1, DRAWS + 1)]
    permuted = np.random.default_rng(0).integers(0, 2, (DRAWS, 2000)).astype(float)  # one pair of clips a world
    scores = [NullScore(experiment.name, draw, 1.0, permuted[draw - 1]) for draw in range(1, DRAWS + 1)]
    check = _concluded("mine", "Mine", [experiment], worlds, scores, [])
    assert check.passed
    assert check.result.rows[0][-1] == BLIND
    assert "ai4pain-ann: too few clips for any score to miss chance" in check.result.notes


def test_what_leaks_by_declaration_is_not_judged(tmp_path):
    with pytest.raises(UserError, match="it deals out frames at random"):
        concluded(tmp_path, 0.9, protocol={"kind": "random_frames", "allow_leakage": True})


@pytest.mark.slow
def test_the_check_fails_with_the_former_sampling_and_names_the_cell(tmp_path, monkeypatch):
    folder = tmp_path / "experiments"
    write_small_study(folder)
    study = CHECK | {"twins": {"ai4pain": CHECK["twins"]["ai4pain"] | {"subjects": 12}}}
    study["set"] = CHECK["set"] | {"backbone": "squeezenet", "training": CHECK["set"]["training"] | {"epochs": 1}}
    study["experiments"] = {name: CHECK["experiments"][name] for name in ("ann-cut-windows",)}
    path = folder / "null-check.yaml"
    path.write_text(yaml.safe_dump(study), encoding="utf-8")
    places = Places(tmp_path, tmp_path)
    check = check_file(path, places, [])
    assert check.passed, check.result.notes
    assert [row[0] for row in check.result.rows] == [
        "ann-cut-windows",
        "ann-cut-windows: leaning",
        "ann-cut-windows: linear probe, mean",
        "ann-cut-windows: linear probe, mean + maximum",
        "ann-cut-windows: steps",
    ]
    put_back(monkeypatch.setattr)
    check = check_file(path, places, [ASKED])
    assert not check.passed
    assert any(note.startswith("failed: ann-cut-windows: steps is not at chance") for note in check.result.notes)
