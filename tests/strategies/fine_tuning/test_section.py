import pandas as pd
import pytest
import yaml

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_run, write_tuned
from transferpain.core.store import write_text
from transferpain.strategies.common.stated import OddFile
from transferpain.strategies.fine_tuning.section import forgetting_section


def test_the_scores_before_and_after_tuning_are_a_file_and_a_note(tmp_path):
    section = forgetting_section(write_tuned(tmp_path))
    (table,) = section.tables
    assert list(table.numbers.columns)[:3] == ["run", "tuned", "balanced_accuracy"]
    assert len(table.numbers) == 4
    assert table.text is None
    assert not section.is_shown
    (note,) = section.notes
    assert "(biovid-vgg16, 40 test rows)" in note
    assert "0.605 before tuning and 0.505 with its tuned layers" in note


def test_a_run_whose_source_was_not_probed_has_none(tmp_path):
    assert forgetting_section(write_run(tmp_path, "ann", draw_predictions(subjects=3))) is None


@pytest.mark.parametrize(
    ("column", "value"), [("tuned", None), ("tuned", True), ("balanced_accuracy", "x"), ("rows", None), ("fold", None)]
)
def test_scores_that_are_none_are_named_with_the_column(column, value, tmp_path):
    folder = write_tuned(tmp_path)
    path = next(folder.glob("folds/*/forgetting.csv"))
    table = pd.read_csv(path)
    (table.drop(columns=column) if value is None else table.assign(**{column: value})).to_csv(path, index=False)
    with pytest.raises(OddFile, match=rf"Received: forgetting\.csv: the column `{column}`"):
        forgetting_section(folder)


def test_a_run_that_does_not_name_its_source_is_refused(tmp_path):
    folder = write_tuned(tmp_path)
    experiment = yaml.safe_load((folder / "experiment.yaml").read_text(encoding="utf-8"))
    experiment.pop("source")
    write_text(folder / "experiment.yaml", yaml.safe_dump(experiment))
    with pytest.raises(OddFile, match=r"Received: experiment\.yaml: `source` is missing"):
        forgetting_section(folder)
