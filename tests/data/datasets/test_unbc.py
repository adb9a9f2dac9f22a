import os
import subprocess
import sys

import pandas as pd
import pytest

from tests.data.datasets.trees import touch
from tests.data.datasets.unbc_trees import make_sequence, make_unbc, make_whole_unbc, matlab, units_of
from transferpain.core.errors import UserError
from transferpain.data.datasets import unbc
from transferpain.data.datasets.check import check_dataset
from transferpain.data.datasets.index import read_index
from transferpain.data.datasets.unbc_facts import MEN
from transferpain.data.media.paths import list_pictures, resolve_media

SUBJECT, CLIP = "042-ll042", "ll042t1aaaff"


@pytest.fixture
def tree(tmp_path):
    """Two subjects, two sequences each, of four frames with PSPI 0, 1, 2, 3."""
    make_unbc(tmp_path / "unbc")
    return tmp_path


def label(tree, kind: str, frame: int, clip: str = CLIP):
    return tree / "unbc" / "Frame_Labels" / kind / SUBJECT / clip / f"{clip}{frame:03d}_facs.txt"


def scores(index, clip: str = CLIP) -> list:
    return index.frames.loc[index.frames["clip"] == clip, "pspi"].tolist()


def test_who_is_not_known_has_no_sex():
    assert (unbc._sex("048-aa048"), unbc._sex("042-ll042"), unbc._sex("999-zz999"), len(MEN)) == ("m", "w", None, 12)


def test_sequences_carry_their_facts_and_labels(tree):
    index = read_index("unbc", tree)
    assert index.problems == ()
    assert index.clips["clip"].tolist() == [CLIP, "ll042t1aaunaff", "jh043t1aeaff", "jh043t1afaff"]
    clip = index.clips.set_index("clip").loc["ll042t1aaunaff"]
    assert (clip["subject"], clip["kind"], clip["split"]) == (SUBJECT, "images", "")
    assert clip["media"] == "unbc/Images/042-ll042/ll042t1aaunaff"
    assert (clip["first_frame"], clip["num_frames"], clip["bytes"]) == (1, 4, 4)
    assert clip["fps"] is pd.NA
    assert (clip["occasion"], clip["movement"], clip["affected"]) == (1, "abduction", False)
    assert set(index.clips["sex"]) == {"w"}
    assert (clip["pspi"], clip["vas"], clip["opr"], clip["aff"], clip["sen"]) == (3, 6, 3, 7, 10)


def test_frames_carry_pspi_and_action_units(tree):
    frames = read_index("unbc", tree).frames
    assert len(frames) == 16
    assert scores(read_index("unbc", tree)) == [0, 1, 2, 3]
    assert frames["frame"].tolist() == [1, 2, 3, 4] * 4
    assert frames["au4"].tolist() == [0, 1, 2, 3] * 4
    assert frames["has_landmarks"].all()
    assert frames.dtypes.astype(str)[["frame", "pspi", "au4", "au43"]].tolist() == ["int64", "Int64", "Int64", "Int64"]


def test_rows_of_frames_are_the_pictures_in_order(tree):
    (tree / "unbc/Images" / SUBJECT / CLIP / f"{CLIP}002.png").unlink()
    index = read_index("unbc", tree)
    for clip in index.clips.itertuples():
        pictures = list_pictures(resolve_media(tree, clip.media))
        rows = index.frames[index.frames["clip"] == clip.clip]
        assert [picture.frame for picture in pictures] == rows["frame"].tolist()
        assert len(pictures) == clip.num_frames
    assert scores(index) == [0, 2, 3]
    assert f"{CLIP}: picture is missing (frame 2)." in index.problems


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("thumb.jpg", "1 of its 5 pictures are not named after it, as thumb.jpg; move them away"),
        (
            f"{CLIP}003 copy.png",
            f"1 of its 5 pictures are not named after it, as {CLIP}003 copy.png; move them away",
        ),
        (f"{CLIP}03.jpg", "two pictures have one number"),
    ],
)
def test_a_sequence_whose_frames_cannot_be_told_is_left_out_and_named(tree, name, told):
    touch(tree / "unbc/Images" / SUBJECT / CLIP / name)
    index = read_index("unbc", tree)
    assert CLIP not in set(index.clips["clip"])
    assert index.problems == (
        "1 sequences with 5 pictures are left out whole, as named below.",
        f"unbc/Images/{SUBJECT}/{CLIP}: the whole sequence is left out: {told}.",
    )
    assert index.problems == check_dataset("unbc", tree).warnings[-2:]


