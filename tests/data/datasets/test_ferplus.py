import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.data.datasets.trees import small_ferplus
from transferpain.core.errors import UserError
from transferpain.core.store import write_checked
from transferpain.data.datasets import ferplus
from transferpain.data.datasets.ferplus import DATASET, compare, content_of, read_images
from transferpain.data.datasets.index import read_index


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize("top", ["ferplus", "", "ferplus/fer2013"])
def test_rows_carry_split_labels_and_group(tmp_path, top):
    small_ferplus(tmp_path / top)
    index = read_index("ferplus", tmp_path)
    clips = index.clips
    assert clips["clip"].tolist() == [f"row0000{row}" for row in range(6)]
    assert clips["split"].tolist() == ["train"] * 3 + ["validation"] * 2 + ["test"]
    assert clips["emotion"].tolist() == ["neutral", "happy", "surprise", "sad", "neutral", "angry"]
    assert clips["first_frame"].tolist() == list(range(6))
    assert (clips["num_frames"] == 1).all()
    assert clips["fps"].isna().all()
    assert (clips["kind"] == "image_rows").all()
    assert clips["image_name"][5] == "fer0000005.png"
    assert clips["NF"].tolist() == [0, 0, 0, 0, 0, 10]
    assert (tmp_path / clips["media"][0]).name == "fer2013.csv"
    assert (tmp_path / clips["media"][0]).is_file()
    assert index.problems == ()


def test_copies_of_training_images_are_grouped_and_marked(tmp_path):
    small_ferplus(tmp_path)
    clips = read_index("ferplus", tmp_path).clips
    assert clips["subject"][4] == clips["subject"][0]
    assert clips["subject"].nunique() == 5
    assert clips["in_training"].tolist() == [False, False, False, False, True, False]
    assert DATASET.count(clips)["validation images also in train"] == 1


def test_images_are_exact_with_and_without_cache(tmp_path):
    images = small_ferplus(tmp_path / "data")
    assert np.array_equal(read_images(tmp_path / "data"), images)
    cache = tmp_path / "cache"
    read_index("ferplus", tmp_path / "data", cache)
    cached = read_images(tmp_path / "data", cache)
    assert np.array_equal(cached, images)
    assert cached.dtype == np.uint8


def test_cached_index_is_the_same_and_is_used(tmp_path):
    small_ferplus(tmp_path / "data")
    cache = tmp_path / "cache"
    plain = read_index("ferplus", tmp_path / "data")
    first = read_index("ferplus", tmp_path / "data", cache)
    second = read_index("ferplus", tmp_path / "data", cache)
    assert plain.hash == first.hash == second.hash
    assert second.clips.equals(plain.clips)
    assert (second.clips.dtypes == plain.clips.dtypes).all()
    (kept,) = (cache / "index").glob("*.parquet")
    rows = pd.read_parquet(kept)
    write_checked(kept, rows.assign(neutral=7).to_parquet)
    assert set(read_index("ferplus", tmp_path / "data", cache).clips["neutral"]) == {7}


def test_cache_follows_a_changed_file(tmp_path):
    small_ferplus(tmp_path / "data")
    cache = tmp_path / "cache"
    before = read_index("ferplus", tmp_path / "data", cache)
    votes = tmp_path / "data" / "fer2013new.csv"
    times = votes.stat()
    replace_in(votes, "fer0000001.png,0,10", "fer0000001.png,10,0")
    os.utime(votes, ns=(times.st_atime_ns, times.st_mtime_ns))  # as an archive's program does
    after = read_index("ferplus", tmp_path / "data", cache)
    assert before.hash != after.hash
    assert after.clips["neutral"][1] == 10


@pytest.mark.parametrize("suffix", [".parquet", ".npy"])
def test_damaged_cache_is_read_again(tmp_path, suffix):
    images = small_ferplus(tmp_path / "data")
    cache = tmp_path / "cache"
    before = read_index("ferplus", tmp_path / "data", cache)
    (damaged,) = (cache / "index").glob(f"*{suffix}")
    damaged.write_bytes(b"damaged")
    assert read_index("ferplus", tmp_path / "data", cache).hash == before.hash
    assert np.array_equal(read_images(tmp_path / "data", cache), images)


