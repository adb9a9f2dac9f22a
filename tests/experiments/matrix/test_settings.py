import pytest

from tests.command_line import EXPERIMENTS
from tests.experiments.matrix.small_matrix import MATRIX, write_matrix
from transferpain.core.errors import UserError
from transferpain.experiments.matrix.settings import fixed_protocol, load_matrix
from transferpain.experiments.schema import load_experiment


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"transfer": [], "cross_dataset": []}, "give at least one grid"),
        ({"metrics": "accuracy"}, "`metrics` is not a known key. Did you mean `metric`"),
        ({"metric": "p_value"}, "`metric`"),
        ({"protocol": "slow"}, "`protocol`"),
        ({"folds": 4}, "folds: goes with protocol: grouped"),
        ({"protocol": "grouped", "folds": 1}, "`folds`"),
        ({"matrix": "No Spaces"}, "`matrix`"),
        ({"transfer": [MATRIX["transfer"][0] | {"heads": {}}]}, "`transfer.0.heads`"),
        ({"cross_dataset": [{"task": "cross-binary"}]}, "`cross_dataset.0.trained_on` is missing"),
        ({"data_root": ""}, "`data_root`: text of at least 1 letters"),
    ],
)
def test_a_faulty_file_is_refused_by_the_key(tmp_path, changes, message):
    with pytest.raises(UserError) as error:
        load_matrix(write_matrix(tmp_path, **changes))
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("dataset", "protocol"),
    [
        ("biovid", {"kind": "holdout", "holdout": "biovid-61-26"}),
        ("unbc", {"kind": "holdout", "holdout": "unbc-20-5"}),
        ("mintpain", {"kind": "holdout", "holdout": "mintpain-15-5"}),
        ("ai4pain", {"kind": "folders"}),
    ],
)
def test_the_fixed_hold_outs(dataset, protocol):
    assert fixed_protocol(dataset) == protocol


def test_shipped_matrices_are_valid_and_name_what_the_field_asks_for():
    matrix = load_matrix(EXPERIMENTS / "transfer-matrix.yaml")
    assert set(matrix.transfer[0].targets) == {"biovid", "unbc", "ai4pain", "mintpain"}
    assert {"ferplus-resnet18", "imagenet", "untrained"} <= set(matrix.transfer[0].sources)
    assert load_matrix(EXPERIMENTS / "transfer-matrix-demo.yaml").twins


def test_files_of_another_kind_say_which_command_takes_them():
    with pytest.raises(UserError, match=r"is no matrix[\s\S]*transferpain run"):
        load_matrix(EXPERIMENTS / "demo.yaml")
    with pytest.raises(UserError, match=r"is a matrix of several[\s\S]*transferpain matrix"):
        load_experiment(EXPERIMENTS / "transfer-matrix.yaml")