@pytest.mark.parametrize(
    ("part", "doubled"),
    [
        ("Images", "Images/Images"),
        ("Frame_Labels", "Frame_Labels/Frame_Labels"),
        ("Frame_Labels/PSPI", "Frame_Labels/PSPI/PSPI"),
        ("AAM_landmarks", "AAM_landmarks/AAM_landmarks"),
        ("Sequence_Labels", "Sequence_Labels/Sequence_Labels"),
        ("Images", "images"),
    ],
)
def test_doubled_and_renamed_levels_change_nothing(tree, part, doubled):
    before = read_index("unbc", tree)
    top = tree / "unbc"
    (top / part).rename(tree / "aside")
    (top / doubled).parent.mkdir(parents=True, exist_ok=True)
    (tree / "aside").rename(top / doubled)
    after = read_index("unbc", tree)
    assert after.hash == before.hash
    assert after.problems == ()


@pytest.mark.parametrize("top", ["UNBC", "unbc/UNBC-McMaster", ""])
def test_the_top_folder_is_found(tmp_path, top):
    make_unbc(tmp_path / top)
    assert len(read_index("unbc", tmp_path).clips) == 4


def test_blanks_upper_case_and_litter_in_names(tree):
    top = tree / "unbc"
    folder = top / "Images" / SUBJECT / CLIP
    (folder / f"{CLIP}001.png").rename(folder / f" {CLIP.upper()}001 .PNG ")
    folder.rename(folder.with_name(f"{CLIP} "))
    (top / "Images" / SUBJECT).rename(top / "Images" / "042-LL042 ")
    label(tree, "PSPI", 2).rename(label(tree, "PSPI", 2).with_name(f"{CLIP}002_FACS.TXT"))
    for name in (".DS_Store", "Thumbs.db", "__MACOSX/x.png"):
        touch(top / "Images" / name)
    index = read_index("unbc", tree)
    assert index.problems == ()
    assert index.clips["subject"].iloc[0] == SUBJECT
    assert scores(index) == [0, 1, 2, 3]
    assert [p.frame for p in list_pictures(resolve_media(tree, index.clips["media"][0]))] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "is missing"),
        (b"", "is empty"),
        (b"1,5", "no number"),
        (b"1 2", "more than one number"),
        (b"0" * 70000, "too long"),
    ],
)
def test_a_pspi_that_is_absent_or_damaged_stays_missing(tree, content, reason):
    if content is None:
        label(tree, "PSPI", 4).unlink()
    else:
        label(tree, "PSPI", 4).write_bytes(content)
    index = read_index("unbc", tree)
    assert scores(index) == [0, 1, 2, pd.NA]
    assert len(index.problems) == 1
    assert index.problems[0].startswith(f"{CLIP}: PSPI file ")
    assert reason in index.problems[0]
    assert index.problems[0].endswith("(frame 4).")
    assert index.clips["pspi"].tolist() == [2, 3, 3, 3]
    assert unbc.count(index.clips, index.frames)["frames without PSPI"] == 1


def test_a_sequence_without_any_pspi_has_no_highest_pspi(tree):
    for frame in range(1, 5):
        label(tree, "PSPI", frame).unlink()
    index = read_index("unbc", tree)
    assert index.clips["pspi"].isna().tolist() == [True, False, False, False]
    assert index.problems == (f"{CLIP}: PSPI file is missing (frames 1-4).",)


def test_an_empty_facs_file_is_no_action_unit_and_a_missing_one_is_missing(tree):
    assert label(tree, "FACS", 1).read_bytes() == b""
    label(tree, "FACS", 2).unlink()
    frames = read_index("unbc", tree).frames
    assert frames["au4"].tolist()[:2] == [0, pd.NA]


def test_a_pspi_that_contradicts_the_action_units_is_a_problem(tree):
    label(tree, "PSPI", 2).write_text(f"{matlab(7)}\n")
    index = read_index("unbc", tree)
    assert index.problems == (f"{CLIP}: PSPI is not what the action units give by the formula (frame 2).",)
    assert scores(index) == [0, 7, 2, 3]


