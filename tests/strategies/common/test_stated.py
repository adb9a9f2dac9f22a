import json

import pytest
import yaml

from tests.reports.run_folders import three_models
from transferpain.core.errors import UserError
from transferpain.core.store import write_json
from transferpain.experiments.leakage.checks import Checks
from transferpain.strategies.common.stated import (
    Environment,
    FinishedFacts,
    LinearProbes,
    Metrics,
    OddFile,
    ThreeModels,
    Transferability,
    read_stated,
    read_stated_experiment,
)

SCORE = {"value": 0.5, "low": None, "high": None, "reason": "4 subjects", "kept": 0}
LABELS = [
    {
        "dataset": "own",
        "sample": "clip",
        "rows": [{"name": "a", "use": "class", "clips": 3, "samples": 3, "subjects": 3}],
    }
]
WHOLE = {
    FinishedFacts: {
        "classes": ["a", "b"],
        "dataset": "own",
        "synthetic": True,
        "empty_classes": [],
        "labels": LABELS,
        "source": {"name": "s", "hash": "0" * 64, "datasets": None},
        "training_shares": {"0": [0.5, 0.5]},
        "contents": "ab",
        "folds": ["0-seed0"],
        "warnings": [],
    },
    Environment: {"commit": "abc", "versions": {"keras": "3"}, "machine": {"cores": 2}},
    Metrics: {
        "all": {"accuracy": SCORE, "balanced_accuracy": SCORE, "macro_f1": SCORE, "auc": None},
        "absent": [],
        "seeds": [0],
    },
    Checks: {"checks": [{"number": 1, "name": "n", "state": "pass", "figure": "", "explanation": "e"}]},
    LinearProbes: {"mean": {"c": 0.01, "reason": "", "rows": 3}, "mean_and_maximum": {"c": None, "reason": "w"}},
    ThreeModels: three_models(0.5, 0.1, 0.9, "mesh"),
    Transferability: {"scores": {"leep": {"value": None, "reason": "w"}}},
}
EXPERIMENT = {
    "schema": 2,
    "name": "ann",
    "strategy": "frozen",
    "task": "ai4pain-three",
    "protocol": {"kind": "loso"},
    "paper": {"name": "P", "figures": {"accuracy": 0.5, "F1": ".4"}, "decisions": ["d"]},
    "head": {"kind": "ann", "hidden": [8]},
    "few_shot": {"clips": [0, 1]},
    "seeds": [0],
}
ODD = [
    (FinishedFacts, "classes", 3),
    (FinishedFacts, "classes", [0, 1]),
    (FinishedFacts, "classes", None),
    (FinishedFacts, "synthetic", None),
    (FinishedFacts, "synthetic", "yes"),
    (FinishedFacts, "synthetic", 0),
    (FinishedFacts, "dataset", ["own"]),
    (FinishedFacts, "empty_classes", None),
    (FinishedFacts, "empty_classes", [3]),
    (FinishedFacts, "labels", True),
    (FinishedFacts, "labels", [None]),
    (FinishedFacts, "labels", [{"dataset": "own", "sample": "clip", "rows": [{}]}]),
    (FinishedFacts, "source", "s"),
    (FinishedFacts, "source", {"datasets": [1]}),
    (FinishedFacts, "training_shares", {"0": [float("nan")]}),
    (FinishedFacts, "contents", float("inf")),
    (FinishedFacts, "folds", {"0": 1}),
    (FinishedFacts, "folds", [3]),
    (FinishedFacts, "warnings", "w"),
    (FinishedFacts, "further", {"deep": [1, float("-inf")]}),
    (Environment, "commit", 3),
    (Environment, "versions", ["keras"]),
    (Environment, "versions", {"keras": None}),
    (Metrics, "all", 3),
    (Metrics, "all", {"accuracy": None}),
    (Metrics, "all", {"accuracy": SCORE, "macro_f1": SCORE, "balanced_accuracy": {"value": "high"}}),
    (Metrics, "absent", None),
    (Metrics, "seeds", 3),
    (LinearProbes, "mean", 3),
    (LinearProbes, "mean", {}),
    (LinearProbes, "mean_and_maximum", {"c": "big", "reason": ""}),
    (ThreeModels, "thresholds", {}),
    (ThreeModels, "coverage", {"units": 1.0, "cnn": 1.0, "hybrid": None}),
    (ThreeModels, "chosen", {"units": 3}),
    (ThreeModels, "importance", {"units": {"brow": {"mean": 0.1}}}),
    (ThreeModels, "importance", {"units": {"4": 0.1}}),
    (ThreeModels, "measures", [1]),
    (Checks, "checks", {}),
    (Checks, "checks", [None]),
    (Checks, "checks", [{"number": 1, "name": "n", "state": "good", "figure": "", "explanation": ""}]),
    (Transferability, "scores", []),
    (Transferability, "scores", {"leep": 3}),
]
ODD_EXPERIMENT = [
    ("name", 3),
    ("name", []),
    ("strategy", None),
    ("paper", "P"),
    ("paper", {"figures": {}}),
    ("paper", {"name": [], "figures": {}}),
    ("paper", {"name": "P", "figures": 3}),
    ("paper", {"name": "P", "decisions": None}),
    ("protocol", "loso"),
    ("protocol", {}),
    ("protocol", {"kind": 3}),
    ("head", [1]),
    ("head", {"kind": {}}),
    ("training", {"class_weights": "yes"}),
    ("few_shot", {"clips": 3}),
    ("few_shot", True),
    ("head", {"kind": "hybrid", "verdict": "x"}),
    ("seeds", 0),
    ("source_set", None),
    ("network", 3),
    ("joined", 3),
    ("joined", [{}]),
    ("joined", [{"source": "untrained"}]),
]
# What may stand in the place of a whole file, whatever it is.
NO_FILE = [b"", b"{", b"null", b"[]", b"3", b'"x"', b"NaN", b"[" * 5000, b'{"a": \xe9}', b"\x00\x01", b"1" * 5000]


