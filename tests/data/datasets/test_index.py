import json

import pytest

from tests.data.datasets.columns import COMMON_COLUMNS
from tests.data.datasets.pain3d_trees import make_pain3d
from tests.data.datasets.trees import draw_own, make_ai4pain, make_biovid, make_mintpain, small_ferplus
from tests.data.datasets.unbc_trees import make_unbc
from transferpain.core.errors import UserError
from transferpain.data.datasets.index import read_index
from transferpain.data.datasets.registry import DATASETS


def make(dataset: str, top) -> None:
    if dataset == "biovid":
        make_biovid(top, ("071309_w_21", "071313_m_41"))
    elif dataset == "ai4pain":
        make_ai4pain(top, {"Train": range(1, 4)})
    elif dataset == "unbc":
        make_unbc(top)
    elif dataset == "mintpain":
        make_mintpain(top, {1: "Erika Muster"})
    elif dataset == "ferplus":
        small_ferplus(top)
    elif dataset == "pain3d":
        make_pain3d(top)
    else:
        draw_own(dataset, top)


@pytest.mark.parametrize("dataset", DATASETS)
def test_common_columns_come_first_with_their_types(tmp_path, dataset):
    make(dataset, tmp_path / dataset)
    clips = read_index(dataset, tmp_path).clips
    assert tuple(clips.columns[: len(COMMON_COLUMNS)]) == COMMON_COLUMNS
    dtypes = clips.dtypes.astype(str)
    assert dtypes["first_frame"] == "int64"
    assert (dtypes["num_frames"], dtypes["fps"], dtypes["bytes"]) == ("Int64", "Float64", "Int64")
    assert set(clips["dataset"]) == {dataset}
    assert clips[["subject", "clip", "media", "kind", "split"]].notna().all(axis=None)


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("place", ["{dataset}", ""])
def test_a_twin_stays_visible_and_enters_the_hash(tmp_path, dataset, place):
    make(dataset, tmp_path / dataset)
    real = read_index(dataset, tmp_path)
    mark = tmp_path / place.format(dataset=dataset) / "SYNTHETIC.json"
    mark.write_text(json.dumps({"synthetic": True, "seed": 0}))
    twin = read_index(dataset, tmp_path)
    mark.write_text(json.dumps({"synthetic": True, "seed": 1}))
    other = read_index(dataset, tmp_path)
    assert (real.synthetic, twin.synthetic, other.synthetic) == (bool(DATASETS[dataset].synthetic), True, True)
    assert (real.twin, twin.twin, other.twin) == (False, True, True)
    assert twin.synthetic_faces == ("drawn faces",)
    assert len({real.hash, twin.hash, other.hash}) == 3
    assert len(twin.hash) == 16


def test_a_mark_above_the_data_root_does_not_count(tmp_path):
    make("biovid", tmp_path / "data" / "biovid")
    (tmp_path / "SYNTHETIC.json").write_text("{}")
    assert not read_index("biovid", tmp_path / "data").synthetic


def test_a_twins_clips_are_as_long_as_it_says(tmp_path):
    make("biovid", tmp_path / "biovid")
    make("ai4pain", tmp_path / "ai4pain")
    for dataset in ("biovid", "ai4pain"):
        (tmp_path / dataset / "SYNTHETIC.json").write_text('{"synthetic": true, "seconds": 2.0}')
    assert set(read_index("biovid", tmp_path).clips["num_frames"]) == {50}
    assert set(read_index("ai4pain", tmp_path).clips["num_frames"]) == {60, 360}
    (tmp_path / "biovid" / "SYNTHETIC.json").write_text('{"synthetic": true, "seconds": 0.5}')
    assert set(read_index("biovid", tmp_path).clips["num_frames"]) == {round(0.5 * 25)}
    (tmp_path / "biovid" / "SYNTHETIC.json").write_text('{"synthetic": true, "seconds": null}')
    assert set(read_index("biovid", tmp_path).clips["num_frames"]) == {138}


def test_a_twins_clips_have_the_rate_that_it_says(tmp_path):
    make("biovid", tmp_path / "biovid")
    make("ai4pain", tmp_path / "ai4pain")
    (tmp_path / "biovid" / "SYNTHETIC.json").write_text('{"synthetic": true, "seconds": 2.2, "fps": 8}')
    (tmp_path / "ai4pain" / "SYNTHETIC.json").write_text('{"synthetic": true, "seconds": null, "fps": 5}')
    clips = {name: read_index(name, tmp_path).clips for name in ("biovid", "ai4pain")}
    assert set(clips["biovid"]["num_frames"]) == {18}
    assert set(clips["ai4pain"]["num_frames"]) == {50, 300}
    assert {name: set(table["fps"]) for name, table in clips.items()} == {"biovid": {8.0}, "ai4pain": {5.0}}


