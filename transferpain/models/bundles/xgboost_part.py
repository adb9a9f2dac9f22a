"""Boosted trees of XGBoost in a bundle: `parts/head.json`, checked before XGBoost sees it.

XGBoost follows the numbers in a tree without a look at where they lead, and its reader knows many forms. Here a file
has the one form that heads write: every key is known, every list as long as the tree it belongs to, every number finite
and in its range, every branch leads onwards to a node that is there, in no more steps than a head makes: XGBoost calls
itself for each, and would fill the stack. What it is given is what was checked, written anew: two readers may
understand one text in two ways.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from transferpain.core.foreign import border, parse_json
from transferpain.models.bundles.size_checks import Refused
from transferpain.networks.heads.boosted_trees import BoostedTrees
from transferpain.networks.heads.xgboost import DEEPEST

RULE = (
    "It is XGBoost's JSON of trees on plain numbers, as the head `xgboost` writes it (models/bundles/xgboost_part.py)."
)
LARGEST = 64 << 20  # bytes
MOST_TREES = 2_000 * 100
MOST_FEATURES = 1 << 20
ROOT = 2**31 - 1  # the parent of a root
LARGEST_FLOAT = float(np.finfo(np.float32).max)
WHOLE = re.compile(r"0|[1-9]\d{0,8}")
NUMBER = r"-?\d(?:\.\d+)?(?:E-?\d+)?"
SCORES = re.compile(rf"\[{NUMBER}(?:,{NUMBER})*\]")
# Lists of a tree: one number for each node, or none at all.
FLOATS = ("base_weights", "loss_changes", "split_conditions", "sum_hessian")
PLACES = ("left_children", "right_children", "parents", "split_indices", "default_left", "split_type")
EMPTY = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
NO_CATEGORIES = {"enc": [], "feature_segments": [], "sorted_idx": []}


def trees_bytes(trees: BoostedTrees) -> bytes:
    """Return the content of the file of fitted trees. Raises `ValueError` if it is none that would be read again."""
    try:
        return check_trees(trees.content, trees.classes)[0]
    except Refused as reason:
        raise ValueError(f"no bundle can hold {reason}; see models/bundles/xgboost_part.py") from reason


def read_trees(content: bytes, classes: int, path: Path) -> BoostedTrees:
    """Check the file of trees, and read it.

    Args:
        content: all of it.
        classes: how many the bundle names.
        path: where it stands, for the message.

    Raises:
        UserError: if it is damaged, of another form, or of other classes, or XGBoost cannot read it.
    """
    with border(
        f"The part {path} is refused, and was not loaded.",
        rule=RULE,
        todo="Get the bundle again, or ask whoever gave it to you for another model.",
    ):
        checked, features = check_trees(content, classes)
        trees = BoostedTrees(checked, classes, features)
        trees.predict_proba(np.zeros((1, features), np.float32))
    return trees


def check_trees(content: bytes, classes: int) -> tuple[bytes, int]:
    """Check trees without a look by XGBoost.

    Returns:
        The same, written anew, and the number of features.

    Raises:
        Refused: with what is wrong.
        ValueError: if it is no JSON.
    """
    if len(content) > LARGEST:
        raise Refused(f"trees of {len(content)} bytes, more than {LARGEST}")
    model = parse_json(content)
    _check_keys(model, ("learner", "version"), "the file")
    version = model["version"]
    if not (isinstance(version, list) and len(version) == 3 and all(type(one) is int for one in version)):
        raise Refused("a version that is not three numbers")
    if version[0] != 3 or not all(0 <= one < 1000 for one in version):
        raise Refused(f"trees of XGBoost {'.'.join(map(str, version))!s:.40}, where 3 is read")
    features = _check_learner(model["learner"], classes)
    return json.dumps(model, separators=(",", ":"), sort_keys=True, allow_nan=False).encode(), features


def _check_learner(learner: Any, classes: int) -> int:
    keys = ("attributes", "feature_names", "feature_types", "gradient_booster", "learner_model_param", "objective")
    _check_keys(learner, keys, "the learner")
    plain = {"attributes": {}, "feature_names": [], "feature_types": []}
    for key, nothing in plain.items():
        if learner[key] != nothing:
            raise Refused(f"{key}, of which there are none")
    objective = {"name": "multi:softprob", "softmax_multiclass_param": {"num_class": str(classes)}}
    if learner["objective"] != objective:
        raise Refused(f"an objective that is not the probabilities of {classes} classes")
    stated = learner["learner_model_param"]
    _check_keys(stated, ("base_score", "boost_from_average", "num_class", "num_feature", "num_target"), "its numbers")
    features = _whole(stated, "num_feature")
    if _whole(stated, "num_class") != classes or _whole(stated, "num_target") != 1:
        raise Refused(f"trees that do not answer for {classes} classes")
    if not 0 < features <= MOST_FEATURES or _whole(stated, "boost_from_average") > 1:
        raise Refused(f"trees on {features} features")
    _check_scores(stated["base_score"], classes)
    booster = learner["gradient_booster"]
    _check_keys(booster, ("model", "name"), "the booster")
    if booster["name"] != "gbtree":
        raise Refused(f"a booster {booster['name']!s:.40}, where trees are read")
    _check_forest(booster["model"], classes, features)
    return features


def _check_forest(forest: Any, classes: int, features: int) -> None:
    _check_keys(forest, ("cats", "gbtree_model_param", "iteration_indptr", "tree_info", "trees"), "the trees")
    if forest["cats"] != NO_CATEGORIES:
        raise Refused("categories, of which there are none")
    stated, trees = forest["gbtree_model_param"], forest["trees"]
    _check_keys(stated, ("num_parallel_tree", "num_trees"), "what the trees state")
    if not isinstance(trees, list) or not 0 < len(trees) <= MOST_TREES or len(trees) % classes:
        raise Refused(f"trees that are not so many for each of {classes} classes")
    if _whole(stated, "num_trees") != len(trees) or _whole(stated, "num_parallel_tree") != 1:
        raise Refused("another number of trees than is stated")
    rounds = len(trees) // classes
    if forest["tree_info"] != list(range(classes)) * rounds or not _are(forest["tree_info"], int):
        raise Refused("trees that do not belong to one class after the other")
    starts = [number * classes for number in range(rounds + 1)]
    if forest["iteration_indptr"] != starts or not _are(forest["iteration_indptr"], int):
        raise Refused("rounds that are not one tree for each class")
    for number, tree in enumerate(trees):
        _check_tree(tree, number, features)


def _check_tree(tree: Any, number: int, features: int) -> None:
    """Refuse a tree whose branches do not lead onwards, each node to its own children, or that looks elsewhere."""
    _check_keys(tree, (*FLOATS, *PLACES, *EMPTY, "id", "tree_param"), "a tree")
    stated = tree["tree_param"]
    _check_keys(stated, ("num_deleted", "num_feature", "num_nodes", "size_leaf_vector"), "what a tree states")
    nodes = _whole(stated, "num_nodes")
    if type(tree["id"]) is not int or tree["id"] != number:
        raise Refused("trees that are not numbered in their order")
    if _whole(stated, "num_feature") != features or _whole(stated, "num_deleted") or not nodes:
        raise Refused("a tree on other features than the rest, or without nodes")
    if _whole(stated, "size_leaf_vector") != 1 or any(tree[key] != [] for key in EMPTY):
        raise Refused("a tree whose leaves or splits are no plain numbers")
    for key in FLOATS:
        _check_floats(tree[key], nodes, key)
    columns = {key: _places(tree[key], nodes, key) for key in PLACES}
    left, right, own = columns["left_children"], columns["right_children"], np.arange(nodes)
    leaf = left == -1
    if not (leaf == (right == -1)).all():
        raise Refused("a node with one branch")
    inner = own[~leaf]
    for child in (left[inner], right[inner]):
        if ((child <= inner) | (child >= nodes)).any():
            raise Refused("a tree with a branch that leads nowhere, or back")
    children = np.concatenate([left[inner], right[inner]])
    if not np.array_equal(np.sort(children), own[1:]):
        raise Refused("a tree of whose nodes not each has one way to it")
    parents = np.full(nodes, ROOT)
    parents[children] = np.concatenate([inner, inner])
    if not np.array_equal(columns["parents"], parents):
        raise Refused("a tree that states other parents than it has")
    level, steps = np.zeros(1, np.int64), 0
    while len(level := level[~leaf[level]]):
        level, steps = np.concatenate([left[level], right[level]]), steps + 1
        if steps > DEEPEST:
            raise Refused(f"a tree of more than {DEEPEST} steps")
    looked = columns["split_indices"]
    if ((looked < 0) | (looked >= features)).any():
        raise Refused("a tree that looks at a feature that is not there")
    if not np.isin(columns["default_left"], (0, 1)).all() or columns["split_type"].any():
        raise Refused("a tree that splits by anything but a number")


def _check_keys(part: Any, keys: Sequence[str], what: str) -> None:
    if not isinstance(part, dict) or set(part) != set(keys):
        found = ", ".join(map(str, sorted(part)))[:100] if isinstance(part, dict) else type(part).__name__
        raise Refused(f"{what} with {found or 'nothing'}, not with {', '.join(sorted(keys))}")


def _whole(part: Mapping[str, Any], key: str) -> int:
    """Return a whole number that is written as text, as XGBoost writes what it states."""
    if not isinstance(part[key], str) or not WHOLE.fullmatch(part[key]):
        raise Refused(f"{key}, which is no whole number: {part[key]!s:.40}")
    return int(part[key])


def _check_scores(text: Any, classes: int) -> None:
    if not isinstance(text, str) or not SCORES.fullmatch(text):
        raise Refused(f"a base_score that is no list of numbers: {text!s:.40}")
    scores = [float(number) for number in text[1:-1].split(",")]
    if len(scores) != classes or not all(abs(score) <= LARGEST_FLOAT for score in scores):
        raise Refused(f"a base_score that is not a finite number for each of {classes} classes")


def _check_floats(values: Any, nodes: int, key: str) -> None:
    fits = isinstance(values, list) and len(values) == nodes and all(type(one) in (int, float) for one in values)
    if not fits or not all(math.isfinite(one) and abs(one) <= LARGEST_FLOAT for one in values):
        raise Refused(f"{key} that are not a finite number for each node")


def _places(values: Any, nodes: int, key: str) -> np.ndarray:
    """Return whole numbers, one for each node, int64."""
    if not isinstance(values, list) or len(values) != nodes or not _are(values, int):
        raise Refused(f"{key} that are not a whole number for each node")
    if not all(-1 <= one <= ROOT for one in values):
        raise Refused(f"{key} beyond all nodes")
    return np.array(values, np.int64)


def _are(values: list, kind: type) -> bool:
    return all(type(one) is kind for one in values)
