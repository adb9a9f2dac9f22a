"""Trees of scikit-learn that would be followed out of their memory are refused, with correct manifests."""

import copy

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from tests.models.bundles.bundles import save_small
from tests.models.bundles.parts import MODELS, TWO, X, assert_refused, changed, fitted, plant
from transferpain.core.errors import UserError
from transferpain.models.bundles.sklearn_part import load_part, part_bytes


@pytest.fixture
def bundle(tmp_path):
    return save_small(tmp_path / "bundle")


def in_nodes(**fields):
    """Return a change that gives the root of every tree these values."""

    def change(schema, arrays):
        for array in arrays.values():
            if array.dtype.names:
                for name, value in fields.items():
                    array[name][0] = value

    return change


@pytest.mark.parametrize(
    ("model", "change", "reason"),
    [
        ("boosting", in_nodes(left_child=0), "a branch that leads nowhere"),
        ("boosting", in_nodes(right_child=10**6), "a branch that leads nowhere"),
        ("boosting", in_nodes(right_child=-1), "a branch that leads nowhere"),
        ("boosting", in_nodes(feature=4), "a feature that is not there"),
        ("boosting", in_nodes(feature=-9), "a feature that is not there"),
        ("ada", in_nodes(feature=4), "a feature that is not there"),
        ("forest", in_nodes(feature=4), "a feature that is not there"),
        ("sigmoid", in_nodes(left_child=-7), "a branch that leads nowhere"),
        ("histogram boosting", in_nodes(left=10**6), "a branch that leads nowhere"),
        ("histogram boosting", in_nodes(feature_idx=4), "a feature that is not there"),
        ("histogram boosting", in_nodes(is_categorical=1), "splits by categories"),
    ],
)
def test_a_tree_that_leads_out_of_its_memory_is_refused(model, change, reason, bundle):
    plant(bundle, changed(fitted(model), change))
    assert_refused(bundle, reason)


def objects(part, name):
    """Yield the parts of a schema that are of this class."""
    for value in part if isinstance(part, list) else part.values():
        if isinstance(value, dict | list):
            yield from objects(value, name)
    if isinstance(part, dict) and part.get("__class__") == name:
        yield part


def state(cls, name, content):
    """Return a change of one attribute of all objects of a class."""

    def change(schema, arrays):
        for part in objects(schema, cls):
            part["content"]["content"][name]["content"] = content

    return change


def forget_features(schema, arrays):
    for part in objects(schema, "DecisionTreeClassifier"):
        if "n_features_in_" in part["content"]["content"]:
            part["content"]["key_types"]["content"].pop()


def as_array(cls, name):
    """Return a change that writes an attribute as an array of another number, and what it was beside it."""

    def change(schema, arrays):
        arrays["99.npy"] = np.array(10**6)
        for part in objects(schema, cls):
            node = {"__module__": "numpy", "__class__": "int64", "__loader__": "NdArrayNode", "__id__": 99}
            part["content"]["content"][name] |= node | {"type": "numpy", "file": "99.npy"}

    return change


def as_another(schema, arrays):
    """Lay other nodes, which no tree holds, before the first tree, under the number of what stands in that."""
    tree = next(objects(schema, "Tree"))
    hostile = copy.deepcopy(tree["content"])
    arrays["99.npy"] = np.roll(arrays[hostile["content"]["nodes"]["file"]], 1)
    hostile["content"]["nodes"] |= {"file": "99.npy", "__id__": 99}
    first = schema["content"]
    first["content"] = {"before": hostile} | first["content"]
    first["key_types"]["content"].append(first["key_types"]["content"][0])


def without_values(schema, arrays):
    for part in objects(schema, "Tree"):
        name = part["content"]["content"]["values"]["file"]
        arrays[name] = arrays[name][..., :0]
        for given in part["__reduce__"]["args"]["content"]:
            if "file" in given:
                arrays[given["file"]] = np.array([0])


def as_one_number(schema, arrays):
    for part in objects(schema, "Tree"):
        part["content"]["content"]["nodes"]["__class__"] = "float64"


def as_pairs(schema, arrays):
    for part in objects(schema, "Tree"):
        part["content"] |= {"__class__": "list", "__loader__": "ListNode"}


@pytest.mark.parametrize(
    ("model", "change", "reason"),
    [
        ("boosting", as_array("GradientBoostingClassifier", "n_features_in_"), "n_features_in_, which is no whole"),
        ("ada", as_array("Tree", "node_count"), "node_count, which is no whole number"),
        ("boosting", as_another, "two different objects of the number"),
        ("boosting", without_values, "a tree without values"),
        ("boosting", as_pairs, "a ListNode in the place of a dictionary"),
        ("boosting", as_one_number, "whose nodes are no plain numbers"),
        ("boosting", state("Tree", "node_count", "1000000"), "another number of nodes"),
        ("boosting", state("GradientBoostingClassifier", "n_features_in_", "0"), "a feature that is not there"),
        ("forest", state("RandomForestClassifier", "n_features_in_", "1"), "a feature that is not there"),
        ("ada", forget_features, "keys are not all typed"),
    ],
)
def test_a_tree_with_false_figures_is_refused(model, change, reason, bundle):
    plant(bundle, changed(fitted(model), change))
    assert_refused(bundle, reason)


@pytest.mark.parametrize("place", ["-1", "625", "1000000000", "1.0"])
def test_random_numbers_from_beyond_their_table_are_refused(place, bundle):
    model = DummyClassifier(strategy="stratified", random_state=np.random.RandomState(0)).fit(X, TWO)

    def change(schema, arrays):
        for part in objects(schema, "RandomState"):
            part["content"]["content"]["state"]["content"]["pos"]["content"] = place

    plant(bundle, part_bytes(model))
    load_part(bundle, "one")
    plant(bundle, changed(model, change))
    assert_refused(bundle, "random numbers that go on from|pos, which is no whole number")


def test_trees_that_would_write_beside_the_answer_are_refused(bundle):
    three, two = fitted("boosting"), MODELS["two names"]()
    two.estimators_ = three.estimators_
    (bundle / "parts").mkdir()
    plant(bundle, part_bytes(two))
    with pytest.raises(UserError, match="3 trees a round for 1 columns"):
        load_part(bundle, "one")
