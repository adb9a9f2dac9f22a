import pytest

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_nested, write_run
from transferpain.core.schema import write_stamped
from transferpain.strategies.common.stated import OddFile
from transferpain.strategies.frozen.reference import REFERENCES
from transferpain.strategies.frozen.reference_section import reference_section
from transferpain.strategies.frozen.section import joint_section
from transferpain.strategies.frozen.strategy import FROZEN

STATED = {
    "form": "difference",
    "frames": 10,
    "of": "own",
    "missing": "refuse",
    "neutral": {"biovid": "stimulus BL1"},
    "clips": 12,
    "subjects": 12,
    "frames_used": [4, 10.0, 10],
    "fewer_frames": 2,
    "coverage": 0.975,
    "without_face": [],
    "left_out": [],
}


def section(folder, **changes):
    run = write_run(folder, "ann", draw_predictions(subjects=3))
    write_stamped(run / REFERENCES, STATED | changes)
    return reference_section(run)


def said(of) -> dict[str, str]:
    (table,) = of.tables
    return dict(zip(table.text.iloc[:, 0], table.text.iloc[:, 1], strict=True))


def test_it_says_what_was_taken_out_and_what_was_read(tmp_path):
    shown = section(tmp_path)
    rows = said(shown)
    assert rows["Taken out of training, selection and test"] == "12 clips of 12 subjects"
    assert rows["Frames of a reference"] == "10 in the median, 4 to 10; fewer than 10 of 2 subjects"
    assert rows["Neutral frames with a face"] == "97.5 %"
    assert rows["Neutral by"] == "biovid: stimulus BL1"
    assert rows["Subjects without a neutral clip, left out"] == "none: they would have been refused"
    assert rows["Subjects whose neutral clip shows no face"] == "none"
    (note,) = shown.notes
    assert note == (
        "One neutral clip of each of 12 subjects is taken out of training, selection and test; the head reads the "
        "difference of features and the mean of 10 frames of it."
    )


def test_a_control_and_people_without_a_reference_are_said_at_the_head_of_the_run(tmp_path):
    shown = section(tmp_path, of="another", without_face=["biovid/a"], missing="leave_out", left_out=["biovid/b"])
    assert said(shown)["Subjects without a neutral clip, left out"] == "1: biovid/b"
    assert said(shown)["Subjects whose neutral clip shows no face"] == "1: biovid/a"
    assert shown.notes[1:] == (
        "A CONTROL: each face is compared with that of a wrong person.",
        "1 of 12 subjects have no reference, and are answered as without a face.",
    )


def test_what_is_not_read_is_not_described(tmp_path):
    shown = section(tmp_path, form="withheld", frames=None, frames_used=None, fewer_frames=None)
    assert not {"Whose", "Frames of a reference"} & said(shown).keys()
    assert shown.notes == (
        "One neutral clip of each of 12 subjects is taken out of training, selection and test, and not read.",
    )


def test_many_people_are_counted_and_ten_named(tmp_path):
    names = [f"biovid/{number:02d}" for number in range(12)]
    shown = said(section(tmp_path, missing="leave_out", left_out=names))
    assert shown["Subjects without a neutral clip, left out"].endswith("biovid/09, and 2 more")


def test_a_run_without_a_reference_has_none(tmp_path):
    assert reference_section(write_run(tmp_path, "ann", draw_predictions(subjects=3))) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [("form", "ratio"), ("clips", "many"), ("left_out", 3), ("coverage", None), ("frames_used", [1, 2])],
)
def test_a_damaged_file_is_named_with_the_key(tmp_path, key, value):
    with pytest.raises(OddFile, match=rf"Received: reference\.json: `{key}`"):
        section(tmp_path, **{key: value})


def test_beside_nested_selection_both_are_shown_and_both_say_their_notes(tmp_path):
    run = write_nested(tmp_path)
    write_stamped(run / REFERENCES, STATED)
    both = FROZEN.section(run)
    assert [part.title for part in both.sections] == ["Candidates on inner folds (4)", "Neutral reference"]
    assert [part.notes for part in both.sections] == [(), ()]
    assert len(both.notes) == 2
    assert joint_section([None, None]) is None
