import numpy as np
import pytest

from tests.data.datasets.trees import make_biovid, touch
from transferpain.core.errors import UserError
from transferpain.data.datasets import biovid
from transferpain.data.datasets.index import read_index

SUBJECTS = ("071309_w_21", "071313_m_41")


def test_lists_have_the_published_sizes():
    assert len(set(biovid.HOLDOUT_SUBJECTS)) == 26
    assert len(set(biovid.LOW_REACTIVE_SUBJECTS)) == 20
    assert len(set(biovid.HOLDOUT_SUBJECTS) & set(biovid.LOW_REACTIVE_SUBJECTS)) == 5
    assert sum("_m_" in subject for subject in biovid.HOLDOUT_SUBJECTS) == 13
    for subject in biovid.HOLDOUT_SUBJECTS + biovid.LOW_REACTIVE_SUBJECTS:
        assert biovid.SUBJECT.fullmatch(subject)


def test_clips_carry_their_labels_and_facts(tmp_path):
    make_biovid(tmp_path / "biovid", SUBJECTS)
    index = read_index("biovid", tmp_path)
    assert index.clips.shape[0] == 20
    assert not index.synthetic
    assert index.problems == ()
    clip = index.clips.set_index("clip").loc["071309_w_21-PA4-010"]
    assert clip["subject"] == "071309_w_21"
    assert clip["media"] == "biovid/video/071309_w_21/071309_w_21-PA4-010.mp4"
    assert (clip["kind"], clip["first_frame"], clip["split"]) == ("video", 0, "")
    assert (clip["num_frames"], clip["fps"], clip["bytes"]) == (138, 25.0, 1)
    assert (clip["stimulus"], clip["sex"], clip["age"]) == ("PA4", "w", 21)
    assert index.clips["stimulus"].value_counts().to_dict() == dict.fromkeys(biovid.STIMULI, 4)


@pytest.mark.parametrize("top", ["biovid", "BioVid/PartA", "biovid/download/PartA", "", "PartA"])
def test_the_top_folder_is_found(tmp_path, top):
    make_biovid(tmp_path / top, SUBJECTS)
    index = read_index("biovid", tmp_path)
    assert len(index.clips) == 20
    assert all((tmp_path / media).is_file() for media in index.clips["media"])


def test_doubled_levels_and_blank_tailed_names(tmp_path):
    subject = "071309_w_21"
    folder = tmp_path / "biovid" / "PartA" / "video" / "video" / f"{subject} "
    touch(folder / f"{subject}-BL1-081 .MP4")
    index = read_index("biovid", tmp_path)
    assert index.clips["clip"].tolist() == [f"{subject}-BL1-081"]
    assert (tmp_path / index.clips["media"][0]).is_file()


def test_hash_does_not_depend_on_where_the_files_stand(tmp_path):
    make_biovid(tmp_path / "a" / "biovid", SUBJECTS)
    make_biovid(tmp_path / "b" / "PartA", SUBJECTS)
    assert read_index("biovid", tmp_path / "a").hash == read_index("biovid", tmp_path / "b").hash


def test_hash_follows_names_and_sizes(tmp_path):
    make_biovid(tmp_path, SUBJECTS)
    before = read_index("biovid", tmp_path).hash
    video = tmp_path / "video" / SUBJECTS[0] / f"{SUBJECTS[0]}-BL1-001.mp4"
    video.write_bytes(b"longer")
    resized = read_index("biovid", tmp_path).hash
    video.unlink()
    assert len({before, resized, read_index("biovid", tmp_path).hash}) == 3


def test_foreign_names_are_listed_and_left_out(tmp_path):
    make_biovid(tmp_path / "biovid", SUBJECTS[:1])
    video = tmp_path / "biovid" / "video"
    touch(video / "071309_w_21" / "071309_w_21-BL2-001.mp4")
    touch(video / "071309_w_21" / "071313_m_41-BL1-001.mp4")
    touch(video / "120713-09_w_21" / "120713-09_w_21-BL1-001.mp4")
    touch(video / "071309_w_21" / ".071309_w_21-BL1-050.mp4")
    touch(video / "071309_w_21" / "notes.txt")
    index = read_index("biovid", tmp_path)
    assert len(index.clips) == 10
    assert len(index.problems) == 3
    assert any("BL2" in problem for problem in index.problems)


def test_second_copy_of_a_clip_is_ignored(tmp_path):
    make_biovid(tmp_path / "biovid", SUBJECTS[:1])
    touch(tmp_path / "biovid" / "video" / "video" / "071309_w_21" / "071309_w_21-BL1-001.mp4")
    index = read_index("biovid", tmp_path)
    assert index.clips["clip"].is_unique
    assert len(index.clips) == 10
    assert "second file" in index.problems[0]


def test_samples_without_video_are_listed(tmp_path):
    make_biovid(tmp_path / "biovid", SUBJECTS[:1])
    header = "subject_id\tsubject_name\tclass_id\tclass_name\tsample_id\tsample_name\n"
    rows = "1\t071309_w_21 \t0\tBL1\t1\t071309_w_21-BL1-001\n1\t071309_w_21\t4\tPA4\t2\t 071309_w_21-PA4-100 \n"
    touch(tmp_path / "biovid" / "starting_point" / "samples.csv", (header + rows).encode())
    problems = read_index("biovid", tmp_path).problems
    assert len(problems) == 1
    assert problems[0].startswith("071309_w_21-PA4-100:")


def test_missing_folder_names_where_to_ask(tmp_path):
    with pytest.raises(UserError, match=r"nit\.ovgu\.de"):
        read_index("biovid", tmp_path / "nowhere")


def test_wrong_layout_shows_expected_and_seen(tmp_path):
    touch(tmp_path / "biovid" / "clips" / "a.mp4")
    with pytest.raises(UserError, match=r"071309_w_21-BL1-081(.|\n)*Received: (.|\n)*clips/"):
        read_index("biovid", tmp_path)


def test_layout_without_a_fitting_file_shows_the_reasons(tmp_path):
    touch(tmp_path / "biovid" / "video" / "anna" / "one.mp4")
    with pytest.raises(UserError, match=r"anna/one\.mp4: not <subject>"):
        read_index("biovid", tmp_path)


def test_neighbour_dataset_is_not_taken_for_it(tmp_path):
    touch(tmp_path / "ai4pain" / "Train" / "video" / "1" / "1_Baseline.mp4")
    with pytest.raises(UserError, match="No data of BioVid"):
        read_index("biovid", tmp_path)


def test_full_size_is_indexed_whole(tmp_path):
    subjects = tuple(f"{number:06d}_m_30" for number in range(87))
    make_biovid(tmp_path, subjects, clips_per_stimulus=20)
    index = read_index("biovid", tmp_path)
    assert len(index.clips) == 8700
    counts = biovid.count(index.clips)
    assert counts["clips"] == 8700
    assert [counts[f"clips {stimulus}"] for stimulus in biovid.STIMULI] == [1740] * 5
    assert np.array_equal(index.clips.index, np.arange(8700))
