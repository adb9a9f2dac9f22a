import json
import re
from dataclasses import asdict

import numpy as np
import pytest
from PIL import Image

from tests.data.datasets.media_files import png, video
from tests.data.datasets.trees import make_ai4pain, make_biovid, make_mintpain, small_ferplus, touch
from tests.data.datasets.unbc_trees import make_sequence, make_unbc
from tests.data.media import odd_videos
from tests.data.media.faulty_videos import state_more_frames
from tests.data.media.test_video import halves
from tests.inputs.faces.drawing import write_video
from transferpain.core.errors import UserError
from transferpain.data.datasets.check import check_dataset

SUBJECTS = ("071309_w_21", "071313_m_41", "071614_m_20")


def rows_of(report) -> dict[str, tuple]:
    return {row.what: (row.found, row.expected) for row in report.rows}


def test_found_stands_beside_expected(tmp_path):
    make_biovid(tmp_path / "biovid", SUBJECTS)
    report = check_dataset("biovid", tmp_path)
    rows = rows_of(report)
    assert rows["subjects"] == (3, 87)
    assert rows["subjects, women"] == (1, 43)
    assert rows["subjects of the hold-out"] == (1, 26)
    assert rows["clips"] == (30, 8700)
    assert rows["clips PA4"] == (6, 1740)
    assert "subjects: 3 found, 87 expected." in report.warnings
    assert not report.synthetic


def test_a_twin_is_not_warned_for_its_counts(tmp_path):
    make_biovid(tmp_path / "biovid", SUBJECTS)
    touch(tmp_path / "biovid" / "SYNTHETIC.json", b"{}")
    report = check_dataset("biovid", tmp_path)
    assert report.synthetic
    assert report.warnings == ()


def test_subjects_with_fewer_clips_and_empty_files_are_named(tmp_path):
    make_biovid(tmp_path / "biovid", SUBJECTS)
    (tmp_path / "biovid/video/071614_m_20/071614_m_20-PA4-010.mp4").unlink()
    (tmp_path / "biovid/video/071614_m_20/071614_m_20-PA4-009.mp4").write_bytes(b"")
    warnings = check_dataset("biovid", tmp_path).warnings
    assert "Most subjects have 10 clips; fewer have: 071614_m_20 (9)." in warnings
    assert "biovid/video/071614_m_20/071614_m_20-PA4-009.mp4: an empty file." in warnings


def test_ai4pain_counts_by_split(tmp_path):
    make_ai4pain(tmp_path, {"Train": range(1, 4), "Validation": range(4, 6)})
    (tmp_path / "Train" / "video" / "2" / "2_Pain_LOW_1.mp4").unlink()
    report = check_dataset("ai4pain", tmp_path)
    rows = rows_of(report)
    assert rows["train subjects"] == (3, 41)
    assert rows["train clips low"] == (5, 492)
    assert rows["validation clips high"] == (4, 144)
    assert rows["test clips low"] == (0, None)
    assert "Most subjects in train have 5 clips; fewer have: 2 (4)." in report.warnings


def test_ferplus_histogram_and_problems(tmp_path):
    small_ferplus(tmp_path)
    report = check_dataset("ferplus", tmp_path, tmp_path / "cache")
    rows = rows_of(report)
    assert rows["images"] == (6, 35887)
    assert rows["images neutral"] == (2, 6198)
    assert rows["validation images also in train"] == (1, None)
    assert not any("subjects" in warning for warning in report.warnings)


def test_many_problems_are_shortened(tmp_path):
    make_biovid(tmp_path / "biovid", SUBJECTS)
    for number in range(30):
        touch(tmp_path / "biovid" / "video" / "other" / f"{number}.mp4")
    warnings = check_dataset("biovid", tmp_path).warnings
    assert sum("ignored" in warning for warning in warnings) == 10
    assert warnings[-1] == "and 20 more"


def test_nothing_there_is_an_error(tmp_path):
    with pytest.raises(UserError, match="No data"):
        check_dataset("ferplus", tmp_path)


