import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.forked_program import heavy_modules
from tests.inputs.faces.drawing import draw_plain_face
from tests.inputs.features.small_source import DIMENSION, SETTINGS, SMALL, SmallPreprocessing, SmallSource, make_faces
from transferpain.core.errors import UserError
from transferpain.core.store import is_intact
from transferpain.inputs.faces.cache import FaceFacts, faces_path, read_faces, write_faces
from transferpain.inputs.faces.jpeg import encode_jpeg
from transferpain.inputs.features.cache import FirstFrames, read_features
from transferpain.inputs.features.extract import COLUMNS, extract_features, sampled_frames
from transferpain.inputs.features.extractors.source import SourceExtractor
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.inputs.features.windows import spread_frames

PROJECT = Path(__file__).parents[3]
CLIPS = {"short": "xx", "gaps": ".xx.x..xx", "nobody": "...", "long": "x" * 11}


@pytest.fixture
def faces(tmp_path) -> pd.DataFrame:
    return make_faces(tmp_path, CLIPS)


def embedded_alone(faces_file: str) -> np.ndarray:
    """Embed a clip's pictures by the plain model."""
    images = read_faces(faces_file).images
    return SmallSource().load_embedder("float32").predict(images.astype(np.float32), verbose=0)


def test_every_frame_gets_its_own_features(faces, tmp_path):
    table = extract_features(SMALL, faces, SETTINGS, tmp_path)
    assert list(table.columns) == COLUMNS
    assert table["clip"].tolist() == list(CLIPS)
    assert table["frames"].tolist() == [2, 9, 3, 11]
    assert table["found"].tolist() == [2, 5, 0, 11]
    for frames, path, source in zip(CLIPS.values(), table["features"], faces["faces"], strict=True):
        assert is_intact(Path(path))
        features = read_features(path)
        assert features.shape == (len(frames), DIMENSION)
        assert features.dtype == np.float16
        rows = np.array([frame == "x" for frame in frames])
        assert np.isnan(features[~rows]).all()
        if rows.any():
            np.testing.assert_allclose(features[rows], embedded_alone(source), rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize("batch", [1, 3, 32])
def test_the_batch_does_not_change_the_features(faces, tmp_path, batch):
    one = extract_features(SMALL, faces, SETTINGS, tmp_path)
    settings = FeatureSettings(dtype="float32", batch=batch)
    other = extract_features(SourceExtractor(SmallSource(weights_hash="same weights")), faces, settings, tmp_path)
    for path, other_path in zip(one["features"], other["features"], strict=True):
        np.testing.assert_allclose(read_features(path), read_features(other_path), rtol=1e-3, atol=1e-4)


def test_an_interrupted_extraction_gives_the_same_bits(faces, tmp_path):
    whole = extract_features(SMALL, faces, SETTINGS, tmp_path / "whole")
    extract_features(SMALL, faces.iloc[:2], SETTINGS, tmp_path / "part")
    parts = extract_features(SMALL, faces, SETTINGS, tmp_path / "part")
    for path, other_path in zip(whole["features"], parts["features"], strict=True):
        assert Path(path).read_bytes() == Path(other_path).read_bytes()


def test_what_is_cached_is_not_computed_again(faces, tmp_path):
    source = SmallSource()
    first = extract_features(SourceExtractor(source), faces.iloc[:3], SETTINGS, tmp_path)
    before = [Path(path).stat().st_mtime_ns for path in first["features"]]
    again = extract_features(SourceExtractor(source), faces, SETTINGS, tmp_path)
    assert source.loaded == ["float32", "float32"]
    assert [Path(path).stat().st_mtime_ns for path in again["features"][:3]] == before
    extract_features(SourceExtractor(source), faces, SETTINGS, tmp_path)
    assert len(source.loaded) == 2


def test_each_clip_is_counted_when_it_is_embedded_and_only_then(faces, tmp_path):
    counted = []
    twice = pd.concat([faces, faces.iloc[:1].assign(clip="a copy")])
    for _ in range(2):
        extract_features(SMALL, twice, SETTINGS, tmp_path, lambda: counted.append("clip"))
    assert len(counted) == len(CLIPS)


@pytest.mark.slow
def test_of_two_processes_one_embeds_and_the_other_waits(faces, tmp_path):
    faces.to_parquet(tmp_path / "table.parquet")
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "import pandas as pd\n"
        "from tests.inputs.features.small_source import SETTINGS, SMALL\n"
        "from transferpain.inputs.features.extract import extract_features, sampled_frames\n"
        "cache, embedded = Path(sys.argv[1]), []\n"
        "def on_embedded():\n"
        "    embedded.append('clip')\n"
        "    while not (cache / 'second waits').exists(): time.sleep(0.01)\n"
        "extract_features(SMALL, pd.read_parquet(cache / 'table.parquet'), SETTINGS, cache, on_embedded)\n"
        "print(len(embedded), 'tensorflow' in sys.modules)\n"
    )
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, cwd=PROJECT, **pipes) as first:
        while not list(tmp_path.glob("features/*/*.npy")) and first.poll() is None:
            time.sleep(0.01)
        with subprocess.Popen(command, cwd=PROJECT, **pipes) as second:
            said = second.stderr.readline()
            (tmp_path / "second waits").touch()
            answers = [process.communicate(timeout=60)[0] for process in (first, second)]
    assert "Another process computes features with these settings" in said
    assert answers == [f"{len(CLIPS)} True\n", "0 False\n"]


