import os
from dataclasses import replace

import pytest

from tests.experiments.caches.made import FORMER, add_faces, add_features, add_run, fill
from tests.forked_program import CODE, LIGHT, ForkedProgram
from tests.waiting import wait_until
from transferpain.core.errors import UserError
from transferpain.core.locks import using_folder
from transferpain.core.store import checksum_path, one_process, write_json
from transferpain.experiments.caches.entries import examine_cache
from transferpain.experiments.caches.prune import locks, prune, removable
from transferpain.inputs.faces.detectors import detector_identity


def files_of(cache) -> set:
    return {path for path in cache.rglob("*") if not path.is_dir() and path.name != ".lock"}


def test_what_is_of_no_use_goes_and_nothing_else(tmp_path):
    usable, former = fill(tmp_path)
    mine = tmp_path / "cache" / "notes.txt"
    mine.write_text("mine")
    size = sum(path.stat().st_size for path in former)
    pruned = prune(tmp_path, removable(examine_cache(tmp_path)))
    assert (pruned.files, pruned.size, pruned.left) == (len(former), size, ())
    assert files_of(tmp_path / "cache") == usable | {mine}
    assert removable(examine_cache(tmp_path)) == []


@pytest.mark.parametrize("stop", range(10))
def test_interrupted_anywhere_the_next_call_ends_it(tmp_path, stop):
    usable, former = fill(tmp_path)
    gone = [file for entry in removable(examine_cache(tmp_path)) for file in entry.files]
    assert len(gone) == len(former) == 10
    for file in gone[:stop]:
        file.path.unlink()
    assert {file.path for entry in removable(examine_cache(tmp_path)) for file in entry.files} == {
        file.path for file in gone[stop:]
    }
    prune(tmp_path, removable(examine_cache(tmp_path)))
    assert files_of(tmp_path / "cache") == usable


def test_a_file_that_has_changed_meanwhile_is_left(tmp_path):
    cache = tmp_path / "cache"
    path = add_faces(cache, "one", FORMER)
    gone = removable(examine_cache(tmp_path))
    path.write_bytes(path.read_bytes())
    pruned = prune(tmp_path, gone)
    assert pruned.files == 0
    assert pruned.left == (f"{path}: it has changed meanwhile",)
    assert checksum_path(path).is_file()


def test_a_file_that_went_by_itself_is_no_problem(tmp_path):
    path = add_faces(tmp_path / "cache", "one", FORMER)
    gone = removable(examine_cache(tmp_path))
    path.unlink()
    assert prune(tmp_path, gone).left == ()
    assert files_of(tmp_path / "cache") == set()


def test_nothing_behind_a_link_is_removed(tmp_path):
    path = add_faces(tmp_path / "cache", "one", FORMER)
    gone = removable(examine_cache(tmp_path))
    elsewhere = tmp_path / "elsewhere"
    path.parent.rename(elsewhere)
    path.parent.symlink_to(elsewhere)
    assert prune(tmp_path, gone).left == (f"{path}: a link leads there",)
    assert (elsewhere / path.name).is_file()


def test_a_file_outside_the_cache_is_left(tmp_path):
    path = add_faces(tmp_path / "cache", "one", FORMER)
    (entry,) = removable(examine_cache(tmp_path))
    outside = path.rename(tmp_path / path.name)
    moved = replace(entry.files[0], path=tmp_path / "cache" / ".." / path.name)
    assert prune(tmp_path, [replace(entry, files=(moved,))]).files == 0
    assert outside.is_file()


def test_a_fold_that_is_gone_leaves_no_folder(tmp_path):
    fold = tmp_path / "cache" / "hybrid" / "0123456789abcdef"
    (fold / "model").mkdir(parents=True)
    (fold / "model" / "manifest.json").write_text("{}")
    write_json(fold / "made.json", {"detector": FORMER})
    assert prune(tmp_path, removable(examine_cache(tmp_path))).files == 2
    assert not fold.exists()
    assert fold.parent.is_dir()


HOLD = """
import time
from pathlib import Path
from {hold.__module__} import {hold.__name__}
with {hold.__name__}(Path({place!r}), lambda: None):
    print("held", flush=True)
    while not Path({done!r}).exists():
        time.sleep(0.01)
"""


@pytest.mark.parametrize(
    ("hold", "place"),
    [
        (using_folder, "cache"),
        (one_process, "runs/ann-0123456789abcdef/.lock"),
        (one_process, "cache/features/.lock-0123456789abcdef"),
        (one_process, "cache/hybrid/0123456789abcdef.lock"),
    ],
)
def test_while_a_process_computes_nothing_is_removed(tmp_path, hold, place):
    _, former = fill(tmp_path)
    done = tmp_path / "done"
    code = HOLD.format(hold=hold, place=str(tmp_path / place), done=str(done))
    process = ForkedProgram(code, preload=LIGHT, module=CODE)
    try:
        wait_until(lambda: process.stdout == "held\n", process)
        gone = removable(examine_cache(tmp_path))
        with pytest.raises(UserError, match="A process uses the cache"):
            prune(tmp_path, gone)
        assert former <= files_of(tmp_path / "cache")
    finally:
        done.touch()
        assert process.wait() == 0, process.stderr
    assert prune(tmp_path, gone).files == len(former)


def test_a_damaged_file_goes_with_its_checksum(tmp_path):
    path = add_faces(tmp_path / "cache", "one", detector_identity("mediapipe"))
    os.truncate(path, 20)
    assert prune(tmp_path, removable(examine_cache(tmp_path))).files == 2
    assert files_of(tmp_path / "cache") == set()


def test_faces_go_last_because_they_tell_what_features_are_of(tmp_path):
    faces = add_faces(tmp_path / "cache", "one", FORMER)
    add_features(tmp_path / "cache", faces, FORMER, states_it=False)
    add_run(tmp_path)
    assert [entry.kind for entry in removable(examine_cache(tmp_path))] == ["features", "faces"]


def test_the_locks_of_runs_and_of_former_versions_count(tmp_path):
    run = add_run(tmp_path)
    (run / ".lock").touch()
    assert locks(tmp_path) == [tmp_path / "cache" / ".lock", run / ".lock"]
