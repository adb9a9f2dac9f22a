"""What the report says of action units that were learned beside pain."""

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_run, write_tuned, write_units
from transferpain.core.store import read_json, write_json
from transferpain.strategies.common.stated import OddFile
from transferpain.strategies.fine_tuning.section import tuning_section
from transferpain.strategies.fine_tuning.units_section import units_section


def test_each_unit_has_its_scores_and_the_weight_is_stated(tmp_path):
    section = units_section(write_units(tmp_path))
    (table,) = section.tables
    numbers = table.numbers.set_index("unit")
    assert list(numbers.index) == [4, 43]
    # Ten subjects with three frames, one of which shows no face; two seeds, whose answers are .5 and 1 too high.
    assert numbers.loc[4, ["frames", "subjects"]].tolist() == [20, 10]
    assert numbers.loc[4, "mae"] == pytest.approx(0.75)
    assert numbers.loc[4, "pcc"] == pytest.approx(1)
    assert numbers.loc[4, "mean_coded"] == pytest.approx(1.5)
    assert numbers.loc[43, "mae"] == pytest.approx(0.75)
    assert np.isnan(numbers.loc[43, "icc"])
    assert "[the labels do not vary]" in table.text["ICC(3,1)"].iloc[1]
    learned, *others = section.notes
    assert "AU4, AU43 were learned beside pain, with the weight 0.5 of their loss" in learned
    assert "the epoch was chosen by pain alone" in learned
    assert others == ["AU43 never varies in the training pictures of any training: there was nothing to tell apart."]


def test_a_unit_that_a_training_part_lacks_is_named_with_the_training(tmp_path):
    folder = write_units(tmp_path)
    path = folder / "folds" / "0-seed1" / "units.json"
    facts = read_json(path)
    facts["taught"]["4"] = {"pictures": 0, "values": 0}
    write_json(path, facts)
    assert (
        "AU4 is coded in no training picture of 0-seed1: its answers there are those of random weights."
        in units_section(folder).notes
    )


def test_a_unit_that_is_coded_in_no_tested_frame_has_no_score(tmp_path):
    folder = write_units(tmp_path)
    for path in folder.glob("folds/*/units.parquet"):
        pd.read_parquet(path).assign(au4=np.float32("nan")).to_parquet(path)
    text = units_section(folder).tables[0].text
    assert text["Frames"].iloc[0] == "0"
    assert "[no frame in which it is coded]" in text["MAE"].iloc[0]


def test_the_last_layer_alone_teaches_pain_nothing(tmp_path):
    note = units_section(write_units(tmp_path, strategy="last_layer")).notes[0]
    assert note.endswith("The last layer alone learned, so that pain learned nothing from them.")


def test_runs_without_units_have_no_such_section(tmp_path):
    run = write_run(tmp_path, "ann", draw_predictions(subjects=3))
    assert units_section(run) is None
    assert tuning_section(run) is None
    tuned = tuning_section(write_tuned(tmp_path))
    assert (tuned.title, len(tuned.notes), tuned.is_shown) == ("Forgetting", 1, False)


def test_units_and_forgetting_stand_beside_each_other(tmp_path):
    tuned, units = write_tuned(tmp_path), write_units(tmp_path)
    for path in tuned.glob("folds/*/forgetting.csv"):
        target = units / "folds" / path.parent.name.replace("A", "0") / path.name
        if target.parent.is_dir():
            target.write_bytes(path.read_bytes())
    section = tuning_section(units)
    assert [part.title for part in section.sections] == ["Action units", "Forgetting"]
    assert {table.name for table in section.all_tables} == {"units", "forgetting"}
    assert len(section.notes) == 3


@pytest.mark.parametrize(
    ("column", "value"), [("au4", None), ("au4_predicted", "high"), ("seed", True), ("subject", None)]
)
def test_answers_that_are_none_are_named_with_the_column(column, value, tmp_path):
    folder = write_units(tmp_path)
    path = next(iter(sorted(folder.glob("folds/*/units.parquet"))))
    table = pd.read_parquet(path)
    (table.drop(columns=column) if value is None else table.assign(**{column: value})).to_parquet(path)
    with pytest.raises(OddFile, match=rf"Received: units\.parquet: the column `{column}`"):
        units_section(folder)


def test_damaged_files_are_named(tmp_path):
    folder = write_units(tmp_path)
    path = folder / "folds" / "0-seed0" / "units.parquet"
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(OddFile, match=r"units\.parquet"):
        units_section(folder)
    facts = folder / "folds" / "0-seed0" / "units.json"
    write_json(facts, read_json(facts) | {"weight": "much"})
    with pytest.raises(OddFile, match=r"units\.json: `weight`"):
        units_section(folder)
