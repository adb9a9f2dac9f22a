"""Known answers in small, by the installed program: what the literature knows comes out on drawn faces.

The study is that of `make known-answers` with fewer people and clips, and of its contrasts the one that few of them
show: frames dealt at random seem better than frames dealt by subject. A linear probe is above chance beside it.
"""

import pandas as pd
import pytest
import yaml

from tests.command_line import EXPERIMENTS, transferpain
from transferpain.evaluation.confirmation import HOLDS
from transferpain.experiments.schema import read_values

MEMBERS = ("frames-at-random", "frames-by-subject")


@pytest.mark.slow
def test_what_is_known_holds_on_five_small_sets(tmp_path):
    study = read_values(EXPERIMENTS / "known-answers.yaml")
    weights = str(EXPERIMENTS.parent / study["set"]["source"])
    study |= {
        "data_root": "data",
        "twins": {"unbc": {"subjects": 8, "seed": 33, "clips": 2, "seconds": 1}},
        "set": study["set"] | {"source": weights},
        "experiments": {name: study["experiments"][name] for name in MEMBERS},
        "comparisons": [{"better": MEMBERS[0], "worse": MEMBERS[1]}],
    }
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    (tmp_path / "unbc-frames-ann.yaml").write_text((EXPERIMENTS / "unbc-frames-ann.yaml").read_text(encoding="utf-8"))
    result = transferpain("run", tmp_path / "small.yaml", "--confirm", "--workspace", tmp_path)
    assert result.returncode == 0, result.stderr
    table = pd.read_csv(tmp_path / "reports" / "known-answers-confirmation" / "confirmation.csv", dtype={"set": str})
    found = table[table["set"] == "all"].set_index(["first", "second"])
    assert found.loc[MEMBERS, "verdict"] == HOLDS
    assert found.loc[("frames-by-subject: linear probe, mean", "chance"), "verdict"] == HOLDS
