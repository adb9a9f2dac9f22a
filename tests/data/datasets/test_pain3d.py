from dataclasses import replace

import pandas as pd
import pytest

from tests.data.datasets.pain3d_trees import SCORE, UNITS, annotate, make_pain3d, picture
from tests.data.datasets.trees import touch
from transferpain.core.errors import UserError
from transferpain.data.datasets.check import check_dataset
from transferpain.data.datasets.index import read_index
from transferpain.data.datasets.pain3d import SPLIT_FILE
from transferpain.data.datasets.registry import DATASETS
from transferpain.data.media.paths import list_pictures, resolve_media
from transferpain.data.tasks.task import label_clips, label_frames, load_task
from transferpain.data.unit_labels import units_in

FACE = "flame_sample_0000_pain_1"


@pytest.fixture
def tree(tmp_path):
    make_pain3d(tmp_path / "pain3d")
    return tmp_path


def few_levels(tree):
    """The index as that of a twin: only there may a level have no face."""
    return replace(read_index("pain3d", tree), twin=True)


def test_a_face_is_a_clip_of_its_views(tree):
    index = read_index("pain3d", tree)
    assert index.problems == ()
    assert index.clips["clip"].tolist() == [
        f"flame_sample_000{person}_{face}" for person in (0, 1) for face in ("neutral", "pain_1", "pain_2")
    ]
    still, pain = index.clips.iloc[0], index.clips.iloc[1]
    assert (pain["subject"], pain["media"]) == ("flame_sample_0000", f"pain3d/meshes_inpainted/{FACE}_*")
    assert (pain["kind"], pain["first_frame"], pain["num_frames"], pain["bytes"]) == ("images", 1, 3, 3)
    assert (pain["pspi"], pain["au7"], bool(pain["neutral"]), pain["split"]) == (SCORE, 3, False, "")
    assert (still["pspi"], still["au43"], bool(still["neutral"])) == (0, 0, True)
    frames = index.frames[index.frames["clip"] == FACE]
    assert frames["frame"].tolist() == [1, 2, 3]
    assert frames["pspi"].tolist() == [SCORE] * 3
    # Units are read of the frames, as UNBC-McMaster's are: tasks of both datasets are of frames.
    assert frames["au7"].tolist() == [3] * 3
    assert units_in(label_frames(load_task("cross-pspi"), few_levels(tree))) == DATASETS["pain3d"].action_units


def test_each_clip_opens_its_own_pictures(tree):
    make_pain3d(tree / "pain3d", people=1, faces=10)
    index = read_index("pain3d", tree)
    seen = [one.path for media in index.clips["media"] for one in list_pictures(resolve_media(tree, media))]
    assert len(seen) == len(set(seen)) == index.clips["num_frames"].sum() == len(index.frames)


def test_it_is_synthetic_by_nature_and_no_twin(tree):
    index = read_index("pain3d", tree)
    assert (index.synthetic, index.twin, index.synthetic_faces) == (True, False, ("3DPain, synthetic faces",))
    report = check_dataset("pain3d", tree)
    assert report.synthetic
    assert not report.twin
    assert "subjects: 2 found, 2500 expected." in report.warnings
    assert "annotations: 4 found, 25000 expected." in report.warnings


def test_endings_of_pictures_are_told_by_name_and_a_single_one_is_a_clip(tree):
    top = tree / "pain3d"
    touch(top / picture("flame_sample_0000_pain_3", 0, "png"))
    touch(top / picture("flame_sample_0000_pain_3", 1, "jpeg"))
    touch(top / "meshes_inpainted" / "flame_sample_0002_pain_1.JPG")
    for face in ("flame_sample_0000_pain_3", "flame_sample_0002_pain_1"):
        annotate(top, face, UNITS)
    clips = read_index("pain3d", tree).clips.set_index("clip")
    assert clips.loc["flame_sample_0000_pain_3", "num_frames"] == 2
    assert clips.loc["flame_sample_0002_pain_1", "media"] == "pain3d/meshes_inpainted/flame_sample_0002_pain_1.JPG"


def test_doubled_folders_are_looked_into(tmp_path):
    make_pain3d(tmp_path / "other")
    for part in ("annotations", "meshes_inpainted"):
        (tmp_path / "pain3d" / part).mkdir(parents=True)
        (tmp_path / "other" / part).rename(tmp_path / "pain3d" / part / part)
    index = read_index("pain3d", tmp_path)
    assert (len(index.clips), index.problems) == (6, ())
    assert index.clips["media"].str.startswith("pain3d/meshes_inpainted/meshes_inpainted/").all()


