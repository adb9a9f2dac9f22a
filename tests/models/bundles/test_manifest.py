import json
import os

import pytest

from tests.models.bundles.bundles import save_small, vouch_again
from transferpain.core.errors import UserError
from transferpain.models.bundles.manifest import (
    MOST_FILES,
    check_digest,
    manifest_hash,
    read_complete,
    read_contents,
    read_manifest,
    split_digest,
    write_manifest,
)

FILES = ["labels.json", "model.keras", "preprocess.json"]


@pytest.fixture
def bundle(tmp_path):
    return save_small(tmp_path / "bundle")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["flipped byte", "missing", "longer", "link"])
def test_a_damaged_file_is_named(bundle, name, damage):
    file = bundle / name
    content = bytearray(file.read_bytes())
    file.unlink()
    if damage == "link":
        (bundle.parent / "elsewhere").write_bytes(content)
        file.symlink_to(bundle.parent / "elsewhere")
    elif damage != "missing":
        content[len(content) // 2] ^= 1
        file.write_bytes(content if damage == "flipped byte" else content + b" ")
    with pytest.raises(UserError, match=f"{name} is (not the file that was saved|a link)"):
        read_manifest(bundle)


def test_every_flipped_byte_of_the_manifest_shows(bundle):
    whole = (bundle / "manifest.json").read_bytes()
    for place in range(len(whole)):
        content = bytearray(whole)
        content[place] ^= 1
        (bundle / "manifest.json").write_bytes(content)
        with pytest.raises(UserError, match=r"is damaged|is not a bundle"):
            read_manifest(bundle)


def test_a_manifest_that_is_a_link_or_a_pipe_is_refused(bundle):
    manifest = bundle / "manifest.json"
    manifest.rename(bundle.parent / "elsewhere.json")
    manifest.symlink_to(bundle.parent / "elsewhere.json")
    with pytest.raises(UserError, match=r"is not a bundle[\s\S]*manifest\.json, which is a link"):
        read_manifest(bundle)
    manifest.unlink()
    os.mkfifo(manifest)
    with pytest.raises(UserError, match=r"is not a bundle[\s\S]*no plain file"):
        read_manifest(bundle)


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b'{"a": ' * 500, b'{"format": 1' + b"0" * 400 + b"}", b" " * (2 << 20), b"\xff"]
)
def test_a_manifest_that_nests_or_counts_without_end_is_refused(bundle, content):
    (bundle / "manifest.json").write_bytes(content)
    with pytest.raises(UserError, match="is not a bundle"):
        read_manifest(bundle)


def test_more_files_than_any_model_has_are_refused(bundle):
    for number in range(MOST_FILES):
        (bundle / "parts").mkdir(exist_ok=True)
        (bundle / "parts" / f"a{number}.skops").write_bytes(b"")
    vouch_again(bundle)
    with pytest.raises(UserError, match=f"{MOST_FILES + len(FILES)} files"):
        read_manifest(bundle)


def test_a_file_beside_the_network_that_is_far_too_large_is_not_read(bundle, monkeypatch):
    monkeypatch.setattr("transferpain.models.bundles.manifest.LARGEST_BESIDE", 20)
    with pytest.raises(UserError, match=r"labels\.json of \d+ bytes; it has at most 20"):
        read_manifest(bundle)


def test_a_folder_that_is_another_bundle_by_then_is_not_read_for_the_pinned_one(bundle):
    digest = manifest_hash(bundle)
    assert read_contents(bundle, digest).digest == digest
    vouch_again(bundle, experiment="another")
    with pytest.raises(UserError, match="is another bundle than the one that is asked for"):
        read_contents(bundle, digest)


def test_a_file_that_the_manifest_does_not_list_is_refused(bundle):
    (bundle / "notes.txt").write_text("hello")
    with pytest.raises(UserError, match=r"does not list[\s\S]*Received: notes.txt"):
        read_manifest(bundle)


def test_the_manifest_of_another_bundle_is_refused(bundle, tmp_path):
    other = save_small(tmp_path / "other", seed=1)
    (other / "manifest.json").replace(bundle / "manifest.json")
    with pytest.raises(UserError, match=r"model\.keras is not the file that was saved"):
        read_manifest(bundle)


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest.pop("files"),
        lambda manifest: manifest.pop("synthetic"),
        lambda manifest: manifest.pop("checksum"),
        lambda manifest: manifest.update(files=["model.keras"]),
        lambda manifest: manifest["files"]["model.keras"].update(size="large"),
        lambda manifest: manifest.update(synthetic="no"),
        lambda manifest: manifest.update(format=1),
        lambda manifest: manifest.update(terms=[{"dataset": "biovid"}]),
        lambda manifest: manifest.update(parents=["../secret"]),
    ],
)
def test_a_wrong_manifest_is_refused(bundle, change):
    manifest = json.loads((bundle / "manifest.json").read_text())
    change(manifest)
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UserError, match="is not a bundle"):
        read_manifest(bundle)


@pytest.mark.parametrize("name", ["setup.py", "weights.pkl", ".hidden"])
def test_a_correct_manifest_lists_nothing_but_the_files_of_a_bundle(bundle, name):
    (bundle / name).write_text("import os")
    vouch_again(bundle)
    with pytest.raises(UserError, match="is not a bundle"):
        read_manifest(bundle)


@pytest.mark.parametrize("content", [None, "", "not json", "[]", "[" * 100_000])
def test_a_folder_without_a_readable_manifest_is_no_bundle(tmp_path, content):
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(UserError, match="is not a bundle"):
        read_manifest(tmp_path)


def test_a_fold_of_a_run_is_not_complete(bundle):
    with pytest.raises(UserError, match=r"not complete[\s\S]*without probe.npz, experiment.yaml"):
        read_complete(bundle)


def test_a_pinned_digest_must_be_the_bundles(bundle):
    digest = manifest_hash(bundle)
    assert check_digest(bundle, digest) == check_digest(bundle, None) == digest
    vouch_again(bundle, experiment="another")
    with pytest.raises(UserError, match=f"must have the SHA-256 {digest}"):
        check_digest(bundle, digest)


def test_a_digest_is_pinned_behind_the_place():
    assert split_digest("weights/mine") == ("weights/mine", None)
    assert split_digest(f"weights/mine#sha256={'a' * 64}") == ("weights/mine", "a" * 64)


@pytest.mark.parametrize("pin", ["", "sha256=", "sha256=abc", "md5=" + "a" * 64, "a" * 64, "sha256=" + "A" * 64])
def test_a_digest_that_cannot_be_read_is_refused(pin):
    with pytest.raises(UserError, match="digest of a model could not be read"):
        split_digest(f"weights/mine#{pin}")


def test_the_same_files_and_facts_give_the_same_manifest(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "labels.json").write_text("[]")
    assert write_manifest(tmp_path / "one", {"a": 1, "b": 2}) == write_manifest(tmp_path / "two", {"b": 2, "a": 1})
