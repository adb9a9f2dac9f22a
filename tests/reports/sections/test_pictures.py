import base64
from xml.etree import ElementTree

import pandas as pd

from tests.evaluation.drawn import draw_predictions
from transferpain.reports.sections.pictures import build


def test_a_scored_run_has_five_pictures_each_described(read):
    pictures = build(read("ann", draw_predictions(subjects=4, seeds=(0, 1)))).pictures
    assert len(pictures) == 5
    assert all("ann" in picture.alt and picture.title for picture in pictures)
    for picture in pictures:
        svg = base64.b64decode(picture.uri.removeprefix("data:image/svg+xml;base64,"))
        assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"


def test_without_labels_only_the_learning_curves_are_drawn(read):
    predictions = draw_predictions(subjects=3)
    run = read("test", predictions.assign(y_true=pd.array([pd.NA] * 36, dtype="Int64")))
    assert [picture.title for picture in build(run).pictures] == ["Learning curves: one line per fold and seed"]


def test_a_run_that_left_neither_labels_nor_histories_has_none(read):
    predictions = draw_predictions(subjects=3)
    run = read("test", predictions.assign(y_true=pd.array([pd.NA] * 36, dtype="Int64")))
    run.histories.clear()
    assert build(run) is None
