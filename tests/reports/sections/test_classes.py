from tests.evaluation.drawn import from_confusion
from tests.evaluation.test_confusion import ANN
from transferpain.reports.sections.classes import per_class, per_class_as_text


def test_scores_by_class(read):
    run = read("ann", from_confusion(ANN))
    classes = per_class_as_text(per_class(run))
    assert classes.iloc[0].drop("AUC").tolist() == ["No-Pain", "0.100", "0.167", "0.125", "12"]
    assert classes["AUC"].tolist() == [f"{run.scores['all']['per_class'][name]['auc']:.3f}" for name in run.classes]