def test_a_damaged_file_is_computed_again_and_told(faces, tmp_path, capfd):
    path = Path(extract_features(SMALL, faces, SETTINGS, tmp_path)["features"][1])
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    capfd.readouterr()
    extract_features(SMALL, faces, SETTINGS, tmp_path)
    assert "features of clip gaps are damaged" in capfd.readouterr().err
    assert path.read_bytes() == whole


def test_unusable_clips_are_left_out_and_the_labels_stay(faces, tmp_path):
    faces.loc[1, ["faces", "key", "problem"]] = ["", "", "the file is empty"]
    table = extract_features(SMALL, faces, SETTINGS, tmp_path)
    assert table.index.tolist() == [0, 2, 3]
    assert table["clip"].tolist() == ["short", "nobody", "long"]


def test_only_clips_without_a_face(tmp_path):
    faces = make_faces(tmp_path, {"nobody": "....", "no one": "."})
    table = extract_features(SMALL, faces, SETTINGS, tmp_path)
    assert table["frames"].tolist() == [4, 1]
    assert table["found"].tolist() == [0, 0]


def test_no_clips_load_nothing(faces, tmp_path):
    source = SmallSource()
    assert len(extract_features(SourceExtractor(source), faces.iloc[:0], SETTINGS, tmp_path)) == 0
    assert source.loaded == []


def test_a_lower_rate_takes_the_nearest_frames(tmp_path):
    faces = make_faces(tmp_path, {"clip": "xx.xx.x"}, fps=30.0)
    native = read_features(extract_features(SMALL, faces, SETTINGS, tmp_path)["features"][0])
    halved = FeatureSettings(dtype="float32", batch=4, fps=15)
    table = extract_features(SMALL, faces, halved, tmp_path)
    assert (table["frames"][0], table["found"][0]) == (4, 3)
    np.testing.assert_array_equal(read_features(table["features"][0]), native[[0, 2, 4, 6]])


def test_a_higher_rate_repeats_frames(tmp_path):
    faces = make_faces(tmp_path, {"clip": "x.x"}, fps=10.0)
    native = read_features(extract_features(SMALL, faces, SETTINGS, tmp_path)["features"][0])
    doubled = FeatureSettings(dtype="float32", batch=4, fps=20)
    table = extract_features(SMALL, faces, doubled, tmp_path)
    np.testing.assert_array_equal(read_features(table["features"][0]), native[[0, 1, 1, 2, 2, 2]])


