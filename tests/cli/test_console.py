import pytest

from transferpain.cli.console import beside, example, out, print_lines, print_rows


def test_cells_are_text_never_markup(capsys):
    print_rows("the [bold]title[/bold]", ["what [red]"], [["[link=https://example.org]a cell[/link]"]])
    shown = capsys.readouterr().out
    for text in ("the [bold]title[/bold]", "what [red]", "[link=https://example.org]a cell[/link]"):
        assert text in shown


def test_an_example_shows_brackets_as_they_are():
    assert example("run --set seeds=[a]") == r"Example: [bold]transferpain run --set seeds=\[a][/bold]"


def test_a_cell_does_not_steer_the_terminal(capsys):
    print_rows("title", ["what"], [["a\x1b[31m\u202eb"]])
    assert "a?[31m?b" in capsys.readouterr().out


@pytest.mark.parametrize("console", [out, beside])
def test_codes_of_pictures_stay_as_they_are(capsys, console):
    console().print("fingerprint 4F:AB:C1 of a:smile:b", markup=False)
    print_rows("a:ab:b", ["c:ab:d"], [["e:ab:f"]], console())
    print_lines(["g:ab:h"])
    shown = "".join(capsys.readouterr())
    for text in ("fingerprint 4F:AB:C1 of a:smile:b", "a:ab:b", "c:ab:d", "e:ab:f", "g:ab:h"):
        assert text in shown
