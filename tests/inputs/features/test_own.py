import numpy as np
import pandas as pd
import pytest

from tests.data.datasets.media_files import video
from transferpain.core.errors import UserError
from transferpain.inputs.features.cache import read_features
from transferpain.inputs.features.own import check_frames, keep_own, own_clips, own_contents, own_stage
from transferpain.inputs.features.settings import FeatureSettings

NAMES = ("p01/rest", "p01/pain", "p02/rest")
SETTINGS = FeatureSettings(folder="mine")
ROWS = {name: np.random.default_rng(number).normal(size=(6 + number, 4)) for number, name in enumerate(NAMES)}


def write(root, arrays=ROWS):
    for name, array in arrays.items():
        path = root / "mine" / f"{name}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, array)
    return root


def clips(*names):
    return pd.DataFrame({"clip": names or NAMES})


def kept(root, table, settings=SETTINGS, stretch=None):
    stage = own_stage(table, settings, root, root / "cache")
    return stage, keep_own(stage.assign(stretch=stretch or stage["num_frames"]), settings, root / "cache")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int16])
def test_each_clip_has_its_own_rows_in_whatever_order_they_are_asked_for(dtype, tmp_path):
    write(tmp_path, {name: array.astype(dtype) for name, array in reversed(ROWS.items())})
    stage, features = kept(tmp_path, clips("p02/rest", "p01/rest"))
    assert stage["num_frames"].tolist() == stage["found"].tolist() == [8, 6]
    assert stage["width"].tolist() == [4, 4]
    for path, name in zip(features["features"], ("p02/rest", "p01/rest"), strict=True):
        np.testing.assert_array_equal(read_features(path), ROWS[name].astype(dtype).astype(np.float32))


@pytest.mark.parametrize("scale", [1e-30, 1e-9, 1, 1e6, 1e30])
def test_what_float16_would_lose_is_kept(scale, tmp_path):
    write(tmp_path, {name: scale * (1 + array / 1e4) for name, array in ROWS.items()})
    _, features = kept(tmp_path, clips("p01/rest"))
    np.testing.assert_allclose(read_features(features["features"][0]), scale * (1 + ROWS["p01/rest"] / 1e4), rtol=1e-7)


def test_a_clip_of_zeros_is_one(tmp_path):
    write(tmp_path, {name: np.zeros((2, 4)) for name in NAMES})
    _, features = kept(tmp_path, clips())
    assert features["found"].tolist() == [2, 2, 2]


def test_one_row_a_clip_is_one_frame(tmp_path):
    write(tmp_path, {name: array[0] for name, array in ROWS.items()})
    stage, features = kept(tmp_path, clips())
    assert stage["num_frames"].tolist() == features["frames"].tolist() == [1, 1, 1]


def test_a_row_of_nan_is_a_frame_without_a_face(tmp_path):
    array = ROWS["p01/rest"].copy()
    array[2] = np.nan
    write(tmp_path, ROWS | {"p01/rest": array, "p02/rest": np.full((2, 4), np.nan)})
    _, features = kept(tmp_path, clips())
    assert features["found"].tolist() == [5, 7, 0]


def test_rows_are_taken_by_their_rate_or_spread_over_the_stretch(tmp_path):
    write(tmp_path)
    half = FeatureSettings(folder="mine", rate=10, fps=5)
    stage, features = kept(tmp_path, clips(), half)
    assert stage["fps"].tolist() == [10, 10, 10]
    np.testing.assert_array_equal(read_features(features["features"][0]), ROWS["p01/rest"][::2].astype(np.float32))
    _, features = kept(tmp_path, clips(), FeatureSettings(folder="mine", frames=2), stretch=4)
    np.testing.assert_array_equal(read_features(features["features"][2]), ROWS["p02/rest"][[1, 3]].astype(np.float32))


