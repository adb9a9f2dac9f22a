"""Parts of scikit-learn: they come back as they were, and hostile ones with correct manifests are refused."""

import copy
import io
import json
import pickle
import shutil
import zipfile
from functools import cache

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC

from tests.forked_program import forked_code
from tests.models.bundles.bundles import change_members, save_small, vouch_again
from tests.models.bundles.complete import save_complete
from tests.parts import needs
from transferpain.core.errors import UserError
from transferpain.core.store import write_json
from transferpain.models.bundles.manifest import checksum, facts_of_file, load_manifest, manifest_hash, read_manifest
from transferpain.models.bundles.places import fetch_model, send_model
from transferpain.models.bundles.sklearn_part import check_part, import_skops, load_part, part_bytes, save_part
from transferpain.models.bundles.verify import verify_model

X = np.random.default_rng(0).random((60, 4))
TWO, THREE = (X[:, 0] > 0.5).astype(int), np.arange(60) % 3
NAMES = np.array(["none", "pain"])[TWO]
MODELS = {
    "scaler": lambda: StandardScaler().fit(X),
    "boosting": lambda: GradientBoostingClassifier(n_estimators=2, random_state=0).fit(X, THREE),
    "two names": lambda: GradientBoostingClassifier(n_estimators=2, n_iter_no_change=1, random_state=0).fit(X, NAMES),
    "histogram boosting": lambda: HistGradientBoostingClassifier(max_iter=1, random_state=0).fit(X, TWO),
    "ada": lambda: AdaBoostClassifier(n_estimators=2, random_state=0).fit(X, THREE),
    "logistic": lambda: LogisticRegression(class_weight={0: 1.0, 1: 2.0}).fit(X, TWO),
    "sigmoid": lambda: CalibratedClassifierCV(GradientBoostingClassifier(n_estimators=1, random_state=0), cv=2).fit(
        X, TWO
    ),
    "forest": lambda: RandomForestClassifier(2, random_state=0).fit(X, THREE),
    "margin": lambda: CalibratedClassifierCV(LinearSVC(random_state=0), cv=2, ensemble=False).fit(X, THREE),
    "isotonic": lambda: CalibratedClassifierCV(LogisticRegression(), method="isotonic", cv=2).fit(X, THREE),
}


@cache
def fitted(name: str):
    """Return one of `MODELS`, fitted once for all tests."""
    return MODELS[name]()


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return save_small(tmp_path_factory.mktemp("saved") / "bundle")


@pytest.fixture
def bundle(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "bundle")


def answer(model):
    return model.transform(X) if hasattr(model, "transform") else model.predict_proba(X)


@pytest.mark.parametrize("name", MODELS)
def test_a_part_answers_as_it_did_and_has_the_same_bytes_each_time(name, bundle):
    model = fitted(name)
    digest = save_part(model, bundle, "one")
    assert digest == manifest_hash(bundle)
    np.testing.assert_array_equal(answer(load_part(bundle, "one")), answer(model))
    assert part_bytes(MODELS[name]()) == (bundle / "parts" / "one.skops").read_bytes()


def test_a_part_is_hashed_and_travels_with_its_bundle(tmp_path):
    bundle = save_complete(tmp_path / "bundle")
    save_part(fitted("scaler"), bundle, "scaler")
    save_part(fitted("logistic"), bundle, "head")
    manifest = read_manifest(bundle)
    assert {"parts/scaler.skops", "parts/head.skops", "model.keras"} < manifest["files"].keys()
    assert manifest["versions"]["scikit-learn"]
    send_model(str(bundle), str(tmp_path / "mine.zip"), "")
    folder = fetch_model(str(tmp_path / "mine.zip"), None, tmp_path / "elsewhere")
    assert manifest_hash(folder) == manifest_hash(bundle)
    np.testing.assert_array_equal(load_part(folder, "scaler").mean_, X.mean(axis=0))
    assert all(line.good for line in verify_model(str(folder), None, False))