def test_an_unknown_rate_cannot_be_resampled(tmp_path):
    faces = make_faces(tmp_path, {"clip": "xx"}, fps=float("nan"))
    assert extract_features(SMALL, faces, SETTINGS, tmp_path)["frames"][0] == 2
    with pytest.raises(UserError, match="frame rate of clip clip is unknown"):
        extract_features(SMALL, faces, FeatureSettings(fps=30), tmp_path)


@pytest.mark.parametrize(
    ("frames", "taken"), [(1, [3]), (3, [1, 3, 5]), (7, range(7)), (14, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6])]
)
def test_so_many_features_a_clip_are_spread_over_it(tmp_path, frames, taken):
    # No rate is known, and none is needed.
    faces = make_faces(tmp_path, {"clip": "xx.xx.x"}, fps=float("nan"))
    native = read_features(extract_features(SMALL, faces, SETTINGS, tmp_path)["features"][0])
    settings = FeatureSettings(dtype="float32", batch=4, frames=frames)
    table = extract_features(SMALL, faces, settings, tmp_path)
    spread = read_features(table["features"][0])
    np.testing.assert_array_equal(spread, native[list(taken)])
    np.testing.assert_array_equal(spread, native[spread_frames(len(native), frames)])
    assert table["frames"][0] == frames


def test_a_long_clip_is_read_at_the_rate_of_a_short_one(tmp_path):
    faces = make_faces(tmp_path, {"baseline": "x" * 24, "pain": "x" * 4}, fps=4.0).assign(stretch=4)
    settings = FeatureSettings(dtype="float32", batch=4, frames=8)
    files = extract_features(SMALL, faces, settings, tmp_path)["features"]
    native = extract_features(SMALL, faces, SETTINGS, tmp_path)["features"]
    for file, every in zip(files, native, strict=True):
        np.testing.assert_array_equal(read_features(file), read_features(every)[[0, 0, 1, 1, 2, 2, 3, 3]])


def test_another_stretch_is_another_file_and_a_whole_clip_keeps_its_own(tmp_path):
    faces = make_faces(tmp_path, {"clip": "x" * 8})
    settings = FeatureSettings(dtype="float32", batch=4, frames=2)
    whole, known, short, shorter = (
        extract_features(SMALL, table, settings, tmp_path)["features"][0]
        for table in (faces, faces.assign(stretch=8), faces.assign(stretch=4), faces.assign(stretch=3))
    )
    assert whole == known
    assert len({whole, short, shorter}) == 3


def test_clips_of_any_length_get_so_many_features(faces, tmp_path):
    table = extract_features(SMALL, faces, FeatureSettings(dtype="float32", frames=6), tmp_path)
    assert table["frames"].tolist() == [6] * 4
    assert table["found"].tolist() == [6, 2, 0, 6]


@pytest.mark.parametrize(
    ("source", "settings"),
    [
        (SmallSource(weights_hash="other"), SETTINGS),
        (SmallSource(preprocessing=SmallPreprocessing("16 rgb symmetric")), SETTINGS),
        (SmallSource(), FeatureSettings(dtype="bfloat16", batch=4)),
        (SmallSource(), FeatureSettings(dtype="float32", batch=4, fps=25)),
        (SmallSource(), FeatureSettings(dtype="float32", batch=4, frames=25)),
    ],
)
def test_other_inputs_are_other_files(faces, tmp_path, source, settings):
    one = extract_features(SMALL, faces, SETTINGS, tmp_path)
    other = extract_features(SourceExtractor(source), faces, settings, tmp_path)
    assert not set(one["features"]) & set(other["features"])


def test_a_feature_beyond_float16_is_refused(faces, tmp_path):
    with pytest.raises(UserError, match=r"clip short does not fit(.|\n)*65504"):
        extract_features(SourceExtractor(SmallSource(scale=1e7)), faces, SETTINGS, tmp_path)
    assert not list((tmp_path / "features").rglob("*.npy"))


