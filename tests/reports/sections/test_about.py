from dataclasses import replace

import pytest

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_three_models
from transferpain.reports.facts import read_run
from transferpain.reports.sections.about import build


@pytest.fixture
def lost():
    predictions = draw_predictions(subjects=6, skill=0.9)
    predictions.loc[predictions["clip"] == "S00-000", "coverage"] = 0.0
    return predictions


def test_what_a_clip_without_a_face_gets_is_said(read, lost):
    (note,) = build(read("ann", lost)).notes
    assert note.startswith("Clips without a face in any frame: 1. They are answered with the training prior")


def test_a_strategy_says_in_its_own_words_what_is_covered(tmp_path, read, lost):
    run = read_run(write_three_models(tmp_path, "units"))
    notes = build(replace(run, scores=run.scores | {"clips_without_face": 3})).notes
    assert sum("covered" in note for note in notes) == 1
    assert any(note.startswith("The answers of: Action units only.") for note in notes)


def test_what_the_run_does_not_state_is_said_to_be_unstated(read):
    stated = {"label_definition": None, "split_provenance": [], "empty_classes": ["Extreme"]}
    (table,) = build(read("ann", draw_predictions(subjects=4), stated=stated)).tables
    values = dict(table.text.itertuples(index=False, name=None))
    assert values["Label"] == values["Seen of the tested dataset"] == "not stated"
    assert (values["Classes without any label"], values["Split"]) == ("Extreme", "folders")


def test_warnings_come_first(read, lost):
    notes = build(read("ann", lost, stated={"warnings": ["LEAKS."]})).notes
    assert notes[0] == "LEAKS."
    assert len(notes) == 2
