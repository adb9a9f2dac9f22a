import numpy as np
import pytest
from sklearn import metrics as oracle

from transferpain.evaluation import confusion as on
from transferpain.evaluation.metrics.registry import METRICS, measured

MEASURES = [metric.measure for metric in measured().values()]

# Prajod publishes rounded scores on 12 / 144 / 144 validation clips, not the confusion matrices. These are
# matrices of whole clips that give every published figure at once.
ANN = np.array([[2, 5, 5], [12, 96, 36], [6, 59, 79]])
LSTM = np.array([[5, 4, 3], [12, 106, 26], [4, 70, 70]])


def answers_of(confusion):
    """Return the true and the predicted classes that have this confusion matrix."""
    true, predicted = np.indices(confusion.shape).reshape(2, -1)
    return np.repeat(true, confusion.ravel()), np.repeat(predicted, confusion.ravel())


@pytest.mark.parametrize(
    ("matrix", "precision", "recall", "f1", "accuracy"),
    [
        (ANN, (0.10, 0.60, 0.66), (0.17, 0.67, 0.55), (0.12, 0.63, 0.60), 0.59),
        (LSTM, (0.24, 0.59, 0.71), (0.42, 0.74, 0.49), (0.30, 0.65, 0.58), 0.60),
    ],
)
def test_published_table_of_prajod(matrix, precision, recall, f1, accuracy):
    assert on.support(matrix).tolist() == [12, 144, 144]
    assert on.precision(matrix) == pytest.approx(precision, abs=0.0051)
    assert on.recall(matrix) == pytest.approx(recall, abs=0.0051)
    assert on.f1(matrix) == pytest.approx(f1, abs=0.0051)
    means = {"accuracy": accuracy, "balanced_accuracy": recall, "macro_precision": precision, "macro_f1": f1}
    for name, stated in means.items():  # balanced accuracies .463 and .550
        assert METRICS[name].measure(matrix) == pytest.approx(np.mean(stated), abs=0.0051)


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_scikit_learn(seed):
    generator = np.random.default_rng(seed)
    y_true = generator.choice(5, size=60, p=[0.5, 0.3, 0.1, 0.1, 0.0])  # class 4 never occurs
    y_pred = generator.integers(0, 5, size=60)
    matrix = on.count_confusions(np.zeros(60, int), y_true, y_pred, (1, 5))[0]
    present = sorted(set(y_true))
    precision, recall, f1, support = oracle.precision_recall_fscore_support(
        y_true, y_pred, labels=present, zero_division=0
    )
    assert on.precision(matrix)[present] == pytest.approx(precision)
    assert on.recall(matrix)[present] == pytest.approx(recall)
    assert on.f1(matrix)[present] == pytest.approx(f1)
    assert on.support(matrix)[present].tolist() == support.tolist()


def test_a_class_that_does_not_occur_enters_no_mean():
    matrix = np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]])
    for score in (on.precision, on.recall, on.f1):
        assert np.isnan(score(matrix)).tolist() == [False, False, True]
    assert on.mean_over_present(on.recall(matrix)) == pytest.approx((0.75 + 1) / 2)
    assert on.mean_over_present(on.precision(matrix)) == pytest.approx((1 + 0.8) / 2)


def test_a_class_that_is_never_predicted_has_precision_zero():
    matrix = np.array([[4, 0], [4, 0]])
    assert on.precision(matrix).tolist() == [0.5, 0.0]
    assert on.f1(matrix) == pytest.approx([2 / 3, 0.0])


def test_without_a_row_no_score_is_defined():
    scores = [measure(np.zeros((3, 3), int)) for measure in MEASURES]
    assert np.isnan(scores).all()


def test_scores_many_matrices_at_once():
    both = np.stack([ANN, LSTM])[:, np.newaxis]
    for measure in MEASURES:
        assert measure(both) == pytest.approx(np.array([[measure(ANN)], [measure(LSTM)]]))


def test_counts_by_group():
    counts = on.count_confusions(np.array([0, 1, 1]), np.array([0, 1, 1]), np.array([1, 1, 1]), (3, 2))
    assert counts.tolist() == [[[0, 1], [0, 0]], [[0, 0], [0, 2]], [[0, 0], [0, 0]]]