def test_partial_copy_warns(tmp_path):
    small_ferplus(tmp_path)
    for name in ("fer2013.csv", "fer2013new.csv"):
        lines = (tmp_path / name).read_text().splitlines(keepends=True)
        (tmp_path / name).write_text("".join(lines[:-1]))
    index = read_index("ferplus", tmp_path)
    assert index.problems == ("A partial copy: it has no PrivateTest rows.",)
    assert len(index.clips) == 5


def test_more_votes_than_images_warns(tmp_path):
    small_ferplus(tmp_path / "data")
    path = tmp_path / "data" / "fer2013.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:4]))
    cache = tmp_path / "cache"
    for _ in range(2):  # the second time from the cache
        index = read_index("ferplus", tmp_path / "data", cache)
        assert len(index.clips) == 3
        assert "fer2013.csv has 3 rows and fer2013new.csv 6: the first 3 are used." in index.problems


def test_files_of_different_order_are_refused(tmp_path):
    small_ferplus(tmp_path)
    replace_in(tmp_path / "fer2013new.csv", "Training,fer0000002", "PublicTest,fer0000002")
    with pytest.raises(UserError, match=r"row order(.|\n)*row 3: Training and PublicTest"):
        read_index("ferplus", tmp_path)


def test_windows_line_ends_quotes_and_blank_lines_are_read(tmp_path):
    images = small_ferplus(tmp_path)
    for name in ("fer2013.csv", "fer2013new.csv"):
        path = tmp_path / name
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    replace_in(tmp_path / "fer2013.csv", "6,95 ", '6,"95 ')
    replace_in(tmp_path / "fer2013.csv", ",Training", '",Training')
    assert np.array_equal(read_images(tmp_path), images)
    assert len(read_index("ferplus", tmp_path).clips) == 6


def test_missing_votes_name_the_file_and_the_source(tmp_path):
    small_ferplus(tmp_path)
    (tmp_path / "fer2013new.csv").unlink()
    with pytest.raises(UserError, match=r"fer2013new\.csv(.|\n)*github\.com/microsoft/FERPlus"):
        read_index("ferplus", tmp_path)


def test_missing_images_show_the_layout(tmp_path):
    small_ferplus(tmp_path)
    (tmp_path / "fer2013.csv").unlink()
    with pytest.raises(UserError, match="emotion,pixels,Usage"):
        read_index("ferplus", tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("emotion,pixels,Usage", "Usage,pixels,emotion", "first line"),
        ("\n6,", "\n7,", "row 1 .*not <emotion"),
        ("\n6,", "\n,", "row 1 .*not <emotion"),
        (",Training", ",Trainings", "row 1 .*usage"),
        (",Training", "", "row 1 .*usage"),
        ("\n6,", "\n6,12 ", "row 1 .*not 2304 pixels(.|\n)*2305 pixels"),
        ("\n6,", "\n6,x ", "row 1 .*not a number"),
        ("\n6,95 ", "\n6,256 ", "row 1 .*from 0 to 255"),
        ("\n6,95 ", "\n6,-1 ", "row 1 .*from 0 to 255"),
        ("\n6,95 ", "\n6,65537 ", "row 1 .*from 0 to 255"),
        ("\n6,95 ", "\n6,-65535 ", "row 1 .*from 0 to 255"),
        ("\n6,95 ", "\n6,18446744073709551617 ", "row 1 .*from 0 to 255"),
        ("\n6,95 ", "\n6,+95 ", "row 1 .*from 0 to 255"),
        ("\n6,95 ", '\n6,"95 ', "row 1 .*from 0 to 255"),
        ("\n6,95 ", "\n6,9 5 ", "row 1 .*not 2304 pixels"),
    ],
)
def test_damaged_images_name_row_and_fault(tmp_path, old, new, fault):
    small_ferplus(tmp_path)
    replace_in(tmp_path / "fer2013.csv", old, new)
    with pytest.raises(UserError, match=fault):
        read_index("ferplus", tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("neutral,happiness", "happiness,neutral", "first line"),
        ("fer0000001.png,0,10", "fer0000001.png,0,ten", "row 2 .*happiness is not a vote(.|\n)*'ten'"),
        ("fer0000001.png,0,10", "fer0000001.png,0,", "row 2 .*happiness is not a vote"),
        ("fer0000001.png,0,10", "fer0000001.png,0,11", "row 2 .*happiness is not a vote"),
        ("fer0000001.png,0,10", "fer0000001.png,0,9.5", "row 2 .*happiness is not a vote"),
        ("fer0000001.png,0,10", "fer0000001.png,0,1e1", "row 2 .*happiness is not a vote"),
        ("fer0000001.png,0,10", "fer0000001.png,1,10", "row 2 .*more votes than the 10 people"),
        ("fer0000001.png,0,10", "fer0000001.png,0,0,10", "row 2 .*not 12 cells"),
        ("Training,fer0000001.png,", 'Training,"fer0000001.png\n",', "row 2 .*not 12 cells in one line|not a vote"),
        ("Training,fer0000001.png,", 'Training,"fer0000001.png,', "cannot be read"),
    ],
)
def test_damaged_votes_name_row_and_fault(tmp_path, old, new, fault):
    small_ferplus(tmp_path)
    replace_in(tmp_path / "fer2013new.csv", old, new)
    with pytest.raises(UserError, match=fault):
        read_index("ferplus", tmp_path)


