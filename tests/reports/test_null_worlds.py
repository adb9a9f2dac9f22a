"""The null check: at chance as frames are sampled, and not with the former sampling put back."""

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.command_line import EXPERIMENTS
from tests.small_study import tiny, write_small_study
from transferpain.core.errors import UserError
from transferpain.data.places import Places
from transferpain.evaluation.null_worlds import NullScore
from transferpain.experiments.null_worlds import DRAWS, World
from transferpain.reports.null_worlds import HOLDS, MISSES, _concluded, check_file
from transferpain.strategies.common import media

CHECK = yaml.safe_load((EXPERIMENTS / "null-check.yaml").read_text(encoding="utf-8"))


def whole_clips(clips: pd.DataFrame, faces: pd.DataFrame, window, skipped: int = 0) -> pd.DataFrame:
    """Read all of each clip, as it was done when `features.frames` were spread over it whatever its length."""
    return faces.assign(stretch=faces["num_frames"].astype(np.int64))


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


def test_what_leaks_by_declaration_is_not_judged(tmp_path):
    with pytest.raises(UserError, match="it deals out frames at random"):
        concluded(tmp_path, 0.9, protocol={"kind": "random_frames", "allow_leakage": True})


@pytest.mark.slow
def test_the_check_fails_with_the_former_sampling_and_names_the_cell(tmp_path, monkeypatch):
    folder = tmp_path / "experiments"
    write_small_study(folder)
    study = CHECK | {"twins": {"ai4pain": CHECK["twins"]["ai4pain"] | {"subjects": 6}}}
    study["set"] = CHECK["set"] | {"training": CHECK["set"]["training"] | {"epochs": 1}}
    study["experiments"] = {name: CHECK["experiments"][name] for name in ("lstm",)}
    path = folder / "null-check.yaml"
    path.write_text(yaml.safe_dump(study), encoding="utf-8")
    places = Places(tmp_path, tmp_path)
    check = check_file(path, places, [])
    assert check.passed, check.result.notes
    assert [row[0] for row in check.result.rows] == ["lstm", "lstm: steps"]
    monkeypatch.setattr(media, "with_stretch", whole_clips)
    # Another name gives other runs; twins and faces are those that are there.
    check = check_file(path, places, ["question=with the former sampling"])
    assert not check.passed
    assert any(note.startswith("failed: lstm: steps is not at chance") for note in check.result.notes)
