import pandas as pd
import pytest
from scipy.stats import binomtest

from transferpain.experiments.study_schema import Comparison
from transferpain.reports.sections.single_clips import covered_in_both, mcnemar_as_text, mcnemar_tests

PAIRS = (Comparison(better="a", worse="b"), Comparison(better="a", worse="c"))


def run(answers: str, uncovered: tuple[int, ...] = (), seeds=(0,)) -> pd.DataFrame:
    """Return predictions of clips that are all of class 1: one letter per clip, `+` where the answer is right."""
    rows = [
        {
            "dataset": "unbc",
            "subject": f"s{number % 3}",
            "clip": f"c{number:02d}",
            "frame": -1,
            "fold": "fold0",
            "seed": seed,
            "y_true": 1,
            "y_pred": int(answer == "+"),
            "p_0": 0.5,
            "p_1": 0.5,
            "coverage": float(number not in uncovered),
        }
        for seed in seeds
        for number, answer in enumerate(answers)
    ]
    return pd.DataFrame(rows).astype({"y_true": "Int64"})


RUNS = {"a": run("+" * 9 + "-"), "b": run("-" * 8 + "++"), "c": run("+" * 9 + "-", uncovered=(0, 1, 2))}


@pytest.fixture(scope="module")
def tests():
    return mcnemar_tests(RUNS, PAIRS)


def test_single_answers_are_counted_and_tested_exactly(tests):
    first = tests.query("counted == 'all'").iloc[0]
    assert (first["clips"], first["only_better"], first["only_worse"], first["method"]) == (10, 8, 1, "exact")
    expected = binomtest(1, 9).pvalue
    assert first["p"] == pytest.approx(expected)
    assert first["p_holm"] == pytest.approx(2 * expected)  # a family of two


def test_a_clip_without_a_label_is_not_counted():
    runs = {name: run(answers).assign(y_true=[1, 1, 1, None]) for name, answers in (("a", "+++-"), ("b", "-++-"))}
    assert mcnemar_tests(runs, PAIRS[:1])["clips"].tolist() == [3]


def test_clips_that_one_run_could_not_look_at_are_left_out_once_more(tests):
    assert tests["counted"].tolist() == ["all", "all", "covered", "covered"]
    assert tests["clips"].tolist() == [10, 10, 10, 7]
    a, c = covered_in_both(run("++-", seeds=(0, 1)), run("+++", uncovered=(1,)))
    assert (len(a), len(c)) == (4, 2)
    whole = {name: RUNS[name] for name in "ab"}
    assert mcnemar_tests(whole, PAIRS[:1])["counted"].tolist() == ["all"]


def test_a_test_that_no_outcome_could_decide_shows_a_dash(tests):
    text = mcnemar_as_text(tests)
    assert text["p"].tolist()[1] == "–"
    assert text["Only the first right"].tolist()[:2] == ["8", "0"]
