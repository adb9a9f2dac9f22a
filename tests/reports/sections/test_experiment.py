import pytest

from tests.evaluation.drawn import draw_predictions
from transferpain.reports.sections.experiment import build


@pytest.mark.parametrize("training", [{"epochs": 1}, {"epochs": 30, "least_steps": 90}])
def test_it_stands_as_it_was_resolved(read, training):
    section = build(read("ann", draw_predictions(subjects=3), changes={"training": training}))
    assert "task: ai4pain-three" in section.listing
    assert section.notes == ()


def test_epochs_that_were_added_are_said(read):
    training = {"epochs": 1, "least_steps": 900}
    run = read("ann", draw_predictions(subjects=3, seeds=(0, 1)), changes={"training": training})
    most = max(len(history) for history in run.histories.values())
    assert most > 1
    (note,) = build(run).notes
    assert note.startswith("2 of 2 trainings took more epochs than training.epochs (1) states")
    assert f"at most {most}, because training.least_steps asks for 900 steps" in note
