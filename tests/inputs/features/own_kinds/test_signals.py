import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from transferpain.core.errors import UserError
from transferpain.core.store import write_text
from transferpain.inputs.features.cache import read_features
from transferpain.inputs.features.own import keep_own, own_clips, own_kind, own_stage
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.inputs.signals.kinds.eda import EDA
from transferpain.inputs.signals.kinds.emg import EMG, envelope

RATE, SAMPLES = 512, 2816
MEASURES, SERIES = {"files": "signal_measures"}, {"files": "signal_series", "fps": 32}
CHANNELS = {"gsr": "eda", "emg_corrugator": "emg"}


def drawn(samples=SAMPLES, seed=0, rate=RATE):
    """Return the columns of a clip of BioVid's form: a slow wave on a level, and noise."""
    random = np.random.default_rng(seed)
    seconds = np.arange(samples) / rate
    return pd.DataFrame(
        {
            "time": np.round(1250 + 1e6 * seconds).astype(np.int64),
            "gsr": 5 + 0.3 * np.sin(seconds) + 0.001 * random.standard_normal(samples),
            "emg_corrugator": random.standard_normal(samples),
        }
    )


def write(root, table, name="071309_w_21-BL1-081_bio.csv"):
    write_text(root / "signals" / "071309_w_21" / name, table.to_csv(sep="\t", index=False))


def settings(**values):
    signals = {"channels": values.pop("channels", CHANNELS), **values.pop("signals", {})}
    return FeatureSettings(folder="signals", rate=values.pop("rate", RATE), signals=signals, **values)


def kept(root, stretch=SAMPLES, **values):
    how = settings(**values)
    stage = own_stage(pd.DataFrame({"clip": ["071309_w_21-BL1-081"]}), how, root, root / "cache")
    (path,) = keep_own(stage.assign(stretch=stretch), how, root / "cache")["features"]
    return stage, read_features(path)


def test_measures_are_those_of_each_channel_in_the_order_of_their_names(tmp_path):
    table = drawn()
    write(tmp_path, table)
    stage, (row,) = kept(tmp_path, **MEASURES)
    kind = own_kind(settings(**MEASURES))
    assert len(row) == len(kind.names) == len(EMG.measures) + len(EDA.measures)
    assert kind.names[0] == "emg_corrugator: root mean square"
    expected = [EMG.measure(table["emg_corrugator"].to_numpy(), RATE), EDA.measure(table["gsr"].to_numpy(), RATE)]
    np.testing.assert_allclose(row, np.concatenate(expected), rtol=1e-4)
    assert stage[["num_frames", "found", "fps"]].iloc[0].tolist() == [SAMPLES, SAMPLES, RATE]


def test_only_the_stretch_that_is_read_is_measured(tmp_path):
    table = drawn()
    table.loc[1024:, "emg_corrugator"] *= 100
    write(tmp_path, table)
    _, (row,) = kept(tmp_path, stretch=1024, **MEASURES)
    np.testing.assert_allclose(row[0], EMG.measure(table["emg_corrugator"].to_numpy()[:1024], RATE)[0], rtol=1e-3)


def test_series_are_so_many_rows_a_second_of_each_channel_as_its_kind_reads_it(tmp_path):
    table = drawn()
    write(tmp_path, table)
    _, rows = kept(tmp_path, **SERIES)
    assert rows.shape == (176, 2)
    np.testing.assert_allclose(rows[:, 0], envelope(table["emg_corrugator"].to_numpy(), RATE)[::16], atol=0.02)
    np.testing.assert_allclose(rows[10:-10, 1], 5 + 0.3 * np.sin(np.arange(176) / 32)[10:-10], atol=0.005)


@pytest.mark.parametrize("how", [MEASURES, SERIES], ids=["measures", "series"])
def test_a_short_gap_is_bridged(how, tmp_path):
    table = drawn()
    whole = table.copy()
    table.loc[1000:1099, "gsr"] = np.nan  # a fifth of a second of a slow wave
    write(tmp_path, table)
    stage, rows = kept(tmp_path, **how)
    assert stage["found"].iloc[0] == SAMPLES
    write(tmp_path, whole)
    np.testing.assert_allclose(rows, kept(tmp_path, **how)[1], atol=0.02, rtol=0.05)


