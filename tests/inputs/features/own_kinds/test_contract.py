"""What holds for every kind of own features: files become features, one clip at a time."""

import os

import numpy as np
import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.core.store import write_text
from transferpain.inputs.features.cache import read_features
from transferpain.inputs.features.own import keep_own, own_clips, own_contents, own_stage
from transferpain.inputs.features.own_kinds.registry import OWN_KINDS
from transferpain.inputs.features.settings import FeatureSettings

NAMES = ("p01/rest", "p01/pain", "p02/rest")


def write_array(path, frames, missing):
    rows = np.random.default_rng(frames).random((frames, 4))
    rows[list(missing)] = np.nan
    np.save(path.with_suffix(".npy"), rows)


def write_table(path, frames, missing):
    random = np.random.default_rng(frames)
    table = pd.DataFrame({"frame": range(1, frames + 1), "confidence": 0.9, "success": 1})
    table["AU04_r"], table["AU12_r"] = random.random(frames), random.random(frames)
    table.loc[list(missing), "success"] = 0
    write_text(path.with_suffix(".csv"), table.to_csv(index=False))


def write_signals(path, samples, missing):
    values = np.random.default_rng(samples).random((samples, 2))
    values[list(missing)] = np.nan
    table = pd.DataFrame(values, columns=["first", "second"])
    write_text(path.with_name(f"{path.name}_bio.csv"), table.to_csv(sep="\t", index=False))


WRITERS = {
    "features": write_array,
    "action_units": write_table,
    "signal_measures": write_signals,
    "signal_series": write_signals,
}
SIGNALS = {"rate": 10, "signals": {"channels": {"first": "other", "second": "other"}}}
FURTHER = {"signal_measures": SIGNALS, "signal_series": SIGNALS | {"fps": 10}}


@pytest.fixture(params=OWN_KINDS)
def kind(request):
    return OWN_KINDS[request.param]


@pytest.fixture
def settings(kind, tmp_path):
    for number, name in enumerate(NAMES):
        path = tmp_path / "mine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        WRITERS[kind.name](path, 6 + number, range(8) if number == 2 else [1])
    return FeatureSettings(folder="mine", files=kind.name, **FURTHER.get(kind.name, {}))


def kept(root, settings, names=NAMES, cache="cache"):
    stage = own_stage(pd.DataFrame({"clip": names}), settings, root, root / cache)
    return keep_own(stage.assign(stretch=6), settings, root / cache)


def test_it_states_what_it_is(kind):
    assert all(isinstance(part, str) and part for part in (*kind.key, kind.made_by, kind.layout))
    assert len({one.key for one in OWN_KINDS.values()}) == len(OWN_KINDS)


def test_each_clip_has_its_own_features_in_whatever_order_they_are_asked_for(kind, settings, tmp_path):
    features = kept(tmp_path, settings)
    again = kept(tmp_path, settings, NAMES[::-1], "other")
    widths = own_clips(pd.DataFrame({"clip": NAMES}), settings, tmp_path)["width"]
    for row, other, width in zip(features.itertuples(), list(again.itertuples())[::-1], widths, strict=True):
        rows = read_features(row.features)
        assert rows.dtype == kind.dtype
        assert rows.shape == (row.frames, width)
        assert rows.tobytes() == read_features(other.features).tobytes()
    assert (features["frames"] == 1).all() == kind.whole_clip


def test_a_clip_without_a_face_is_missing_and_never_0(settings, tmp_path):
    features = kept(tmp_path, settings)
    assert (features["found"] > 0).tolist() == [True, True, False]
    assert np.isnan(read_features(features["features"][2])).all()


def test_what_is_kept_is_not_made_again_and_other_bytes_are(kind, settings, tmp_path):
    before, named = kept(tmp_path, settings), own_contents(settings, tmp_path, tmp_path / "cache")
    assert kept(tmp_path, settings)["features"].tolist() == before["features"].tolist()
    WRITERS[kind.name](tmp_path / "mine" / NAMES[0], 20, [0])
    assert kept(tmp_path, settings)["features"][0] != before["features"][0]
    assert own_contents(settings, tmp_path, tmp_path / "cache") != named


def test_a_clip_without_a_file_is_named(settings, tmp_path):
    with pytest.raises(UserError, match=r"1 of 2 clips have no features(.|\n)*p03/fear"):
        own_clips(pd.DataFrame({"clip": ["p01/rest", "p03/fear"]}), settings, tmp_path)


def test_a_pipe_is_no_file_and_is_not_waited_for(kind, settings, tmp_path):
    before = own_contents(settings, tmp_path, tmp_path / "cache")
    suffix = kind.files(tmp_path / "mine")[0].suffix
    os.mkfifo(tmp_path / "mine" / f"pipe{suffix}")
    assert own_contents(settings, tmp_path, tmp_path / "cache") == before
    with pytest.raises(UserError, match=r"no (file|table) of '?pipe"):
        own_clips(pd.DataFrame({"clip": ["pipe"]}), settings, tmp_path)
