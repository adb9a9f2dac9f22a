import pytest

from tests.evaluation.drawn import draw_predictions
from transferpain.reports.sections.experiment import build


def test_it_stands_as_it_was_resolved(read):
    section = build(read("ann", draw_predictions(subjects=3), changes={"training": {"epochs": 1}}))
    assert "task: ai4pain-three" in section.listing
    assert section.notes == ()


@pytest.mark.parametrize(("patience", "said"), [(5, "patience (5)"), (None, "patience (none)")])
def test_what_an_epoch_counts_as_is_said_with_how_many_were_trained(read, patience, said):
    training = {"epochs": 1, "patience": patience, "epoch_steps": 30}
    run = read("ann", draw_predictions(subjects=3, seeds=(0, 1)), changes={"training": training})
    most = max(len(history) for history in run.histories.values())
    assert most > 1
    (note,) = build(run).notes
    assert note.startswith(f"training.epochs (1) and {said} count epochs of 30 steps")
    assert f"to {most} epochs" in note