@pytest.mark.parametrize("by_time", [False, True], ids=["empty cells", "rows that are not there"])
def test_a_long_gap_is_missing_and_never_a_number(by_time, tmp_path):
    table = drawn()
    if by_time:
        table = table.drop(index=range(1000, 1200))
    else:
        table.loc[1000:1199, "gsr"] = np.nan
    write(tmp_path, table)
    stage, rows = kept(tmp_path, **SERIES)
    assert stage["found"].iloc[0] == SAMPLES - 200
    missing = np.isnan(rows).all(axis=1)
    assert np.flatnonzero(missing).tolist() == list(range(63, 75))
    assert not np.isnan(rows[~missing]).any()
    assert np.isnan(kept(tmp_path, **MEASURES)[1]).all()
    assert not np.isnan(kept(tmp_path, stretch=1000, **MEASURES)[1]).any()  # the gap lies behind what is read
    assert not np.isnan(kept(tmp_path, signals={"longest_gap": 1.0}, **MEASURES)[1]).any()


def test_a_channel_that_recorded_nothing_is_missing(tmp_path):
    write(tmp_path, drawn().assign(gsr=np.nan))
    assert np.isnan(kept(tmp_path, **MEASURES)[1]).all()
    assert np.isnan(kept(tmp_path, **SERIES)[1]).all()


def test_a_heart_without_beats_is_missing(tmp_path):
    write(tmp_path, drawn().assign(ecg=0.0))
    assert np.isnan(kept(tmp_path, channels={"ecg": "ecg", "gsr": "eda"}, **MEASURES)[1]).all()


def test_signals_of_another_rate_than_is_stated_are_refused(tmp_path):
    write(tmp_path, drawn(1408, rate=256))
    with pytest.raises(UserError, match=r"071309_w_21-BL1-081': 256 a second by its times; rate: 512"):
        kept(tmp_path, **MEASURES)
    with pytest.raises(UserError, match="256 a second by its times; rate: 250"):
        kept(tmp_path, rate=250, **MEASURES)
    assert not np.isnan(kept(tmp_path, rate=256, stretch=1408, **MEASURES)[1]).any()


def test_other_settings_have_other_features(tmp_path):
    write(tmp_path, drawn())
    keys = {own_kind(settings(**MEASURES, **one)).key for one in ({}, {"rate": 500}, {"signals": {"longest_gap": 0.5}})}
    keys |= {own_kind(settings(**SERIES)).key, own_kind(settings(**MEASURES, channels={"gsr": "other"})).key}
    assert len(keys) == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.rename(columns={"gsr": "eda"}), "BL1-081'(.|\n)*no column 'gsr'"),
        (lambda table: table.astype({"gsr": str}).replace({"gsr": {str(table["gsr"][7]): "x"}}), "'x' in the column"),
        (lambda table: table[::-1], "do not rise"),
        (lambda table: table[:0], "no row of numbers"),
    ],
    ids=["column", "letter", "backwards", "no rows"],
)
def test_tables_that_cannot_be_read_are_refused_by_the_name_of_their_clip(change, message, tmp_path):
    write(tmp_path, change(drawn()))
    with pytest.raises(UserError, match=message):
        kept(tmp_path, **MEASURES)


def test_biovid_s_ending_is_no_part_of_the_clip_s_name_and_one_table_is_enough(tmp_path):
    write(tmp_path, drawn(), "071309_w_21-BL1-081.csv")
    clips = pd.DataFrame({"clip": ["biovid/071309_w_21-BL1-081"]})
    assert own_clips(clips, settings(**MEASURES), tmp_path)["num_frames"].tolist() == [SAMPLES]
    write(tmp_path, drawn())
    with pytest.raises(UserError, match="Two tables of signals have one name"):
        own_clips(clips, settings(**MEASURES), tmp_path)


def test_a_name_that_is_spelt_otherwise_is_said(tmp_path):
    write(tmp_path, drawn(), "071309_w_21-bl1-081_bio.csv")
    with pytest.raises(UserError, match=r"tables of signals in(.|\n)*bl1-081"):
        own_clips(pd.DataFrame({"clip": ["071309_w_21-BL1-081"]}), settings(**MEASURES), tmp_path)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"files": "signal_measures"}, "rate: of signals it is stated"),
        ({"files": "signal_measures", "rate": 64}, "need 128 samples a second, received 64"),
        ({"files": "signal_measures", "rate": 512, "fps": 32}, "of measures of signals a clip has one row"),
        ({"files": "signal_series", "rate": 512}, r"features\.fps: rows of signals are so many a second"),
        ({"files": "signal_series", "rate": 512, "fps": 600}, "at most as many as samples"),
        ({"files": "features", "signals": {}}, "signals: goes with files"),
        ({"files": "features", "rate": 2000}, "of frames it is up to 1000 a second"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(values, message):
    with pytest.raises(ValidationError, match=message):
        FeatureSettings(folder="signals", **values)


def test_what_an_experiment_without_signals_says_is_as_it_was():
    assert "signals" not in FeatureSettings().model_dump()
    assert "signals" not in FeatureSettings(folder="mine").model_dump()
    assert FeatureSettings(folder="s", files="signal_measures", rate=512).model_dump()["signals"]["longest_gap"] == 0.25
