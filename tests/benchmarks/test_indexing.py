import numpy as np
import pytest

from benchmarks.indexing import in_own_process, write_biovid, write_fer2013, write_unbc
from transferpain.data.datasets.ferplus import read_images
from transferpain.data.datasets.index import read_index

MEGABYTES = 400


def test_the_trees_are_what_the_readers_expect(tmp_path):
    frames = write_unbc(tmp_path / "unbc", 3)
    index = read_index("unbc", tmp_path)
    assert frames == len(index.frames) == 683 + 187 + 155  # the first three official sequences
    assert index.problems == ()
    assert index.frames["pspi"].nunique() > 1
    assert index.frames["au4"].notna().all()
    assert write_biovid(tmp_path / "biovid", 2) == len(read_index("biovid", tmp_path).clips) == 200
    size = write_fer2013(tmp_path / "ferplus", 30)
    assert 30 * 48 * 48 * 2 < size < 30 * 48 * 48 * 4 + 1000
    assert set(read_index("ferplus", tmp_path).clips["split"]) == {"train", "validation", "test"}
    assert len(np.unique(read_images(tmp_path))) == 256


@pytest.mark.slow
def test_memory_is_the_child_s_own(tmp_path):
    held = np.ones(MEGABYTES << 20, np.uint8)
    assert in_own_process(count_nothing, tmp_path, tmp_path).gigabytes < held.nbytes / 1e9
    assert in_own_process(hold_memory, tmp_path, tmp_path).gigabytes > held.nbytes / 1e9


def count_nothing(data_root, cache) -> int:
    return 0


def hold_memory(data_root, cache) -> int:
    return int(np.ones(MEGABYTES << 20, np.uint8)[-1])
