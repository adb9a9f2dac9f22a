"""A run's model says where it comes from, on whose terms, and what it scores."""

import dataclasses
import hashlib
import subprocess

import pytest
import yaml

from tests.command_line import EXPERIMENTS
from tests.experiments.test_results import finish_folds, prepared
from transferpain.core.store import read_json
from transferpain.data.places import Places
from transferpain.experiments.kept_model import ancestry, fold_facts, shared_metrics
from transferpain.experiments.leakage.lineage import UNLABELLED, person_codes
from transferpain.experiments.results import finish
from transferpain.experiments.runner import make_plan
from transferpain.experiments.schema import load_experiment
from transferpain.inputs.adaptation.registry import ADAPTATIONS
from transferpain.models.bundles.bundle import read_bundle, save_bundle
from transferpain.models.bundles.manifest import COMPLETE, manifest_hash, read_complete, read_contents
from transferpain.models.bundles.probe import reproduce
from transferpain.models.bundles.training_log import read_log
from transferpain.models.sources.origin import bundle_origin
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.vgg16 import build_vgg16_gap


@pytest.fixture(scope="module")
def plan(small_twin, tmp_path_factory):
    experiment = load_experiment(
        EXPERIMENTS / "ai4pain-ann.yaml", {"source": "untrained", "seeds": [0, 1], "faces": {"detector": "mediapipe"}}
    )
    plan = make_plan(experiment, EXPERIMENTS, Places(small_twin, tmp_path_factory.mktemp("run")))
    finish_folds(plan, [0.7, 0.4])
    finish(plan, prepared(plan))
    return plan


def test_the_model_of_a_finished_run_is_complete(plan):
    manifest = read_complete(plan.run.model)
    assert sorted(manifest["files"]) == sorted((*COMPLETE, "training.json"))
    assert manifest["index"] == plan.index.hash
    assert manifest["start"] == "untrained"
    assert manifest["parents"] == []
    assert manifest["synthetic"] is True
    assert [terms["dataset"] for terms in manifest["terms"]] == ["ai4pain"]
    assert yaml.safe_load((plan.run.model / "experiment.yaml").read_text()) == plan.experiment.resolved()
    assert read_bundle(plan.run.model).labels == plan.task.classes
    assert all(line.agrees for line in reproduce(plan.run.model))


def test_the_training_of_the_kept_model_is_told(plan):
    epochs = read_log(read_contents(plan.run.model)).training.epochs
    assert [(epoch.epoch, epoch.val_loss, epoch.loss) for epoch in epochs] == [(1, 9.0, None), (2, 0.4, None)]
    assert "| 2 | - | 0.4000 | - | - |" in (plan.run.model / "README.md").read_text(encoding="utf-8")


def test_the_hash_of_the_predictions_is_what_the_shell_computes(plan):
    command = "LC_ALL=C sha256sum folds/*/predictions.parquet | sha256sum"
    printed = subprocess.run(command, shell=True, cwd=plan.run.path, capture_output=True, text=True, check=True)
    stated = read_json(plan.run.model / "metrics.json")["predictions_sha256"]
    assert printed.stdout.split()[0] == stated


def test_scores_are_passed_on_without_the_names_of_subjects(plan):
    metrics, own = read_json(plan.run.model / "metrics.json"), plan.run.metrics()
    assert metrics["all"] == own["all"]
    assert len(metrics["per_subject"]) == len(own["per_subject"]) > 0
    names = {row["subject"] for row in own["per_subject"]}
    for name in COMPLETE:
        if name.endswith((".json", ".md", ".yaml")):
            text = (plan.run.model / name).read_text()
            assert not any(f'"{subject}"' in text for subject in names)


def test_names_of_subjects_are_left_out_at_any_depth():
    rows = [{"subject": "S2", "accuracy": 0.5}, {"subject": "S1", "accuracy": 0.25}]
    shared = shared_metrics({"per_subject": rows, "selected": {"per_subject": rows, "confusion": [[2, 1], [0, 3]]}})
    spread = [{"accuracy": 0.25}, {"accuracy": 0.5}]
    assert shared == {"per_subject": spread, "selected": {"per_subject": spread, "confusion": [[2, 1], [0, 3]]}}


