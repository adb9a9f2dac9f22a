"""Several data roots in one workspace, and data roots without the dataset, through the real command line."""

import os
import shutil

import pandas as pd
import pytest

from tests.end_to_end.small_runs import call, copy_parts, fail, predictions_of, succeed
from tests.forked_program import forked
from transferpain.experiments.run_folder import RunFolder

pytestmark = pytest.mark.slow

ONE_SEED = "seeds=[0]"


def test_nothing_is_shared_between_data_of_the_same_names(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path / "both", "data", "cache")
    alone = copy_parts(finished, tmp_path / "alone")
    drawn = tmp_path / "drawn"
    twin = ("--subjects", "8", "--clips", "1", "--seconds", "0.5", "--seed", "1", "--out", drawn)
    succeed(forked("data", "twin", "ai4pain", *twin))
    shutil.copytree(workspace / "data" / "ai4pain", tmp_path / "licensed" / "ai4pain", copy_function=os.link)
    (tmp_path / "licensed" / "ai4pain" / "SYNTHETIC.json").unlink()
    one = {path.name for path in workspace.glob("cache/features/*/*.npy")}
    succeed(call("run", workspace, ONE_SEED))
    assert {path.name for path in workspace.glob("cache/features/*/*.npy")} == one
    succeed(call("run", alone, ONE_SEED, data_root=drawn))
    other = {path.name for path in alone.glob("cache/features/*/*.npy")}
    assert not one & other
    succeed(call("run", workspace, ONE_SEED, data_root=drawn))
    assert {path.name for path in workspace.glob("cache/features/*/*.npy")} == one | other
    succeed(call("run", workspace, ONE_SEED, data_root=tmp_path / "licensed"))
    runs = [RunFolder(path) for path in sorted((workspace / "runs").glob("ai4pain-ann-*"))]
    assert len(runs) == 3
    assert len({run.facts()["index"] for run in runs}) == 3
    (of_drawn,) = (alone / "runs").glob("ai4pain-ann-*")
    expected = RunFolder(of_drawn)
    # The source is named by its path, which stands in the experiment, so the two runs bear different names.
    (same_place,) = (run for run in runs if run.facts()["index"] == expected.facts()["index"])
    pd.testing.assert_frame_equal(same_place.predictions(), expected.predictions(), check_exact=True)
    of_finished = predictions_of(finished, "ann").query("seed == 0").reset_index(drop=True)
    assert len(of_finished)
    assert not expected.predictions().equals(of_finished)


@pytest.mark.parametrize(
    ("root", "message"),
    [
        ("nowhere", "There is no data folder for AI4Pain"),
        ("file", "There is no data folder for AI4Pain"),
        ("nothing", "No data of AI4Pain"),
        ("biovid", "No data of AI4Pain"),
        ("renamed", "No data of AI4Pain"),
        ("unfinished", "is unfinished"),
    ],
)
@pytest.mark.parametrize("command", ["run", "faces"])
def test_a_data_root_without_the_dataset_is_refused(finished, tmp_path, root, message, command):
    workspace = copy_parts(finished, tmp_path)
    place = tmp_path / "root"
    if root == "file":
        place.write_text("no folder")
    elif root == "nothing":
        place.mkdir()
    elif root == "biovid":
        shutil.copytree(finished / "data" / "biovid", place / "biovid", copy_function=os.link)
    elif root == "renamed":
        shutil.copytree(finished / "data" / "biovid", place / "ai4pain", copy_function=os.link)
    elif root == "unfinished":
        shutil.copytree(finished / "data" / "ai4pain", place / "ai4pain", copy_function=os.link)
        (place / "ai4pain" / "SYNTHETIC.json").rename(place / "ai4pain" / "SYNTHETIC.unfinished.json")
    assert message in fail(call(command, workspace, data_root=place))
    assert not (workspace / "runs").exists()