def test_an_unfinished_twin_is_never_taken_for_data(tmp_path):
    make("biovid", tmp_path / "biovid")
    (tmp_path / "biovid" / "SYNTHETIC.unfinished.json").write_text("{}")
    with pytest.raises(UserError, match="is unfinished"):
        read_index("biovid", tmp_path)
    (tmp_path / "biovid" / "SYNTHETIC.json").write_text("{}")
    assert read_index("biovid", tmp_path).synthetic


@pytest.mark.parametrize("content", ["{", "", "[]", "\x00"])
def test_damaged_mark_is_named(tmp_path, content):
    make("biovid", tmp_path / "biovid")
    (tmp_path / "biovid" / "SYNTHETIC.json").write_text(content)
    with pytest.raises(UserError, match=r"SYNTHETIC\.json is damaged"):
        read_index("biovid", tmp_path)


def test_unknown_dataset_lists_the_known(tmp_path):
    with pytest.raises(UserError, match="`biovid`, `ai4pain`, `unbc`, `mintpain`, `ferplus`"):
        read_index("biowid", tmp_path)


@pytest.mark.parametrize("dataset", DATASETS)
def test_empty_data_root_is_an_error(tmp_path, dataset):
    with pytest.raises(UserError, match="an empty folder"):
        read_index(dataset, tmp_path)


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_linked_dataset_folder_is_read(tmp_path, dataset):
    make(dataset, tmp_path / "elsewhere")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / dataset).symlink_to(tmp_path / "elsewhere")
    assert read_index(dataset, tmp_path / "data").clips["media"].str.startswith(dataset).all()


# What of a small copy is moved out: folders of each depth, pictures, videos, labels and rules.
LINKED = {
    "biovid": ["video", "video/071309_w_21", "video/071309_w_21/071309_w_21-BL1-001.mp4"],
    "ai4pain": ["Train", "Train/video", "Train/video/1/1_Baseline.mp4", "names.yaml"],
    "unbc": ["Images", "Images/*/*/*001.png", "Frame_Labels/FACS/*/*/*001_facs.txt", "Sequence_Labels/OPR/*/*.txt"],
    "mintpain": ["Extracted_Data", "Extracted_Data/Sub*", "Extracted_Data/*/*/*/RGB", "Extracted_Data/*/*/*/RGB/*"],
    "ferplus": ["fer2013.csv", "fer2013new.csv"],
    "pain3d": ["annotations", "annotations/*0_pain_1_*", "meshes_inpainted", "meshes_inpainted/*0_pain_1_*"],
}


@pytest.mark.parametrize("dataset", LINKED)
def test_links_stay_in_a_dataset_or_the_data_root_unless_the_user_allows_others(tmp_path, dataset):
    top, elsewhere = tmp_path / "data" / dataset, tmp_path / "elsewhere"
    make(dataset, top)
    if dataset == "ai4pain":
        (top / "names.yaml").write_text("{none: .*Base.*, low: .*LOW.*, high: .*HIGH.*, rest: .*Rest.*}")
    for pattern in LINKED[dataset]:
        entry = next(iter(sorted(top.glob(pattern))))
        entry.rename(elsewhere)
        entry.symlink_to(elsewhere)
        with pytest.raises(UserError, match=r"(?s)lead out of the data root.*Received: .*dataset\.yaml") as refused:
            read_index(dataset, tmp_path / "data")
        assert "Muster" not in str(refused.value)
        entry.unlink()
        elsewhere.rename(entry)
    entry.rename(elsewhere)
    entry.symlink_to(elsewhere)
    (top / "dataset.yaml").write_text("allow_links: true")
    allowed = read_index(dataset, tmp_path / "data").hash
    (top / "dataset.yaml").unlink()
    elsewhere.rename(tmp_path / "data" / "moved")
    entry.unlink()
    entry.symlink_to(tmp_path / "data" / "moved")
    assert read_index(dataset, tmp_path / "data").hash == allowed


def test_the_folder_in_which_a_dataset_is_found_may_lead_out_of_its_own_only_if_that_is_allowed(tmp_path):
    make("biovid", tmp_path / "elsewhere")
    for data_root, own in ((tmp_path / "data", tmp_path / "data" / "biovid"), (tmp_path / "root", tmp_path / "root")):
        own.mkdir(parents=True)
        (own / "PartA").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(UserError, match=rf"(?s)a link on the way to .*PartA.*allow_links: true in {own}/dataset"):
            read_index("biovid", data_root)
        (own / "dataset.yaml").write_text("allow_links: true")
        assert len(read_index("biovid", data_root).clips) == 20
