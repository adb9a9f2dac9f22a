import json
import resource
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest

from transferpain.errors import UserError
from transferpain.sharing.bundle import manifest_hash, read_bundle, read_manifest, save_bundle, weights_hash

PREPROCESSING = {"size": 32, "scaling": "unit"}
LABELS = ("none", "pain")
FACTS = {"synthetic": True, "parent": "0" * 64}
INPUTS = np.random.default_rng(0).random((3, 4), dtype=np.float32)


def small_model(seed: int = 0) -> keras.Model:
    features = keras.Input((4,), name="features")
    x = keras.layers.Dense(3, "relu", kernel_initializer=keras.initializers.HeNormal(seed=seed), name="hidden")(
        features
    )
    x = keras.layers.Dense(2, kernel_initializer=keras.initializers.HeNormal(seed=seed), name="logits")(x)
    return keras.Model(features, keras.layers.Activation("softmax", name="probabilities")(x), name="small")


@pytest.fixture
def bundle(tmp_path):
    save_bundle(tmp_path / "bundle", small_model(), PREPROCESSING, LABELS, FACTS)
    return tmp_path / "bundle"


def test_a_bundle_gives_back_what_was_saved(bundle):
    read = read_bundle(bundle)
    np.testing.assert_array_equal(read.model(INPUTS), small_model()(INPUTS))
    assert read.preprocessing == PREPROCESSING
    assert read.labels == LABELS
    assert read.manifest["synthetic"] is True
    assert read.manifest["parent"] == "0" * 64
    assert read.manifest["versions"]["keras"] == keras.__version__
    assert sorted(file.name for file in bundle.iterdir()) == [
        "labels.json",
        "manifest.json",
        "model.keras",
        "preprocess.json",
    ]


def test_the_manifest_lists_size_and_hash_of_every_other_file(bundle):
    files = json.loads((bundle / "manifest.json").read_text())["files"]
    assert sorted(files) == ["labels.json", "model.keras", "preprocess.json"]
    assert files["model.keras"]["size"] == (bundle / "model.keras").stat().st_size
    assert len(files["model.keras"]["sha256"]) == 64


def test_the_same_model_gives_the_same_bytes(bundle, tmp_path):
    again = tmp_path / "again"
    assert save_bundle(again, small_model(), PREPROCESSING, LABELS, FACTS) == manifest_hash(bundle)
    for file in bundle.iterdir():
        assert file.read_bytes() == (again / file.name).read_bytes()


def test_the_optimizer_is_left_out(tmp_path):
    model = small_model()
    model.compile("adam", "categorical_crossentropy")
    model.fit(INPUTS, np.eye(2, dtype=np.float32)[[0, 1, 0]], verbose=0)
    save_bundle(tmp_path / "trained", model, PREPROCESSING, LABELS, FACTS)
    read = read_bundle(tmp_path / "trained")
    assert not read.model.compiled
    np.testing.assert_allclose(read.model(INPUTS), model(INPUTS), rtol=1e-6)
    with zipfile.ZipFile(tmp_path / "trained" / "model.keras") as archive:
        assert b"Adam" not in archive.read("config.json")
        archive.extract("model.weights.h5", tmp_path)
    import h5py

    with h5py.File(tmp_path / "model.weights.h5") as weights:
        assert "optimizer" not in weights


def test_the_weights_hash_names_the_weights(bundle):
    first = weights_hash(small_model())
    assert first == weights_hash(read_bundle(bundle).model)
    changed = small_model()
    kernel, bias = changed.get_layer("logits").get_weights()
    kernel[0, 0] = np.nextafter(kernel[0, 0], np.float32(9))
    changed.get_layer("logits").set_weights([kernel, bias])
    assert weights_hash(changed) != first


def test_a_newer_bundle_replaces_an_older_one(bundle):
    old = manifest_hash(bundle)
    new = save_bundle(bundle, small_model(seed=1), PREPROCESSING, LABELS, FACTS)
    assert new == manifest_hash(bundle) != old
    assert [path.name for path in bundle.parent.iterdir()] == ["bundle"]


@pytest.mark.parametrize("name", ["labels.json", "model.keras", "preprocess.json"])
@pytest.mark.parametrize("damage", ["flipped byte", "missing", "longer"])
def test_a_damaged_file_is_named(bundle, name, damage):
    file = bundle / name
    content = bytearray(file.read_bytes())
    if damage == "missing":
        file.unlink()
    else:
        content[len(content) // 2] ^= 1
        file.write_bytes(content if damage == "flipped byte" else content + b" ")
    with pytest.raises(UserError, match=f"is damaged: {name} is not the file that was saved"):
        read_bundle(bundle)


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest.pop("files"),
        lambda manifest: manifest.pop("synthetic"),
        lambda manifest: manifest["files"].pop("model.keras"),
        lambda manifest: manifest["files"].update({"../secret": {"sha256": "0", "size": 1}}),
        lambda manifest: manifest.update(files=["model.keras"]),
        lambda manifest: manifest.update(synthetic="no"),
    ],
)
def test_a_wrong_manifest_is_refused(bundle, change):
    manifest = json.loads((bundle / "manifest.json").read_text())
    change(manifest)
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UserError, match="is not a bundle"):
        read_manifest(bundle)


@pytest.mark.parametrize("content", [None, "", "not json", "[]"])
def test_a_folder_without_a_readable_manifest_is_no_bundle(tmp_path, content):
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(UserError, match="is not a bundle"):
        read_manifest(tmp_path)


def test_a_model_with_code_in_it_is_not_loaded(tmp_path):
    features = keras.Input((4,))
    outputs = keras.layers.Lambda(lambda x: x[:, :2], output_shape=(2,))(features)
    save_bundle(tmp_path / "hostile", keras.Model(features, outputs), PREPROCESSING, LABELS, FACTS)
    with pytest.raises(UserError, match="Keras cannot load"):
        read_bundle(tmp_path / "hostile")


@pytest.mark.parametrize("facts", [{}, {"synthetic": "yes"}])
def test_the_facts_must_say_whether_it_is_synthetic(facts, tmp_path):
    with pytest.raises(ValueError, match="must say `synthetic`"):
        save_bundle(tmp_path / "bundle", small_model(), PREPROCESSING, LABELS, facts)


def test_labels_and_outputs_must_agree(tmp_path):
    with pytest.raises(ValueError, match="has 2 outputs, but there are 3 labels"):
        save_bundle(tmp_path / "bundle", small_model(), PREPROCESSING, ("a", "b", "c"), FACTS)


def test_a_failed_save_leaves_the_old_bundle_and_nothing_else(bundle):
    before = manifest_hash(bundle)
    with pytest.raises(TypeError):
        save_bundle(bundle, small_model(seed=1), {"size": object()}, LABELS, FACTS)
    assert manifest_hash(bundle) == before
    assert [path.name for path in bundle.parent.iterdir()] == ["bundle"]


def test_reading_a_manifest_needs_no_keras(bundle):
    program = f"""
import sys
from pathlib import Path
from transferpain.sharing.bundle import read_manifest
read_manifest(Path({str(bundle)!r}))
assert "keras" not in sys.modules and "tensorflow" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("room", [100, 10_000])
def test_a_full_disk_leaves_no_half_bundle(tmp_path, room):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            save_bundle(tmp_path / "bundle", small_model(), PREPROCESSING, LABELS, FACTS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())
