from tests.evaluation.drawn import draw_predictions
from transferpain.reports.sections.experiment import build


def test_it_stands_as_it_was_resolved(read):
    section = build(read("ann", draw_predictions(subjects=3), changes={"training": {"epochs": 1}}))
    assert "task: ai4pain-three" in section.listing
    assert section.notes == ()


def test_how_long_an_epoch_is_is_said_with_how_many_were_trained(read):
    training = {"epochs": 9, "epoch_steps": 30}
    run = read("ann", draw_predictions(subjects=3, seeds=(0, 1)), changes={"training": training})
    most = max(len(history) for history in run.histories.values())
    (note,) = build(run).notes
    assert note.startswith("Epochs of this run have 30 steps or more")
    assert note.endswith(f"to {most} epochs.")