def test_what_the_files_hold_names_the_runs(tmp_path):
    write(tmp_path)
    before = own_contents(SETTINGS, tmp_path, tmp_path / "cache")
    assert own_contents(SETTINGS, tmp_path, tmp_path / "cache") == before
    write(tmp_path, {"p01/rest": ROWS["p01/rest"] + 1})
    assert own_contents(SETTINGS, tmp_path, tmp_path / "cache") != before


def changed(name, array):
    return ROWS | {name: array}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            changed("p02/rest", np.zeros((3, 5))),
            r"differ in width(.|\n)*'p01/rest': 4 features for each frame; 'p02/rest': 5",
        ),
        (changed("p02/rest", np.zeros(4)), "differ in width"),
        ({name: ROWS[name] for name in NAMES[:2]}, "1 of 3 clips have no features(.|\\n)*no file of 'p02/rest'"),
        ({name.upper(): array for name, array in ROWS.items()}, "3 of 3 clips(.|\\n)*'P01/REST' is there"),
        (changed("p01/pain", np.array([[1, np.nan, 1, 1]])), "'p01/pain'(.|\\n)*row 0: 1 of 4 values are NaN"),
        (changed("p01/pain", np.full((2, 4), np.inf)), "magnitude up to inf"),
        (changed("p01/pain", np.full((2, 4), 1e39)), r"magnitude up to 1e\+39"),
        (changed("p01/pain", np.full((2, 4), 1e33)), r"magnitude up to 1e\+33"),
        (changed("p01/pain", np.full((2, 4), -1e-40)), "magnitude up to 1e-40"),
        (changed("p01/pain", np.zeros((0, 4))), r"an array \(0, 4\)"),
        (changed("p01/pain", np.zeros((2, 3, 4))), r"an array \(2, 3, 4\)"),
        (changed("p01/pain", np.array(1.0)), r"an array \(\)"),
        (changed("p01/pain", np.zeros((2, 4), complex)), "complex128"),
        (changed("p01/pain", np.array([["a"] * 4])), "<U1"),
        (changed("p01/pain", np.array([[{}] * 4])), "object"),
    ],
)
def test_features_that_cannot_be_used_are_refused(arrays, message, tmp_path):
    write(tmp_path, arrays)
    with pytest.raises(UserError, match=message):
        own_stage(clips(), SETTINGS, tmp_path, tmp_path / "cache")


def test_a_link_out_of_the_data_root_is_refused_and_the_folder_may_be_one(tmp_path):
    write(tmp_path / "disk")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine").symlink_to(tmp_path / "disk" / "mine")
    assert own_contents(SETTINGS, tmp_path / "data", tmp_path / "cache")
    (tmp_path / "disk" / "mine" / "far.npy").symlink_to(tmp_path / "elsewhere.npy")
    np.save(tmp_path / "elsewhere.npy", np.zeros(4))
    with pytest.raises(UserError, match=r"1 of 4 files in"):
        own_contents(SETTINGS, tmp_path / "data", tmp_path / "cache")


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\x01\x00\xff\xff"])
def test_a_file_of_another_kind_is_refused(content, tmp_path):
    (write(tmp_path) / "mine" / "p01" / "pain.npy").write_bytes(content)
    with pytest.raises(UserError, match="'p01/pain' cannot be used"):
        own_clips(clips(), SETTINGS, tmp_path)


def test_a_file_that_is_cut_short_is_refused_by_its_header(tmp_path):
    path = write(tmp_path) / "mine" / "p01" / "pain.npy"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(UserError, match=r"an array \(7, 4\) of float64, in a file of 344 bytes"):
        own_clips(clips(), SETTINGS, tmp_path)


@pytest.mark.parametrize("folder", ["nowhere", "../mine", "/mine"])
def test_a_folder_elsewhere_is_refused(folder, tmp_path):
    with pytest.raises(UserError, match=r"not there|leads out"):
        own_clips(clips(), FeatureSettings(folder=folder), tmp_path)


