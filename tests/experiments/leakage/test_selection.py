from tests.experiments.leakage.runs import draw_evidence, with_fold, without_subjects
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


def test_without_subjects_rows_are_compared():
    evidence = without_subjects(draw_evidence())
    assert "0 of 24 tested pictures" in SELECTION.run(evidence).figure
    assert SELECTION.run(with_fold(evidence, selection=evidence.folds[0].test[:1])).state == "fail"
