"""What a report says of federated training: who, what left them, what a new subject gets."""

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_run
from transferpain.core.schema import write_stamped
from transferpain.core.store import write_text
from transferpain.strategies.common.stated import OddFile
from transferpain.strategies.federated.section import federated_section

HOW = {"client": "subject", "local_epochs": 1, "share": 1.0, "personal": "none"}
FACTS = {
    "clients": 2,
    "without_a_face": 1,
    "of_one_class": 0,
    "rounds": 10,
    "kept_round": 7,
    "updates": 20,
    "body": 5000,
    "last_layer": 66,
    "bytes_a_number": 4,
    "bytes_down": 405_280,
    "bytes_up": 2_405_760,
}
CLIENTS = pd.DataFrame(
    {"client": ["biovid/a", "biovid/b"], "clips": [4, 3], "rows": [32, 24], "classes": [2, 2], "rounds": [10, 10]}
)


def write(folder, facts=FACTS, clients=CLIENTS, **how):
    run = write_run(folder, "federated", draw_predictions(subjects=3), changes={"federated": HOW | how})
    for fold in (run / "folds").iterdir():
        write_stamped(fold / "federated.json", facts)
        clients.to_csv(fold / "clients.csv", index=False)
    return run


def said(section) -> str:
    return " ".join([*section.paragraphs, *section.notes])


def test_what_leaves_a_client_is_stated_with_its_numbers_and_that_weights_can_leak(tmp_path):
    text = said(federated_section(write(tmp_path)))
    assert "5,066 numbers of its network's weights" in text
    assert "(20,264 bytes)" in text
    assert "No clip, face or feature leaves it." in text
    assert "no differential privacy and no secure aggregation" in text
    assert "simulated in one process" in text
    assert "a client for each subject, with 24 to 32 rows. All of them take part in a round" in text
    assert "gets the server's model: the mean of" in text


def test_of_personal_layers_a_new_subject_gets_the_mean(tmp_path):
    text = said(federated_section(write(tmp_path, personal="last_layer", share=0.5, local_epochs=3)))
    assert "the mean of the clients' last layers by their rows" in text
    assert "few-shot calibration (`few_shot`), which does not test the clips it uses" in text
    assert "Back to a client go 5,000 of these numbers" in text
    assert "A share of 0.5 of them, drawn anew, takes part in a round" in text
    assert "for 3 epochs" in text


def test_rounds_and_megabytes_are_shown_and_clients_stand_in_a_file(tmp_path):
    shown, clients = federated_section(write(tmp_path)).tables
    assert shown.text["MB to clients"].unique().tolist() == ["0.41"]
    assert shown.text["MB from clients"].unique().tolist() == ["2.41"]
    assert shown.text["Kept"].unique().tolist() == ["7"]
    assert shown.numbers["bytes_up"].unique().tolist() == [2_405_760]
    assert clients.text is None
    assert clients.numbers["client"].unique().tolist() == ["biovid/a", "biovid/b"]


def test_clients_of_one_class_are_named_where_scores_are_read(tmp_path):
    (note,) = federated_section(write(tmp_path, FACTS | {"of_one_class": 1})).notes
    assert note.startswith("Up to 1 clients of a training have clips of one class alone")
    assert federated_section(write(tmp_path / "none")).notes == ()


def test_other_strategies_have_none(tmp_path):
    assert federated_section(write_run(tmp_path, "ann", draw_predictions(subjects=3))) is None


@pytest.mark.parametrize(("key", "value"), [("clients", "two"), ("bytes_up", None), ("kept_round", 1.5)])
def test_a_damaged_file_is_named_with_its_key(key, value, tmp_path):
    with pytest.raises(OddFile, match=rf"federated\.json: `{key}`"):
        federated_section(write(tmp_path, FACTS | {key: value}))


@pytest.mark.parametrize("column", ["client", "rows"])
def test_a_damaged_table_is_named_with_its_column(column, tmp_path):
    with pytest.raises(OddFile, match=rf"clients\.csv: the column `{column}`"):
        federated_section(write(tmp_path, clients=CLIENTS.drop(columns=column)))


def test_a_run_that_does_not_say_how_clients_trained_is_refused(tmp_path):
    run = write(tmp_path)
    experiment = yaml.safe_load((run / "experiment.yaml").read_text(encoding="utf-8"))
    write_text(run / "experiment.yaml", yaml.safe_dump(experiment | {"federated": {"client": "subject"}}))
    with pytest.raises(OddFile, match=r"experiment\.yaml: `federated\.local_epochs`"):
        federated_section(run)


def test_no_figure_of_it_is_another_than_those_of_the_run(tmp_path):
    rng = np.random.default_rng(3)
    facts = FACTS | {"body": int(rng.integers(1000, 9999)), "last_layer": 10}
    text = said(federated_section(write(tmp_path, facts)))
    assert f"{facts['body'] + 10:,} numbers" in text
    assert f"({4 * (facts['body'] + 10):,} bytes)" in text
