"""The twin's signals: BioVid's form, a known link to the stimulus, and none where there is nothing to be learned."""

import numpy as np
import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.data.media.signals import read_signals
from transferpain.data.synthetic.ai4pain import plan_ai4pain
from transferpain.data.synthetic.biovid import plan_biovid
from transferpain.data.synthetic.ferplus import plan_ferplus
from transferpain.data.synthetic.mintpain import plan_mintpain
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.signals import draw_signals, invent_body, write_signals
from transferpain.data.synthetic.unbc import plan_unbc
from transferpain.inputs.signals.kinds.ecg import ECG
from transferpain.inputs.signals.settings import BIOVID

PEOPLE = 40


def drawn(strength, name="p1", clip="c1"):
    return draw_signals(invent_body(0, name), strength, 0, clip)


def means(strength):
    """Return over people: highest minus lowest conductance, heart rate, and activity of the corrugator after 2 s."""
    tables = [draw_signals(invent_body(7, f"p{one}"), strength, 7, f"c{one}") for one in range(PEOPLE)]
    rows = [
        (np.ptp(one["gsr"]), ECG.measure(one["ecg"].to_numpy(), 512.0)[0], one["emg_corrugator"][1024:].std())
        for one in tables
    ]
    return np.mean(rows, axis=0)


def test_a_table_has_the_form_of_biovid_s(tmp_path):
    plans = plan_biovid(TwinSettings(8, clips=1, levels=("BL1", "PA4"), signals=True))
    write_signals(tmp_path, plans[:1])
    name = plans[0].person.name
    path = tmp_path / "biosignals_raw" / name / f"{plans[0].clip}_bio.csv"
    table = pd.read_csv(path, sep="\t")
    assert list(table) == ["time", "gsr", "ecg", "emg_trapezius", "emg_corrugator", "emg_zygomaticus"]
    assert table.shape == (2816, 6)
    assert table["time"].iloc[0] == 1250
    assert np.diff(table["time"]).mean() == pytest.approx(1953.125, abs=0.01)
    signals = read_signals(path, sorted(BIOVID), 512.0)
    assert signals.rate == pytest.approx(512, rel=1e-4)
    assert not np.isnan(signals.values).any()


def test_what_is_felt_shows_by_the_link_that_is_written_down():
    nothing, strongest = means(0.0), means(1.0)
    assert (strongest > nothing).all()
    between = means(0.5)
    assert (between > nothing).all()
    assert (between < strongest).all()
    bodies = [invent_body(7, f"p{one}") for one in range(PEOPLE)]
    # Faster by the gain from 3 s on, on its way there from 1.5 s on: over 5.5 s about six tenths of it.
    assert strongest[1] - nothing[1] == pytest.approx(0.6 * np.mean([one.heart_gain for one in bodies]), rel=0.4)


def test_the_same_clip_has_the_same_bits_and_others_differ():
    assert drawn(0.5).equals(drawn(0.5))
    assert not drawn(0.5).equals(drawn(0.5, clip="c2"))
    assert not drawn(0.5).equals(drawn(0.5, name="p2"))


def test_how_a_body_is_hangs_on_nothing_that_a_face_shows():
    plans = plan_biovid(TwinSettings(87, clips=1, levels=("PA4",)))
    expressive = [plan.person.temperament.expressiveness for plan in plans]
    bodies = [invent_body(plan.seed, plan.person.name) for plan in plans]
    for gain in ("skin_gain", "heart_gain", "muscle_gain"):
        assert abs(np.corrcoef(expressive, [getattr(one, gain) for one in bodies])[0, 1]) < 0.25


def test_in_a_null_twin_a_table_follows_what_is_felt_and_not_its_name(tmp_path):
    real, null = (plan_biovid(TwinSettings(2, clips=1, null=null, signals=True)) for null in (False, True))
    write_signals(tmp_path / "real", real)
    write_signals(tmp_path / "null", null)
    equal = []
    for one, other in zip(real, null, strict=True):
        place = f"biosignals_raw/{one.person.name}/{one.clip}_bio.csv"
        tables = [(tmp_path / world / place).read_bytes() for world in ("real", "null")]
        equal.append(tables[0] == tables[1])
        assert equal[-1] == (one.stimuli == other.stimuli)
    assert False in equal


def test_what_stands_there_is_left_as_it_is(tmp_path):
    plans = plan_biovid(TwinSettings(1, clips=1, levels=("BL1",), signals=True))
    write_signals(tmp_path, plans)
    (path,) = tmp_path.rglob("*_bio.csv")
    path.write_text("mine")
    write_signals(tmp_path, plans)
    assert path.read_text() == "mine"


def test_signals_change_neither_the_clips_nor_what_other_twins_say():
    assert plan_biovid(TwinSettings(3, clips=1, signals=True)) == plan_biovid(TwinSettings(3, clips=1))
    assert "signals" not in TwinSettings(3).facts()
    assert TwinSettings(3, signals=True).facts()["signals"] is True


@pytest.mark.parametrize("plan", [plan_ai4pain, plan_unbc, plan_mintpain, plan_ferplus])
def test_other_datasets_have_none(plan):
    with pytest.raises(UserError, match="twin has no `signals`"):
        plan(TwinSettings(3, signals=True))


def test_it_is_true_or_false():
    with pytest.raises(UserError, match="`signals` is true or false"):
        TwinSettings(3, signals="yes")
