import pandas as pd
import pytest

from transferpain.evaluation.few_shot import CalibrationCurve
from transferpain.evaluation.resampling import Interval
from transferpain.reports.figures import STAMP, as_data_uri
from transferpain.reports.matrix import figures

HEAT = [
    [figures.HeatCell(0.61, 0.5, 0.7, "higher"), figures.HeatCell(None, word="failed")],
    [figures.HeatCell(0.33, float("nan"), float("nan")), figures.HeatCell(0.2, 0.1, 0.3, "lower")],
]
POINTS = pd.DataFrame(
    {
        "source": ["a", "b"] * 2,
        "score": ["logme"] * 2 + ["leep"] * 2,
        "value": [0.1, 0.2, -1.0, -0.5],
        "achieved": [0.4, 0.5, 0.4, 0.5],
    }
)
CURVE = CalibrationCurve({k: Interval(0.5 + 0.01 * k, 0.4, 0.7, 100) for k in (0, 1, 10)}, 3, 0, 6)
BINS = [{"low": 0.4, "high": 0.47, "clips": 3, "confidence": 0.45, "accuracy": 0.3}]
PLACE = {("a", "biovid"): [[3, 1], [0, 0]]}
DRAWN = {
    "heat map": lambda mark: figures.draw_heat_map(
        HEAT, ("a", "b"), ("biovid", "ai4pain"), (0.2, 0.61), ("tested on", "source"), mark
    ),
    "subjects": lambda mark: figures.draw_subject_dots({"a": [0.2, 0.6], "b": [0.5]}, 1 / 3, "score", mark),
    "agreement": lambda mark: figures.draw_agreement(POINTS, {"logme": "LogME", "leep": "LEEP"}, "score", mark),
    "few-shot": lambda mark: figures.draw_few_shot({"a on b": CURVE}, "score", mark),
    "confusions": lambda mark: figures.draw_confusions(PLACE, ("a", "b"), ("biovid",), mark),
    "reliabilities": lambda mark: figures.draw_reliabilities({("a", "biovid"): BINS}, ("a",), ("biovid",), mark),
}


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


@pytest.mark.parametrize("name", DRAWN)
def test_figures_of_drawn_data_are_stamped_and_the_same_each_time(name):
    marked, again, plain = (DRAWN[name](mark) for mark in (True, True, False))
    assert (marked.get_suptitle(), plain.get_suptitle()) == (STAMP, "")
    assert as_data_uri(marked) == as_data_uri(again)


def test_a_heat_map_says_in_words_what_colours_say():
    figure = DRAWN["heat map"](False)
    assert texts(figure) == ["0.61 ▲", "[0.50, 0.70]", "failed", "0.330", "0.20 ▼", "[0.10, 0.30]"]
    hatched = [patch.get_hatch() for patch in figure.axes[0].patches]
    assert hatched == [None, "////", None, None]


def test_a_heat_map_of_one_score_is_drawn():
    figure = figures.draw_heat_map([[HEAT[1][0]]], ("a",), ("b",), (0.33, 0.33), ("x", "y"), False)
    assert texts(figure) == ["0.330"]


def test_each_subject_is_a_dot_at_its_score():
    axes = DRAWN["subjects"](False).axes[0]
    dots = [line.get_xdata().tolist() for line in axes.lines if line.get_marker() == "o"]
    assert dots == [[0.2, 0.6], [0.5]]
    assert "mean 0.400" in texts(DRAWN["subjects"](False))


def test_agreement_has_a_panel_a_score_and_a_marker_a_source():
    figure = DRAWN["agreement"](False)
    assert [axes.get_title() for axes in figure.axes] == ["LogME", "LEEP"]
    assert [line.get_marker() for line in figure.axes[0].lines] == ["o", "s"]


def test_few_shot_draws_the_scores_of_each_k():
    axes = DRAWN["few-shot"](False).axes[0]
    assert axes.lines[0].get_ydata() == pytest.approx([0.5, 0.51, 0.6])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0", "1", "10"]


def test_confusions_show_percent_of_the_true_class_and_empty_cells():
    assert texts(DRAWN["confusions"](False)) == ["75", "25", "0", "0", "none"]
