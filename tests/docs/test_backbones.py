"""docs/backbones.md: its tables, as they are made today, and the price at which its networks were trained."""

import json
import runpy
from pathlib import Path

import pandas as pd
import pytest
import yaml

from transferpain.core.store import write_json
from transferpain.networks.backbones.registry import BACKBONES

ROOT = Path(__file__).parents[2]
COMMAND = runpy.run_path(str(ROOT / "docs" / "backbones.py"))
PAGE = (ROOT / "docs" / "backbones.md").read_text(encoding="utf-8")
MEMBERS = yaml.safe_load((ROOT / "experiments" / "backbones.yaml").read_text(encoding="utf-8"))["experiments"]
MATRIX = yaml.safe_load((ROOT / "experiments" / "backbones-biovid-demo.yaml").read_text(encoding="utf-8"))
MOST_EPOCHS = 24
WITHOUT_NORMALISATION = {"vgg16", "vgg19", "googlenet", "alexnet", "squeezenet", "vit_s16"}


def rows_of(section: str) -> list[list[str]]:
    begin, end = (COMMAND[name].format(section) for name in ("BEGIN", "END"))
    text = PAGE.partition(begin)[2].partition(end)[0]
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")][2:]


def test_every_backbone_has_a_row():
    assert [row[0] for row in rows_of("networks")] == [f"`{name}`" for name in BACKBONES]


def test_what_is_said_of_imagenet_and_of_the_price_is_so():
    for backbone, row in zip(BACKBONES.values(), rows_of("networks"), strict=True):
        assert (row[2] == "no") == (backbone.imagenet is None)
        assert row[5] == f"{backbone.cost / 1e6:,.0f} million"


@pytest.mark.slow
def test_the_tables_are_current():
    assert COMMAND["page"]() == PAGE


def test_measured_tables_are_what_was_kept():
    for section in ("speed", "emotions", "pain"):
        assert COMMAND[section]() in PAGE


def member(name: str) -> dict:
    return MEMBERS[name]["set"]


@pytest.mark.parametrize("name", MEMBERS)
def test_every_network_has_the_same_price(name):
    backbone, size = BACKBONES[member(name)["backbone"]], member(name).get("images", {"size": 48})["size"]
    assert size == (75 if backbone.name == "inception_v3" else 48)
    price = BACKBONES["vgg19"].cost * 48**2
    epochs = round(price / (backbone.cost * size**2))
    assert member(name)["training"]["epochs"] == min(MOST_EPOCHS, max(1, epochs))


@pytest.mark.parametrize("name", MEMBERS)
def test_the_recipe_is_the_same_but_for_what_is_stated(name):
    changed = member(name)["training"]
    expected = {"name": "adam", "learning_rate": 3e-4} if member(name)["backbone"] in WITHOUT_NORMALISATION else None
    assert changed.get("optimizer") == expected
    assert set(changed) <= {"epochs", "optimizer"}


def test_every_network_is_trained_and_then_frozen():
    first = {name for name in MEMBERS if "-seed" not in name}
    assert {member(name)["backbone"] for name in first} == set(BACKBONES)
    sources = MATRIX["transfer"][0]["sources"]
    assert {name for name in sources if name.startswith("equal-price-")} == first
    for name in first:
        assert sources[name]["source"] == f"shared/backbones/{name.removeprefix('equal-price-')}"
    seeds = [name for name in MEMBERS if "-seed" in name]
    assert all(member(name)["seeds"] == [int(name[-1])] for name in seeds)
    assert all(member(name)["source"] == f"untrained-{name[-1]}" for name in seeds)


def results(**scores: float) -> pd.DataFrame:
    columns = {name: 0.5 for name in COMMAND["EMOTIONS"] if name not in ("run", "backbone", "commit", "processor")}
    rows = [{"run": run, "backbone": "enet", "counted": "all", **columns, "accuracy": it} for run, it in scores.items()]
    return pd.DataFrame([*rows, rows[0] | {"counted": "covered", "accuracy": 0.0}])


def cells(**scores: float) -> pd.DataFrame:
    ends = ("", "_low", "_high")
    rows = [
        {"source": source, "head": head, "subjects": 40, "state": "done", "run": f"{source}-{head}"}
        | {f"balanced_accuracy{end}": score for end in ends}
        | {f"linear_probe_mean{end}": score / 2 for end in ends}
        for source, score in scores.items()
        for head in ("ann", "lstm", "tcn")
    ]
    return pd.DataFrame([*rows, rows[0] | {"source": "other", "state": "absent"}])


def leave(workspace: Path, results: pd.DataFrame, cells: pd.DataFrame) -> None:
    """Write the tables and environments that a study and a matrix leave in a workspace."""
    for name, table in (("backbones/results", results), ("backbones-biovid-demo/cells", cells)):
        path = workspace / "reports" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(path, index=False)
    for name in (*(f"{run}-{'0' * 16}" for run in results["run"]), *cells["run"]):
        write_json(workspace / "runs" / name / "environment.json", {"commit": "abc", "machine": {"processor": "this"}})


def test_what_is_measured_anew_replaces_the_same_network_alone(tmp_path, monkeypatch):
    monkeypatch.setitem(COMMAND["take_over"].__globals__, "MEASURED", tmp_path / "measured")
    leave(tmp_path, results(one=0.7, two=0.8), cells(one=0.6, two=0.8))
    COMMAND["take_over"](tmp_path)
    leave(tmp_path, results(two=0.9), cells(two=0.4))
    COMMAND["take_over"](tmp_path)
    kept = pd.read_csv(tmp_path / "measured" / "backbones.csv")
    assert dict(zip(kept["run"], kept["accuracy"], strict=True)) == {"one": 0.7, "two": 0.9}
    assert set(kept["commit"]) == {"abc"}
    kept = pd.read_csv(tmp_path / "measured" / "backbones-biovid-demo.csv")
    scores = {(row.source, row.head): row.balanced_accuracy for row in kept.itertuples()}
    assert scores[("one", "lstm")] == 0.6
    assert scores[("one", "linear probe")] == 0.3
    assert scores[("two", "tcn")] == 0.4
    assert scores[("two", "linear probe")] == 0.2
    assert len(kept) == 8


def test_no_figure_of_speed_is_of_a_quick_run():
    facts = json.loads((ROOT / "benchmarks" / "results" / "backbones.json").read_text(encoding="utf-8"))
    assert facts["quick"] is False
