from dataclasses import replace

from tests.experiments.leakage.runs import draw_evidence, with_fold, without_subjects
from transferpain.core.contracts import FittedRows
from transferpain.experiments.leakage.selection import SELECTION
from transferpain.experiments.leakage.shared_subjects import SHARED_SUBJECTS


def leak(evidence):
    return with_fold(evidence, selection=evidence.folds[0].test)


def test_selection_on_the_tested_subjects_fails():
    evidence = draw_evidence()
    line = SELECTION.run(with_fold(evidence, selection=evidence.folds[0].test))
    assert line.state == "fail"
    assert line.figure.startswith("2 of 6 tested subjects")
    assert "optimistic" in line.explanation
    assert SHARED_SUBJECTS.run(with_fold(evidence, selection=evidence.folds[0].test)).state == "pass"


def test_what_chose_is_looked_at_and_not_what_was_meant_to():
    evidence = draw_evidence()
    chosen = FittedRows("choice of the epoch", evidence.folds[0].test, use="selection")
    line = SELECTION.run(replace(evidence, fitted={**evidence.fitted, "fold0": (chosen,)}))
    assert line.state == "fail"


def test_a_run_that_does_not_say_what_chose_is_only_declared():
    evidence = draw_evidence()
    line = SELECTION.run(replace(evidence, fitted={**evidence.fitted, "fold0": evidence.fitted["fold0"][:1]}))
    assert line.state == "declared"
    assert "1 folds do not say" in line.explanation


def test_without_subjects_rows_are_compared():
    evidence = without_subjects(draw_evidence())
    assert "0 of 24 tested pictures" in SELECTION.run(evidence).figure
    assert SELECTION.run(with_fold(evidence, selection=evidence.folds[0].test[:1])).state == "fail"
