import pandas as pd

from tests.apps.predict.test_files import answers
from transferpain.apps.predict.summary import COLUMNS, describe_answers, files_without_answer, shown_rows


def test_a_row_says_which_face_where_and_what():
    columns, rows = shown_rows(answers(), 20)
    assert columns == COLUMNS
    assert rows[0] == ["pain", "0.750", "1 of 1", "30x40 at 1, 2", "0.90", "0", "=a.png"]
    assert rows[1] == ["no face", "-", "-", "-", "-", "3 (0.12 s)", "b.mp4"]
    assert len(shown_rows(answers(), 1)[1]) == 1


def test_files_without_any_answer_are_named():
    table = answers()
    assert files_without_answer(table) == ["b.mp4"]
    assert files_without_answer(table.assign(file="a.mp4")) == []
    lines = describe_answers(table, 1, kept=False)
    assert lines[0] == "1 face in 2 files."
    assert "Without an answer: b.mp4." in lines
    assert "Shown are 1 of 2 rows; --to FILE.csv keeps all." in lines
    assert "SYNTHETIC: the model was trained on drawn faces, and is not valid for people." in lines
    named = describe_answers(table, 1, kept=False, taught_by="3DPain, synthetic faces")
    assert "SYNTHETIC: the model was trained on 3DPain, synthetic faces, and is not valid for people." in named
    assert lines[-1] == "Research only, no medical device."


def test_a_file_that_cannot_be_read_has_its_reason_below_the_table():
    frame = pd.array([0, pd.NA], dtype="Int64")
    table = answers().assign(frame=frame, seconds=float("nan"), problem=["", "cut short"])
    assert shown_rows(table, 20)[1][1] == ["not read", "-", "-", "-", "-", "-", "b.mp4"]
    assert "b.mp4: cut short." in describe_answers(table, 20, kept=False)


def test_several_faces_and_kept_tables_are_said():
    table = answers().assign(faces=pd.array([3, 0], dtype="Int64"), synthetic=False)
    lines = describe_answers(table, 1, kept=True)
    assert "With several faces in a frame, each of which has a row: 1." in lines
    assert "Shown are 1 of 2 rows." in lines
    assert not any("SYNTHETIC" in line for line in lines)
