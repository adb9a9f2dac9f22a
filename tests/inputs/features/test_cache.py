import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transferpain.core.errors import DamagedFile
from transferpain.core.store import checksum_path, is_intact
from transferpain.inputs.features.cache import DTYPES, feature_key, features_path, read_features, write_features

RATE = st.floats(1, 1000)
KEY_INPUTS = st.tuples(
    st.tuples(st.text(max_size=8), st.text(max_size=8)) | st.tuples(st.text(max_size=8)),
    st.text(max_size=8),
    st.none() | st.tuples(RATE, RATE) | st.integers(1, 1000),
    st.sampled_from(["float32", "bfloat16"]),
)


@given(KEY_INPUTS, KEY_INPUTS)
def test_the_key_changes_with_an_input_and_with_nothing_else(one, other):
    assert (feature_key(*one) == feature_key(*other)) == (one == other)


def test_whole_rates_are_the_same_rates():
    one = feature_key(("w", "p"), "f", (25, 30), "float32")
    assert one == feature_key(("w", "p"), "f", (25.0, 30.0), "float32")


def test_the_keys_of_frames_and_rates_stay_what_they_were():
    # Else everybody's cache is computed again.
    assert feature_key(("w", "p"), "f", None, "float32") == "f532d5f6ebb03093"
    assert feature_key(("w", "p"), "f", (25, 30), "bfloat16") == "295275600b085e4d"


@pytest.mark.parametrize("dtype", DTYPES)
def test_features_come_back_from_disk(dtype, tmp_path):
    features = np.array([[1, 2], [np.nan, np.nan]], dtype)
    path = features_path(tmp_path, "abcd")
    assert path == tmp_path / "features" / "ab" / "abcd.npy"
    write_features(path, features)
    assert is_intact(path)
    read = read_features(path)
    assert read.dtype == dtype
    assert np.array_equal(read, features, equal_nan=True)
    assert not read.flags.writeable


def test_a_clip_without_frames_has_no_rows(tmp_path):
    write_features(tmp_path / "clip.npy", np.zeros((0, 5), np.float16))
    assert read_features(tmp_path / "clip.npy").shape == (0, 5)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system does not list open files")
def test_open_features_keep_no_file_open_and_no_copy_in_memory(tmp_path):
    features = np.ones((2000, 1024), np.float16)
    write_features(tmp_path / "clip.npy", features)
    files, memory = len(os.listdir("/proc/self/fd")), anonymous_kilobytes()
    kept = [read_features(tmp_path / "clip.npy") for _ in range(100)]
    assert sum(float(clip[-1, -1]) for clip in kept) == 100
    assert len(os.listdir("/proc/self/fd")) == files
    assert anonymous_kilobytes() - memory < features.nbytes // 1024


def anonymous_kilobytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:50],
        lambda content: content[:-1],
        lambda content: content.replace(b"(2, 4)", b"(4, 4)"),
        lambda content: content.replace(b"(2, 4), ", b"(8,),   "),
        lambda content: content.replace(b"'<f2'", b"'<i2'"),
        lambda content: content.replace(b"False", b"True "),
        lambda content: content.replace(b"'fortran_order':", b"'fortran_order':]"),
    ],
)
def test_damaged_features_are_refused_and_no_longer_count(damage, tmp_path):
    path = tmp_path / "clip.npy"
    write_features(path, np.ones((2, 4), np.float16))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DamagedFile, match=r"clip\.npy is damaged"):
        read_features(path)
    assert not checksum_path(path).exists()
