import os

import numpy as np
import pandas as pd
import pytest

from tests.experiments.caches.made import FORMER, add_faces, add_features, add_run, fill, make_old
from transferpain.core.errors import UserError
from transferpain.core.store import checksum_path, write_json
from transferpain.data.media.medium import READER, READER_IDENTITY
from transferpain.experiments.caches.entries import examine_cache
from transferpain.inputs.faces.detectors import detector_identity
from transferpain.inputs.features.own import keep_own, own_stage
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.inputs.landmarks.mesh import mesh_identity


def states(workspace, verify=False) -> dict:
    """Return file -> state of everything in the cache, and check that no file is named twice."""
    entries = examine_cache(workspace, verify)
    files = [file.path for entry in entries for file in entry.files]
    assert len(files) == len(set(files))
    return {file.path: entry.state for entry in entries for file in entry.files}


def test_what_each_version_made_is_told_apart(tmp_path):
    usable, former = fill(tmp_path)
    found = states(tmp_path)
    assert {path for path, state in found.items() if state == "usable"} == usable
    assert {path for path, state in found.items() if state == "former"} == former
    words = {(entry.kind, entry.made, entry.why) for entry in examine_cache(tmp_path) if entry.state == "former"}
    here = detector_identity("mediapipe")
    assert ("faces", FORMER, f"{FORMER} is not installed; {here} is") in words
    assert ("landmarks", f"{FORMER} face mesh", f"{FORMER} is not installed; {mesh_identity()} is") in words
    assert any(kind == "features" and made == f"a-source in float32, faces by {FORMER}" for kind, made, _ in words)


def test_there_may_be_no_cache(tmp_path):
    assert examine_cache(tmp_path) == []
    assert examine_cache(tmp_path / "nowhere") == []


def test_a_file_in_place_of_the_cache_is_refused(tmp_path):
    (tmp_path / "cache").write_text("mine")
    with pytest.raises(UserError, match="is not a folder"):
        examine_cache(tmp_path)


def test_features_that_nothing_explains_are_kept(tmp_path):
    faces = add_faces(tmp_path / "cache", "one", FORMER)
    features = add_features(tmp_path / "cache", faces, FORMER, states_it=False)
    assert states(tmp_path)[features] == "kept"
    add_run(tmp_path)
    assert states(tmp_path)[features] == "former"


def test_what_another_machine_could_use_is_kept(tmp_path):
    later = add_faces(tmp_path / "cache", "one", "mediapipe 99.1")
    unknown = add_faces(tmp_path / "cache", "one", "retinaface 0.1")
    assert states(tmp_path)[later] == states(tmp_path)[unknown] == "kept"


def test_damage_is_seen_and_what_only_a_checksum_shows_on_request(tmp_path):
    cache, here = tmp_path / "cache", detector_identity("mediapipe")
    short, changed, bare = (add_faces(cache, content, here) for content in ("one", "two", "three"))
    features = add_features(cache, changed, here)
    os.truncate(short, short.stat().st_size - 8)
    os.truncate(features, features.stat().st_size - 2)
    content = bytearray(changed.read_bytes())
    content[8] ^= 1
    changed.write_bytes(content)
    checksum_path(bare).unlink()
    found = states(tmp_path)
    assert found[short] == found[features] == found[bare] == "damaged"
    assert found[changed] == "usable"
    assert states(tmp_path, verify=True)[changed] == "damaged"


def test_a_checksum_whose_second_line_is_damaged_says_nothing(tmp_path):
    cache = tmp_path / "cache"
    features = add_features(cache, add_faces(cache, "one", FORMER), FORMER)
    checksum = checksum_path(features).read_text().splitlines()[0]
    for second in ("{", "[1]", "\udcff", '{"detector": 3}'):
        checksum_path(features).write_text(f"{checksum}\n{second}\n", errors="surrogateescape")
        assert states(tmp_path, verify=True)[features] == "kept"


def test_leftovers_of_killed_processes_are_those_untouched_for_a_day(tmp_path):
    folder = add_faces(tmp_path / "cache", "one", FORMER).parent
    young, old = folder / ".partial-0123456789abcdef.parquet", folder / ".partial-fedcba9876543210.parquet"
    young.write_bytes(b"half")
    old.write_bytes(b"half")
    make_old(old)
    orphan = checksum_path(folder / f"{folder.name}{'0' * 14}.parquet")
    orphan.write_text("0" * 64)
    found = states(tmp_path)
    assert (found[young], found[old], found[orphan]) == ("kept", "leftover", "leftover")


