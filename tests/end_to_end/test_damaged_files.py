"""Damaged caches are computed again and damaged sources refused, through the real command line."""

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.data.media import faulty_videos
from tests.end_to_end.small_runs import assert_predicts_as, call, copy_parts, fail, succeed
from transferpain.core.store import checksum_path, file_hash, is_intact

pytestmark = pytest.mark.slow


def cut_short(path: Path) -> None:
    faulty_videos.replace(path, path.read_bytes()[: path.stat().st_size // 2])


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    faulty_videos.replace(path, bytes(content))


def lose_its_checksum(path: Path) -> None:
    checksum_path(path).unlink()


DAMAGES = (cut_short, flip_a_bit, lose_its_checksum, faulty_videos.empty)


def test_a_damaged_cache_is_computed_again_and_predicts_the_same(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path, "data", "cache/faces")
    succeed(call("extract", workspace))
    kinds = {"faces": "*/*.parquet", "features": "*/*.npy"}
    whole = {kind: sorted((workspace / "cache" / kind).glob(pattern)) for kind, pattern in kinds.items()}
    before = {path: file_hash(path) for paths in whole.values() for path in paths}
    damaged = [path for paths in whole.values() for path in paths]
    for number, path in enumerate(damaged):
        DAMAGES[number % len(DAMAGES)](path)
    for memory in (workspace / "cache" / "hashes").glob("*/*"):
        faulty_videos.empty(memory)
    (workspace / "cache" / "faces" / ".partial-left.parquet").write_bytes(b"half")
    notes = succeed(call("run", workspace))
    clips = len(whole["features"])
    assert len(re.findall(r"The faces of clip \S+ are damaged in the cache: they are computed again", notes)) == clips
    assert (
        len(re.findall(r"The features of clip \S+ are damaged in the cache: they are computed again", notes)) == clips
    )
    mended = {path for path in damaged if is_intact(path)}
    assert set(whole["features"]) <= mended
    assert {path: file_hash(path) for path in mended} == {path: before[path] for path in mended}
    assert_predicts_as(finished, workspace)


def test_a_damaged_source_is_refused(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path, "data", "cache/faces")
    (bundle,) = (finished / "runs").glob("small-biovid-*/model")
    for damaged in ("model.keras", "manifest.json"):
        folder = tmp_path / damaged
        shutil.copytree(bundle, folder, copy_function=os.link)
        cut_short(folder / damaged)
        message = fail(call("extract", workspace, f"source={folder}"))
        assert re.search(r"is damaged: model.keras is not the file|is not a bundle", message)
