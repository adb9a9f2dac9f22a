import base64
import xml.etree.ElementTree as ElementTree
from copy import deepcopy

import cv2
import numpy as np
import pandas as pd
import pytest

from tests.reports.run_folders import draw_history
from transferpain.evaluation.ranking import Curves
from transferpain.reports import figures

ROWS = [
    figures.Row("ann", "0.600", 0.6, 0.5, 0.7, 1 / 3, (0.58, 0.62)),
    figures.Row("untrained", "0.400", 0.4, 0.3, 0.5, 1 / 3, (), True),
]
BINS = [
    {"low": 0.4, "high": 0.4667, "clips": 3, "confidence": 0.45, "accuracy": 1 / 3},
    {"low": 0.9333, "high": 1.0, "clips": 9, "confidence": 0.97, "accuracy": 8 / 9},
]
RATE = np.linspace(0, 1, 3)
CURVES = [Curves(number, 0.5, RATE, RATE**0.5, 1 - RATE / 2) for number in (0, 2)]
DRAWN = {
    "intervals": lambda synthetic: figures.draw_intervals(ROWS, "balanced accuracy", synthetic),
    "confusion": lambda synthetic: figures.draw_confusion([[3, 1], [0, 4]], ("no", "yes"), synthetic),
    "curves": lambda synthetic: figures.draw_curves({"0-seed0": draw_history(0)}, synthetic),
    "reliability": lambda synthetic: figures.draw_reliability(BINS, synthetic),
    "ranking": lambda synthetic: figures.draw_ranking(CURVES, ("no: AUC 0.6", "yes: AUC 0.7"), synthetic),
    "subjects": lambda synthetic: figures.draw_subjects([0.4, 0.9, 0.2], 0.5, synthetic),
}


def texts(figure):
    found = [text.get_text() for axes in figure.axes for text in axes.texts]
    return [*found, figure.get_suptitle()]


@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_of_drawn_data_is_stamped(name):
    assert figures.STAMP in texts(DRAWN[name](True))
    assert figures.STAMP not in texts(DRAWN[name](False))


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_becomes_the_same_picture_again(name):
    first, second = (figures.as_data_uri(DRAWN[name](True)) for _ in range(2))
    assert first == second
    head, content = first.split(",")
    assert head == "data:image/svg+xml;base64"
    assert ElementTree.fromstring(base64.b64decode(content)).tag.endswith("svg")


@pytest.mark.parametrize("name", [r"$\frac$", "from $5 to $6", "$a_b$"])
def test_a_name_is_no_formula(name):
    figure = figures.draw_intervals([figures.Row(name, "", 0.5, 0.4, 0.6, 0.5)], "", True)
    assert figures.as_data_uri(figure)
    assert name in texts(figure)
    assert not any(text.get_parse_math() for text in figure.axes[0].texts)


def test_what_was_drawn_of_the_same_values_is_taken_again_and_of_others_drawn():
    values = [[3, 1], [0, 4]], ("no", "yes")
    first = figures.drawn_uri(figures.draw_confusion, *values, True)
    assert figures.drawn_uri(figures.draw_confusion, *deepcopy(values), True) is first
    assert first == figures.as_data_uri(figures.draw_confusion(*values, True))
    changed = [figures.drawn_uri(figures.draw_confusion, *values, False)]
    values[0][0][0] = 2  # the same object, with another count in it
    changed.append(figures.drawn_uri(figures.draw_confusion, *values, True))
    assert len({first, *changed}) == 3
    fresh = [figures.draw_confusion([[count, 1], [0, 4]], ("no", "yes"), count == 2) for count in (3, 2)]
    assert changed == [figures.as_data_uri(figure) for figure in fresh]


def test_a_png_that_is_taken_again_is_the_file_that_is_written(tmp_path):
    values = ROWS, "balanced accuracy", True, 5
    figures.save_png(figures.draw_intervals(*values), tmp_path / "result.png")
    content = figures.drawn_png(figures.draw_intervals, *values)
    assert content == (tmp_path / "result.png").read_bytes()
    assert figures.drawn_png(figures.draw_intervals, *deepcopy(values)) is content
    assert figures.drawn_png(figures.draw_intervals, *values[:-1], 4) != content


def test_png_is_a_picture_of_the_asked_width(tmp_path):
    figure = figures.draw_intervals(ROWS, "balanced accuracy", True, width=7.5)
    figures.save_png(figure, tmp_path / "result.png")
    picture = cv2.imread(str(tmp_path / "result.png"))
    assert picture.shape[1] == 1200
    assert np.ptp(picture) > 200


def test_confusion_shows_shares_of_the_true_class_and_counts():
    figure = figures.draw_confusion([[3, 1], [0, 0]], ("no", "yes"), False)
    assert texts(figure)[:4] == ["0.75\n(3)", "0.25\n(1)", "0.00\n(0)", "0.00\n(0)"]


def test_reliability_shows_accuracy_by_confidence_and_the_share_of_clips():
    curve, counts = figures.draw_reliability(BINS, False).axes
    points = next(line for line in curve.lines if line.get_marker() == "o")
    assert points.get_xydata().tolist() == [[0.45, 1 / 3], [0.97, 8 / 9]]
    assert [bar.get_height() for bar in counts.patches] == [0.25, 0.75]


def test_ranking_shows_a_line_a_class_in_both_panels():
    figure = figures.draw_ranking(CURVES, ("no", "yes"), False)
    for axes, values in zip(figure.axes, ("true_positives", "precision"), strict=True):
        drawn = [line.get_ydata() for line in axes.lines if len(line.get_ydata()) == len(RATE)]
        np.testing.assert_allclose(drawn, [getattr(curve, values) for curve in CURVES])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["no", "yes"]


def test_subjects_stand_in_order():
    bars = figures.draw_subjects([0.4, 0.9, 0.2], 0.5, False).axes[0].patches
    assert [bar.get_height() for bar in bars] == [0.2, 0.4, 0.9]


def test_curves_hold_a_line_a_fold_for_training_and_selection():
    histories = {f"{fold}-seed0": draw_history(fold) for fold in range(3)}
    losses, accuracies = figures.draw_curves(histories, False).axes
    assert sum(len(line.get_xdata()) > 0 for line in losses.lines) == 6
    assert sum(len(line.get_xdata()) > 0 for line in accuracies.lines) == 6


def test_a_training_without_selection_has_one_line():
    history = pd.DataFrame({"epoch": [1, 2], "loss": [1.0, 0.9], "accuracy": [0.5, 0.6]})
    losses, _ = figures.draw_curves({"0-seed0": history}, False).axes
    assert sum(len(line.get_xdata()) > 0 for line in losses.lines) == 1


@pytest.mark.parametrize("width", [figures.WIDTH, figures.WHOLE_WIDTH])
@pytest.mark.parametrize("name", ["ann", "unbc-shoulder-pain (see its warning)"])
def test_a_name_and_its_score_do_not_overlap(name, width):
    rows = [figures.Row(name, "0.663 [0.602, 0.721]", 0.66, 0.6, 0.72, 0.5), ROWS[1]]
    figure = figures.draw_intervals(rows, "balanced accuracy", True, width)
    figure.canvas.draw()
    boxes = {text.get_text(): text.get_window_extent() for text in figure.axes[0].texts}
    assert not boxes[name].overlaps(boxes[rows[0].text])
    on_one_line = boxes[name].y0 == pytest.approx(boxes[rows[0].text].y0, abs=3)
    assert on_one_line == (name == "ann" or width == figures.WHOLE_WIDTH)
