"""An experiment on signals, from a clip's table to a head's answers, and late fusion with another run's."""

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.data.datasets.trees import touch
from transferpain.core.errors import UserError
from transferpain.core.store import read_json, write_text
from transferpain.data.places import Places
from transferpain.experiments.results import NO_SIGNALS
from transferpain.experiments.runner import make_plan, run_experiment
from transferpain.experiments.schema import load_experiment
from transferpain.inputs.features.cache import read_features
from transferpain.strategies.common.features import features_of

TASK = """\
schema: 2
description: Rest or pain.
sample: clip
classes: [rest, pain]
labels: {clinic: {column: label, mapping: {rest: 0, pain: 1}}}
"""
EXPERIMENT = {
    "schema": 2,
    "name": "signals",
    "protocol": {"kind": "group_kfold", "folds": 2, "selection_share": 0.5},
    "source": {"signal_measures": "signals", "rate": 128, "channels": {"gsr": "eda"}},
    "strategy": "frozen",
    "window": {"seconds": 2},
    "head": {"kind": "logistic_regression"},
}
SERIES = {"source": {"signal_series": "signals", "rate": 128, "channels": {"gsr": "eda"}}, "features": {"fps": 16}}
RATE, SAMPLES, PEOPLE = 128, 256, 8


def conductance(person, label, samples=SAMPLES):
    seconds = np.arange(samples) / RATE
    return pd.DataFrame({"time": seconds, "gsr": person + (label == "pain") * seconds + 0.01 * np.sin(9 * seconds)})


def write_table(root, person, label, table):
    write_text(root / "data" / "signals" / f"p{person}" / f"{label}_bio.csv", table.to_csv(sep="\t", index=False))


@pytest.fixture
def clinic(tmp_path):
    """Return a workspace with clips that no decoder could read, tables of signals, and features made elsewhere."""
    rows = []
    for person in range(1, PEOPLE + 1):
        for label in ("rest", "pain"):
            touch(tmp_path / "data" / "clinic" / f"p{person}" / f"{label}.mp4", f"{person} {label}".encode())
            rows.append(f"p{person}/{label}.mp4,p{person},{label},25")
            write_table(tmp_path, person, label, conductance(person, label))
            face = tmp_path / "data" / "face" / f"p{person}" / f"{label}.npy"
            face.parent.mkdir(parents=True, exist_ok=True)
            np.save(face, np.random.default_rng(person).normal((label == "pain") * np.ones(3)).astype(np.float32))
    write_text(tmp_path / "data" / "clinic" / "index.csv", "\n".join(["media,subject,label,fps", *rows]))
    write_text(tmp_path / "task.yaml", TASK)
    return tmp_path


def loaded(clinic, **changes):
    name = changes.get("name", "signals")
    write_text(clinic / f"{name}.yaml", yaml.safe_dump(EXPERIMENT | {"task": str(clinic / "task.yaml")} | changes))
    return load_experiment(clinic / f"{name}.yaml")


def places(clinic):
    return Places(clinic / "data", clinic)


def table_of(clinic, **changes):
    return features_of(make_plan(loaded(clinic, **changes), clinic, places(clinic)), places(clinic))


def test_a_clip_has_one_row_of_measures_or_rows_in_time_and_no_face_is_looked_for(clinic):
    table = table_of(clinic)
    assert table["frames"].tolist() == table["found"].tolist() == [1] * 2 * PEOPLE
    assert read_features(table["features"][0]).shape == (1, 8)
    table = table_of(clinic, name="series", head={"kind": "cnn_1d", "channels": [4]}, **SERIES)
    assert table["frames"].tolist() == [32] * 2 * PEOPLE
    assert (table["rate"] == 16).all()


def test_the_tables_name_the_run(clinic):
    before = make_plan(loaded(clinic), clinic, places(clinic)).run.path
    assert make_plan(loaded(clinic), clinic, places(clinic)).run.path == before
    write_table(clinic, 1, "rest", conductance(1, "pain"))
    assert make_plan(loaded(clinic), clinic, places(clinic)).run.path != before


def test_a_signal_that_is_shorter_than_the_others_is_left_out_by_name(clinic):
    write_table(clinic, 3, "pain", conductance(3, "pain", 128))
    table = table_of(clinic).set_index("clip")
    assert "shorter than the stretch" in table.loc["p3/pain", "problem"]
    assert (table["problem"] != "").sum() == 1


def test_many_that_are_shorter_are_refused(clinic):
    for person in (1, 2, 3):
        write_table(clinic, person, "pain", conductance(person, "pain", 128))
    with pytest.raises(UserError, match="no stretch fits them"):
        table_of(clinic)