def test_a_clips_name_leads_nowhere_else(tmp_path):
    with pytest.raises(UserError, match="leads out"):
        own_clips(clips("../../passwords"), SETTINGS, write(tmp_path))


@pytest.mark.parametrize(
    ("values", "message"), [({"rate": 25}, "rate: is that of own"), ({"folder": "mine", "fps": 5}, "by their rate")]
)
def test_settings_that_do_not_go_together_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        FeatureSettings(**values)


def with_media(names, media):
    return pd.DataFrame({"clip": names, "media": [f"mine/{name}.npy" for name in media], "kind": "features"})


def test_a_clip_that_is_called_as_the_file_of_another_is_refused(tmp_path):
    write(tmp_path)
    assert own_clips(with_media(NAMES, NAMES), SETTINGS, tmp_path)["num_frames"].tolist() == [6, 7, 8]
    with pytest.raises(
        UserError, match=r"file of own features of another one(.|\n)*'p01/pain': the index says rest.npy"
    ):
        own_clips(with_media(("p01/pain", "p01/rest"), ("p01/rest", "p01/pain")), SETTINGS, tmp_path)


def test_files_of_another_folder_take_the_place_of_those_that_the_index_names(tmp_path):
    write(tmp_path)
    elsewhere = with_media(NAMES, NAMES).assign(media="clinic/p01/rest.npy")
    assert own_clips(elsewhere, SETTINGS, tmp_path)["num_frames"].tolist() == [6, 7, 8]


@pytest.mark.parametrize("other", ["p01//rest", "./p01/rest", "p02/../p01/rest"])
def test_two_clips_that_are_called_as_one_file_are_refused(other, tmp_path):
    write(tmp_path)
    with pytest.raises(UserError, match=r"Two clips have one file(.|\n)*'p01/rest' and '.*p01//?rest'"):
        own_clips(clips("p01/rest", other), SETTINGS, tmp_path)


def test_sums_over_frames_of_the_largest_values_are_finite(tmp_path):
    write(tmp_path, {"p01/rest": np.full((1000, 4), 1e32)})
    _, features = kept(tmp_path, clips("p01/rest"))
    assert np.isfinite(read_features(features["features"][0]).mean(axis=0)).all()


def frame_clips(root, kind, num_frames):
    for number, name in enumerate(NAMES):
        path = root / "clinic" / f"{name}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        video(path, 6 + number)
    media = [f"clinic/{name}.mp4" for name in NAMES]
    return pd.DataFrame({"clip": NAMES, "media": media, "kind": kind, "num_frames": pd.array(num_frames, "Int64")})


@pytest.mark.parametrize(("kind", "known"), [("video", [None] * 3), ("video", [9] * 3), ("images", [6, 7, 8])])
def test_labelled_frames_need_a_row_each(kind, known, tmp_path):
    table = frame_clips(tmp_path, kind, known)
    write(tmp_path)
    stage = own_stage(table, SETTINGS, tmp_path, tmp_path / "cache")
    check_frames(table, stage, SETTINGS, tmp_path, tmp_path / "cache")
    for rows in (4, 9):
        write(tmp_path, changed("p01/pain", np.zeros((rows, 4))))
        stage = own_stage(table, SETTINGS, tmp_path, tmp_path / "cache")
        with pytest.raises(UserError, match=rf"1 of 3 clips, such as 'p01/pain': {rows} rows of 7 frames"):
            check_frames(table, stage, SETTINGS, tmp_path, tmp_path / "cache")


def test_rows_of_clips_whose_length_nobody_knows_are_not_compared(tmp_path):
    table = frame_clips(tmp_path, "features", [None] * 3)
    write(tmp_path, changed("p01/pain", np.zeros((3, 4))))
    stage = own_stage(table, SETTINGS, tmp_path, tmp_path / "cache")
    check_frames(table, stage, SETTINGS, tmp_path, tmp_path / "cache")
