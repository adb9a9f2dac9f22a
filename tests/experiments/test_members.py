"""Ensembles of finished runs on a tiny twin: what they answer, and what is refused as a member."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.command_line import EXPERIMENTS
from transferpain.core.errors import UserError
from transferpain.core.schema import read_stamped, write_stamped
from transferpain.core.store import read_json
from transferpain.data.places import Places
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin
from transferpain.experiments.leakage.checks import read_checks
from transferpain.experiments.members import of_batch, with_members
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runner import make_plan, run_experiment
from transferpain.experiments.schema import Experiment, load_experiment
from transferpain.models.bundles.bundle import read_bundle
from transferpain.strategies.common.fitted import read_fitted

pytestmark = pytest.mark.slow
SMALL = {
    "protocol": {"kind": "group_kfold", "folds": 2, "selection_share": 0.5},
    "faces": {"size": 32},
    "features": {"fps": 10, "dtype": "float32"},
    "window": {"seconds": 0.4},
    "head": {"kind": "logistic_regression"},
}
# Runs that fit no ensemble of the others: name -> what is changed, and what the message says of it.
UNLIKE = {
    "five": ({"task": "biovid-five"}, "of other classes"),
    "harmonised": ({"task": "cross-binary", "dataset": "biovid"}, "of other classes"),
    "reseeded": ({"seeds": [1]}, "of other seeds"),
    "thirds": ({"protocol": {"folds": 3}}, "of other folds"),
    "selected": ({"protocol": {"selection_share": 0.25}}, "of other clips"),
    "dealt": ({"null_draw": 1}, "of other labels"),
}


def single(name: str, **changes) -> Experiment:
    """Return a tiny experiment: a head on a texture."""
    changes = SMALL | {"name": name} | changes
    changes["protocol"] = SMALL["protocol"] | changes["protocol"]
    return load_experiment(EXPERIMENTS / "biovid-texture.yaml", changes)


def ensemble(*members: str, kind: str = "averaging", **changes) -> Experiment:
    changes = {"name": "both", "source": {"runs": list(members)}, "head": {"kind": kind}} | changes
    return load_experiment(EXPERIMENTS / "biovid-ensemble.yaml", {"protocol": SMALL["protocol"]} | changes)


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> Places:
    """A workspace with two runs that fit each other, and those of `UNLIKE`."""
    folder = tmp_path_factory.mktemp("members")
    settings = TwinSettings(subjects=12, clips=1, seconds=0.4)
    write_twin("biovid", folder / "data", settings, lambda frames: None)
    places = Places(folder / "data", folder)
    for name, extractor in (("glcm", "glcm"), ("lbp", "lbp")):
        run_experiment(single(name, source={"extractor": extractor}), EXPERIMENTS, places)
    for name, (changes, _) in UNLIKE.items():
        run_experiment(single(name, **changes), EXPERIMENTS, places)
    return places


@pytest.fixture
def copied(places, tmp_path) -> Places:
    """The same, whose runs may be changed."""
    shutil.copytree(places.runs, tmp_path / "runs")
    return Places(places.data_root, tmp_path)


def run_of(places: Places, name: str) -> Path:
    (path,) = places.runs.glob(f"{name}-[0-9a-f]*")
    return path


def answers(run: Path, part: str = "test") -> pd.DataFrame:
    rows = RunFolder(run).predictions(part)
    return rows[rows["frame"] == -1].reset_index(drop=True)


@pytest.mark.parametrize("kind", ["averaging", "stacking"])
def test_an_ensemble_answers_for_the_same_clips_and_says_what_was_fitted(places, kind):
    run = run_experiment(ensemble("glcm", "lbp", kind=kind), EXPERIMENTS, places)
    said, (one, other) = answers(run.path), (answers(run_of(places, name)) for name in ("glcm", "lbp"))
    columns = ["p_0", "p_1"]
    assert said[["subject", "clip", "fold", "y_true"]].equals(one[["subject", "clip", "fold", "y_true"]])
    mean = (one[columns].to_numpy(np.float64) + other[columns].to_numpy(np.float64)) / 2
    assert np.allclose(said[columns], mean, atol=1e-6) == (kind == "averaging")
    assert (said["y_pred"] == said[columns].to_numpy().argmax(axis=1)).all()
    members = pd.concat([pd.read_parquet(path) for path in sorted(run.path.glob("folds/*/members.parquet"))])
    assert sorted(members["member"].unique()) == [run_of(places, name).name for name in ("glcm", "lbp")]
    plan = make_plan(ensemble("glcm", "lbp", kind=kind), EXPERIMENTS, places)
    assert plan.run == run
    for fold in plan.folds:
        lines = {one.step: one for one in read_fitted(run.fold(fold.name, 0))}
        assert any(step.startswith("glcm-") and step.endswith("weights of the network") for step in lines)
        own = [line for step, line in lines.items() if step.startswith("stacking")]
        assert len(own) == (kind == "stacking")
        for line in own:
            np.testing.assert_array_equal(line.rows, np.sort(fold.selection))
    assert {line.state for line in read_checks(run.path) if line.number in (1, 2, 4, 5, 6)} == {"pass"}
    manifest = read_json(run.model / "manifest.json")
    assert [member["run"] for member in manifest["members"]] == [run_of(places, name).name for name in ("glcm", "lbp")]
    assert {member["model"] for member in manifest["members"]} <= set(manifest["parents"])
    assert (manifest["reads"], manifest["synthetic"]) == ("answers", True)
    assert read_bundle(run.model).model.input_shape == (None, 4)


def test_members_are_pinned_by_their_folders_and_a_batch_means_its_own_runs(copied):
    pinned = with_members(ensemble("glcm", "lbp"), copied)
    assert pinned.members == tuple(run_of(copied, name).name for name in ("glcm", "lbp"))
    assert with_members(pinned, copied) == pinned
    glcm = run_of(copied, "glcm")
    glcm_too = glcm.with_name("glcm-0123456789abcdef")
    shutil.copytree(glcm, glcm_too)
    with pytest.raises(UserError, match="Several runs are called glcm"):
        with_members(ensemble("glcm", "lbp"), copied)
    assert of_batch(ensemble("glcm", "lbp"), [RunFolder(glcm)]).members == (glcm.name, "lbp")


@pytest.mark.parametrize("name", UNLIKE)
def test_a_run_of_another_kind_is_no_member(places, name):
    with pytest.raises(UserError, match=f"A member of both is {UNLIKE[name][1]}") as error:
        make_plan(ensemble("glcm", name), EXPERIMENTS, places)
    assert run_of(places, name).name in str(error.value)


def test_a_run_of_another_task_with_the_same_classes_is_no_member(copied):
    facts = run_of(copied, "lbp") / "facts.json"
    changed = read_stamped(facts) | {"task_hash": "0" * 16}
    (run_of(copied, "lbp") / "done").unlink()
    with pytest.raises(UserError, match="A member of both is unfinished"):
        make_plan(ensemble("glcm", "lbp"), EXPERIMENTS, copied)
    write_stamped(facts, changed)
    run = RunFolder(run_of(copied, "lbp"))
    run.finish(["experiment.yaml", "facts.json", "metrics.json"], sorted(run.path.glob("folds/*")))
    with pytest.raises(UserError, match="A member of both is of another task"):
        make_plan(ensemble("glcm", "lbp"), EXPERIMENTS, copied)


def test_a_damaged_run_is_no_member(copied):
    (table, *_) = run_of(copied, "lbp").glob("folds/*/predictions.parquet")
    table.write_bytes(table.read_bytes()[:-9])
    with pytest.raises(UserError, match="A member of both is damaged"):
        make_plan(ensemble("glcm", "lbp"), EXPERIMENTS, copied)


def test_runs_on_other_data_are_no_members(copied, tmp_path):
    other = tmp_path / "other"
    write_twin("biovid", other, TwinSettings(subjects=12, clips=1, seconds=0.4, seed=9), lambda frames: None)
    with pytest.raises(UserError, match="A member of both is of other data"):
        make_plan(ensemble("glcm", "lbp"), EXPERIMENTS, Places(other, copied.workspace))


def test_unknown_runs_and_paths_are_refused(places):
    with pytest.raises(UserError, match="There is no run hog"):
        make_plan(ensemble("glcm", "hog"), EXPERIMENTS, places)
    with pytest.raises(UserError, match="not named as it stands in"):
        make_plan(ensemble("glcm", "../runs"), EXPERIMENTS, places)


def test_one_run_under_two_names_is_refused(places):
    with pytest.raises(UserError, match="the same run twice"):
        make_plan(ensemble("glcm", run_of(places, "glcm").name), EXPERIMENTS, places)


def test_a_stack_is_refused_where_a_member_has_learned_from_selection_subjects(copied):
    run = RunFolder(run_of(copied, "lbp"))
    plan = make_plan(single("lbp", source={"extractor": "lbp"}), EXPERIMENTS, copied)
    fold = plan.folds[0]
    folder = run.fold(fold.name, 0)
    fitted = read_fitted(folder)
    lines = read_stamped(folder / "fitted.json")["fitted"]
    for line, one in zip(lines, fitted, strict=True):
        if one.use == "fit":
            line["rows"] = [[int(row), int(row)] for row in np.union1d(one.rows, fold.selection)]
            rows = plan.samples.iloc[np.union1d(one.rows, fold.selection)]
            line["subjects"] = sorted({f"biovid/{subject}" for subject in rows["subject"]})
    write_stamped(folder / "fitted.json", {"fitted": lines})
    rows, history = pd.read_parquet(folder / "predictions.parquet"), pd.read_csv(folder / "history.csv")
    run.finish_fold(fold.name, 0, rows, history, ["fitted.json"])
    (run.path / "done").unlink()
    run.finish(["experiment.yaml", "facts.json", "metrics.json"], sorted(run.path.glob("folds/*")))
    with pytest.raises(UserError, match="cannot be stacked"):
        run_experiment(ensemble("glcm", "lbp", kind="stacking", name="anew"), EXPERIMENTS, copied)
    assert run_experiment(ensemble("glcm", "lbp", name="anew"), EXPERIMENTS, copied).is_done


def test_runs_whose_references_are_taken_out_are_members_where_the_ensemble_takes_them_out(tmp_path):
    places = Places(tmp_path / "data", tmp_path)
    write_twin("biovid", places.data_root, TwinSettings(subjects=8, clips=2, seconds=0.4), lambda frames: None)
    forms = {"beside": {"form": "pair", "frames": 2}, "alone": {"form": "withheld"}}
    for name, form in forms.items():
        run_experiment(single(name, source={"extractor": "glcm"}, reference=form), EXPERIMENTS, places)
    with pytest.raises(UserError, match=r"of other clips(.|\n)*--set reference.form=withheld"):
        make_plan(ensemble(*forms), EXPERIMENTS, places)
    both = ensemble(*forms, kind="stacking", reference={"form": "withheld"})
    run = run_experiment(both, EXPERIMENTS, places)
    assert answers(run.path)["clip"].tolist() == answers(run_of(places, "beside"))["clip"].tolist()
    checks = {line.number: line for line in read_checks(run.path)}
    assert checks[5].state == "pass"
    assert "0 of 8 references in a part" in checks[5].figure
