"""Experiments that learn action units beside pain, from the index of a twin to the files of the run."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.command_line import EXPERIMENTS
from transferpain.core.errors import UserError
from transferpain.core.store import read_json
from transferpain.data.datasets.index import read_index
from transferpain.data.places import Places
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin
from transferpain.experiments.check import check_experiment
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runner import make_plan, run_experiment
from transferpain.experiments.schema import Experiment, load_experiment
from transferpain.models.bundles.sklearn_bundle import read_any_bundle
from transferpain.strategies.common.finished import fold_files
from transferpain.strategies.fine_tuning.units_section import units_section

TINY = {
    "source": "untrained",
    "backbone": "squeezenet",
    "faces": {"detector": "mediapipe", "size": 32},
    "protocol": {"kind": "group_kfold", "folds": 2, "selection_share": 0.25},
    "rows": {"keep_painless": 1.0},
    "units": {"weight": 0.25, "of": [4, 6, 43]},
    "training": {"epochs": 1},
}


def experiment(**changes) -> Experiment:
    return load_experiment(EXPERIMENTS / "unbc-units.yaml", TINY | changes)


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> Places:
    folder = tmp_path_factory.mktemp("units")
    write_twin("unbc", folder / "data", TwinSettings(8, seed=41, clips=2, seconds=0.3), lambda pictures: None)
    return Places(folder / "data", folder)


def answers_of(run: RunFolder) -> pd.DataFrame:
    return pd.concat(map(pd.read_parquet, fold_files(run.path, "units.parquet").values()), ignore_index=True)


@pytest.mark.slow
def test_a_run_of_frames_states_what_was_coded_and_answers_pain_alone(places):
    run = run_experiment(experiment(), EXPERIMENTS, places)
    answers = answers_of(run)
    coded = read_index("unbc", places.data_root).frames
    names = coded["clip"] + "/" + coded["frame"].astype(str).str.zfill(3)
    coded = coded.assign(clip=names).set_index("clip").loc[answers["clip"]]
    assert len(answers) == len(names)
    for unit in (4, 6, 43):
        np.testing.assert_array_equal(answers[f"au{unit}"], coded[f"au{unit}"].to_numpy(np.float32))
        assert answers[f"au{unit}_predicted"].dropna().between(0, 1 if unit == 43 else 5).all()
    bundle = read_any_bundle(run.model)
    assert bundle.model.output_shape == (None, 2)
    assert bundle.manifest["units"] == {"weight": 0.25, "of": [4, 6, 43]}
    assert not [layer.name for layer in bundle.model.layers if "units" in layer.name]
    assert "AU4, AU6, AU43; the weight of their loss 0.25" in (run.model / "README.md").read_text(encoding="utf-8")
    assert "with the weight 0.25 of their loss" in units_section(run.path).notes[0]
    for path in fold_files(run.path, "fitted.json").values():
        steps = {line["step"]: line for line in read_json(path)["fitted"]}
        assert steps["output of the action units"]["rows"] == steps["weights of the network"]["rows"]


@pytest.mark.slow
def test_in_a_run_of_clips_each_frame_has_its_own(places):
    changes = {"task": "cross-binary", "dataset": "unbc", "strategy": "last_layer"}
    answers = answers_of(run_experiment(experiment(name="clips", **changes), EXPERIMENTS, places))
    coded = read_index("unbc", places.data_root).frames
    coded = coded.assign(place=coded.groupby("clip").cumcount()).set_index(["clip", "place"])
    wanted = coded.loc[list(zip(answers["clip"], answers["frame"], strict=True))]
    assert len(answers) > answers["clip"].nunique()
    np.testing.assert_array_equal(answers["au6"], wanted["au6"].to_numpy(np.float32))
    assert answers["au6"].nunique() > 1


def test_units_of_a_dataset_without_any_are_refused_before_anything_is_computed(small_twin, tmp_path):
    asked = experiment(task="cross-binary", dataset="biovid")
    for check in (make_plan, check_experiment):
        with pytest.raises(UserError, match=r"No action unit is coded in biovid(.|\n)*unbc \(AU4, 6,"):
            check(asked, EXPERIMENTS, Places(small_twin, tmp_path))
    assert not [path for path in Path(tmp_path).iterdir() if path.name != "cache"]


def test_a_unit_that_nobody_coded_is_refused_before_anything_is_computed(places):
    with pytest.raises(UserError, match="Nobody coded AU2 in what is trained on of unbc"):
        make_plan(experiment(units={"weight": 1, "of": [4, 2]}), EXPERIMENTS, places)