def test_a_clip_with_a_long_gap_is_covered_by_nothing(clinic):
    table = conductance(3, "pain")
    table.loc[100:199, "gsr"] = np.nan
    write_table(clinic, 3, "pain", table)
    found = table_of(clinic).set_index("clip")["found"]
    assert found["p3/pain"] == 0
    assert found.drop("p3/pain").tolist() == [1] * (2 * PEOPLE - 1)


def test_where_no_signal_can_be_read_nothing_is_learned_and_no_face_is_missed(clinic):
    for person in range(1, PEOPLE + 1):
        for label in ("rest", "pain"):
            table = conductance(person, label)
            table.loc[100:199, "gsr"] = np.nan
            write_table(clinic, person, label, table)
    with pytest.raises(UserError, match="Nothing can be learned in the fold fold0"):
        run_experiment(loaded(clinic), clinic, places(clinic))
    (unusable,) = (clinic / "runs").glob("*/unusable.csv")
    problems = pd.read_csv(unusable)["problem"]
    assert len(problems) == 2 * PEOPLE
    assert set(problems) == {NO_SIGNALS}


def test_another_rate_is_refused(clinic):
    with pytest.raises(UserError, match="128 a second by its times; rate: 256"):
        table_of(clinic, source=EXPERIMENT["source"] | {"rate": 256})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": {"signal_measures": "signals"}}, "rate: of signals it is stated"),
        ({"source": EXPERIMENT["source"] | {"channels": {"gsr": "skin"}}}, "known are `eda`"),
        ({"source": EXPERIMENT["source"] | {"hertz": 5}}, "as a mapping it is"),
        ({"source": {"features": "face", "channels": {"gsr": "eda"}}}, "signals: goes with files"),
        ({"source": SERIES["source"], "head": {"kind": "cnn_1d"}}, "features.fps"),
        ({"head": {"kind": "cnn_1d"}}, "reads the frames of a window"),
        ({"strategy": "last_layer", "head": {"kind": "dense"}}, "own features go with strategy `frozen`"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(changes, message, clinic):
    with pytest.raises(UserError, match=message):
        loaded(clinic, **changes)


def test_single_frames_are_no_samples_of_a_signal(clinic):
    write_text(clinic / "task.yaml", TASK.replace("sample: clip", "sample: frame"))
    with pytest.raises(UserError, match="made of clips"):
        make_plan(loaded(clinic), clinic, places(clinic))


def test_clips_may_be_tables_of_signals_and_nothing_else(clinic):
    rows = [
        f"p{person}/{label}_bio.csv,p{person},{label},p{person}/{label}"
        for person in range(1, 5)
        for label in ("rest", "pain")
    ]
    for person in range(1, 5):
        for label in ("rest", "pain"):
            text = conductance(person, label).to_csv(sep="\t", index=False)
            write_text(clinic / "data" / "clinic" / f"p{person}" / f"{label}_bio.csv", text)
    write_text(clinic / "data" / "clinic" / "index.csv", "\n".join(["media,subject,label,clip", *rows]))
    plan = make_plan(
        loaded(clinic, source=EXPERIMENT["source"] | {"signal_measures": "clinic"}), clinic, places(clinic)
    )
    assert set(plan.clips["kind"]) == {"signals"}
    assert features_of(plan, places(clinic))["found"].tolist() == [1] * 8
    with pytest.raises(UserError, match="it holds signals: no face can be looked for"):
        table_of(clinic, source="untrained")


@pytest.mark.slow
def test_signals_are_learned_and_answer_together_with_the_face(clinic):
    runs = {
        "face": {"source": {"features": "face"}, "window": {"frames": 1}},
        "signals": {},
        "both": {"source": {"runs": ["face", "signals"]}, "strategy": "ensemble", "head": {"kind": "averaging"}},
    }
    answers = {}
    for name, changes in runs.items():
        run = run_experiment(loaded(clinic, name=name, **changes), clinic, places(clinic))
        table = run.predictions()
        answers[name] = table[table["part"] == "test"].sort_values("clip").reset_index(drop=True)
    columns = ["p_0", "p_1"]
    mean = (answers["face"][columns] + answers["signals"][columns]) / 2
    np.testing.assert_allclose(answers["both"][columns], mean, atol=1e-6)
    assert (answers["signals"]["y_pred"] == answers["signals"]["y_true"]).mean() > 0.9
    leakage = read_json(run_experiment(loaded(clinic), clinic, places(clinic)).path / "leakage.json")
    assert "made elsewhere" not in str(leakage)
    assert "clip by clip" in str(leakage)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cnn_1d", "bilstm_ann"])
def test_networks_read_signals_in_time(kind, clinic):
    training = {"optimizer": {"name": "adam", "learning_rate": 0.01}, "batch": 4, "epochs": 3}
    changes = {"name": "series", "head": {"kind": kind}, "training": training} | SERIES
    run = run_experiment(loaded(clinic, **changes), clinic, places(clinic))
    assert np.isfinite(run.predictions()[["p_0", "p_1"]].to_numpy()).all()