def test_labels_are_paired_by_number_and_not_by_position(tree):
    label(tree, "PSPI", 1).unlink()
    assert scores(read_index("unbc", tree)) == [pd.NA, 1, 2, 3]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("Frame_Labels/FACS", "Frame_Labels/FACS is missing"),
        ("AAM_landmarks", "AAM_landmarks is missing"),
        ("Sequence_Labels/VAS", "Sequence_Labels/VAS is missing"),
    ],
)
def test_a_part_that_the_copy_lacks_is_told_once(tree, part, expected):
    (tree / "unbc" / part).rename(tree / "aside")
    index = read_index("unbc", tree)
    assert len(index.problems) == 1
    assert index.problems[0].startswith(expected)


@pytest.mark.parametrize("content", [b"", b"11", b"x", b"3 4"])
def test_a_damaged_sequence_label_stays_missing(tree, content):
    (tree / "unbc/Sequence_Labels/VAS" / SUBJECT / f"{CLIP}.txt").write_bytes(content)
    index = read_index("unbc", tree)
    assert index.clips["vas"].tolist() == [pd.NA, 6, 6, 6]
    assert f"{CLIP}: its VAS file" in index.problems[0]


def test_folders_of_other_names_are_listed_and_left_out(tree):
    images = tree / "unbc" / "Images"
    for name in ("043-ll042/x/x001.png", "042-ll042/jh043t1aaaff/a.png", "042-ll042/ll042t3aaaff/a.png", "notes.txt"):
        touch(images / name)
    (images / SUBJECT / "ll042t2afaff").mkdir()
    index = read_index("unbc", tree)
    assert len(index.clips) == 4
    assert len(index.problems) == 5
    assert any("ll042t2afaff: no picture" in problem for problem in index.problems)


def test_subjects_with_the_same_initials_stay_apart(tmp_path):
    make_sequence(tmp_path / "unbc", "043-jh043", "jh043t1aeaff", [{}])
    make_sequence(tmp_path / "unbc", "123-jh123", "jh123t1aeaff", [{}])
    assert read_index("unbc", tmp_path).clips["subject"].tolist() == ["043-jh043", "123-jh123"]


def test_the_cache_gives_the_same_index_and_notices_every_change(tree):
    cache = tree / "cache"
    plain = read_index("unbc", tree)
    first, again = read_index("unbc", tree, cache), read_index("unbc", tree, cache)
    assert plain.hash == first.hash == again.hash
    pd.testing.assert_frame_equal(first.frames, again.frames)
    assert len(list((cache / "index").glob("unbc-*.parquet"))) == 1
    file = label(tree, "PSPI", 2)
    status = file.stat()
    file.write_text(f"{matlab(9)}\n")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert scores(read_index("unbc", tree, cache)) == [0, 9, 2, 3]
    file.unlink()
    changed = read_index("unbc", tree, cache)
    assert scores(changed) == [0, pd.NA, 2, 3]
    assert changed.problems == read_index("unbc", tree).problems
    (tree / "unbc/Images" / SUBJECT / CLIP / f"{CLIP}004.png").unlink()
    assert scores(read_index("unbc", tree, cache)) == [0, pd.NA, 2]


def test_a_damaged_cache_is_read_anew(tree):
    cache = tree / "cache"
    before = read_index("unbc", tree, cache)
    (parquet,) = (cache / "index").glob("unbc-*.parquet")
    parquet.write_bytes(parquet.read_bytes()[:100])
    assert read_index("unbc", tree, cache).hash == before.hash


def test_the_hash_follows_the_labels_of_frames(tree):
    before = read_index("unbc", tree).hash
    label(tree, "FACS", 1).write_text("25 1 0 0\n")
    assert read_index("unbc", tree).hash != before


def test_a_link_in_a_circle_is_ignored(tree):
    (tree / "unbc/Images/loop").symlink_to(tree / "unbc/Images/loop")
    link = label(tree, "PSPI", 4)
    link.unlink()
    link.symlink_to(link)
    index = read_index("unbc", tree)
    assert scores(index) == [0, 1, 2, pd.NA]