def test_all_problems_stand_in_the_report_and_it_becomes_json(tmp_path):
    make_biovid(tmp_path / "biovid", SUBJECTS)
    for number in range(30):
        touch(tmp_path / "biovid" / "video" / "other" / f"{number}.mp4")
    report = json.loads(json.dumps(asdict(check_dataset("biovid", tmp_path))))
    assert len(report["problems"]) == 30
    assert report["rows"][0] == {"what": "subjects", "found": 3, "expected": 87}
    assert (report["synthetic"], report["deep"]) == (False, False)
    assert len(report["traps"]) == 3


def test_unbc_is_compared_sequence_by_sequence(tmp_path):
    make_unbc(tmp_path / "unbc")
    report = check_dataset("unbc", tmp_path)
    rows = rows_of(report)
    assert rows["frames"] == (16, 48398)
    assert rows["frames PSPI 4-5"] == (0, 1044)
    assert rows["frames without PSPI"] == (0, 0)
    assert "047-jl047: missing." in report.warnings
    assert any("101-mg101 has no frame" in trap for trap in report.traps)
    touch(tmp_path / "unbc" / "SYNTHETIC.json", b"{}")
    assert check_dataset("unbc", tmp_path).warnings == ()


def test_mintpain_by_level(tmp_path):
    make_mintpain(tmp_path / "mintpain", {1: "A"}, sweeps=4)
    rows = rows_of(check_dataset("mintpain", tmp_path))
    assert rows["clips level 0"] == (4, 1561)
    assert rows["frames level 3"] == (3, 6825)