def test_the_model_names_nothing_that_changes_from_run_to_run(plan, small_twin, tmp_path):
    again = make_plan(plan.experiment, EXPERIMENTS, Places(small_twin, tmp_path))
    finish_folds(again, [0.7, 0.4])
    finish(again, prepared(again))
    assert manifest_hash(again.run.model) == manifest_hash(plan.run.model)


def test_terms_and_parents_are_inherited(plan, tmp_path):
    terms = dict(read_complete(plan.run.model)["terms"][0], dataset="biovid", synthetic=False)
    facts = {"synthetic": False, "backbone": "vgg16", "parents": ["a" * 64], "terms": [terms]}
    preprocessing = Preprocessing(size=32)
    digest = save_bundle(
        tmp_path / "parent", build_vgg16_gap(32, 2, embedding=8), preprocessing.model_dump(), ("a", "b"), facts
    )
    child = dataclasses.replace(plan, origin=bundle_origin(str(tmp_path / "parent"), tmp_path / "parent"))
    inherited = ancestry(child)
    assert inherited["start"] == "parent"
    assert inherited["parents"] == [digest, "a" * 64]
    assert [(one["dataset"], one["synthetic"]) for one in inherited["terms"]] == [("ai4pain", True), ("biovid", False)]
    assert hashlib.sha256((tmp_path / "parent" / "manifest.json").read_bytes()).hexdigest() == digest


def crossing_plan(experiment: str, adaptation: str | None, small_twin, workspace):
    """Return the plan of an experiment that is trained on the twin of BioVid and tested on that of AI4Pain."""
    changes = {
        "task": "cross-binary",
        "dataset": "biovid",
        "protocol": {"kind": "cross_dataset", "test_dataset": "ai4pain"},
        "source": "untrained",
        "adaptation": adaptation,
    }
    loaded = load_experiment(EXPERIMENTS / f"{experiment}.yaml", changes)
    return make_plan(loaded, EXPERIMENTS, Places(small_twin, workspace))


@pytest.mark.parametrize("adaptation", ["deep_coral", "deep_coral_transductive", None])
def test_a_network_that_saw_pictures_of_another_dataset_names_the_people_in_them_and_is_bound_to_its_terms(
    small_twin, tmp_path, adaptation
):
    plan = crossing_plan("matrix-progressive", adaptation, small_twin, tmp_path)
    (fold,) = plan.folds
    facts = fold_facts(plan, fold, 0)
    trained, *others = facts["lineage"]
    assert trained["dataset"] == "biovid"
    if adaptation is None:
        assert others == []
        assert [terms["dataset"] for terms in facts["terms"]] == ["biovid"]
        return
    (seen,) = others
    assert (seen["dataset"], seen["definition"]) == ("ai4pain", UNLABELLED)
    shown = plan.samples.iloc[ADAPTATIONS[adaptation].shown(fold)]
    assert seen["people"] == person_codes("ai4pain", shown["subject"].unique())
    tested = person_codes("ai4pain", plan.samples["subject"].iloc[fold.test].unique())
    assert bool(set(seen["people"]) & set(tested)) == ADAPTATIONS[adaptation].transductive
    assert [terms["dataset"] for terms in facts["terms"]] == ["biovid", "ai4pain"]
    assert (facts["adaptation"], facts["adaptation_features"]) == (adaptation, "")


@pytest.mark.parametrize(("adaptation", "bound_to"), [("coral", ["biovid", "ai4pain"]), (None, ["biovid"])])
def test_a_head_is_bound_to_the_data_whose_covariance_it_learned_from(small_twin, tmp_path, adaptation, bound_to):
    crossing = crossing_plan("ai4pain-ann", adaptation, small_twin, tmp_path)
    assert [terms["dataset"] for terms in ancestry(crossing)["terms"]] == bound_to
    real = dataclasses.replace(crossing.index.parts[0], synthetic=False, twin=False)
    half = dataclasses.replace(crossing.index, parts=(real, crossing.index.parts[1]))
    terms = ancestry(dataclasses.replace(crossing, index=half))["terms"]
    assert [one["synthetic"] for one in terms] == [False, True][: len(bound_to)]
