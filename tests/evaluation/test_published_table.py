from decimal import Decimal

import pytest

from transferpain.core.errors import UserError
from transferpain.evaluation.published_table import read_published_table


def write(folder, text: str, encoding="utf-8"):
    path = folder / "table.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_percentages_become_fractions_with_their_printed_decimals(tmp_path):
    table = read_published_table(write(tmp_path, "class,precision,recall\nnone,71.03,88.34\npain,100,81.3\n"))
    assert table.classes == ("none", "pain")
    assert table.precision == (Decimal("0.7103"), Decimal(1))
    assert table.recall == (Decimal("0.8834"), Decimal("0.813"))
    assert (table.digits, table.percent) == (4, True)


def test_fractions_stay_as_they_are_and_other_columns_are_ignored(tmp_path):
    path = write(tmp_path, "\ufeffrecall, class ,f1,precision\n .17,no pain,.12,.10\n\n1,low,,1.0\n")
    table = read_published_table(path)
    assert table.recall == (Decimal("0.17"), Decimal(1))
    assert table.precision == (Decimal("0.10"), Decimal("1.0"))
    assert (table.digits, table.percent) == (2, False)


HEAD = "class,precision,recall\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Received: nothing"),
        (HEAD, "a line for each class"),
        ("class,recall\na,.5\n", "one column precision"),
        ("class,precision,recall,recall\na,.5,.5,.5\n", "one column recall"),
        (HEAD + "a,.5,101\n", "'101' as the recall of class 'a'"),
        (HEAD + "a,-.5,.5\n", "'-.5' as the precision"),
        (HEAD + "a,.5,nan\n", "'nan' as the recall"),
        (HEAD + "a,.5,\n", "'' as the recall"),
        (HEAD + "a,.5,.\n", "'.' as the recall"),
        (HEAD + "a,50 %,60\n", "'50 %' as the precision"),
        (HEAD + "a,.5,.5\nb,.5,.5\na,.4,.4\n", "a more than once"),
        (HEAD + ",.5,.5\n", "the name of a class"),
        (HEAD + "a,0,5,.5\n", "needs 3 cells"),
        (HEAD + '"a,.5,.5\n', "comma separated"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(tmp_path, text, message):
    with pytest.raises(UserError) as error:
        read_published_table(write(tmp_path, text))
    assert message in str(error.value)
    assert "table.csv" in str(error.value)


def test_a_file_that_is_not_there_or_no_text_says_why(tmp_path):
    for path in (tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(UserError, match="comma separated values in UTF-8"):
            read_published_table(path)
    for encoding in ("latin-1", "utf-16"):
        with pytest.raises(UserError, match=r"table\.csv cannot be used(.|\n)*Save it as UTF-8"):
            read_published_table(write(tmp_path, HEAD + "é,.5,.5", encoding))