def test_a_damaged_part_is_named(bundle):
    save_part(fitted("scaler"), bundle, "scaler")
    file = bundle / "parts" / "scaler.skops"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(UserError, match=r"is damaged: parts/scaler\.skops is not the file that was saved"):
        load_part(bundle, "scaler")
    file.unlink()
    with pytest.raises(UserError, match=r"parts/scaler\.skops"):
        read_manifest(bundle)


def test_a_part_that_is_not_there_is_named(bundle):
    save_part(fitted("scaler"), bundle, "scaler")
    with pytest.raises(UserError, match=r"has no part head[\s\S]*Received: parts/scaler\.skops"):
        load_part(bundle, "head")


@pytest.mark.parametrize("name", ["../evil", "Scaler", "", "a/b", "a.skops/../../b"])
def test_a_name_that_leaves_the_folder_is_refused(name, bundle):
    before = manifest_hash(bundle)
    with pytest.raises(ValueError, match="a part is named by"):
        save_part(fitted("scaler"), bundle, name)
    assert manifest_hash(bundle) == before


@pytest.mark.parametrize("path", ["parts/evil.py", "parts/deeper/one.skops", "elsewhere/one.skops", "parts/.skops"])
def test_a_correct_manifest_lists_nothing_but_parts(path, bundle):
    (bundle / path).parent.mkdir(parents=True)
    (bundle / path).write_bytes(part_bytes(fitted("scaler")))
    with pytest.raises(UserError, match="a file that its manifest does not list"):
        read_manifest(bundle)
    manifest = load_manifest(bundle)
    manifest["files"][path] = facts_of_file(bundle / path)
    write_json(bundle / "manifest.json", manifest | {"checksum": checksum(manifest)})
    with pytest.raises(UserError, match="is not a bundle"):
        read_manifest(bundle)


@pytest.mark.parametrize(
    "model", [KNeighborsClassifier().fit(X, TWO), FunctionTransformer(np.sin)], ids=["knn", "function"]
)
def test_a_type_that_is_not_on_the_list_is_not_written(model, bundle):
    before = manifest_hash(bundle)
    with pytest.raises(ValueError, match=r"no bundle can hold sklearn\.\w+.*not on the list"):
        save_part(model, bundle, "one")
    assert manifest_hash(bundle) == before


def plant(bundle, content: bytes) -> None:
    """Put a file into the place of a part, with a manifest that is correct."""
    (bundle / "parts").mkdir(exist_ok=True)
    (bundle / "parts" / "one.skops").write_bytes(content)
    vouch_again(bundle)


def assert_refused(bundle, reason: str) -> None:
    """Assert that the manifest is correct, and the part is refused all the same, loaded or not."""
    read_manifest(bundle)
    message = f"is refused, and was not loaded[\\s\\S]*Received: .*{reason}"
    with pytest.raises(UserError, match=message):
        check_part((bundle / "parts" / "one.skops").read_bytes(), bundle / "parts" / "one.skops")
    with pytest.raises(UserError, match=message):
        load_part(bundle, "one")


def changed(model, change) -> bytes:
    """Return the bytes of a part whose schema, and arrays by their names, were edited by `change`."""
    with zipfile.ZipFile(io.BytesIO(part_bytes(model))) as archive:
        schema = json.loads(archive.read("schema.json"))
        arrays = {name: np.load(io.BytesIO(archive.read(name))) for name in archive.namelist() if name != "schema.json"}
    change(schema, arrays)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("schema.json", json.dumps(schema))
        for name, array in arrays.items():
            content = io.BytesIO()
            np.save(content, array)
            archive.writestr(name, content.getvalue())
    return buffer.getvalue()


class Evil:
    def __reduce__(self):
        return print, ("code runs",)


def test_a_pickle_in_disguise_is_refused(bundle):
    plant(bundle, pickle.dumps(Evil()))
    assert_refused(bundle, "not a zip file")