def test_a_lost_digit_shows_where_a_whole_split_is_there(tmp_path, monkeypatch):
    small_ferplus(tmp_path)
    official = content_of(whole := read_index("ferplus", tmp_path).clips)
    monkeypatch.setitem(DATASET.expected, "train images", 3)
    monkeypatch.setattr(ferplus, "OFFICIAL", {"train": content_of(whole[whole["split"] == "train"])})
    assert compare(whole) == []
    replace_in(tmp_path / "fer2013.csv", "\n6,95 ", "\n6,9 ")
    changed = read_index("ferplus", tmp_path).clips
    assert content_of(changed)["votes"] == official["votes"]
    (warning,) = compare(changed)
    assert "the pixels are not the official ones" in warning


@pytest.mark.parametrize(
    ("suffix", "read"), [("parquet", lambda root, cache: read_index("ferplus", root, cache)), ("npy", read_images)]
)
def test_what_is_kept_of_the_files_and_damaged_is_refused_once(suffix, read, tmp_path):
    images = small_ferplus(tmp_path / "data")
    cache = tmp_path / "cache"
    whole = read_index("ferplus", tmp_path / "data", cache)
    (kept,) = (cache / "index").glob(f"ferplus-*.{suffix}")
    write_checked(kept, lambda path: path.write_bytes(kept.read_bytes()[:60]))
    with pytest.raises(UserError, match="is damaged"):
        read(tmp_path / "data", cache)
    assert read_index("ferplus", tmp_path / "data", cache).hash == whole.hash
    assert np.array_equal(read_images(tmp_path / "data", cache), images)


def test_empty_files_are_refused(tmp_path):
    small_ferplus(tmp_path)
    (tmp_path / "fer2013.csv").write_text("")
    with pytest.raises(UserError, match="first line"):
        read_index("ferplus", tmp_path)
    small_ferplus(tmp_path)
    (tmp_path / "fer2013new.csv").write_text("")
    with pytest.raises(UserError, match=r"fer2013new\.csv"):
        read_index("ferplus", tmp_path)


def test_header_alone_is_no_data(tmp_path):
    small_ferplus(tmp_path)
    (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n")
    with pytest.raises(UserError, match="No data"):
        read_index("ferplus", tmp_path)


@pytest.fixture(scope="module")
def real_data() -> Path:
    if "TRANSFERPAIN_FER2013" not in os.environ:
        pytest.skip("TRANSFERPAIN_FER2013 names no folder with the real fer2013.csv and fer2013new.csv")
    return Path(os.environ["TRANSFERPAIN_FER2013"])


@pytest.mark.slow
def test_real_files_are_read_alike_with_and_without_the_cache(real_data, tmp_path):
    index = read_index("ferplus", real_data, tmp_path)
    again = read_index("ferplus", real_data, tmp_path)
    assert again.hash == index.hash
    counts = DATASET.count(index.clips)
    assert counts["train images"] == 28709
    assert counts["validation images"] == 3589
    train = index.clips[index.clips["split"] == "train"]
    validation = index.clips[index.clips["split"] == "validation"]
    assert (train["image_name"] == "").sum() == 148
    assert (validation["image_name"] == "").sum() == 10
    assert (index.clips.loc[index.clips["image_name"] == "", "NF"] == 10).all()
    assert validation["in_training"].sum() == 280
    assert read_images(real_data, tmp_path).shape == (len(index.clips), 48, 48)