def test_what_is_no_picture_of_3dpain_is_told(tree):
    folder = tree / "pain3d" / "meshes_inpainted"
    for name in ("notes.txt", "somebody_view_1.jpg", " flame_sample_0000_pain_1_view_7.jpg", "flame_sample_0003.jpg"):
        touch(folder / name)
    touch(folder / ".DS_Store")
    index = read_index("pain3d", tree)
    assert len(index.clips) == 6
    assert index.problems == (
        "No pictures of a person of 3DPain (flame_sample_<number>_...), ignored:  flame_sample_0000_pain_1_view_7.jpg, "
        "flame_sample_0003.jpg, notes.txt, somebody_view_1.jpg.",
    )


def test_names_that_begin_as_another_are_left_out_and_told(tree):
    touch(tree / "pain3d" / picture(f"{FACE}_b", 0))
    index = read_index("pain3d", tree)
    assert FACE not in set(index.clips["clip"])
    assert index.problems[-1] == f"Pictures without an annotation have no label: {FACE}_b."
    assert index.problems[0].startswith("Faces whose pictures cannot be told from others'")


def test_pictures_without_a_label_stay_and_are_not_0(tree):
    (tree / "pain3d" / "annotations" / f"{FACE}_annotations.json").unlink()
    index = few_levels(tree)
    assert index.clips.set_index("clip").loc[FACE, "pspi"] is pd.NA
    y = label_clips(load_task("pain3d-pspi"), index)["y"]
    assert (len(y), y.isna().sum()) == (6, 1)
    assert label_frames(load_task("cross-pspi"), index)["y"].isna().sum() == 3


def test_a_score_that_is_no_whole_number_counts_as_the_nearest_level(tree):
    scores = {"flame_sample_0000_pain_1": 0.4, "flame_sample_0000_pain_2": 0.6, "flame_sample_0001_pain_1": 15.6}
    for face, score in scores.items():
        annotate(tree / "pain3d", face, {"PSPI": score})
    index = few_levels(tree)
    for task, levels in {"pain3d-pspi": [0, 1, 15], "pain3d-binary-1": [0, 1, 1]}.items():
        assert label_clips(load_task(task), index).set_index("clip")["y"][list(scores)].tolist() == levels


def write_split(tree, *lines):
    text = "annotation_base_name,split\n" + "".join(f"{line}\n" for line in lines)
    return touch(tree / "pain3d" / SPLIT_FILE, text.encode())


def test_the_published_split_is_read_where_its_file_is_there(tree):
    write_split(tree, "flame_sample_0000_pain_1,0", "flame_sample_0700_pain_1,1")
    index = read_index("pain3d", tree)
    assert index.clips.groupby("subject")["split"].unique().map(list).to_dict() == {
        "flame_sample_0000": ["train"],
        "flame_sample_0001": [""],
    }
    assert index.problems == (f"People who are in no part of {SPLIT_FILE}: flame_sample_0001.",)
    counts = {row.what: (row.found, row.expected) for row in check_dataset("pain3d", tree).rows}
    assert counts["train subjects"] == (1, 1747)


@pytest.mark.parametrize("lines", [("flame_sample_0000_pain_1,0", "flame_sample_0000_pain_2,1"), ("somebody,0",)])
def test_a_split_that_leaks_or_is_damaged_is_refused(tree, lines):
    write_split(tree, *lines)
    with pytest.raises(UserError, match=f"The split file {SPLIT_FILE} has"):
        read_index("pain3d", tree)


def test_a_folder_without_faces_names_the_layout(tmp_path):
    (tmp_path / "pain3d" / "meshes_inpainted").mkdir(parents=True)
    with pytest.raises(UserError, match="No data of 3DPain was found"):
        read_index("pain3d", tmp_path)
    touch(tmp_path / "pain3d" / "meshes_inpainted" / "a.jpg")
    with pytest.raises(UserError, match=r"ignored: a\.jpg"):
        read_index("pain3d", tmp_path)


def test_the_hash_follows_labels_and_names(tree):
    before = read_index("pain3d", tree).hash
    assert read_index("pain3d", tree).hash == before
    annotate(tree / "pain3d", FACE, UNITS | {"AU6": 0})
    assert read_index("pain3d", tree).hash != before
