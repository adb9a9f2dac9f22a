import pytest

from tests.command_line import EXPERIMENTS
from tests.experiments.matrix.small_matrix import write_matrix
from tests.small_study import write_small_study
from transferpain.core.errors import UserError
from transferpain.core.paths import name_in_path
from transferpain.data.places import Places
from transferpain.experiments.matrix.run import load
from transferpain.experiments.study import load_batch
from transferpain.experiments.variants import LONGEST, variant_name

PLAIN = {"ann": {"name": "ann", "seeds": [0], "training": {"epochs": 5, "ema": None}}}


def name_of(changes: dict, plain: dict = PLAIN) -> str:
    asked = {name: values | changes for name, values in plain.items()}
    return variant_name("demo", lambda: plain, asked)


def test_what_differs_stands_in_the_name_and_the_file_keeps_its_own():
    assert name_of({}) == name_of({"name": "other"}) == name_of({"seeds": [0]}) == "demo"
    assert name_of({"seeds": [0, 1]}).startswith("demo_seeds-0-1_")
    assert name_of({"training": {"epochs": 7, "ema": None}, "seeds": [2]}).startswith("demo_seeds-2_training.epochs-7_")


def test_no_two_variants_share_a_name_however_they_are_written():
    long = {f"key{number}": "x" * number for number in range(40)}
    changes = [
        {"a": "b-c"},
        {"a": "b_c"},
        {"a": "b/c"},
        {"a": 1},
        {"a": "Ä"},
        long,
        long | {"key39": "y"},
        {"seeds": []},
    ]
    names = [name_of(one) for one in changes]
    assert len(set(names)) == len(names)
    for name in names:
        assert name_in_path(name) == name
        assert len(name) <= len("demo") + 1 + LONGEST + 1 + 8


def test_experiments_that_changed_alike_say_it_once_and_else_are_told_apart():
    both = {"a": PLAIN["ann"], "b": PLAIN["ann"]}
    alike = variant_name("study", lambda: both, {name: one | {"seeds": [7]} for name, one in both.items()})
    alone = variant_name("study", lambda: both, both | {"a": PLAIN["ann"] | {"seeds": [7]}})
    assert alike.startswith("study_seeds-7_")
    assert alone.startswith("study_seeds-7_")
    assert alike != alone


def test_where_the_file_alone_is_no_experiment_everything_counts_as_changed():
    def broken():
        raise UserError("broken")

    assert variant_name("demo", broken, {"": {"seeds": [0]}}).startswith("demo_seeds-0_")


@pytest.mark.parametrize(
    ("assignments", "report"),
    [
        ([], "ai4pain-ann"),
        (["faces.size=224", "seeds=[0,1,2]"], "ai4pain-ann"),
        (["few_shot.clips=[0,1]"], "ai4pain-ann_few-shot.clips-0-1"),
        (["training.epochs=3"], "ai4pain-ann_training.epochs-3"),
        (["name=mine", "training.epochs=3"], "mine"),
    ],
)
def test_an_experiment_by_set_has_a_report_of_its_own(tmp_path, assignments, report):
    plain = load_batch(EXPERIMENTS / "ai4pain-ann.yaml", Places(tmp_path, tmp_path), []).experiments[0]
    assert (plain.faces.size, plain.seeds) == (224, (0, 1, 2))
    batch = load_batch(EXPERIMENTS / "ai4pain-ann.yaml", Places(tmp_path, tmp_path), assignments)
    assert batch.report.rpartition("_")[0] == report or batch.report == report
    assert batch.name in ("ai4pain-ann", "mine")


def test_a_study_and_a_matrix_by_set_have_reports_of_their_own(tmp_path):
    study, places = write_small_study(tmp_path), Places(tmp_path, tmp_path)
    assert load_batch(study, places, []).report == load_batch(study, places, ["seeds=[0, 1]"]).report == "small"
    assert load_batch(study, places, ["seeds=[7]"]).report.startswith("small_seeds-7_")
    matrix = write_matrix(tmp_path)
    assert load(matrix, places, [], []).report == "small-matrix"
    assert load(matrix, places, ["seeds=[7]"], []).report.startswith("small-matrix_seeds-7_")
    assert load(matrix, places, ["matrix.metric=macro_f1"], []).report.startswith("small-matrix_metric-macro-f1_")
    assert load(matrix, places, ["matrix.matrix=mine", "seeds=[7]"], []).report == "mine"
