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


def test_parts_are_end_to_end_and_the_rest_is_a_shorter_clip(index):
    clips = cut_sequences(index, "pspi", 3).clips
    assert clips["clip"].tolist() == [f"{LONG}/001-003", f"{LONG}/004-006", f"{LONG}/007-007", f"{SHORT}/001-002"]
    assert list(zip(clips["first_frame"], clips["num_frames"], strict=True)) == [(0, 3), (3, 3), (6, 1), (0, 2)]
    assert clips["pspi"].tolist() == [0, 2, 6, 0]
    assert set(clips["kind"]) == {"image_span"}
    assert clips["media"].tolist() == [f"unbc/Images/042-ll042/{LONG}"] * 3 + [f"unbc/Images/042-ll042/{SHORT}"]


def test_the_table_keeps_its_columns_types_and_other_labels(index):
    cut = cut_sequences(index, "pspi", 3)
    pd.testing.assert_series_equal(cut.clips.dtypes, index.clips.dtypes)
    assert cut.clips["opr"].tolist() == [3, 3, 3, 3]
    assert cut.clips.index.tolist() == [0, 1, 2, 3]
    assert cut.frames is index.frames


def test_a_task_labels_a_clip_by_its_own_highest_score(index):
    labelled = label_clips(load_task("cross-three"), cut_sequences(index, "pspi", 3))
    assert labelled["y"].tolist() == [0, 1, 2, 0]


def test_a_sequence_that_fits_is_one_clip(index):
    assert cut_sequences(index, "pspi", 7).clips["num_frames"].tolist() == [7, 2]
    assert cut_sequences(index, "pspi", 300).clips["pspi"].tolist() == [6, 0]


def test_missing_labels_stay_missing_and_missing_pictures_leave_no_gap(index, tmp_path):
    labels = tmp_path / "unbc" / "Frame_Labels" / "PSPI" / "042-ll042" / LONG
    for number in (4, 5, 6):
        (labels / f"{LONG}{number:03d}_facs.txt").unlink()
    (labels / f"{LONG}003_facs.txt").write_text("")
    (tmp_path / "unbc" / "Images" / "042-ll042" / SHORT / f"{SHORT}001.png").unlink()
    clips = cut_sequences(read_index("unbc", tmp_path), "pspi", 3).clips
    assert clips["pspi"].tolist() == [0, pd.NA, 6, 0]
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
