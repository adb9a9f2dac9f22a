import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_leakage, write_run
from transferpain.experiments.registration import Registered
from transferpain.experiments.study_schema import Comparison
from transferpain.reports.answer import answer
from transferpain.reports.facts import join_runs, read_run

TABLE = {"clips_per_class": (3, 3), "subjects": 9}


@pytest.fixture
def runs(tmp_path):
    """Return what writes and reads one run of two classes."""
    two = {"classes": ("no pain", "pain")}

    def make(name, skill, *, stated=None, failing=(), synthetic=False, **drawn):
        table = draw_predictions(**TABLE | drawn, skill=skill, spread=0.05)
        folder = write_run(tmp_path, name, table, synthetic=synthetic, stated=stated, **two)
        if failing:
            write_leakage(folder, failing=failing)
        return read_run(folder)

    return make


def test_one_run_above_chance(runs):
    found = answer(join_runs([runs("mine", 0.8)], []))
    assert found.sentence.startswith("mine reaches a balanced accuracy of 0.")
    assert found.sentence.endswith(" on 9 subjects of ai4pain (not synthetic), above chance (0.500).")
    assert found.legend == "In brackets: 95 % interval over subjects."
    assert found.before == ""


@pytest.mark.parametrize(
    ("skill", "words"), [(0.5, "not shown to be above chance (0.500)"), (0.1, "below chance (0.500)")]
)
def test_one_run_that_does_not_beat_chance(runs, skill, words):
    assert words in answer(join_runs([runs("mine", skill)], [])).sentence


def test_too_few_subjects_are_said(runs):
    found = answer(join_runs([runs("mine", 0.9, subjects=5, synthetic=True)], []))
    assert "5 subjects of ai4pain (synthetic: drawn faces)" in found.sentence
    assert "no interval is given (5 subjects, fewer than 8), so nothing shows that it is above chance" in found.sentence
    assert found.legend == ""


def test_a_declared_comparison_is_answered_first_and_the_further_ones_below(runs):
    pairs = [Comparison(better="b", worse="a"), Comparison(better="a", worse="c", metric="accuracy")]
    found = answer(join_runs([runs("a", 0.5), runs("b", 0.9), runs("c", 0.55)], pairs))
    assert found.sentence.startswith("b reaches a balanced accuracy of 0.")
    assert "; its difference from a, on the same clips, is +0." in found.sentence
    assert "better (p " in found.sentence
    assert found.sentence.endswith("Holm over 2 tests).")
    (other,) = found.others
    assert other.startswith("a minus c: ")
    assert "in accuracy, no difference is shown (p = " in other


def test_a_comparison_of_too_few_subjects_is_not_tested(runs):
    pair = Comparison(better="b", worse="a")
    found = answer(join_runs([runs("a", 0.5, subjects=4), runs("b", 0.9, subjects=4)], [pair]))
    assert "which is not tested (" in found.sentence


def test_of_many_runs_those_above_chance_are_counted_and_the_highest_is_flattered(runs):
    found = answer(join_runs([runs("a", 0.5), runs("b", 0.9)], []))
    assert found.sentence.startswith("1 of 2 runs is shown to be above chance; the highest, which flatters it: b ")
    none = answer(join_runs([runs("c", 0.5), runs("d", 0.48)], []))
    assert none.sentence.startswith("None of 2 runs is shown to be above chance")


def test_runs_of_different_data_are_not_ranked(runs):
    found = answer(join_runs([runs("a", 0.9), runs("b", 0.9, stated={"dataset": "biovid"})], []))
    assert found.sentence == (
        "2 of 2 runs are shown to be above chance; they are of different data or classes, and are not compared."
    )


def test_warnings_and_failed_checks_stand_beside_it(runs):
    cautions = answer(join_runs([runs("a", 0.8, stated={"warnings": ["It leaks."]}, failing=(6, 9))], [])).cautions
    assert "Leakage checks of a fail: 6, 9." in cautions
    assert any(caution.startswith("The warning of a") for caution in cautions)


def test_without_labels_nothing_is_scored(tmp_path):
    table = draw_predictions(subjects=3)
    table["y_true"] = pd.array([pd.NA] * len(table), dtype="Int64")
    report = join_runs([read_run(write_run(tmp_path, "bare", table))], [])
    assert answer(report).sentence == "No clip has a label: answers are shown, and nothing is scored."


def test_whether_it_was_registered_is_said_before_any_score(runs):
    from dataclasses import replace

    registered = Registered(digest="00ff", date="2026-01-01")
    report = replace(join_runs([runs("a", 0.8)], []), registered=registered)
    assert answer(report).before == registered.sentence
