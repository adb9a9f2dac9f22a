import json
import os
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.disk import Disk
from tests.forked_program import heavy_modules
from tests.models.bundles.bundles import FACTS, INPUTS, LABELS, PREPROCESSING, save_small, small_model, vouch_again
from transferpain.core.errors import UserError
from transferpain.models.bundles.bundle import (
    check_fits,
    copy_listed,
    extend_bundle,
    read_bundle,
    save_bundle,
    weights_hash,
)
from transferpain.models.bundles.manifest import manifest_hash, read_contents, read_manifest


@pytest.fixture
def bundle(tmp_path):
    return save_small(tmp_path / "bundle")


def test_a_bundle_has_its_name_when_all_of_it_is_on_the_disk(tmp_path, monkeypatch):
    disk, folder, copy = Disk(monkeypatch), tmp_path / "bundle", tmp_path / "copy"
    save_small(folder)
    extend_bundle(folder, copy, {"parts/scaler.skops": b"abc"}, {})
    extend_bundle(folder, folder, {"README.md": b"abc"}, {})
    assert disk.moved[folder] == disk.moved[copy] == []
    assert disk.unsynced(tmp_path) == []


def test_a_copy_that_is_not_what_the_manifest_states_is_refused(bundle, tmp_path):
    manifest = read_manifest(bundle)
    os.truncate(bundle / "model.keras", 100)  # after it was verified
    (tmp_path / "copy").mkdir()
    with pytest.raises(UserError, match=r"model\.keras is not the file that was saved"):
        copy_listed(bundle, tmp_path / "copy", manifest)


def test_a_copy_that_the_disk_damages_is_refused(bundle, tmp_path, monkeypatch):
    manifest = read_manifest(bundle)
    (tmp_path / "copy").mkdir()
    write = Path.write_bytes
    monkeypatch.setattr(Path, "write_bytes", lambda path, content: write(path, content[:-1]))
    with pytest.raises(UserError, match=r"The copy of .*labels\.json is damaged"):
        copy_listed(bundle, tmp_path / "copy", manifest)


def test_a_bundle_gives_back_what_was_saved(bundle):
    read = read_bundle(bundle)
    np.testing.assert_array_equal(read.model(INPUTS), small_model()(INPUTS))
    assert read.preprocessing == PREPROCESSING
    assert read.labels == LABELS
    assert read.manifest["synthetic"] is True
    assert read.manifest["parents"] == ["0" * 64]
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


def test_a_model_that_would_be_refused_is_not_written(tmp_path):
    features = keras.Input((4,))
    outputs = keras.layers.Lambda(lambda x: x[:, :2], output_shape=(2,))(features)
    with pytest.raises(ValueError, match=r"no bundle can hold keras\.layers\.Lambda"):
        save_bundle(tmp_path / "hostile", keras.Model(features, outputs), PREPROCESSING, LABELS, FACTS)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_another_process_writes_the_same_bytes(bundle, tmp_path):
    program = f"""
from pathlib import Path
from tests.models.bundles.bundles import save_small
save_small(Path({str(tmp_path / "again")!r}))
"""
    subprocess.run([sys.executable, "-c", program], check=True)
    assert (tmp_path / "again" / "model.keras").read_bytes() == (bundle / "model.keras").read_bytes()
    assert manifest_hash(tmp_path / "again") == manifest_hash(bundle)


def test_a_bundle_is_extended_in_a_copy(bundle, tmp_path):
    before = manifest_hash(bundle)
    digest = extend_bundle(bundle, tmp_path / "more", {"metrics.json": b"{}"}, {"commit": "0123"})
    assert digest == manifest_hash(tmp_path / "more") != before == manifest_hash(bundle)
    manifest = read_manifest(tmp_path / "more")
    assert manifest["commit"] == "0123"
    assert manifest["parents"] == ["0" * 64]
    assert sorted(manifest["files"]) == ["labels.json", "metrics.json", "model.keras", "preprocess.json"]


def test_weights_under_a_false_name_are_refused(bundle):
    vouch_again(bundle, weights_hash="0" * 64)
    with pytest.raises(UserError, match="weights_hash is not that of the weights"):
        read_bundle(bundle)


def test_a_file_that_is_swapped_after_it_was_checked_is_not_loaded(bundle):
    contents = read_contents(bundle)
    digest = contents.digest
    for name in (*contents.files, "manifest.json"):
        (bundle / name).write_bytes(b"swapped")
    read = read_bundle(contents)
    assert (read.labels, read.digest) == (LABELS, digest)
    assert read.model.output_shape == (None, 2)


@pytest.mark.parametrize("shape", [(32, 32, 3), (4, 32, 32, 3), (None, 32, 32, 3), (8,), (4, 8)])
def test_pictures_are_prepared_for_the_network_that_reads_them(shape, tmp_path):
    check_fits([shape], {"size": 32}, tmp_path)
    check_fits([shape], {}, tmp_path)
    if len(shape) >= 3:
        with pytest.raises(UserError, match="pictures of size 48 for a network that reads"):
            check_fits([(8,), shape], {"size": 48}, tmp_path)


@pytest.mark.parametrize("labels", ['["one"]', '["none", "\\ud800"]', '{"none": 0, "pain": 1}', "not json"])
def test_labels_that_do_not_fit_the_outputs_are_refused(bundle, labels):
    (bundle / "labels.json").write_text(labels)
    vouch_again(bundle)
    with pytest.raises(UserError, match="is not a bundle"):
        read_bundle(bundle)


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


def test_reading_a_manifest_and_checking_a_model_need_no_keras(bundle):
    program = f"""
from pathlib import Path
from transferpain.models.bundles.guard import check_model_file
from transferpain.models.bundles.manifest import read_manifest
check_model_file(Path({str(bundle / "model.keras")!r}))
read_manifest(Path({str(bundle)!r}))
"""
    assert heavy_modules(program, {"keras", "tensorflow"}) == set()


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


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_network_whose_weights_are_no_numbers_is_refused(value, tmp_path):
    model = small_model()
    weights = model.get_weights()
    weights[0].flat[0] = value
    model.set_weights(weights)
    save_bundle(tmp_path / "diverged", model, PREPROCESSING, LABELS, FACTS)
    with pytest.raises(UserError, match="NaN or infinite weights in the layer"):
        read_bundle(tmp_path / "diverged")