@pytest.mark.parametrize("schema", WHOLE)
def test_what_a_run_writes_is_returned_as_it_stands(schema, tmp_path):
    write_json(tmp_path / "file.json", WHOLE[schema] | {"schema": 2, "of a later day": [1, None]})
    assert read_stated(tmp_path / "file.json", schema) == WHOLE[schema] | {"of a later day": [1, None]}


@pytest.mark.parametrize(("schema", "key", "value"), ODD)
def test_a_value_of_another_kind_is_named_with_file_and_key(schema, key, value, tmp_path):
    path = tmp_path / "file.json"
    path.write_text(json.dumps(WHOLE[schema] | {key: value}))
    before = path.read_bytes()
    with pytest.raises(OddFile, match=rf"cannot be read(.|\n)*Received: file\.json: `{key}(.|\n)*runs remove RUN"):
        read_stated(path, schema)
    assert path.read_bytes() == before


@pytest.mark.parametrize("key", ["classes", "dataset", "synthetic"])
def test_a_key_that_a_report_needs_is_missed(key, tmp_path):
    write_json(tmp_path / "file.json", {name: value for name, value in WHOLE[FinishedFacts].items() if name != key})
    with pytest.raises(OddFile, match=rf"`{key}` is missing"):
        read_stated(tmp_path / "file.json", FinishedFacts)


@pytest.mark.parametrize("content", NO_FILE)
def test_what_is_no_file_of_a_run_is_refused(content, tmp_path):
    for name in ("facts.json", "experiment.yaml"):
        (tmp_path / name).write_bytes(content)
    with pytest.raises(OddFile, match=r"Received: facts\.json: "):
        read_stated(tmp_path / "facts.json", FinishedFacts)
    with pytest.raises(OddFile, match=r"Received: experiment\.yaml: "):
        read_stated_experiment(tmp_path / "experiment.yaml")


@pytest.mark.parametrize(("key", "value"), ODD_EXPERIMENT)
def test_a_setting_of_another_kind_is_named(key, value, tmp_path):
    path = tmp_path / "experiment.yaml"
    path.write_text(yaml.safe_dump(EXPERIMENT | {key: value}))
    with pytest.raises(OddFile, match=rf"Received: experiment\.yaml: `{key}"):
        read_stated_experiment(path)


def test_an_experiment_is_returned_as_it_stands_with_a_mark_at_its_beginning_too(tmp_path):
    path = tmp_path / "experiment.yaml"
    path.write_text("\ufeff" + yaml.safe_dump(EXPERIMENT), encoding="utf-8")
    assert read_stated_experiment(path) == {key: value for key, value in EXPERIMENT.items() if key != "schema"}


def test_nobody_is_told_to_save_a_file_of_a_run_in_another_encoding(tmp_path):
    path = tmp_path / "experiment.yaml"
    path.write_bytes(yaml.safe_dump(EXPERIMENT | {"question": "Jörg?"}, allow_unicode=True).encode("latin-1"))
    with pytest.raises(OddFile, match=r"0xF6(.|\n)*Leave its files as they are") as refused:
        read_stated_experiment(path)
    assert "iconv" not in str(refused.value)


def test_a_file_that_is_gone_or_of_a_later_version_is_told_apart(tmp_path):
    with pytest.raises(OddFile, match=r"experiment\.yaml: No such file"):
        read_stated_experiment(tmp_path / "experiment.yaml")
    with pytest.raises(FileNotFoundError):
        read_stated(tmp_path / "facts.json", FinishedFacts)
    write_json(tmp_path / "facts.json", {"schema": 99})
    with pytest.raises(UserError, match="a form that this version does not know") as refused:
        read_stated(tmp_path / "facts.json", FinishedFacts)
    assert not isinstance(refused.value, OddFile)