def test_folders_named_like_files_are_no_files(tree):
    label(tree, "PSPI", 4).unlink()
    label(tree, "PSPI", 4).mkdir()
    picture = tree / "unbc/Images" / SUBJECT / CLIP / f"{CLIP}003.png"
    picture.unlink()
    picture.mkdir()
    assert scores(read_index("unbc", tree)) == [0, 1, pd.NA]


def test_a_copy_without_pictures_shows_what_was_expected(tmp_path):
    make_unbc(tmp_path / "unbc")
    (tmp_path / "unbc" / "Images").rename(tmp_path / "unbc" / "Pictures")
    with pytest.raises(UserError, match=r"Images/042-ll042(.|\n)*Received: (.|\n)*Pictures/"):
        read_index("unbc", tmp_path)


def test_counts_beside_what_is_known(tree):
    index = read_index("unbc", tree)
    counts = unbc.count(index.clips, index.frames)
    assert [counts[key] for key in ("subjects", "sequences", "frames", "sequences, affected shoulder")] == [2, 4, 16, 3]
    bands = [counts[f"frames PSPI {band}"] for band in unbc.PSPI_BANDS]
    assert bands == [4, 4, 4, 4, 0, 0]
    assert counts["sequences VAS 6"] == 4
    warnings = unbc.compare(index.clips, index.frames)
    assert "047-jl047: missing." in warnings
    assert "ll042t1aaaff: 4 pictures found, 683 expected." in warnings
    assert "042-ll042: 6 frames with PSPI above 0 found, 239 expected." in warnings
    assert any(warning.startswith("042-ll042: 6 of 8 sequences missing: ll042t1aeunaff") for warning in warnings)


def test_pspi_bands_cover_every_score_once():
    assert sum(unbc.DATASET.expected[f"frames PSPI {band}"] for band in unbc.PSPI_BANDS) == 48398
    covered = [score for low, high in unbc.PSPI_BANDS.values() for score in range(low, high + 1)]
    assert covered == list(range(17))


def test_a_long_sequence_is_read_whole(tmp_path):
    make_sequence(tmp_path / "unbc", SUBJECT, CLIP, [units_of(number % 16) for number in range(683)])
    index = read_index("unbc", tmp_path, tmp_path / "cache")
    assert index.clips["num_frames"].tolist() == [683]
    assert index.clips["pspi"].tolist() == [15]


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may read every folder")
def test_a_folder_without_read_permission_is_named(tree):
    folder = tree / "unbc/Images" / SUBJECT
    folder.chmod(0)
    try:
        with pytest.raises(UserError, match=r"042-ll042 cannot be read(.|\n)*Permission denied"):
            read_index("unbc", tree)
    finally:
        folder.chmod(0o755)


def test_frames_without_landmarks_are_told(tree):
    (tree / "unbc" / "AAM_landmarks" / SUBJECT / CLIP / f"{CLIP}003_aam.txt").unlink()
    frames = read_index("unbc", tree).frames
    assert frames.loc[frames["clip"] == CLIP, "has_landmarks"].tolist() == [True, True, False, True]


# VmHWM, not getrusage: the peak that getrusage tells is handed down by the process that starts this one.
PEAK_MEMORY = """
import sys
from pathlib import Path
from transferpain.data.datasets.check import check_dataset
from transferpain.data.datasets.index import read_index
root = Path(sys.argv[1])
read_index("unbc", root, root / "cache")
status = Path("/proc/self/status").read_text()
print(int(status.split("VmHWM:")[1].split()[0]) / 1024)
"""


@pytest.mark.slow
def test_a_full_archive_is_indexed_whole_and_small(tmp_path):
    make_whole_unbc(tmp_path / "unbc")
    command = [sys.executable, "-c", PEAK_MEMORY, str(tmp_path)]
    megabytes = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert megabytes < 500
    index = read_index("unbc", tmp_path, tmp_path / "cache")
    assert index.problems == ()
    assert len(index.frames) == 48398
    assert read_index("unbc", tmp_path, tmp_path / "cache").hash == index.hash
    counts = unbc.count(index.clips, index.frames)
    assert [counts[key] for key in ("subjects", "sequences", "sequences, affected shoulder")] == [25, 200, 109]
    assert not [warning for warning in unbc.compare(index.clips, index.frames) if "PSPI above" not in warning]
