import json

import pytest

from tests.experiments.caches.made import FORMER, WEIGHTS, add_faces, add_features, add_run
from transferpain.experiments.caches.recipes import read_recipes


def test_a_run_and_the_faces_in_the_cache_tell_what_features_are_made_of(tmp_path):
    faces = add_faces(tmp_path / "cache", "one", FORMER)
    features = add_features(tmp_path / "cache", faces, FORMER, states_it=False)
    assert read_recipes(tmp_path).made(features.stem) == {}
    add_run(tmp_path)
    recipes = read_recipes(tmp_path)
    made = recipes.made(features.stem)
    assert (made["extractor"][0], made["faces"], made["detector"], made["dtype"]) == (
        WEIGHTS,
        faces.stem,
        FORMER,
        "float32",
    )
    assert recipes.name_of(WEIGHTS) == "a-source"
    assert recipes.name_of("b" * 64) == "b" * 12
    assert recipes.made("0" * 16) == {}


def test_a_run_that_was_put_aside_tells_it_too(tmp_path):
    faces = add_faces(tmp_path / "cache", "one", FORMER)
    features = add_features(tmp_path / "cache", faces, FORMER, states_it=False)
    add_run(tmp_path, "ann-0123456789abcdef/former-1")
    assert read_recipes(tmp_path).made(features.stem)["detector"] == FORMER


@pytest.mark.parametrize("file", ["facts.json", "experiment.yaml"])
@pytest.mark.parametrize("content", ["", "{", "[]", json.dumps({"schema": 99}), "a: b: c"])
def test_damaged_runs_tell_nothing(tmp_path, file, content):
    faces = add_faces(tmp_path / "cache", "one", FORMER)
    features = add_features(tmp_path / "cache", faces, FORMER, states_it=False)
    (add_run(tmp_path) / file).write_text(content)
    (faces.parent / f"{'0' * 16}.parquet").write_text("no parquet")
    assert read_recipes(tmp_path).made(features.stem) == {}