def test_a_pickled_array_is_refused(bundle):
    plant(bundle, part_bytes(fitted("scaler")))
    content = io.BytesIO()
    np.save(content, np.array([Evil()]), allow_pickle=True)
    change_members(bundle / "parts" / "one.skops", lambda members: members.update({"1.npy": content.getvalue()}))
    vouch_again(bundle)
    assert_refused(bundle, "an array of object")


@pytest.mark.parametrize(
    "named",
    [
        ("os", "system", "ObjectNode"),
        ("os", "system", "FunctionNode"),
        ("builtins", "eval", "TypeNode"),
        ("functools", "partial", "PartialNode"),
        ("sklearn.preprocessing._data", "StandardScaler", "MethodNode"),
        ("operator", "methodcaller", "OperatorFuncNode"),
        ("sklearn.preprocessing._data", ["StandardScaler"], "ObjectNode"),
        ("sklearn.preprocessing._data", "StandardScaler", "CachedNode"),
    ],
)
def test_a_type_that_is_not_on_the_list_is_refused(named, bundle):
    def change(schema, arrays):
        schema["content"]["content"]["copy"] |= dict(zip(("__module__", "__class__", "__loader__"), named, strict=True))

    plant(bundle, changed(fitted("scaler"), change))
    assert_refused(bundle, r"\(read as .*\), which is not on the list")


def test_what_skops_alone_would_trust_is_refused(bundle):
    plant(bundle, import_skops().dumps(KNeighborsClassifier().fit(X, TWO)))
    assert_refused(bundle, r"sklearn\.neighbors.*KNeighborsClassifier")


@pytest.mark.parametrize("protocol", [0, 1, 3, True, "2", None])
def test_another_protocol_is_refused(protocol, bundle):
    plant(bundle, changed(fitted("scaler"), lambda schema, arrays: schema.update(protocol=protocol)))
    assert_refused(bundle, "protocol 2")


def test_an_archive_that_expands_is_refused(bundle):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * 5_000_000)
    assert len(buffer.getvalue()) < 5_000
    plant(bundle, buffer.getvalue())
    assert_refused(bundle, "may expand to any size")


def test_an_array_that_asks_for_all_memory_is_refused(bundle):
    plant(bundle, part_bytes(fitted("scaler")))
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, {"descr": "<f8", "fortran_order": False, "shape": (1 << 45,)})
    change_members(bundle / "parts" / "one.skops", lambda members: members.update({"1.npy": content.getvalue()}))
    vouch_again(bundle)
    assert_refused(bundle, "")


@pytest.mark.parametrize("name", ["evil.py", "../1.npy", "/1.npy", "1.npy.py"])
def test_another_file_in_a_part_is_refused(name, bundle):
    plant(bundle, part_bytes(fitted("scaler")))
    change_members(bundle / "parts" / "one.skops", lambda members: members.update({name: b"x"}))
    vouch_again(bundle)
    assert_refused(bundle, "an archive of")


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


def test_nothing_of_a_hostile_part_is_run(bundle, capfd):
    def change(schema, arrays):
        schema["content"]["content"]["copy"] = {
            "__module__": "builtins",
            "__class__": "print",
            "__loader__": "PartialNode",
            "content": {},
        }

    plant(bundle, changed(fitted("scaler"), change))
    assert_refused(bundle, "builtins.print")
    assert not capfd.readouterr().out


READS = "import sys; from transferpain.models.bundles.sklearn_part import import_skops; import_skops().loads; "


@needs("face-alignment")
@pytest.mark.parametrize(
    ("then", "told"),
    [
        ("from importlib.util import find_spec; print(find_spec('torch') is not None)", "True"),
        pytest.param("import torch; print(torch.tensor(1).item())", "1", marks=pytest.mark.slow),
    ],
    ids=["there", "works"],
)
def test_reading_parts_does_not_import_torch_which_can_be_imported_afterwards(then, told):
    program = f"{READS} print('torch' in sys.modules); {then}"
    assert forked_code(program).split() == ["False", told]
