"""Parts of scikit-learn: they come back as they were, and hostile ones with correct manifests are refused."""

import io
import pickle
import shutil
import zipfile

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import FunctionTransformer

from tests.forked_program import forked_code
from tests.models.bundles.bundles import change_members, save_small, vouch_again
from tests.models.bundles.complete import save_complete
from tests.models.bundles.parts import MODELS, TWO, X, assert_refused, changed, fitted, plant
from tests.parts import needs
from transferpain.core.errors import UserError
from transferpain.core.store import write_json
from transferpain.models.bundles.manifest import checksum, facts_of_file, load_manifest, manifest_hash, read_manifest
from transferpain.models.bundles.places import fetch_model, send_model
from transferpain.models.bundles.sklearn_part import import_skops, load_part, part_bytes, save_part
from transferpain.models.bundles.verify import verify_model


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
