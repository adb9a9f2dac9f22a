import numpy as np

from benchmarks.held_out import row


def test_a_line_names_the_weakest_of_the_classes_that_occur():
    y = np.array([0, 0, 0, 1, 1, 3])
    p = np.eye(4)[[0, 0, 0, 1, 0, 2]]
    line = row("net", "one picture", y, p, ("calm", "glad", "sad", "afraid"))
    assert line == "| net | one picture | 6 | 0.6667 | 0.500 | afraid: recall 0.00 (1 rows) |"
