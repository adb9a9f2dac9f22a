"""Several sources side by side: each is computed and kept by itself, and what a head reads is their join."""

from pathlib import Path

import numpy as np
import pytest

from tests.command_line import EXPERIMENTS
from transferpain.core.errors import NotHere, UserError
from transferpain.core.store import read_json
from transferpain.data.places import Places
from transferpain.experiments.check import check_experiment
from transferpain.experiments.registration import describe_source
from transferpain.experiments.runner import make_plan, run_experiment
from transferpain.experiments.schema import Experiment, load_experiment
from transferpain.inputs.features.cache import read_features
from transferpain.models.bundles.manifest import manifest_hash, read_contents
from transferpain.strategies.common.features import features_of
from transferpain.strategies.frozen.joined import join

WEIGHTS = EXPERIMENTS.parent / "weights" / "ferplus-vgg16"
SHUFFLENET = {"source": "untrained", "backbone": "shufflenet_v2"}
SQUEEZENET = {"source": "untrained-1", "backbone": "squeezenet"}
SMALL = {
    "protocol": {"folds": 2, "selection_share": 0.5},
    "faces": {"detector": "mediapipe", "size": 48},
    "features": {"fps": 4, "dtype": "float32"},
    "window": {"seconds": 0.5},
    "head": {"kind": "logistic_regression"},
    "paper": None,
}


def load(*parts: dict, **changes) -> Experiment:
    source = {"joined": list(parts)}
    return load_experiment(EXPERIMENTS / "biovid-eccnet.yaml", SMALL | {"source": source} | changes)


def alone(part: dict) -> Experiment:
    changes = SMALL | {"task": "biovid-bl1-pa4", "protocol": {"kind": "group_kfold"} | SMALL["protocol"]} | part
    return load_experiment(EXPERIMENTS / "ai4pain-lstm.yaml", changes)


def test_the_keys_are_read_and_named_only_where_they_are_set():
    experiment = load(SHUFFLENET, SQUEEZENET)
    assert experiment.source == "joined_sources"
    assert [one.backbone for one in experiment.joined] == ["shufflenet_v2", "squeezenet"]
    assert "joined" not in alone(SHUFFLENET).resolved()
    assert describe_source(experiment, EXPERIMENTS) == ["untrained", "untrained-1"]
    shared = load(SHUFFLENET, {"source": str(WEIGHTS), "backbone": "vgg16"})
    assert describe_source(shared, EXPERIMENTS) == ["untrained", manifest_hash(WEIGHTS)]


def test_a_part_whose_weights_are_not_here_is_refused_before_anything_is_computed(tmp_path, monkeypatch):
    for name in ("TRANSFERPAIN_ASSETS", "KERAS_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    with pytest.raises(NotHere, match="assets fetch imagenet-vgg19"):
        check_experiment(
            load(SHUFFLENET, {"source": "imagenet", "backbone": "vgg19"}), EXPERIMENTS, Places(tmp_path, tmp_path)
        )


@pytest.mark.parametrize(
    ("source", "changes", "said"),
    [
        ({"joined": [SHUFFLENET]}, {}, "two sources or more"),
        ({"joined": [SHUFFLENET, {"source": "untrained"}]}, {}, "backbone"),
        ({"joined": [SHUFFLENET, SQUEEZENET], "rate": 5}, {}, "joined stand alone"),
        ({"joined": [SHUFFLENET, SQUEEZENET]}, {"features": {"extractor": "lbp"}}, "reads no source"),
        ({"joined": [SHUFFLENET, SQUEEZENET]}, {"strategy": "last_layer", "head": {"kind": "dense"}}, "joined: for"),
        ({"joined": [SHUFFLENET, SQUEEZENET]}, {"adaptation": "batch_norm"}, "changes the source"),
        ("joined_sources", {"joined": []}, "several sources are named"),
    ],
)
def test_what_cannot_be_joined_is_refused_with_the_key(source, changes, said):
    with pytest.raises(UserError, match=said):
        load_experiment(EXPERIMENTS / "biovid-eccnet.yaml", SMALL | {"source": source} | changes)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"source": "nowhere", "backbone": "vgg16"}, "is not a bundle"),
        ({"source": str(WEIGHTS), "backbone": "resnet18"}, "of another backbone"),
        ({"source": "finished_runs", "backbone": "vgg16"}, "is not a bundle"),
        (SHUFFLENET, "cannot be joined"),
        ({"source": str(WEIGHTS.with_name("ferplus-resnet18")), "backbone": "resnet18"}, "cannot be joined"),
    ],
)
def test_a_source_that_is_not_there_or_does_not_fit_is_refused(part, said, small_twin, tmp_path):
    with pytest.raises(UserError, match=said):
        make_plan(load(SHUFFLENET, part), EXPERIMENTS, Places(small_twin, tmp_path))


@pytest.mark.slow
def test_features_are_those_of_each_side_by_side_and_each_is_computed_once(small_twin, tmp_path):
    places, calls = Places(small_twin, tmp_path), []
    single = [features_of(make_plan(alone(part), EXPERIMENTS, places), places) for part in (SHUFFLENET, SQUEEZENET)]
    before = {path: path.stat().st_mtime_ns for path in places.cache.rglob("*.npy")}
    plan = make_plan(load(SHUFFLENET, SQUEEZENET), EXPERIMENTS, places)
    joined = features_of(plan, places, lambda: calls.append(1))
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(calls) == len(set(joined["features"]) - {""})
    columns = [table["features"] for table in (joined, *single)]
    for one, *others in zip(*columns, strict=True):
        parts = [read_features(Path(path)) for path in others]
        np.testing.assert_array_equal(read_features(Path(one)), np.concatenate(parts, axis=1))
    features_of(plan, places, lambda: calls.append(1))
    assert len(calls) == len(set(joined["features"]) - {""})


@pytest.mark.slow
def test_a_run_says_what_all_its_sources_learned_from_and_its_head_reads_no_picture(small_twin, tmp_path):
    places = Places(small_twin, tmp_path)
    run = run_experiment(load(SHUFFLENET, {"source": str(WEIGHTS), "backbone": "vgg16"}), EXPERIMENTS, places)
    manifest = read_json(run.model / "manifest.json")
    assert manifest["parents"][0] == manifest_hash(WEIGHTS)
    assert [one["dataset"] for one in manifest["terms"]] == ["biovid", "ferplus"]
    assert [one["dataset"] for one in manifest["lineage"]] == ["biovid", "ferplus"]
    assert run.facts()["source"]["datasets"] == ["ferplus"]
    with pytest.raises(UserError, match="several sources side by side"):
        join(read_contents(run.model))
