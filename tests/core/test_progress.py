"""The progress bar and notes go to standard error."""

from transferpain.core.progress import note, progress_bar


def test_results_on_standard_output_stay_clean(capsys):
    with progress_bar("faces", total=4, unit="frames") as advance:
        advance(3)
        advance()
    note("a note with [brackets] is not markup")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "frames/s" in captured.err
    assert "100%" in captured.err
    assert "a note with [brackets] is not markup" in captured.err


def test_a_name_in_a_note_does_not_steer_the_terminal(capsys):
    note("left out: \x1b[31mred\x07 \u202eabc")
    shown = capsys.readouterr().err
    assert "left out: ?[31mred? ?abc" in shown


def test_a_name_on_a_bar_is_text(capsys):
    with progress_bar("faces (a:ab:[red]\x1b[31m)", total=1, unit="frames") as advance:
        advance()
    assert "faces (a:ab:[red]?[31m)" in capsys.readouterr().err