def test_features_that_are_no_numbers_are_refused(faces, tmp_path):
    with pytest.raises(UserError, match="a value of magnitude nan"):
        extract_features(SourceExtractor(SmallSource(scale=float("nan"))), faces, SETTINGS, tmp_path)


def test_faces_of_another_size_are_refused(tmp_path):
    faces = make_faces(tmp_path, {"clip": "x"})
    path = faces_path(tmp_path, "large")
    large = encode_jpeg(draw_plain_face(24, 24, (12, 12), 0.1))
    write_faces(path, FaceFacts("large", 25.0, 1, 1, "dlib 1"), [{"found": True, "jpeg": large}])
    faces.loc[0, ["faces", "key"]] = [str(path), "large"]
    with pytest.raises(UserError, match=r"16x16 pixels(.|\n)*24x24 pixels"):
        extract_features(SMALL, faces, SETTINGS, tmp_path)


def test_a_cache_that_cannot_be_written_is_a_message_for_the_user(faces, tmp_path):
    (tmp_path / "features").write_text("a file where the folder should be")
    with pytest.raises(UserError, match=r"cache .* cannot be read or written"):
        extract_features(SMALL, faces, SETTINGS, tmp_path)


def test_cached_features_start_no_tensorflow(faces, tmp_path):
    extract_features(SMALL, faces, SETTINGS, tmp_path)
    faces.to_parquet(tmp_path / "table.parquet")
    code = (
        "from pathlib import Path\n"
        "import pandas as pd\n"
        "from tests.inputs.features.small_source import SETTINGS, SMALL\n"
        "from transferpain.inputs.features.extract import extract_features\n"
        f"cache = Path({str(tmp_path)!r})\n"
        "table = extract_features(SMALL, pd.read_parquet(cache / 'table.parquet'), SETTINGS, cache)\n"
        "assert len(table) == 4\n"
    )
    assert heavy_modules(code, {"tensorflow"}) == set()


@pytest.mark.slow
@pytest.mark.parametrize(("stated", "told"), [(None, False), (1, False), (2, True)])
def test_who_states_threads_is_told_of_features_that_others_have_computed(faces, tmp_path, stated, told):
    """The first process has one thread; a process has one number, so each is one of its own."""
    faces.to_pickle(tmp_path / "faces.pickle")

    def said(threads: int | None) -> str:
        code = f"""if True:
            import pandas as pd
            from pathlib import Path
            from tests.inputs.features.small_source import SETTINGS, SMALL
            from transferpain.core.threads import settle_threads
            from transferpain.inputs.features.extract import extract_features
            settle_threads({threads})
            extract_features(SMALL, pd.read_pickle("{tmp_path}/faces.pickle"), SETTINGS, Path("{tmp_path}"))
        """
        done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
        return " ".join(done.stderr.split())

    assert "computed before" not in said(1)
    expected = "the features of 4 clips were computed before with threads: 1, and the experiment states 2"
    assert (expected in said(stated)) == told


def test_an_extractor_that_reads_no_faces_is_refused(faces, tmp_path):
    @dataclass(frozen=True)
    class OfLandmarks(SourceExtractor):
        reads = "landmarks"

    with pytest.raises(ValueError, match="reads landmarks"):
        extract_features(OfLandmarks(SmallSource()), faces, SETTINGS, tmp_path)


@pytest.mark.parametrize(
    ("sampling", "taken"),
    [
        (None, [0, 1, 2, 3, 4, 5]),
        # 2.1 s in the mean of 2.9 frames a second; at five moments a second the frame nearest in time.
        ((2.86, 5.0), [0, 2, 3, 4, 4, 4, 4, 5, 5, 5]),
        (3, [3, 4, 5]),
        (FirstFrames(3, 2), [0, 2]),
    ],
)
def test_frames_at_uneven_distances_are_sampled_by_their_times(sampling, taken):
    seconds = np.array([0, 0.1, 0.2, 0.3, 0.75, 1.75])
    assert sampled_frames(6, sampling, seconds).tolist() == taken
