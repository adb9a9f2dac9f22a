"""Trees of XGBoost in a bundle: what a head writes comes back, and what anybody has changed is not loaded."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import xgboost

from tests.models.bundles.bundles import vouch_again
from tests.models.bundles.complete import PREPROCESSING
from tests.networks.heads.sklearn_rows import rows_of, training_of
from transferpain.core.errors import UserError
from transferpain.core.store import file_hash
from transferpain.models.bundles.manifest import load_manifest
from transferpain.models.bundles.sklearn_bundle import read_any_bundle, save_head
from transferpain.models.bundles.xgboost_part import FLOATS, ROOT, check_trees, read_trees, trees_bytes
from transferpain.networks.heads.base import Rows
from transferpain.networks.heads.boosted_trees import BoostedTrees
from transferpain.networks.heads.xgboost import DEEPEST, XGBOOST, XGBoostSettings

PATH = Path("model/parts/head.json")
LABELS = ("none", "some", "much")
CLASSES, FEATURES = 3, 4


@cache
def trees() -> BoostedTrees:
    """Three trees of several nodes: one round for three classes."""
    settings = XGBoostSettings(kind="xgboost", trees=1, depth=3)
    x = np.random.default_rng(5).normal(size=(60, FEATURES)).astype(np.float32)
    rows = Rows(lambda positions: x[positions], np.arange(60) % CLASSES, np.ones(60, np.float32))
    return XGBOOST.fit(settings, training_of(CLASSES, FEATURES), rows, rows).classifier


def model() -> dict:
    return json.loads(trees().content)


def forest(model: dict) -> dict:
    return model["learner"]["gradient_booster"]["model"]


def tree(model: dict) -> dict:
    return forest(model)["trees"][0]


def changed(change: Callable[[dict], object]) -> bytes:
    """Return the file with something changed in it."""
    values = model()
    change(values)
    return json.dumps(values).encode()


def refused(content: bytes, classes: int = CLASSES) -> str:
    with pytest.raises(UserError, match="is refused, and was not loaded") as error:
        read_trees(content, classes, PATH)
    return str(error.value)


def test_what_a_head_writes_is_read_and_says_the_same():
    content, x = trees_bytes(trees()), rows_of(np.arange(30) % CLASSES, FEATURES).all()
    again = read_trees(content, CLASSES, PATH)
    assert (again.classes, again.n_features_in_) == (CLASSES, FEATURES)
    np.testing.assert_array_equal(again.predict_proba(x), trees().predict_proba(x))
    assert trees_bytes(again) == content


def test_what_xgboost_is_given_is_what_was_checked_written_anew():
    twice = trees().content.replace(b'"name":"gbtree"', b'"name":"dart","name":"gbtree"')
    assert twice != trees().content
    assert b"dart" not in check_trees(twice, CLASSES)[0]


@pytest.mark.parametrize("seed", range(12))
def test_every_forest_that_a_head_grows_can_be_kept(seed):
    random = np.random.default_rng(seed)
    classes, depth = int(random.integers(2, 6)), int(random.integers(1, 9))
    y = random.permutation(np.arange(120) % classes)
    settings = XGBoostSettings(kind="xgboost", trees=12, depth=depth, columns=0.5, l2=float(random.integers(0, 3)))
    rows = rows_of(y, 6, random.uniform(0.1, 3, len(y)))
    fitted = XGBOOST.fit(settings, training_of(classes, 6), rows, rows).classifier
    read = read_trees(trees_bytes(fitted), classes, PATH)
    np.testing.assert_array_equal(read.predict_proba(rows.all()), fitted.predict_proba(rows.all()))


def put(place: str, index: int, value: object) -> Callable[[dict], None]:
    """Return a change of one number of the first tree."""

    def change(values: dict) -> None:
        tree(values)[place][index] = value

    return change


def deepen(steps: int) -> Callable[[dict], None]:
    """Return a change of the first tree into one that goes down so many steps, a leaf beside each."""

    def change(values: dict) -> None:
        nodes, inner = 2 * steps + 1, range(0, 2 * steps, 2)
        columns = {key: [-1] * nodes for key in ("left_children", "right_children")}
        columns["parents"] = [ROOT] + [node for node in inner for _ in range(2)]
        for node in inner:
            columns["left_children"][node], columns["right_children"][node] = node + 1, node + 2
        columns |= {key: [0] * nodes for key in ("split_indices", "default_left", "split_type")}
        columns |= {key: [0.5] * nodes for key in FLOATS}
        tree(values).update(columns)
        tree(values)["tree_param"]["num_nodes"] = str(nodes)

    return change


def test_a_tree_as_deep_as_a_head_may_grow_is_read_and_a_deeper_one_is_not():
    assert XGBoostSettings(kind="xgboost", depth=DEEPEST).depth == DEEPEST
    assert read_trees(changed(deepen(DEEPEST)), CLASSES, PATH).classes == CLASSES
    # XGBoost calls itself for each step: a million nodes in one line would end the process.
    for steps in (DEEPEST + 1, 50_000):
        assert f"a tree of more than {DEEPEST} steps" in refused(changed(deepen(steps)))


def state(key: str, value: object) -> Callable[[dict], None]:
    return lambda values: values["learner"]["learner_model_param"].update({key: value})


def swap_children(values: dict) -> None:
    left, right = tree(values)["left_children"], tree(values)["right_children"]
    left[0], right[0] = right[0], left[0]


HOSTILE = {
    "a branch beyond the nodes": put("left_children", 0, 10**6),
    "a branch below the nodes": put("left_children", 0, -7),
    "a branch beyond all numbers": put("right_children", 0, 2**40),
    "a node that is its own child": put("left_children", 0, 0),
    "a circle": lambda values: put("left_children", tree(values)["left_children"].index(3), 1)(values),
    "two ways to one node": put("left_children", 0, 2),
    "a node with one branch": put("right_children", 0, -1),
    "other parents": put("parents", 1, 2),
    "a root with a parent": put("parents", 0, 0),
    "a feature beyond the features": put("split_indices", 0, FEATURES),
    "a feature below the features": put("split_indices", 0, -1),
    "a place that is no number": put("split_indices", 0, "0"),
    "a place that is true": put("default_left", 0, True),
    "a place that is a fraction": put("left_children", 0, 1.0),
    "NaN in a leaf": put("split_conditions", -1, float("nan")),
    "infinity in a leaf": put("split_conditions", -1, float("inf")),
    "beyond float32": put("base_weights", 0, 1e39),
    "a number that is text": put("split_conditions", 0, "0.5"),
    "a split by categories": put("split_type", 0, 1),
    "categories": lambda values: tree(values)["categories"].append(1),
    "a list that is too short": lambda values: tree(values)["split_indices"].pop(),
    "a list that is too long": lambda values: tree(values)["sum_hessian"].append(1.0),
    "more nodes than there are": lambda values: tree(values)["tree_param"].update(num_nodes="99"),
    "no nodes": lambda values: tree(values)["tree_param"].update(num_nodes="0"),
    "nodes below none": lambda values: tree(values)["tree_param"].update(num_nodes="-1"),
    "deleted nodes": lambda values: tree(values)["tree_param"].update(num_deleted="1"),
    "leaves that are vectors": lambda values: tree(values)["tree_param"].update(size_leaf_vector="3"),
    "a tree on other features": lambda values: tree(values)["tree_param"].update(num_feature="9"),
    "a tree with another number": lambda values: tree(values).update(id=5),
    "a tree without parents": lambda values: tree(values).pop("parents"),
    "a tree with more": lambda values: tree(values).update(leaf_vector=[]),
    "a tree that is a list": lambda values: forest(values)["trees"].__setitem__(0, []),
    "one tree too few": lambda values: forest(values)["trees"].pop(),
    "no trees": lambda values: forest(values).update(trees=[]),
    "a class beyond the classes": lambda values: forest(values)["tree_info"].__setitem__(0, CLASSES),
    "classes that are fractions": lambda values: forest(values).update(tree_info=[0.0, 1.0, 2.0]),
    "rounds beyond the trees": lambda values: forest(values).update(iteration_indptr=[0, 300]),
    "several trees at once": lambda values: forest(values)["gbtree_model_param"].update(num_parallel_tree="2"),
    "more trees than stated": lambda values: forest(values)["gbtree_model_param"].update(num_trees="2"),
    "names of features": lambda values: values["learner"].update(feature_names=["a"] * FEATURES),
    "attributes": lambda values: values["learner"]["attributes"].update(best_iteration="0"),
    "another objective": lambda values: values["learner"]["objective"].update(name="reg:squarederror"),
    "another booster": lambda values: values["learner"]["gradient_booster"].update(name="gblinear"),
    "no features": state("num_feature", "0"),
    "features without end": state("num_feature", "999999999"),
    "features below none": state("num_feature", "-1"),
    "a number of other digits": state("num_feature", "٤"),
    "other features than the trees": state("num_feature", "5"),
    "other classes": state("num_class", "4"),
    "several targets": state("num_target", "2"),
    "a base score of fewer classes": state("base_score", "[5E-1]"),
    "a base score that is no number": state("base_score", "[nan,0,0]"),
    "an infinite base score": state("base_score", "[1E400,0,0]"),
    "a base score that is a list": state("base_score", [0, 0, 0]),
    "a later version": lambda values: values.update(version=[4, 0, 0]),
    "a version of text": lambda values: values.update(version=["3", "2", "0"]),
    "no learner": lambda values: values.pop("learner"),
    "a learner that is a list": lambda values: values.update(learner=[]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_tree_is_refused_before_xgboost_sees_it(name, monkeypatch):
    content = changed(HOSTILE[name])
    assert content != json.dumps(model()).encode()
    seen = []
    monkeypatch.setattr(xgboost.Booster, "load_model", lambda *_: seen.append(1))
    refused(content)
    assert not seen


def test_the_same_tree_with_its_branches_the_other_way_round_is_as_good():
    assert read_trees(changed(swap_children), CLASSES, PATH).n_features_in_ == FEATURES


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\x00\xff", b'{"learner":' * 5000, b"{}"])
def test_what_is_no_file_of_trees_is_refused(content):
    refused(content)


def test_a_damaged_file_is_refused_wherever_it_ends():
    content = trees_bytes(trees())
    for end in np.linspace(1, len(content) - 1, 40).astype(int):
        refused(content[:end])


def test_trees_of_other_classes_than_the_bundle_names_are_refused():
    assert "2 classes" in refused(trees_bytes(trees()), 2)


def test_a_bundle_keeps_them_and_vouches_for_them(tmp_path):
    folder = tmp_path / "bundle"
    save_head(folder, trees(), PREPROCESSING, LABELS, {"synthetic": True})
    manifest = load_manifest(folder)
    assert manifest["answers"] == "parts/head.json"
    assert manifest["weights_hash"] == file_hash(folder / "parts" / "head.json")
    assert manifest["versions"]["xgboost-cpu"] == xgboost.__version__
    x = rows_of(np.arange(9) % CLASSES, FEATURES).all()
    np.testing.assert_array_equal(read_any_bundle(folder).model.answer(x), trees().predict_proba(x))
    (folder / "parts" / "head.json").write_bytes(changed(HOSTILE["a circle"]))
    with pytest.raises(UserError, match="is damaged"):
        read_any_bundle(folder)
    vouch_again(folder)
    with pytest.raises(UserError, match="is refused, and was not loaded"):
        read_any_bundle(folder)


def test_a_bundle_has_one_answer(tmp_path):
    folder = tmp_path / "bundle"
    save_head(folder, trees(), PREPROCESSING, LABELS, {"synthetic": True})
    vouch_again(folder, answers="parts/head.skops")
    with pytest.raises(UserError, match="is not a bundle"):
        read_any_bundle(folder)
