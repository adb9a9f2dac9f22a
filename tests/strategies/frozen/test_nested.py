"""Which candidate a fold is trained with, and who chose it."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from transferpain.data.protocols.fold import Fold
from transferpain.experiments.schema import Experiment
from transferpain.inputs.features.cache import write_features
from transferpain.strategies.frozen.nested import (
    choose,
    inner_folds,
    read_scores,
    score_answers,
    selected_experiment,
    write_scores,
)

SUBJECTS, DIMENSION = 10, 4
CANDIDATES = {
    "still": {"training.optimizer": {"name": "sgd", "learning_rate": 1.0e-9}},
    "learning": {"training.optimizer.learning_rate": 0.05},
}


def experiment(rule: str = "lowest_loss", **changes) -> Experiment:
    values = {
        "name": "test",
        "task": "biovid-bl1-pa4",
        "protocol": {"kind": "group_kfold", "selection": "nested", "selection_rule": rule, "inner_folds": 2},
        "source": "untrained",
        "strategy": "frozen",
        "head": {"kind": "ann", "hidden": [4], "dropout": 0.0},
        "training": {"epochs": 6, "batch": 16, "optimizer": {"name": "adam", "learning_rate": 0.01}},
        "candidates": CANDIDATES,
    }
    return Experiment.model_validate(values | changes)


@pytest.fixture
def clips(tmp_path) -> pd.DataFrame:
    """Two clips of each of ten subjects, whose features show the class; those of the tested subjects do not exist."""
    random = np.random.default_rng(0)
    rows = []
    for number in range(2 * SUBJECTS):
        path = tmp_path / f"{number}.npy"
        features = random.normal(size=(8, DIMENSION)).astype(np.float16)
        features[:, number % 2] += 3
        if number not in FOLD.test:
            write_features(path, features)
        rows.append({"subject": f"S{number // 2}", "clip": f"clip{number}", "features": str(path), "y": number % 2})
    table = pd.DataFrame(rows).assign(dataset="biovid", split="", rate=4.0, row=-1, stretch_rows=4)
    table["sampling"] = [partial(np.arange, 8)] * len(table)
    return table.astype({"y": "Int64"})


FOLD = Fold("fold0", np.arange(0, 12), np.arange(12, 16), np.arange(16, 20))


def test_inner_folds_are_of_training_subjects_each_left_out_once(clips):
    parts = inner_folds(clips, FOLD, experiment().protocol, seed=0)
    subjects = clips["subject"].to_numpy()
    left_out = [set(subjects[part.test]) for part in parts]
    assert set().union(*left_out) == {f"S{number}" for number in range(8)}
    assert not left_out[0] & left_out[1]
    assert len({part.name for part in parts}) == 2
    for part in parts:
        used = [set(subjects[rows]) for rows in (part.train, part.selection, part.test)]
        assert all(used)
        assert sum(map(len, used)) == len(set().union(*used)) == 8


def test_the_split_hangs_on_fold_and_seed_alone(clips):
    first, again, other = (inner_folds(clips, FOLD, experiment().protocol, seed) for seed in (0, 0, 1))
    assert [list(part.test) for part in first] == [list(part.test) for part in again]
    assert [list(part.test) for part in first] != [list(part.test) for part in other]


SCORES = pd.DataFrame(
    [
        ("simple", 0.52, 0.70),
        ("simple", 0.60, 0.70),
        ("middle", 0.40, 0.66),
        ("middle", 0.60, 0.66),
        ("rich", 0.55, 0.60),
        ("rich", 0.57, 0.90),
    ],
    columns=["candidate", "loss", "balanced_accuracy"],
)


@pytest.mark.parametrize(
    ("rule", "chosen"),
    [
        ("lowest_loss", "middle"),  # mean .50 against .56 and .56
        ("best_balanced_accuracy", "rich"),  # mean .75 against .70 and .66
        ("one_standard_error", "simple"),  # .50 + .1414 / sqrt(2) = .60 covers all, and it is named first
    ],
)
def test_a_rule_picks_by_the_means(rule, chosen):
    assert choose(SCORES, rule) == chosen


def test_one_standard_error_is_that_of_the_best():
    close = SCORES.assign(loss=[0.52, 0.60, 0.49, 0.51, 0.505, 0.511])
    assert choose(close, "one_standard_error") == "middle"  # .50 + .01 leaves out .56, and .508 is named later


def test_scores_are_of_whole_clips():
    table = pd.DataFrame(
        {
            "dataset": "biovid",
            "subject": ["A", "A", "B", "B"],
            "clip": ["1", "1", "2", "3"],
            "frame": [-1, 0, -1, -1],
            "fold": "fold0",
            "seed": 0,
            "y_true": pd.array([0, 0, 1, 1], dtype="Int64"),
            "y_pred": [0, 1, 1, 0],
            "p_0": [0.8, 0.1, 0.5, 1.0],
            "p_1": [0.2, 0.9, 0.5, 0.0],
        }
    )
    scores = score_answers(table, 2, "cross_entropy")
    assert scores["loss"] == pytest.approx(-(np.log(0.8) + np.log(0.5) + np.log(1e-7)) / 3)
    assert scores["balanced_accuracy"] == pytest.approx(0.75)  # 1 of 1, 1 of 2
    assert (scores["clips"], scores["subjects"]) == (3, 2)


@pytest.mark.parametrize(("loss", "near", "far"), [("mse", 1.0, 4.5), ("huber", 0.5, 1.25)])
def test_a_number_is_chosen_by_its_error_and_not_by_how_often_it_is_exact(loss, near, far):
    """One is a level off each time; the other is right once and three levels off once."""
    table = pd.DataFrame({"dataset": "a", "subject": "b", "clip": ["1", "2"], "frame": -1, "fold": "c", "seed": 0})
    table = table.assign(y_true=pd.array([0, 0], dtype="Int64"), y_pred=0)
    for levels, expected in (([1, 1], near), ([0, 3], far)):
        shares = np.eye(4)[levels]
        answers = table.assign(**{f"p_{level}": shares[:, level] for level in range(4)})
        assert score_answers(answers, 4, loss)["loss"] == pytest.approx(expected)


def test_scores_are_read_back_as_they_were_written_and_no_subject_is_a_formula(tmp_path):
    numbers = {"loss": 0.1 + 0.2, "balanced_accuracy": 1.0, "clips": 3, "subjects": 2, "chosen": True}
    rows = [
        {"candidate": name, "inner_fold": fold, **numbers}
        for name, fold in [("10", "=1+1-inner0"), ("1e2", "007"), ("nan", "-a-inner1"), ("null", "'=x")]
    ]
    write_scores(tmp_path, rows)
    assert read_scores(tmp_path) == rows
    assert "10,'=1+1-inner0," in (tmp_path / "candidates.csv").read_text(encoding="utf-8")
    assert read_scores(tmp_path / "elsewhere") == []


def test_other_selections_choose_nothing(clips, tmp_path):
    plain = experiment(protocol={"kind": "group_kfold"}, candidates={})
    assert selected_experiment(plain, clips, FOLD, 0, 2, tmp_path / "fold") == (plain, ())
    assert not (tmp_path / "fold").exists()


@pytest.mark.slow
def test_the_better_candidate_is_chosen_without_the_tested_subjects(clips, tmp_path):
    folder = tmp_path / "fold"
    chosen, (chosen_by,) = selected_experiment(experiment(), clips, FOLD, 0, 2, folder)
    assert (chosen_by.step, chosen_by.use) == ("choice among the candidates", "selection")
    np.testing.assert_array_equal(chosen_by.rows, np.union1d(FOLD.train, FOLD.selection))
    assert chosen.training.optimizer.learning_rate == 0.05
    table = pd.read_csv(folder / "candidates.csv", float_precision="round_trip")
    assert table["candidate"].tolist() == ["still", "still", "learning", "learning"]
    assert table["chosen"].tolist() == [False, False, True, True]
    assert table["subjects"].tolist() == [4, 4, 4, 4]
    means = table.groupby("candidate")["loss"].mean()
    assert means["learning"] < means["still"]
    assert [path.name for path in folder.iterdir()] == ["candidates.csv"]

    # A fold may be called after a subject, whose name can be any text.
    elsewhere = Fold(f"{tmp_path}/other/{'x' * 300}", FOLD.train, FOLD.selection, FOLD.test)
    selected_experiment(experiment(), clips, elsewhere, 0, 2, tmp_path / "second")
    assert [path.name for path in (tmp_path / "second").iterdir()] == ["candidates.csv"]
    assert not (tmp_path / "other").exists()

    # An interrupted selection goes on: what is finished stays, even if another training would not find it.
    whole = (folder / "candidates.csv").read_bytes()
    kept = table.drop(columns="chosen").iloc[:3].assign(loss=[5.0, *table["loss"][1:3]])
    kept.to_csv(folder / "candidates.csv", index=False)
    assert selected_experiment(experiment(), clips, FOLD, 0, 2, folder)[0] == chosen
    resumed = pd.read_csv(folder / "candidates.csv", float_precision="round_trip")
    assert resumed["loss"][0] == 5.0
    assert resumed.drop(index=0).to_csv(index=False).encode().split(b"\n")[1:] == whole.split(b"\n")[2:]