def test_files_of_others_are_named_and_never_ours(tmp_path):
    folder = add_faces(tmp_path / "cache", "one", FORMER).parent
    key = f"{folder.name}{'0' * 14}"
    others = [tmp_path / "cache" / "notes.txt", tmp_path / "cache" / "mine" / "a" / "b.npy", folder / "notes.txt"]
    others += [folder / f"{key}.parquet", folder / f"{key}.npy", folder / ".partial-mine", folder / "notes.txt.sha256"]
    others += [tmp_path / "cache" / "hybrid" / "0123456789abcdef" / "notes.txt", folder / "mine" / f"{key}.parquet"]
    for path in others:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
        make_old(path)
    found = states(tmp_path)
    assert {path: found[path] for path in others} == dict.fromkeys(others, "foreign")


def test_links_are_not_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    there = add_faces(elsewhere, "one", FORMER)
    cache = tmp_path / "cache"
    (cache / "faces" / "aa").mkdir(parents=True)
    links = [cache / "landmarks", cache / "faces" / there.parent.name, cache / "faces" / "aa" / f"{'a' * 16}.parquet"]
    for link, target in zip(links, (elsewhere / "faces", there.parent, there), strict=True):
        link.symlink_to(target)
    assert states(tmp_path) == dict.fromkeys(links, "foreign")


def test_no_plain_file_is_opened(tmp_path):
    folder = tmp_path / "cache" / "faces" / "aa"
    folder.mkdir(parents=True)
    os.mkfifo(folder / f"{'a' * 16}.parquet")
    assert list(states(tmp_path).values()) == ["foreign"]


def test_a_folds_models_are_one_entry_that_goes_answers_first(tmp_path):
    cache = tmp_path / "cache" / "hybrid"
    names = ["made.json", "history.csv", "answers.parquet", "answers.parquet.sha256", "three-models.json"]
    names += ["checkpoint-1.npz", "model/manifest.json", "model/model.keras"]
    makers = {"detector": detector_identity("mediapipe"), "mesh": mesh_identity(), "reader": READER_IDENTITY}
    folds = {
        "usable": makers,
        "former": makers | {"mesh": f"{FORMER} face mesh"},
        "kept": {"detector": 3, "reader": READER_IDENTITY},
    }
    for number, (_, made) in enumerate(folds.items()):
        for name in names:
            path = cache / f"{number:016x}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("-")
        write_json(cache / f"{number:016x}" / "made.json", made)
    former = cache / f"{9:016x}" / "history.csv"
    former.parent.mkdir()
    former.write_text("-")
    (cache / f"{9:016x}.lock").touch()
    entries = {entry.files[0].path.parent.name: entry for entry in examine_cache(tmp_path)}
    assert [entry.state for _, entry in sorted(entries.items())] == [*folds, "former"]
    order = [file.path.name for file in entries[f"{1:016x}"].files]
    assert order[:2] == ["answers.parquet", "answers.parquet.sha256"]
    assert order[-1] == "made.json"
    assert len(order) == len(names)


def test_what_is_kept_for_others_is_listed(tmp_path):
    cache, key = tmp_path / "cache", "0123456789abcdef"
    paths = [cache / "hashes" / "01" / key, cache / "index" / f"ferplus-{key}.npy", cache / "downloads" / "a b.zip"]
    paths += [cache / "edge" / key / "encoder-int8.tflite", cache / "downloads" / f".partial-{key}"]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path.open("wb"), np.zeros(3))
        make_old(path)
    (cache / ".lock").touch()
    assert states(tmp_path) == dict.fromkeys(paths, "kept")


def test_what_a_former_reader_read_is_of_no_use(tmp_path):
    cache, here = tmp_path / "cache", detector_identity("mediapipe")
    faces = add_faces(cache, "one", here, reader=READER - 1)
    features = add_features(cache, faces, here, reader=READER - 1)
    found = states(tmp_path)
    assert (found[faces], found[features]) == ("former", "former")


def test_features_that_were_made_elsewhere_are_told(tmp_path):
    (tmp_path / "mine").mkdir()
    np.save(tmp_path / "mine" / "rest.npy", np.ones((2, 3)))
    settings, cache = FeatureSettings(folder="mine"), tmp_path / "cache"
    stage = own_stage(pd.DataFrame({"clip": ["rest"]}), settings, tmp_path, cache)
    (path,) = keep_own(stage.assign(stretch=2), settings, cache)["features"]
    (entry,) = [entry for entry in examine_cache(tmp_path) if entry.kind == "features"]
    assert (entry.made, entry.state) == ("own features 2", "usable")
    assert path in {str(file.path) for file in entry.files}
