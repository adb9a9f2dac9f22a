import pandas as pd
import pytest

from tests.data.datasets.trees import make_mintpain
from tests.data.datasets.unbc_trees import make_sequence, units_of
from transferpain.core.errors import UserError
from transferpain.data.datasets.index import Index, read_index
from transferpain.data.datasets.sequences import cut_sequences
from transferpain.data.tasks.task import label_clips, load_task

LONG, SHORT = "ll042t1aaaff", "ll042t1aeunaff"


@pytest.fixture
def index(tmp_path) -> Index:
    """Two sequences of one person: 7 frames with a peak of 2 in the middle and of 6 at the end, and 2 without pain."""
    scores = [0, 0, 0, 1, 2, 0, 6]
    make_sequence(tmp_path / "unbc", "042-ll042", LONG, [units_of(score) for score in scores])
    make_sequence(tmp_path / "unbc", "042-ll042", SHORT, [{}, {}])
    return read_index("unbc", tmp_path)


def test_parts_are_end_to_end_and_a_shorter_rest_is_left_out_and_counted(index):
    cut = cut_sequences(index, "pspi", 3)
    clips = cut.clips
    assert clips["clip"].tolist() == [f"{LONG}/001-003", f"{LONG}/004-006"]
    assert list(zip(clips["first_frame"], clips["num_frames"], strict=True)) == [(0, 3), (3, 3)]
    assert clips["pspi"].tolist() == [0, 2]
    assert set(clips["kind"]) == {"image_span"}
    assert clips["media"].tolist() == [f"unbc/Images/042-ll042/{LONG}"] * 2
    assert cut.problems[len(index.problems) :] == (
        "2 rests of sequences that are shorter than 3 frames were left out (1 to 2 frames), 1 of which were all of a "
        "sequence.",
    )


def test_where_nothing_is_left_over_nothing_is_said(index):
    assert cut_sequences(index, "pspi", 1).problems == index.problems


def test_a_length_that_no_sequence_has_is_refused(index):
    with pytest.raises(UserError, match=r"longest sequence has 7 frames(.|\n)*--set window\.clip_frames=7"):
        cut_sequences(index, "pspi", 8)


def test_the_table_keeps_its_columns_types_and_other_labels(index):
    cut = cut_sequences(index, "pspi", 2)
    pd.testing.assert_series_equal(cut.clips.dtypes, index.clips.dtypes)
    assert cut.clips["opr"].tolist() == [3, 3, 3, 3]
    assert cut.clips.index.tolist() == [0, 1, 2, 3]
    assert cut.frames is index.frames


def test_a_task_labels_a_clip_by_its_own_highest_score(index):
    labelled = label_clips(load_task("cross-three"), cut_sequences(index, "pspi", 1))
    assert labelled["y"].tolist() == [0, 0, 0, 1, 1, 0, 2, 0, 0]


def test_a_sequence_that_fits_is_one_clip(index):
    cut = cut_sequences(index, "pspi", 7).clips
    assert (cut["num_frames"].tolist(), cut["pspi"].tolist()) == ([7], [6])


def test_missing_labels_stay_missing_and_missing_pictures_leave_no_gap(index, tmp_path):
    labels = tmp_path / "unbc" / "Frame_Labels" / "PSPI" / "042-ll042" / LONG
    for number in (4, 5, 6):
        (labels / f"{LONG}{number:03d}_facs.txt").unlink()
    (labels / f"{LONG}003_facs.txt").write_text("")
    (tmp_path / "unbc" / "Images" / "042-ll042" / SHORT / f"{SHORT}001.png").unlink()
    clips = cut_sequences(read_index("unbc", tmp_path), "pspi", 1).clips
    assert clips["pspi"].fillna(-1).tolist() == [0, 0, -1, -1, -1, -1, 6, 0]
    assert clips["clip"].iloc[-1] == f"{SHORT}/002-002"
    assert (clips["first_frame"].iloc[-1], clips["num_frames"].iloc[-1]) == (0, 1)


@pytest.mark.parametrize("label", ["vas", "subject", "unknown"])
def test_a_label_of_whole_sequences_is_refused(index, label):
    with pytest.raises(UserError, match=r"window\.clip_frames"):
        cut_sequences(index, label, 3)


def test_a_dataset_without_labelled_frames_is_refused(tmp_path):
    make_mintpain(tmp_path / "mintpain", {1: "Nobody"})
    with pytest.raises(UserError, match="clips of mintpain cannot be cut"):
        cut_sequences(read_index("mintpain", tmp_path), "level", 3)