def test_deep_finds_damaged_and_black_pictures(tmp_path):
    clip, subject = "tv095t2aeunaff", "095-tv095"
    make_sequence(tmp_path / "unbc", subject, clip, [{}] * 6, picture=png(120))
    folder = tmp_path / "unbc" / "Images" / subject / clip
    (folder / f"{clip}001.png").write_bytes(png(0))
    (folder / f"{clip}002.png").write_bytes(png(0))
    (folder / f"{clip}004.png").write_bytes(png(90)[: len(png(90)) // 2])
    (folder / f"{clip}005.png").write_bytes(b"")
    (folder / f"{clip}006.png").write_bytes(png(90, grey=True))
    (tmp_path / "unbc" / "AAM_landmarks" / subject / clip / f"{clip}003_aam.txt").write_bytes(b"1 2\n")
    assert "frames decoded" not in rows_of(check_dataset("unbc", tmp_path))
    report = check_dataset("unbc", tmp_path, deep=True)
    rows = rows_of(report)
    assert rows["frames decoded"] == (4, None)
    assert rows["damaged files"] == (2, None)
    assert rows["black pictures"] == (2, 7)
    assert report.problems == (
        f"{clip}: picture cannot be decoded (frames 4-5).",
        f"{clip}: picture is black (frames 1-2).",
        f"{clip}: AAM file is damaged (frame 3).",
    )


def test_deep_finds_damaged_videos(tmp_path):
    make_biovid(tmp_path / "biovid", SUBJECTS[:1], clips_per_stimulus=1)
    files = sorted((tmp_path / "biovid").rglob("*.mp4"))
    whole = video(tmp_path / "whole.mp4", frames=12)
    for file in files:
        file.write_bytes(whole)
    files[1].write_bytes(b"")
    files[2].write_bytes(whole[: len(whole) // 2])
    files[3].write_bytes(b"no video" * 100)
    report = check_dataset("biovid", tmp_path, deep=True)
    rows = rows_of(report)
    assert rows["frames decoded"] == (24, None)
    assert rows["damaged files"] == (3, None)
    reasons = (
        "the file is empty",
        *["the file cannot be opened as a video; it may be truncated or of another kind"] * 2,
    )
    assert report.problems == tuple(
        f"{file.stem}: the video cannot be decoded: {reason}." for file, reason in zip(files[1:4], reasons, strict=True)
    )


def test_deep_counts_spans_of_one_video_once(tmp_path):
    touch(tmp_path / "own" / "index.csv", b"media,subject,label,start,end\na.mp4,x,1,0,5\na.mp4,x,2,5,9\n")
    video(tmp_path / "own" / "a.mp4", frames=12)
    assert rows_of(check_dataset("own", tmp_path, deep=True))["frames decoded"] == (12, None)


def test_deep_says_which_frames_are_lost_and_that_uneven_distances_are_no_damage(tmp_path):
    touch(tmp_path / "own" / "index.csv", b"media,subject,label\na.mp4,x,1\nb.mp4,x,2\nc.webm,y,1\n")
    frames = halves()
    spoilt = write_video(tmp_path / "own" / "a.mp4", frames)
    odd_videos.spoil_frame(spoilt, 7)
    odd_videos.show_at(write_video(tmp_path / "own" / "b.mp4", frames), [0.02 * number**2 for number in range(12)])
    odd_videos.write_browser_video(tmp_path / "own" / "c.webm", frames)
    report = check_dataset("own", tmp_path, deep=True)
    rows = rows_of(report)
    assert rows["frames decoded"] == (35, None)
    assert rows["damaged files"] == (1, None)
    assert report.problems == (
        "a: 1 of 12 frames cannot be decoded (frame 7).",
        "b: frames at uneven distances in time, 4.545 a second in the mean; that is no damage.",
    )


def test_deep_says_where_a_video_ends_before_its_header_says(tmp_path):
    touch(tmp_path / "own" / "index.csv", b"media,subject,label\na.mp4,x,1\n")
    path = write_video(tmp_path / "own" / "a.mp4", halves())
    state_more_frames(path)
    report = check_dataset("own", tmp_path, deep=True)
    assert rows_of(report)["damaged files"] == (1, None)
    assert re.search(r"a: \d of 12 frames can be decoded", report.problems[-1])


def test_deep_names_files_of_several_pictures_in_a_folder(tmp_path):
    touch(tmp_path / "own" / "index.csv", b"media,subject,label\npages,x,1\n")
    (tmp_path / "own" / "pages").mkdir()
    pictures = [Image.fromarray(picture) for picture in halves(3)]
    pictures[0].save(tmp_path / "own" / "pages" / "1.tif")
    pictures[0].save(tmp_path / "own" / "pages" / "2.tif", save_all=True, append_images=pictures[1:])
    report = check_dataset("own", tmp_path, deep=True)
    assert rows_of(report)["damaged files"] == (0, None)
    assert report.problems == ("pages: file of several pictures, of which the first is read (frame 2).",)


def test_deep_decodes_pictures_as_every_stage_does(tmp_path):
    touch(tmp_path / "own" / "index.csv", b"media,subject,label\npages,x,1\n")
    for number, kind in ((1, "float32"), (2, "uint16"), (3, "int32")):
        touch(tmp_path / "own" / "pages" / f"{number}.tif")
        Image.fromarray(np.full((8, 8), 200, kind)).save(tmp_path / "own" / "pages" / f"{number}.tif")
    report = check_dataset("own", tmp_path, deep=True)
    assert rows_of(report)["damaged files"] == (2, None)
    assert report.problems == ("pages: picture cannot be decoded (frames 1, 3).", "pages: picture is black (frame 2).")


def test_deep_shows_no_name_of_a_person(tmp_path):
    make_mintpain(tmp_path / "mintpain", {1: "Erika Muster"}, sweeps=1)
    report = check_dataset("mintpain", tmp_path, deep=True)
    assert rows_of(report)["damaged files"] == (6, None)
    assert report.problems[0] == "Sub01_Trial01_Sweep01_Label0: picture cannot be decoded (frames 1-3)."
    assert "Erika" not in repr(report)


def test_ferplus_has_no_media_to_decode(tmp_path):
    small_ferplus(tmp_path)
    assert rows_of(check_dataset("ferplus", tmp_path, deep=True))["frames decoded"] == (0, None)
